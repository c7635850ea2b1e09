/** Figures as server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
import type { Host } from "../runtime/host.ts";
import { type Sleep, sleep } from "../runtime/sleep.ts";
import { systemHost } from "../runtime/system-host.ts";
import type { ViewSource } from "../types/view.ts";
import { answer, text } from "./answers.ts";

const EVERY_MS = 2000;
/** A stream then ends, and the browser opens another: nothing stays open for ever. */
const STREAM_MS = 5 * 60_000;
const STREAMS_MAX = 16;
/**
 * A stream that nobody reads for so long fails, so that its connection does not stay open. Not every host says that a
 * client has left, and the timer of a request that is over never fires in a Worker: there it only makes room.
 */
const UNREAD_MS = 30_000;

/** The streams of one dashboard. They are known by the time of their last read alone: plain data. */
export class LiveStreams {
  readonly #source: ViewSource;
  readonly #readMs = new Map<number, number>();
  #made = 0;

  constructor(source: ViewSource) {
    this.#source = source;
  }

  /** 503 once there are as many as there may be. */
  open(): Response {
    const host = systemHost();
    const nowMs = host.now();
    for (const [id, readMs] of this.#readMs) if (nowMs - readMs > UNREAD_MS) this.#readMs.delete(id);
    if (this.#readMs.size >= STREAMS_MAX) {
      return text(503, "Too many streams; stats.json has the same", { "retry-after": "30" });
    }
    this.#made += 1;
    this.#readMs.set(this.#made, nowMs);
    const headers = { "x-accel-buffering": "no" };
    return answer(200, this.#stream(host, this.#made, nowMs + STREAM_MS), "text/event-stream", headers);
  }

  #stream(host: Host, id: number, endMs: number): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    let pause: Sleep | undefined;
    let unread: Sleep | undefined;
    const end = () => {
      pause?.cancel();
      unread?.cancel();
      this.#readMs.delete(id);
    };
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
      unread?.cancel();
      const isTimed = pause === undefined || (await pause.done);
      if (!isTimed || host.now() >= endMs || !this.#readMs.has(id)) {
        end();
        return controller.close();
      }
      this.#readMs.set(id, host.now());
      controller.enqueue(encoder.encode(`data: ${JSON.stringify(await this.#source.view())}\n\n`));
      pause = sleep(host, EVERY_MS, false);
      unread = sleep(host, UNREAD_MS, false);
      void unread.done.then((isTimed) => {
        if (!isTimed) return;
        end();
        controller.error(new Error("nobody reads"));
      });
    };
    return new ReadableStream({ pull, cancel: end }, { highWaterMark: 0 });
  }
}
