/** What tests of sinks share: a send's surroundings, events as the wire has them, a fetch that remembers. */
import type { NdjsonEvent, ResponseLike, SendInfo } from "../../js/types/index.ts";

export function info(more: Partial<SendInfo> = {}): SendInfo {
  return {
    signal: new AbortController().signal,
    env: {},
    batchId: "00112233aabbccdd-0-1",
    count: 1,
    ...more,
  };
}

const ids = { trace_id: "0af7651916cd43dd8448eb211c80319c", span_id: "b7ad6b7169203331" };

export function request(route: string, more: object = {}): NdjsonEvent {
  return { kind: "REQ", ts: 1_700_000_000_000, route, method: "GET", status: 200, p: 1, ...ids, ...more };
}

export interface Call {
  readonly url: string;
  readonly init: {
    method: string;
    headers: Record<string, string>;
    body: Uint8Array;
    redirect: string;
    signal: AbortSignal;
  };
}

/** Answers each call with `answer`, and keeps the calls. */
export function remembering(answer: () => ResponseLike = () => new Response(null, { status: 200 })): {
  fetch: (url: string, init: Call["init"]) => Promise<ResponseLike>;
  calls: Call[];
} {
  const calls: Call[] = [];
  return {
    calls,
    fetch: async (url, init) => {
      calls.push({ url, init });
      return answer();
    },
  };
}
