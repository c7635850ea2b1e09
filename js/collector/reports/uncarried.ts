import type { Sink } from "../../types/sink.ts";
import type { OtlpSignal } from "../../types/sink-options.ts";
import type { Log } from "../log.ts";

const SIGNALS: readonly OtlpSignal[] = ["traces", "metrics", "logs"];
/** Which signals carry an event, by the code of its kind; at last, the numbers of instruments. The first is the one to add. */
const OF_KIND: readonly (readonly OtlpSignal[])[] = [
  ["traces", "metrics"],
  ["traces"],
  ["traces", "metrics"],
  ["logs"],
  ["metrics"],
];
const KINDS: readonly string[] = ["requests", "functions", "queries", "events of your own", "instruments"];

/** Says once for each signal that no sink carries it, where an OTLP sink could. */
export class Uncarried {
  readonly #log: Log;
  /** Those that are carried, or were reported. */
  readonly #done: OtlpSignal[];

  constructor(log: Log, sinks: readonly Sink[]) {
    this.#log = log;
    const has = (start: string) => sinks.some(({ format }) => format.startsWith(start));
    // Every other format carries all events. Without a sink for events nothing is to be sent, to a hub figures alone.
    const isOtlp =
      has("otlp") && sinks.every(({ format }) => format === "stats" || format.startsWith("otlp"));
    const ofHub = has("stats") ? "metrics" : undefined;
    this.#done = SIGNALS.filter((signal) => !isOtlp || signal === ofHub || has(`otlp-${signal}`));
  }

  /** `kind`: the code of an event's kind. */
  check(kind: number): void {
    if (this.#done.length < SIGNALS.length) this.checkSignals(OF_KIND[kind] ?? [], KINDS[kind] ?? "");
  }

  /** `what` needs a sink for one of `signals`. */
  checkSignals(signals: readonly OtlpSignal[], what: string): void {
    const [missing] = signals;
    if (missing === undefined || signals.some((signal) => this.#done.includes(signal))) return;
    this.#done.push(missing);
    const list = this.#done.map((signal) => `"${signal}"`).join(", ");
    this.#log.warn(`no sink carries ${what}: give otlp() the option signals: [${list}]`);
  }
}
