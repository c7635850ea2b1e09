import { createTransport, initAndBind, startInactiveSpan, startNewTrace } from "@sentry/core";
import { ServerRuntimeClient } from "@sentry/core/server";

/** A segment span a request, in envelopes of many. */
export function spans(send) {
  let seen = 0;
  const request = async ({ body }) => {
    seen += Number(/"item_count":(\d+)/.exec(body)[1]);
    send(body.length);
    return { statusCode: 200 };
  };
  const client = initAndBind(ServerRuntimeClient, {
    dsn: "https://public@sentry.example/1",
    tracesSampleRate: 1,
    integrations: [],
    stackParser: () => [],
    transport: (options) => createTransport({ ...options, bufferSize: 1024 }, request),
  });
  return {
    record(route, method, status, startMs, durMs) {
      const attributes = {
        "http.route": route,
        "http.request.method": method,
        "http.response.status_code": status,
      };
      const name = `${method} ${route}`;
      const options = { name, op: "http.server", forceTransaction: true, startTime: startMs, attributes };
      const span = startNewTrace(() => startInactiveSpan(options));
      if (status >= 500) span.setStatus({ code: 2, message: "internal_error" });
      span.end(startMs + durMs);
    },
    ship: () => client.flush(2000),
    check: (count) => {
      if (seen !== count) throw new Error(`${seen} of ${count} spans were sent`);
    },
  };
}
