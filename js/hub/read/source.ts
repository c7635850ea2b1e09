/** Reading the hub. */
import { TidegateError } from "../../types/error.ts";
import type { MetricSeries } from "../../types/metrics.ts";
import type { Stats, Timeline } from "../../types/stats.ts";
import type { SeriesKey, View, ViewSource } from "../../types/view.ts";
import { ADDRESS, checkedShards, fetchOfShard, type HubNamespace, isNamespace } from "../shards.ts";
import { prometheusText } from "./prometheus.ts";
import { Whole } from "./whole.ts";

/** Options of what reads a hub. */
export interface HubReadOptions {
  /** How many objects the service is spread over, as the sinks have it, 1…64. @default 1 */
  readonly shards?: number;
}

/**
 * The service as a dashboard reads it. Each call reads every shard once.
 *
 * Its calls reject with TidegateError `hub/unreachable` if a shard does not answer: a part of the service is no figure of it.
 *
 * Throws TidegateError `config/hub`.
 */
export function hubSource(namespace: HubNamespace, options: HubReadOptions = {}): ViewSource {
  const shards = checkedShards(options.shards);
  if (!isNamespace(namespace)) throw new TidegateError("config/hub", "hub: not a Durable Object namespace");
  const read = <T>(work: (whole: Whole) => T) => reading(namespace, shards, work);
  return {
    view: (): Promise<View> => read((whole) => whole.view()),
    timeline: (series: SeriesKey): Promise<Timeline> => read((whole) => whole.timeline(series)),
    metricsText: (openMetrics: boolean): Promise<string> =>
      read((whole) => prometheusText(whole, openMetrics)),
  };
}

/** Figures of the last 15 minutes, of all isolates. Rejects and throws as `hubSource`. */
export async function hubStats(namespace: HubNamespace, options: HubReadOptions = {}): Promise<Stats> {
  return reading(namespace, checkedShards(options.shards), (whole) => whole.stats());
}

/** Metrics of the program since the hub began, of all isolates. Rejects and throws as `hubSource`. */
export async function hubMetrics(
  namespace: HubNamespace,
  options: HubReadOptions = {},
): Promise<MetricSeries[]> {
  return reading(namespace, checkedShards(options.shards), ({ service }) => service.metrics.series());
}

/** Merges the shards for `work`. */
async function reading<T>(namespace: HubNamespace, shards: number, work: (whole: Whole) => T): Promise<T> {
  const all = Array.from({ length: shards }, (_, shard) => stateOf(namespace, shard));
  const whole = new Whole(await Promise.all(all));
  try {
    return work(whole);
  } finally {
    whole.service.clear();
  }
}

async function stateOf(namespace: HubNamespace, shard: number): Promise<Uint8Array> {
  try {
    const answer = await fetchOfShard(namespace, shard)(`${ADDRESS}/state`, {});
    const bytes = answer.status === 200 ? await answer.arrayBuffer?.() : undefined;
    if (bytes !== undefined) return new Uint8Array(bytes);
  } catch (cause) {
    throw new TidegateError("hub/unreachable", `shard ${shard} of the hub does not answer`, cause);
  }
  throw new TidegateError("hub/unreachable", `shard ${shard} of the hub does not answer`);
}
