import { ExportResultCode } from "@opentelemetry/core";
import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { BATCH } from "../workload.mjs";

/** A span, through the batch processor, to the bytes of its exporter. */
const spans = (serializer) => (send) => {
  let seen = 0;
  const exporter = {
    export(batch, done) {
      seen += batch.length;
      send(serializer.serializeRequest(batch).length);
      done({ code: ExportResultCode.SUCCESS });
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const limits = { maxExportBatchSize: BATCH, maxQueueSize: 2048 };
  const processor = new BatchSpanProcessor({ exporter, ...limits });
  const resource = resourceFromAttributes({ "service.name": "bench" });
  const tracer = new TracerProvider({ resource, spanProcessors: [processor] }).getTracer("bench");
  return {
    record(route, method, status, startTime, durMs) {
      const attributes = {
        "http.route": route,
        "http.request.method": method,
        "http.response.status_code": status,
      };
      const span = tracer.startSpan(`${method} ${route}`, { kind: 1, startTime, attributes });
      if (status >= 500) span.setStatus({ code: 2 });
      span.end(startTime + durMs);
    },
    ship: () => processor.forceFlush(),
    check: (count) => {
      if (seen !== count) throw new Error(`${seen} of ${count} spans were exported`);
    },
  };
};

export const protobuf = spans(ProtobufTraceSerializer);
export const json = spans(JsonTraceSerializer);
