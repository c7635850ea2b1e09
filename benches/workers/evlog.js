import { createOTLPDrain } from "evlog/otlp";
import { initWorkersLogger, withEvlog } from "evlog/workers";
import handler from "./bare.js";

let drain;

initWorkersLogger({ env: { service: "bench" }, silent: true });

export default withEvlog(
  (request, env, ctx) => {
    drain ??= createOTLPDrain({ endpoint: env.SINK });
    return handler.fetch(request, env, ctx);
  },
  { drain: (batch) => drain(batch) },
);
