import type { EventsSink } from "../types/sink.ts";
import type { NdjsonEvent } from "../types/wire.ts";
import { checkType, copyOf } from "./_options.ts";
import { prettyBlocks, severityOf } from "./_pretty.ts";

/** Options of `consoleSink`. */
export interface ConsoleSinkOptions {
  /**
   * For people: one line a request, what happened in it indented below. Colored on a terminal; `NO_COLOR` and
   * `FORCE_COLOR` decide otherwise. On Workers only where `process.env.NODE_ENV` is `"development"`, as under
   * `wrangler dev`: deployed, Workers Logs gets JSON.
   *
   * @default false: each event is one line of JSON
   */
  readonly pretty?: boolean | undefined;
}

declare const process: { readonly env: { readonly NODE_ENV?: string } };

interface Globals {
  readonly WebSocketPair?: unknown;
  readonly process?: { readonly stdout?: { readonly isTTY?: boolean }; readonly env?: Environment };
}

type Environment = Readonly<Record<string, unknown>>;

const METHODS = { fatal: "error", error: "error", warn: "warn" } as const;

/** Writes events to the console, where a platform collects logs: failed ones by `console.error`. */
export function consoleSink(options: ConsoleSinkOptions = {}): EventsSink {
  const { pretty } = copyOf("consoleSink", options, ["pretty"]);
  checkType("consoleSink", "pretty", pretty, ["boolean"]);
  return {
    name: "console",
    format: "events",
    send(events, { env }) {
      if (pretty === true && isForPeople()) {
        for (const { text, severity } of prettyBlocks(events, hasColors(env))) write(severity, text);
        return;
      }
      for (const event of events) write(severityOf(event), JSON.stringify(withSeverity(event)));
    },
  };
}

function withSeverity(event: NdjsonEvent): object {
  return { severity: severityOf(event), ...event };
}

function write(severity: string, text: string): void {
  console[METHODS[severity as keyof typeof METHODS] ?? "log"](text);
}

function isForPeople(): boolean {
  if ((globalThis as Globals).WebSocketPair === undefined) return true;
  try {
    // Bundlers for Workers put the text in its place.
    return process.env.NODE_ENV === "development";
  } catch {
    return false;
  }
}

function hasColors(env: unknown): boolean {
  const { process } = globalThis as Globals;
  const { NO_COLOR = "", FORCE_COLOR = "" } = { ...process?.env, ...(env as Environment) };
  if (NO_COLOR !== "") return false;
  return FORCE_COLOR === "" ? process?.stdout?.isTTY === true : FORCE_COLOR !== "0";
}
