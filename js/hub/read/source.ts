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
  const read = () => wholeOf(namespace, shards);
  return {
    view: async (): Promise<View> => (await read()).view(),
    timeline: async (series: SeriesKey): Promise<Timeline> => (await read()).timeline(series),
    metricsText: async (openMetrics: boolean): Promise<string> => prometheusText(await read(), openMetrics),
  };
}

/** Figures of the last 15 minutes, of all isolates. Rejects and throws as `hubSource`. */
export async function hubStats(namespace: HubNamespace, options: HubReadOptions = {}): Promise<Stats> {
  return (await wholeOf(namespace, checkedShards(options.shards))).stats();
}

/** Metrics of the program since the hub began, of all isolates. Rejects and throws as `hubSource`. */
export async function hubMetrics(
  namespace: HubNamespace,
  options: HubReadOptions = {},
): Promise<MetricSeries[]> {
  return (await wholeOf(namespace, checkedShards(options.shards))).service.metrics.series();
}

async function wholeOf(namespace: HubNamespace, shards: number): Promise<Whole> {
  const all = Array.from({ length: shards }, (_, shard) => stateOf(namespace, shard));
  return new Whole(await Promise.all(all));
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
