/** The whole service, as a reader has it: all shards merged. */
import type { Counters } from "../../types/counters.ts";
import type { Stats, Timeline } from "../../types/stats.ts";
import type { IsolatesView, SeriesKey, VersionView, View } from "../../types/view.ts";
import { Alarms, type AlarmsJson, type CheckedRule } from "../figures/alarms.ts";
import { timelineOf } from "../figures/day.ts";
import { Service, type ServiceHead } from "../figures/service.ts";
import { countersOf } from "../figures/tally.ts";

/** What a shard adds to its head for a reader. */
interface ReadHead extends ServiceHead {
  readonly nowMs: number;
  readonly isolates: { readonly live: number; readonly maxSkewMs: number };
  readonly rules: readonly CheckedRule[];
  readonly alarms: AlarmsJson;
}

/** Of all shards together there may be more sets than one shard keeps. */
const METRIC_SERIES = 100_000;

export class Whole {
  readonly service: Service = new Service(METRIC_SERIES);
  #nowMs = 0;
  #live = 0;
  #maxSkewMs = 0;
  #alarms = new Alarms([]);

  /** `shards`: what each answered, the first one first. It watches the alarms. */
  constructor(shards: readonly Uint8Array[]) {
    for (const [index, bytes] of shards.entries()) {
      const head = this.service.restore(bytes) as ReadHead;
      this.#nowMs = Math.max(this.#nowMs, head.nowMs);
      this.#live += head.isolates.live;
      this.#maxSkewMs = Math.max(this.#maxSkewMs, head.isolates.maxSkewMs);
      if (index > 0) continue;
      this.#alarms = new Alarms(head.rules);
      this.#alarms.restore(head.alarms);
    }
  }

  get counters(): Counters {
    return countersOf(this.service.tally);
  }

  get isolates(): IsolatesView {
    return { live: this.#live, maxSkewMs: this.#maxSkewMs, late: this.service.refused.late };
  }

  get staleMs(): number {
    const { lastMs } = this.service;
    return lastMs === 0 ? 0 : Math.max(0, this.#nowMs - lastMs);
  }

  stats(): Stats {
    return this.service.window.stats(this.#nowMs);
  }

  timeline(series?: SeriesKey): Timeline {
    return this.service.window.timeline(this.#nowMs, series);
  }

  view(): View {
    const { day, window, metrics, exceptions, firstMs } = this.service;
    const minutes = day.minutes(window, this.#nowMs);
    const versions = this.#versions();
    const { name } = this.service;
    const version = versions[0]?.version;
    return {
      scope: "service",
      service: { ...(name !== undefined && { name }), ...(version && { version }) },
      nowMs: this.#nowMs,
      staleMs: this.staleMs,
      stats: this.stats(),
      timeline: this.timeline(),
      day: timelineOf(minutes, this.#nowMs),
      metrics: metrics.series(),
      counters: this.counters,
      exceptions,
      versions,
      isolates: this.isolates,
      alarms: this.#alarms.views(minutes, firstMs, this.#nowMs),
    };
  }

  /** The one that was heard of last is first. */
  #versions(): VersionView[] {
    const all = [...this.service.versions].map(([version, { window, lastMs }]) => {
      const { count, errors, errorPct, rps, p95Ms } = window.stats(this.#nowMs);
      return { version, count, errors, errorPct, rps, p95Ms, lastMs };
    });
    return all.sort((a, b) => b.lastMs - a.lastMs);
  }
}
