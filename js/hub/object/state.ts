/** All that a hub knows. It is the sum of the pushes that were taken, so storage keeps it as a checkpoint and a journal. */

import { Alarms, type AlarmsJson, type Transition } from "../figures/alarms.ts";
import type { Minute } from "../figures/day.ts";
import { type IsolateJson, Isolates, type Verdict } from "../figures/isolates.ts";
import type { Push } from "../figures/push.ts";
import { Service, type ServiceHead } from "../figures/service.ts";
import type { CheckedOptions } from "./options.ts";
import { type Message, Outbox } from "./webhook.ts";

interface StateHead extends ServiceHead {
  readonly isolates: readonly IsolateJson[];
  readonly alarms: AlarmsJson;
  readonly outbox: readonly Message[];
}

/** As long as statistics reach back. */
const WINDOW_MS = 900_000;

export class State {
  readonly service: Service;
  readonly isolates: Isolates;
  readonly alarms: Alarms;
  readonly outbox: Outbox = new Outbox();
  readonly #options: CheckedOptions;
  /** When the first push to any shard came. 0: this object has not looked at alarms, as those that do not watch. */
  #watchedFromMs = 0;

  constructor(options: CheckedOptions) {
    this.service = new Service(options.metricSeries);
    this.isolates = new Isolates(options.isolates);
    this.alarms = new Alarms(options.alarms);
    this.#options = options;
  }

  /** Whether a push counts. One that does not changes only the count of such pushes. */
  verdictOf(push: Push, nowMs: number): Verdict {
    const verdict = this.isolates.verdictOf(push, nowMs);
    if (verdict !== "new" && verdict !== "seen") this.service.refused[verdict] += 1;
    return verdict;
  }

  /** Adds a push that counts. Throws for damaged statistics, and must be loaded again then. */
  add(push: Push, atMs: number): void {
    this.service.add(push, atMs);
    this.isolates.note(push, atMs, this.service.tally);
  }

  /** Takes minutes into the day and forgets what is too old. */
  age(nowMs: number): void {
    this.service.day.take(this.service.window, nowMs);
    this.isolates.prune(nowMs, this.service.tally);
  }

  /** Notes which alarms start and end. `minutes` are those of all shards. */
  evaluate(minutes: readonly Minute[], firstMs: number, nowMs: number): Transition[] {
    this.#watchedFromMs = firstMs;
    const transitions = this.alarms.evaluate(minutes, firstMs, nowMs);
    const { webhook, link } = this.#options;
    if (webhook !== undefined) {
      for (const transition of transitions) this.outbox.put(transition, this.service.name, link);
    }
    return transitions;
  }

  /** Whether the next minute may bring something, though nothing is pushed. */
  isBusy(nowMs: number): boolean {
    const awaitsSilence = this.alarms.awaitsSilence && this.#watchedFromMs > 0;
    return nowMs - this.service.lastMs <= WINDOW_MS || awaitsSilence || !this.outbox.isEmpty;
  }

  /** When something will be too old; undefined: there is nothing. */
  get endMs(): number | undefined {
    const ends = [this.isolates.endMs, this.service.day.endMs].filter((ms) => ms !== undefined);
    return ends.length === 0 ? undefined : Math.min(...ends);
  }

  /** For a checkpoint. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const { isolates, alarms, outbox } = this;
    return this.service.toBytes({ isolates, alarms, outbox });
  }

  restore(bytes: Uint8Array): void {
    const head = this.service.restore(bytes) as StateHead;
    this.isolates.restore(head.isolates);
    this.alarms.restore(head.alarms);
    this.outbox.restore(head.outbox);
  }
}
