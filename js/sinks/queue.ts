import type { EventsSink, NdjsonEvent, QueueMessage } from "../types.ts";
import { type BindingSource, bindingOf, bindingProblem } from "./_binding.ts";

/** The part of a Cloudflare Queues binding that is used. */
export interface QueueLike {
  // biome-ignore lint/suspicious/noExplicitAny: Cloudflare's own type has the body as a parameter
  sendBatch(messages: any): Promise<unknown>;
}

/** Options of `queueSink`. */
export interface QueueSinkOptions {
  /** The binding's name in `env`, or a function of `env`. Required. */
  readonly binding: BindingSource<QueueLike>;
  /** Names the sink. Default `"queue"`. */
  readonly name?: string;
  readonly batchMax?: number;
}

/**
 * https://developers.cloudflare.com/queues/platform/limits: 128 KB a message with up to 100 bytes of metadata,
 * 100 messages or 256 KB a call; 1 KB is 1000 bytes.
 */
const MESSAGE_BYTES = 127_000;
const CALL_BYTES = 255_000;
const CALL_MESSAGES = 100;
const METADATA_BYTES = 100;

interface Message {
  readonly body: QueueMessage;
  readonly contentType: "json";
}

interface Sized {
  readonly message: Message;
  readonly bytes: number;
}

/**
 * Sends batches to a Cloudflare Queue: as few messages as fit, each a `QueueMessage` in JSON. A batch that is sent
 * again has the same `batchId` and parts. Any error is tried again, except one that says the batch is too large.
 */
export function queueSink(options: QueueSinkOptions): EventsSink {
  const { binding, name = "queue", batchMax } = options ?? ({} as QueueSinkOptions);
  const problem = bindingProblem(binding);
  return {
    name,
    format: "events",
    ...(batchMax === undefined ? {} : { batchMax }),
    ...(problem === undefined ? {} : { problem }),
    async send(events, { env, batchId, signal }) {
      const queue = bindingOf(binding, env, "sendBatch");
      const messages = packed(events, batchId);
      let taken = 0;
      for (const call of calls(messages)) {
        if (signal.aborted) throw new Error("the deadline has passed");
        try {
          await queue.sendBatch(call);
        } catch (cause) {
          if (!isTooLarge(cause)) throw cause;
          // Halved, the batch has new ids: only one of which nothing was taken may come again under those.
          return taken === 0 ? "too-large" : { ok: true, rejected: events.length - taken };
        }
        for (const { body } of call) taken += body.events.length;
      }
      return { ok: true, rejected: events.length - taken };
    },
  };
}

/** Events in order, as many a message as fit. One that fits into none is left out, and so rejected. */
function packed(events: readonly NdjsonEvent[], batchId: string): Sized[] {
  const messages: Sized[] = [];
  const envelope = JSON.stringify({ batchId, part: events.length, events: [] }).length + METADATA_BYTES;
  let held: NdjsonEvent[] = [];
  let bytes = envelope;
  const close = () => {
    if (held.length === 0) return;
    const body: QueueMessage = { batchId, part: messages.length, events: held };
    messages.push({ message: { body, contentType: "json" }, bytes });
    held = [];
    bytes = envelope;
  };
  for (const event of events) {
    const size = new TextEncoder().encode(JSON.stringify(event)).length + 1;
    if (envelope + size > MESSAGE_BYTES) continue;
    if (bytes + size > MESSAGE_BYTES) close();
    held.push(event);
    bytes += size;
  }
  close();
  return messages;
}

/** Messages in order, as many a call as its limits allow. */
function* calls(messages: readonly Sized[]): Generator<Message[]> {
  let call: Message[] = [];
  let total = 0;
  for (const { message, bytes } of messages) {
    if (call.length === CALL_MESSAGES || (call.length > 0 && total + bytes > CALL_BYTES)) {
      yield call;
      call = [];
      total = 0;
    }
    call.push(message);
    total += bytes;
  }
  if (call.length > 0) yield call;
}

/** The binding throws plain errors; their texts are all there is to tell them by. */
function isTooLarge(cause: unknown): boolean {
  return /too large|exceeds? (the )?(maximum|limit)|\b413\b/i.test(
    String((cause as Error)?.message ?? cause),
  );
}
