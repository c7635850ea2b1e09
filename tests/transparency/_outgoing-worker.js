// The same in a Worker.
import { createCollector, memorySink } from "tidegate";
import { compareOutgoing } from "./_outgoing.js";

const tide = createCollector({ sinks: [memorySink()], autoTick: false });

export default {
  fetch: async (_request, env) => Response.json(await compareOutgoing(env.ECHO, tide)),
};
