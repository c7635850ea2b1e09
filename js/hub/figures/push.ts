/** What an isolate sends: the bytes of a sink of format `"stats"`. */
import { TidegateError } from "../../types/error.ts";
import type { RecentException } from "../../types/stats.ts";
import { jsonOf, split } from "./frames.ts";
import { type Measured, measuredOf } from "./otlp.ts";
import { type Fields, fields, finite, list, text } from "./reading.ts";
import { type Tally, tallyOf } from "./tally.ts";

/** More is refused: a row of the storage takes 2 MB. The engine's pushes are smaller (tests/contract/summaries.rs). */
export const PUSH_MAX_BYTES: number = 1.75 * 1024 * 1024;

export interface Push {
  readonly isolate: string;
  readonly seq: number;
  readonly service: { readonly name: string | undefined; readonly version: string | undefined };
  /** When it was cut, by the clock of the isolate. */
  readonly toMs: number;
  readonly tally: Tally;
  readonly exceptions: readonly RecentException[];
  readonly measured: readonly Measured[];
  /** What a StatsStore merges. */
  readonly stats: Uint8Array;
}

/** Throws TidegateError `hub/bytes`, also for an id that is not that of the push. */
export function pushOf(bytes: Uint8Array, batchId: string): Push {
  const [head, metrics, stats] = split(bytes, 2) as [Uint8Array, Uint8Array, Uint8Array];
  const { v, isolate, seq, service, to, counters, exceptions } = fields(jsonOf(head));
  const cut = finite(to);
  const isPush =
    v === VERSION && typeof isolate === "string" && ISOLATE.test(isolate) && isSeq(seq) && cut !== undefined;
  if (!isPush) throw new TidegateError("hub/bytes", "not a push of a version that is known");
  const [, sink] = BATCH_ID.exec(batchId) ?? [];
  if (batchId !== `${isolate}-${sink}-${seq}`)
    throw new TidegateError("hub/bytes", "its id is that of another");
  const { name, version } = fields(service);
  return {
    ...{ isolate, seq, toMs: cut, stats },
    service: { name: text(name, NAME_MAX), version: text(version, NAME_MAX) },
    tally: tallyOf(counters, Number(sink)),
    exceptions: list(exceptions).slice(-EXCEPTIONS_MAX).map(fields).map(exceptionOf),
    measured: metrics.length === 0 ? [] : measuredOf(jsonOf(metrics)),
  };
}

function exceptionOf(given: Fields): RecentException {
  const texts = {
    message: text(given.message, 1024),
    stack: text(given.stack, 4096),
    route: text(given.route, NAME_MAX),
    method: text(given.method, 32),
    traceId: text(given.trace_id, 32),
  };
  const present = Object.entries(texts).filter(([, value]) => value !== undefined);
  return {
    tsMs: finite(given.ts) ?? 0,
    type: text(given.type, NAME_MAX) ?? "",
    ...Object.fromEntries(present),
    handled: given.handled === true,
  };
}

const isSeq = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const VERSION = 1;
const ISOLATE = /^[0-9a-f]{16}$/;
const BATCH_ID = /-(\d{1,2})-/;
const NAME_MAX = 256;
const EXCEPTIONS_MAX = 20;
