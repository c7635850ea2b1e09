import { TidegateError } from "../types/error.ts";
import type { EventsSink } from "../types/sink.ts";
import type { NdjsonEvent, QueueMessage } from "../types/wire.ts";
import { type BindingSource, bindingOf, checkBinding } from "./_binding.ts";
import { copyOf, limits } from "./_options.ts";

/** The part of a Cloudflare Queues binding that is used. */
export interface QueueLike {
  // biome-ignore lint/suspicious/noExplicitAny: Cloudflare's own type has the body as a parameter
  sendBatch(messages: any): Promise<unknown>;
}

/** Options of `queueSink`. */
export interface QueueSinkOptions {
  /** The binding's name in `env`, or a function of `env`. Required. */
  readonly binding: BindingSource<QueueLike>;
  /**
   * Names the sink in counters and notices.
   *
   * @default "queue"
   */
  readonly name?: string;
  /**
   * Events per batch, 1…`queueSize`.
   *
   * @default the collector's `batchMax`
   */
  readonly batchMax?: number;
}

/**
 * https://developers.cloudflare.com/queues/platform/limits: 128 KB per message with up to 100 bytes of metadata,
 * 100 messages or 256 KB per call; 1 KB is 1000 bytes.
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
 * Sends batches to a Cloudflare Queue: as few messages as fit, each a `QueueMessage` in JSON.
 *
 * A batch that is sent again has the same `batchId` and parts. An error is tried again, unless it says that the batch
 * is too large.
 *
 * Throws TidegateError `config/sink` without a `binding`.
 */
export function queueSink(options: QueueSinkOptions): EventsSink {
  const given = copyOf("queueSink", options, ["binding", "name", "batchMax"]);
  const { binding, name = "queue" } = given;
  checkBinding("queueSink", binding);
  return {
    name,
    format: "events",
    ...limits(given),
    async send(events, { env, batchId, signal }) {
      const queue = bindingOf(binding, env, "sendBatch");
      const messages = packed(events, batchId);
      let taken = 0;
      for (const call of calls(messages)) {
        if (signal.aborted) throw new TidegateError("sink/deadline", "the deadline has passed");
        try {
          await queue.sendBatch(call);
        } catch (cause) {
          if (!isTooLarge(cause)) throw cause;
          // A halved batch has new ids. If a part of it was taken, that part would be delivered twice.
          return taken === 0 ? "too-large" : { ok: true, rejected: events.length - taken };
        }
        for (const { body } of call) taken += body.events.length;
      }
      return { ok: true, rejected: events.length - taken };
    },
  };
}

/** Packs events in order, as many per message as fit. An event that fits into none is left out, and so rejected. */
function packed(events: readonly NdjsonEvent[], batchId: string): Sized[] {
  const messages: Sized[] = [];
  const envelope = JSON.stringify({ batchId, part: events.length, events: [] }).length + METADATA_BYTES;
  let current: NdjsonEvent[] = [];
  let bytes = envelope;
  const close = () => {
    if (current.length === 0) return;
    const body: QueueMessage = { batchId, part: messages.length, events: current };
    messages.push({ message: { body, contentType: "json" }, bytes });
    current = [];
    bytes = envelope;
  };
  for (const event of events) {
    const size = new TextEncoder().encode(JSON.stringify(event)).length + 1;
    if (envelope + size > MESSAGE_BYTES) continue;
    if (bytes + size > MESSAGE_BYTES) close();
    current.push(event);
    bytes += size;
  }
  close();
  return messages;
}

/** Groups messages in order, as many per call as the limits allow. */
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

/** The binding throws plain errors: only their texts tell them apart. */
function isTooLarge(cause: unknown): boolean {
  return /too large|exceeds? (the )?(maximum|limit)|\b413\b/i.test(
    String((cause as Error)?.message ?? cause),
  );
}
