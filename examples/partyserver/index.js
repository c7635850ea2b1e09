import { getServerByName, routePartykitRequest, Server } from "partyserver";
import { createCollector, ndjson } from "tidegate";
import { instrument, instrumentDurableObject } from "tidegate/workers";

const tide = createCollector((env) => ({ sinks: [ndjson({ url: env.EVENTS_URL })] }));

class RoomBase extends Server {
  visits = 0;
  visit() {
    this.visits += 1;
    return this.visits;
  }
  onRequest() {
    return Response.json({ visits: this.visits });
  }
}
export class Room extends instrumentDurableObject(tide, RoomBase) {}

export default instrument(tide, {
  async fetch(request, env) {
    if (request.method === "POST") {
      const room = await getServerByName(env.Room, "7");
      return Response.json(await room.visit());
    }
    return (await routePartykitRequest(request, env)) ?? new Response("none", { status: 404 });
  },
});
