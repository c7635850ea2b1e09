// A counter with one attribute, added to once a request; and what it adds to a request that is recorded anyway.
import { AggregationTemporality, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { createCollector } from "tidegate";

const nothing = () => {};
const options = { autoTick: false, handleSignals: false };

/** The sum of a counter's sets must be what was added. */
function checkSum(found, wanted) {
  if (found !== wanted) throw new Error(`${found} of ${wanted} were counted`);
}

const sumOf = (tide) => tide.metrics().reduce((sum, { value }) => sum + value, 0);

export function tidegate() {
  const tide = createCollector(options);
  const requests = tide.counter("requests");
  return {
    record: (route) => requests.add(1, { route }),
    ship: nothing,
    check: (count) => checkSum(sumOf(tide), count),
  };
}

export function opentelemetry() {
  class Reader extends MetricReader {
    selectAggregationTemporality = () => AggregationTemporality.CUMULATIVE;
    onForceFlush = async () => {};
    onShutdown = async () => {};
  }
  const readers = [new Reader()];
  const requests = new MeterProvider({ readers }).getMeter("bench").createCounter("requests");
  return {
    record: (route) => requests.add(1, { route }),
    ship: nothing,
    check: async (count) => {
      const { resourceMetrics } = await readers[0].collect();
      const [{ dataPoints }] = resourceMetrics.scopeMetrics[0].metrics;
      checkSum(
        dataPoints.reduce((sum, { value }) => sum + value, 0),
        count,
      );
    },
  };
}

/** A request as NDJSON, and with it a counter of `sets` attributes each, or none. */
const requests = (count) => (send) => {
  const ndjson = {
    name: "bench",
    format: "ndjson",
    keepsBytes: false,
    send: ({ length }) => void send(length),
  };
  const tide = createCollector({ ...options, sinks: [ndjson] });
  const orders = tide.counter("orders");
  const plans = ["free", "pro", "team"];
  let recorded = 0;
  return {
    record(route, method, status, startMs, durationMs) {
      tide.req(route, method, status, startMs, durationMs);
      if (!count) return;
      orders.add(1, { plan: plans[recorded % 3], method, paid: status < 500 });
      recorded += 1;
    },
    ship: () => tide.flush(),
    check: (count) => {
      checkSum(tide.counters().sinks[0].delivered, count);
      checkSum(sumOf(tide), recorded);
    },
  };
};

export const bareRequests = requests(false);
export const countedRequests = requests(true);
