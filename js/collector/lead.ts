/** When something waits on a host that lives by requests: which context sends it. */
import { flush } from "../delivery/flush.ts";
import type { FlushContext, Place, RequestRecord } from "../runtime/bridge.ts";
import { hasLongTimers } from "../runtime/host.ts";
import { runLeader } from "../runtime/leader.ts";
import { countOf, SharedCount } from "../runtime/send-count.ts";
import { runningContext, type WaitUntil } from "../runtime/wait-until.ts";
import { isDue, isPending } from "../wasm/flags.ts";
import type { Pump } from "./pump.ts";
import type { State } from "./state.ts";

export class Lead {
  readonly #state: State;
  readonly #pump: Pump;
  /** What no request can be found for. */
  readonly #shared = new SharedCount();
  /** A request has ended without a context. */
  #lacksContext = false;

  constructor(state: State, pump: Pump) {
    this.#state = state;
    this.#pump = pump;
  }

  /** Without a context nothing is sent after a response. What is due is sent beside the next request. */
  atStart(request: RequestRecord): void {
    if (!this.#lacksContext || request.context !== undefined || !isPending(this.#flags)) return;
    const { leadSends } = this.#pump.limits;
    const count = countOf(request);
    void this.#pump.sendDue({ sends: leadSends - count.sends }, () => {
      count.sends += 1;
    });
  }

  /** Any request may lead, also an excluded one: what waits must not depend on which requests come. */
  atEnd(request: RequestRecord, given: FlushContext | undefined, nowMs: number): void {
    const context: FlushContext | undefined = given ?? this.#running();
    const flags = this.#flags;
    if (context === undefined) this.#missContext();
    else if (isPending(flags)) this.#lead(context, request, nowMs, flags);
  }

  #lead(context: FlushContext, request: RequestRecord, nowMs: number, flags: number): void {
    if (context.isBrief === true) this.#pump.flushOverdue();
    if (context.isLast === true) this.#sendAll(context);
    else runLeader(this.#pump, context, request, nowMs, isDue(flags));
  }

  /** What is recorded after the answer, or without a request, is sent by the context that is running. */
  late(flags: number, nowMs: number, place: Place | undefined): void {
    if (this.#state.settings?.autoTick !== true) return;
    const running = this.#running() ?? place?.context;
    if (running === undefined) return;
    // Where the request is not known it may be that of a Durable Object, which must be able to hibernate.
    const isBrief = place === undefined || place.context?.isBrief === true;
    const context = { waitUntil: (work: Promise<unknown>) => running.waitUntil(work), isBrief };
    if (place === undefined) this.#shared.fall(nowMs);
    if (place?.context?.isBrief === true) this.#pump.flushOverdue();
    runLeader(this.#pump, context, place?.record ?? this.#shared, nowMs, isDue(flags));
  }

  /** 0 where nothing is sent without a call of the user's. */
  get #flags(): number {
    return this.#state.settings?.autoTick === true ? (this.#state.engine.handle?.flags ?? 0) : 0;
  }

  #running(): WaitUntil | undefined {
    return this.#state.waitUntil ?? runningContext();
  }

  #missContext(): void {
    if (this.#lacksContext || hasLongTimers(this.#state.host)) return;
    if (this.#state.settings?.autoTick !== true) return;
    this.#lacksContext = true;
    this.#state.log.warn(
      "no waitUntil was found, so events are sent only while the next request runs; " +
        "pass it: withTide(tide, handler, { waitUntil })",
    );
  }

  #sendAll(context: WaitUntil): void {
    try {
      context.waitUntil(flush(this.#pump, this.#pump.limits.flushDeadlineMs));
    } catch {
      // The context takes no work: the next handler tries.
    }
  }
}
