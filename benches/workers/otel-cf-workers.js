import { instrument } from "@microlabs/otel-cf-workers";
import handler from "./bare.js";

const config = (env) => ({ exporter: { url: `${env.SINK}/v1/traces` }, service: { name: "bench" } });

export default instrument({ fetch: (request, env, ctx) => handler.fetch(request, env, ctx) }, config);
