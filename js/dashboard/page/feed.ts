/** Where figures come from: a stream of events over a collector, polling over a hub; nothing while nobody looks. */
import type { Timeline } from "../../types/stats.ts";
import type { SeriesKey, View } from "../../types/view.ts";

const POLL_MS = 5000;
const TIMEOUT_MS = 10_000;
/** After a stream was refused, since there are too many. */
const RETRY_STREAM_MS = 60_000;

export interface FeedListener {
  onView(view: View): void;
  /** No figures come. */
  onTrouble(): void;
}

export class Feed {
  readonly #listener: FeedListener;
  readonly #isLive: boolean;
  #stream: EventSource | undefined;
  #timer = 0;
  #streamAtMs = 0;

  constructor(isLive: boolean, listener: FeedListener) {
    this.#isLive = isLive;
    this.#listener = listener;
    document.addEventListener("visibilitychange", () => this.resume());
  }

  /** Stops while the page is hidden, and asks at once when it is seen again. */
  resume(): void {
    this.#stop();
    if (document.visibilityState === "hidden") return;
    if (this.#isLive && Date.now() >= this.#streamAtMs) this.#openStream();
    else void this.#poll();
  }

  #stop(): void {
    this.#stream?.close();
    clearTimeout(this.#timer);
  }

  #openStream(): void {
    const stream = new EventSource("events");
    this.#stream = stream;
    stream.onmessage = ({ data }) => this.#listener.onView(JSON.parse(data));
    stream.onerror = () => {
      // A stream that ends in time is opened again by the browser itself.
      if (stream.readyState !== EventSource.CLOSED) return this.#listener.onTrouble();
      this.#streamAtMs = Date.now() + RETRY_STREAM_MS;
      void this.#poll();
    };
  }

  async #poll(): Promise<void> {
    const view = await ask<View>("stats.json");
    if (view === undefined) this.#listener.onTrouble();
    else this.#listener.onView(view);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.resume(), POLL_MS);
  }
}

/** Undefined: it cannot be read. */
export function timelineOf({ kind, name }: SeriesKey): Promise<Timeline | undefined> {
  return ask(`timeline.json?${new URLSearchParams({ kind, name })}`);
}

async function ask<T>(path: string): Promise<T | undefined> {
  try {
    const response = await fetch(path, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    // The session has ended: the server shows the login.
    if (response.status === 401) location.reload();
    return response.ok ? ((await response.json()) as T) : undefined;
  } catch {
    return undefined;
  }
}
