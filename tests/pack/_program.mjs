// A program that uses every surface of the package; what each tool makes of it must answer the same.
import { createCollector, memorySink, TidegateError } from "tidegate";
import { withTide } from "tidegate/fetch";
import { clampSamplingRate } from "tidegate/sampling";
import { StatsStore } from "tidegate/stats";
import { instrument } from "tidegate/workers";

export async function play() {
  const memory = memorySink();
  const tide = createCollector({
    sinks: [memory],
    sampling: { exclude: ["re:^/h.alth$"] },
    handleSignals: false,
  });
  tide.configure({});
  const handler = () => new Response("ok", { status: 202 });
  const ctx = { waitUntil: () => {}, passThroughOnException: () => {} };
  const request = (path) => new Request(`https://example.com${path}`);
  await instrument(tide, { fetch: handler }).fetch(request("/worker"), {}, ctx);
  await withTide(tide, handler)(request("/fetch"), ctx);
  tide.req("/health", "GET", 200, Date.now(), 1);
  tide.req("/req", "GET", 200, Date.now(), 1);
  const { timedOut } = await tide.close();
  const store = new StatsStore();
  store.record(1e12, 5, false);
  let ours = false;
  try {
    clampSamplingRate(2);
  } catch (error) {
    ours = error instanceof TidegateError && error.code === "config/sampling-rate";
  }
  return {
    routes: memory.events.map(({ route }) => route),
    count: tide.stats().count,
    alone: store.snapshot(1e12).count,
    metrics: tide.metricsText().includes("tidegate"),
    excluded: tide.counters().excluded,
    ours,
    timedOut,
    error: tide.error?.code ?? null,
  };
}
