/** One collector in wasm: its functions by name, on its own handle. */
import type { Counters, FlushResult, Stats } from "../types.ts";
import { type Desk, NUMBER_BYTES, type Value } from "./desk.ts";
import type { Exports, Handle } from "./exports.ts";
import { type Instance, own } from "./instance.ts";
import { readSnapshot } from "./snapshot.ts";

/** Sets an option of a core to be. Throws TidegateError if it is refused. */
export type SetOption = (name: string, ...values: readonly Value[]) => void;

/** A batch to send, as the core describes it. */
export interface Polled {
  readonly sink: number;
  readonly lease: number;
  readonly count: number;
  readonly id: string;
  /** In the core's memory: gone with the next call. */
  readonly bytes: Uint8Array;
}

/** What became of the events of all sinks together. */
export type Totals = Omit<FlushResult, "timedOut">;

const ENTROPY_BYTES = 64;
/** Numbers before the id of a batch. */
const POLLED = 4;
const NO_METRICS = "# tidegate/slim writes no metrics: tidegate does\n";

/** All times are wall-clock ms; a number that is unknown is NaN. */
export class Core {
  readonly #wasm: Exports;
  readonly #desk: Desk;
  readonly #handle: Handle;
  #seeded = false;

  /** Throws TidegateError if the options are bad. */
  constructor({ wasm, desk }: Instance, describe: (set: SetOption) => void) {
    this.#wasm = wasm;
    this.#desk = desk;
    wasm.options_begin(desk.handle);
    describe((name, ...values) => {
      desk.give([name, ...values]);
      if (wasm.options_set(desk.handle) === 0) throw desk.error();
    });
    this.#handle = wasm.core_new(desk.handle);
    if (this.#handle === 0) throw desk.error();
    own(this, "core_free", this.#handle);
  }

  /** The value in force of a numeric option. */
  option(name: string): number {
    this.#desk.give([name]);
    return this.#wasm.core_option(this.#desk.handle, this.#handle);
  }

  /**
   * Records a request in one call; `isPath`: its name is a raw path, to be shown as its template. Returns flags, and
   * above them what its method may be staged by.
   */
  req(
    nowMs: number,
    route: string,
    method: string,
    status: number,
    startMs: number,
    durationMs: number,
    error: string | undefined,
    isPath: boolean,
  ): number {
    if (!this.#seed()) return this.#refuse();
    this.#desk.give([route, method, error]);
    return this.#wasm.core_req(
      this.#desk.handle,
      this.#handle,
      nowMs,
      status,
      startMs,
      durationMs,
      Number(isPath),
    );
  }

  /** Where the host writes requests, and their texts. */
  stage(): readonly [words: number, texts: number] {
    return [this.#wasm.core_stage(this.#handle) >>> 0, this.#wasm.core_texts(this.#handle) >>> 0];
  }

  /** Records the requests written, with `textBytes` of texts. Returns flags. */
  staged(count: number, textBytes: number, nowMs: number): number {
    return this.#wasm.core_staged(this.#handle, count, textBytes, nowMs);
  }

  /** Records any event, as src/wasm/core.rs says. Returns flags. */
  event(
    what: number,
    nowMs: number,
    request: number,
    startMs: number,
    durationMs: number,
    number: number,
    values: readonly Value[],
  ): number {
    if (!this.#seed()) return this.#refuse();
    this.#desk.give(values);
    return this.#wasm.core_event(
      this.#desk.handle,
      this.#handle,
      what,
      nowMs,
      request,
      startMs,
      durationMs,
      number,
    );
  }

  /** A request begins, or without a path a handler that is none. Returns its token. */
  open(nowMs: number, path: string | undefined, traceparent: string | undefined): number {
    this.#seed();
    this.#desk.give([path, traceparent]);
    return this.#wasm.core_open(this.#desk.handle, this.#handle, nowMs);
  }

  /** The rate that governs `path`, or without one all that has no path; -1: excluded. */
  rate(path: string | undefined): number {
    this.#desk.give([path]);
    return this.#wasm.core_rate(this.#desk.handle, this.#handle);
  }

  /** The next decision's draw, where the host draws. */
  supplyDraw(draw: number): void {
    this.#wasm.core_draw(this.#handle, draw);
  }

  /** The `traceparent` of a call about to be made; after a blank its `tracestate`. Empty: none is to be sent. */
  outgoing(request: number, tracestate: string | undefined): string {
    this.#seed();
    this.#desk.give([tracestate]);
    this.#wasm.core_outgoing(this.#desk.handle, this.#handle, request);
    return this.#desk.text();
  }

  tick(nowMs: number): void {
    this.#wasm.core_tick(this.#handle, nowMs);
  }

  /** Ms until the next tick is wanted; NaN: nothing waits. */
  nextDeadline(): number {
    return this.#wasm.core_deadline(this.#handle);
  }

  /** A batch to send now, if there is one. */
  poll(nowMs: number): Polled | undefined {
    if (this.#wasm.core_poll(this.#desk.handle, this.#handle, nowMs) === 0) return undefined;
    const desk = this.#desk;
    const [sink = 0, lease = 0, count = 0, idLength = 0] = desk.numbers(POLLED);
    const result = desk.result().subarray(POLLED * NUMBER_BYTES);
    const id = desk.text(result.subarray(0, idLength));
    return { sink, lease, count, id, bytes: result.subarray(idLength) };
  }

  /** A sink has answered. */
  settle(nowMs: number, lease: number, answer: number, value: number): void {
    this.#wasm.core_settle(this.#handle, nowMs, lease, answer, value);
  }

  /** What is queued now is due until `deadlineMs` from now. */
  flush(nowMs: number, deadlineMs: number): void {
    this.#wasm.core_flush(this.#handle, nowMs, deadlineMs);
  }

  /** Whether the flush still has something to wait for. */
  flushing(nowMs: number): boolean {
    return this.#wasm.core_flushing(this.#handle, nowMs) !== 0;
  }

  /** Refuses new events from now on. */
  close(nowMs: number): void {
    this.#wasm.core_close(this.#handle, nowMs);
  }

  /** The end of closing: what is queued counts as closed. */
  finish(): void {
    this.#wasm.core_finish(this.#handle);
  }

  /** Events in the queue. */
  queueDepth(): number {
    return this.#wasm.core_depth(this.#handle);
  }

  totals(): Totals {
    this.#wasm.core_totals(this.#desk.handle, this.#handle);
    const [delivered = 0, remaining = 0, dropped = 0] = this.#desk.numbers(3);
    return { delivered, remaining, dropped };
  }

  counters(): Counters {
    this.#wasm.core_counters(this.#desk.handle, this.#handle);
    return this.#desk.json();
  }

  stats(nowMs: number): Stats {
    this.#wasm.core_stats(this.#desk.handle, this.#handle, nowMs);
    return readSnapshot(this.#desk);
  }

  metricsText(nowMs: number): string {
    const wasm = this.#wasm;
    if (wasm.core_metrics === undefined) return NO_METRICS;
    wasm.core_metrics(this.#desk.handle, this.#handle, nowMs);
    return this.#desk.text();
  }

  /** The next waiting notice, if there is one; its sink is a number. */
  notice<T>(): T | undefined {
    return this.#wasm.core_notice(this.#desk.handle, this.#handle) === 0 ? undefined : this.#desk.json<T>();
  }

  /** Forgets the notices that wait: nobody listens. */
  forgetNotices(): void {
    this.#wasm.core_forget(this.#handle);
  }

  /** Where the counters lie in memory, and how many they are. */
  ledger(): readonly [at: number, length: number] {
    return [this.#wasm.core_ledger(this.#handle) >>> 0, this.#wasm.core_ledger_length(this.#handle)];
  }

  /** Goes on from the counters of a dead instance: their bytes. */
  restore(ledger: Uint8Array): void {
    this.#desk.give([ledger]);
    this.#wasm.core_restore(this.#desk.handle, this.#handle);
  }

  /** Gives the host's randomness at the first event: Workers forbid it before the first request. */
  #seed(): boolean {
    if (this.#seeded) return true;
    const entropy = new Uint8Array(ENTROPY_BYTES);
    try {
      crypto.getRandomValues(entropy);
    } catch {
      return false;
    }
    this.#desk.give([entropy]);
    this.#wasm.core_seed(this.#desk.handle, this.#handle);
    this.#seeded = true;
    return true;
  }

  /** Counts an event that could not even be given. */
  #refuse(): number {
    this.#wasm.core_refuse(this.#handle);
    return 0;
  }
}
