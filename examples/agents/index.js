import { Agent, getAgentByName, routeAgentRequest } from "agents";
import { createCollector, ndjson } from "tidegate";
import { instrument, instrumentDurableObject } from "tidegate/workers";

const tide = createCollector((env) => ({ sinks: [ndjson({ url: env.EVENTS_URL })] }));

class CounterBase extends Agent {
  initialState = { count: 0 };
  async add(n) {
    this.setState({ count: this.state.count + n });
    return this.state;
  }
  onRequest() {
    return Response.json(this.state);
  }
}
export class Counter extends instrumentDurableObject(tide, CounterBase) {}

export default instrument(tide, {
  async fetch(request, env) {
    if (request.method === "POST") {
      const counter = await getAgentByName(env.Counter, "7");
      return Response.json(await counter.add(1));
    }
    return (await routeAgentRequest(request, env)) ?? new Response("none", { status: 404 });
  },
});
