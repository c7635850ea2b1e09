/**
 * Requests that ended before the engine has started. In a Worker the engine starts after the first response, so that it
 * does not delay it; whatever else needs the engine starts it at once.
 */
import { endRequest } from "../recording/requests.ts";
import type { FlushContext, RequestRecord } from "../runtime/bridge.ts";
import { sleep } from "../runtime/sleep.ts";
import type { Lead } from "./lead.ts";
import type { State } from "./state.ts";

/** More than a Worker answers in one turn of its event loop. */
const MOST = 256;
/** Whoever has not started the engine after this time is taken for dead. */
const START_MS = 250;

interface EarlyRequest {
  readonly request: RequestRecord;
  readonly status: number | undefined;
  readonly durationMs: number;
}

export class EarlyRequests {
  readonly #state: State;
  readonly #lead: Lead;
  #ended: EarlyRequest[] = [];
  /** Until then a request is believed to start the engine. */
  #untilMs = 0;

  constructor(state: State, lead: Lead) {
    this.#state = state;
    this.#lead = lead;
  }

  /** Keeps the end of a request until the engine starts. False: it has to be recorded now. */
  keep(
    request: RequestRecord,
    status: number | undefined,
    durationMs: number,
    endMs: number,
    context: FlushContext | undefined,
  ): boolean {
    if (!this.#state.engine.canWait || this.#ended.length === MOST) return false;
    if (
      (request.error ?? request.exception) !== undefined ||
      context === undefined ||
      context.isLast === true
    )
      return false;
    const leftMs = this.#untilMs - endMs;
    if (!(leftMs > 0 && leftMs <= START_MS)) {
      try {
        context.waitUntil(this.#startAfterResponse(request, context));
      } catch {
        return false;
      }
      this.#untilMs = endMs + START_MS;
    }
    this.#ended.push({ request, status, durationMs });
    return true;
  }

  /** What the request then leads is part of the same work: it calls `waitUntil` once. */
  async #startAfterResponse(request: RequestRecord, context: FlushContext): Promise<void> {
    await sleep(this.#state.host, 0, false).done;
    let led: Promise<unknown> | undefined;
    const waitUntil = (work: Promise<unknown>) => {
      led = work;
    };
    this.#lead.atEnd(request, { isBrief: context.isBrief === true, waitUntil }, this.#state.clock.now());
    await led;
  }

  /** Called when the engine has started. */
  record(): void {
    const ended = this.#ended;
    this.#ended = [];
    for (const { request, status, durationMs } of ended) {
      // What is over is not opened, and one whose route came late has to be.
      request.isOver = false;
      endRequest(this.#state, request, durationMs, status, undefined);
      request.isOver = true;
    }
  }
}
