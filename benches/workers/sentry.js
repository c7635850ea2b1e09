import { withSentry } from "@sentry/cloudflare";
import handler from "./bare.js";

const options = (env) => ({ dsn: `${env.SINK.replace("//", "//public@")}/1`, tracesSampleRate: 1 });

export default withSentry(options, { fetch: (request, env, ctx) => handler.fetch(request, env, ctx) });
