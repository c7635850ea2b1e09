/** The Durable Object. */
import { systemHost } from "../../runtime/system-host.ts";
import { TidegateError } from "../../types/error.ts";
import type { ResponseLike } from "../../types/http.ts";
import { GRACE_MS } from "../figures/alarms.ts";
import type { Minute } from "../figures/day.ts";
import { type Push, pushOf } from "../figures/push.ts";
import { Service } from "../figures/service.ts";
import { MINUTE_MS } from "../figures/window.ts";
import { ADDRESS, fetchOfShard, idOfShard } from "../shards.ts";
import { type Answer, answerTo } from "./answer.ts";
import { bodyOf } from "./body.ts";
import { type CheckedOptions, checkedOptions, type HubOptions } from "./options.ts";
import { report } from "./report.ts";
import { State } from "./state.ts";
import { type HubStorage, Journal } from "./storage.ts";
import { posted } from "./webhook.ts";

/** The part of a Durable Object's state that is used. */
export interface HubContext {
  readonly storage: HubStorage;
  readonly id: { equals(other: unknown): boolean };
  blockConcurrencyWhile<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * The hub: a Durable Object with SQLite storage, which adds up what isolates push. Export a subclass of it.
 *
 * A push that it has answered is stored. One that comes again changes nothing. It keeps 15 minutes of statistics, a day
 * of minutes, and metrics and counters since the beginning. While nothing comes it sleeps.
 *
 * Whoever can call it can push to it: bind it, and let strangers only at `hubHandler`.
 *
 * @example
 * export class TideHub extends Hub {
 *   options(env) {
 *     return { alarms: [{ kind: "errors", threshold: 5 }], webhook: env.ALARM_WEBHOOK };
 *   }
 * }
 */
export class Hub {
  /** For the types that `wrangler types` writes. There is no such property. */
  declare readonly __DURABLE_OBJECT_BRAND: never;
  readonly ctx: HubContext;
  readonly env: unknown;
  readonly #options: CheckedOptions;
  readonly #journal: Journal;
  #state: State | undefined;
  /** When the next alarm of the object is due. */
  #alarmMs: number | null = null;
  /** Refused pushes that were reported. */
  #reported = 0;

  /** Throws TidegateError `config/hub` for options that cannot be used. */
  // biome-ignore lint/suspicious/noExplicitAny: the platform's own types
  constructor(ctx: any, env: any) {
    this.ctx = ctx;
    this.env = env;
    this.#options = checkedOptions(this.options(env));
    this.#journal = new Journal(this.ctx.storage);
    this.ctx.blockConcurrencyWhile(async () => {
      this.#alarmMs = await this.#journal.alarmMs();
      this.#reported = refusedIn(this.#loaded());
    });
  }

  /** Override it to have alarms or other limits. */
  // biome-ignore lint/suspicious/noExplicitAny: the type of env is the user's
  options(_env: any): HubOptions {
    return {};
  }

  /** The clock, in wall-clock ms. */
  now(): number {
    return systemHost().now();
  }

  // biome-ignore lint/suspicious/noExplicitAny: the Request and the Response of the platform
  async fetch(request: any): Promise<any> {
    const { method, headers, url } = request as Request;
    const { pathname } = new URL(url);
    if (method === "POST" && pathname === "/push") {
      const bytes = await bodyOf(request as Request).catch(() => new Uint8Array());
      const batchId = headers.get("idempotency-key") ?? "";
      return answerTo(bytes === undefined ? "too-large" : this.#push(bytes, batchId));
    }
    if (method === "POST" && pathname === "/wake") return this.#wake();
    if (pathname === "/state") return new Response(this.#read());
    return new Response("not found\n", { status: 404 });
  }

  /** Runs once a minute while there is something to do. */
  async alarm(): Promise<void> {
    this.#alarmMs = null;
    try {
      await this.#minute(this.now());
    } catch {
      // The platform would try a few times more, and then never.
      this.#drop();
      this.#arm(this.now());
      report("the storage or the engine fails; the hub tries again in a minute");
    }
  }

  async #minute(nowMs: number): Promise<void> {
    this.#loaded().age(nowMs);
    await this.#watch(nowMs);
    this.#checkpoint();
    await this.#postMessages();
    this.#reportRefused();
    this.#armNext(this.now());
  }

  /** From here to the journal nothing waits, so no other push comes between. */
  #push(bytes: Uint8Array<ArrayBuffer>, batchId: string): Answer {
    const nowMs = this.now();
    let push: Push;
    try {
      push = pushOf(bytes, batchId);
    } catch {
      return this.#refuse("damaged", nowMs);
    }
    const verdict = this.#loaded().verdictOf(push, nowMs);
    if (verdict !== "new") {
      this.#arm(nowMs);
      return verdict;
    }
    try {
      if (this.#journal.isFull) this.#checkpoint();
      this.#withAll((whole) => whole.add(push, nowMs));
      this.#journal.add(batchId, bytes, nowMs);
    } catch (error) {
      return this.#undo(error, nowMs);
    }
    this.#arm(nowMs);
    return "new";
  }

  /** What is in memory may hold half a push: storage knows what was taken. */
  #undo(error: unknown, nowMs: number): Answer {
    this.#drop();
    const code = error instanceof TidegateError ? error.code : "";
    if (code === "stats/bytes") return this.#refuse("damaged", nowMs);
    if (code === "stats/clock") return this.#refuse("ahead", nowMs);
    report("a push could not be stored; its sender will try again");
    return "failed";
  }

  #refuse(reason: "damaged" | "ahead", nowMs: number): Answer {
    this.#loaded().service.refused[reason] += 1;
    this.#arm(nowMs);
    return reason;
  }

  #wake(): Response {
    this.#arm(this.now());
    return new Response("awake\n");
  }

  /** For `Service.restore` of a reader. */
  #read(): Uint8Array<ArrayBuffer> {
    const nowMs = this.now();
    return this.#withAll(({ service, isolates, alarms }) => {
      service.day.take(service.window, nowMs);
      const { rowsWritten } = this.#journal;
      const { rules } = alarms;
      return service.toBytes({ nowMs, isolates: isolates.live(nowMs), rules, alarms, rowsWritten });
    });
  }

  /**
   * What `work` makes of the state. The engine may have failed, here or under a collector in the same process, and what it
   * had in memory is gone: then the state is read from storage, and `work` done once more.
   */
  #withAll<T>(work: (state: State) => T): T {
    for (let isFirst = true; ; isFirst = false) {
      const state = this.#loaded();
      const result = work(state);
      if (!state.service.isLost) return result;
      this.#drop();
      if (!isFirst) throw new Error("the engine fails");
    }
  }

  #drop(): void {
    this.#state?.service.clear();
    this.#state = undefined;
  }

  /** The state as storage has it, or as it is in memory. */
  #loaded(): State {
    this.#state ??= this.#load();
    return this.#state;
  }

  #load(): State {
    const { state: saved, entries } = this.#journal.load();
    let state = new State(this.#options);
    try {
      if (saved !== undefined) state.restore(saved);
    } catch {
      report("the stored state is of another version; it begins anew");
      state = new State(this.#options);
    }
    for (const { batchId, bytes, atMs } of entries) {
      try {
        state.add(pushOf(bytes, batchId), atMs);
      } catch {
        state.service.refused.damaged += 1;
      }
    }
    return state;
  }

  #checkpoint(): void {
    this.#journal.checkpoint(this.#withAll((state) => state.toBytes()));
  }

  /** Looks whether alarms start or end. The first shard looks at all of them; the others see to it that it is awake. */
  async #watch(nowMs: number): Promise<void> {
    const { alarms, shards, namespace } = this.#options;
    if (alarms.length === 0) return;
    try {
      if (shards > 1 && namespace && !this.ctx.id.equals(idOfShard(namespace, 0))) {
        await fetchOfShard(namespace, 0)(`${ADDRESS}/wake`, { method: "POST" });
        return;
      }
      const { minutes, firstMs } = await this.#minutes(nowMs);
      this.#loaded().evaluate(minutes, firstMs, nowMs);
    } catch {
      this.#arm(nowMs);
      report("a shard did not answer; alarms are looked at in a minute");
    }
  }

  /** Those of all shards. */
  async #minutes(nowMs: number): Promise<{ minutes: Minute[]; firstMs: number }> {
    const { shards, namespace } = this.#options;
    const minutesOf = ({ day, window, firstMs }: Service) => ({
      minutes: day.minutes(window, nowMs),
      firstMs,
    });
    if (shards === 1 || namespace === undefined) return minutesOf(this.#loaded().service);
    const all = new Service(1);
    try {
      all.restore(this.#read());
      for (let shard = 1; shard < shards; shard += 1) {
        const answer = await fetchOfShard(namespace, shard)(`${ADDRESS}/state`, {});
        all.restore(new Uint8Array((await answer.arrayBuffer?.()) ?? new ArrayBuffer(0)));
      }
      return minutesOf(all);
    } finally {
      all.clear();
    }
  }

  /** Oldest first, until one fails. Each that was taken is forgotten before the next one. */
  async #postMessages(): Promise<void> {
    const { webhook } = this.#options;
    if (webhook === undefined) return;
    const send = (url: string, init: unknown) => systemHost().fetch(url, init) as Promise<ResponseLike>;
    for (;;) {
      const message = this.#loaded().outbox.first;
      if (message === undefined) return;
      const status = await posted(send, webhook, message);
      const next = this.#loaded().outbox.settle(message.id, status);
      this.#checkpoint();
      if (next === "later") return;
      if (next === "given-up") report(`the webhook answers ${status}: the message ${message.id} is given up`);
    }
  }

  #reportRefused(): void {
    const state = this.#loaded();
    const all = refusedIn(state);
    if (all > this.#reported) report(`pushes not counted so far: ${JSON.stringify(state.service.refused)}`);
    this.#reported = all;
  }

  /** The next minute at the latest. */
  #arm(nowMs: number): void {
    this.#armAt(Math.floor((nowMs - GRACE_MS) / MINUTE_MS + 1) * MINUTE_MS + GRACE_MS);
  }

  #armNext(nowMs: number): void {
    const state = this.#loaded();
    if (state.isBusy(nowMs) || !this.#journal.isEmpty) this.#arm(nowMs);
    else if (state.endMs !== undefined) this.#armAt(state.endMs);
  }

  #armAt(atMs: number): void {
    if (this.#alarmMs !== null && this.#alarmMs <= atMs) return;
    this.#alarmMs = atMs;
    this.#journal.setAlarm(atMs);
  }
}

const refusedIn = ({ service }: State): number =>
  Object.values(service.refused).reduce((sum, count) => sum + count, 0);
