/** What is recorded of an error: its type, and its message, causes and stack as far as the option `errors` allows. */
import { errorType } from "../../runtime/error-type.ts";
import { ERROR, MESSAGE } from "../../wasm/event-texts.ts";
import type { Engine } from "../../wasm/generated/tidegate.js";
import type { ErrorDetails, RecordingHost } from "../recording-host.ts";
import { redacted } from "../redact.ts";
import { cutBytes } from "../values.ts";
import { causesOf } from "./causes.ts";
import { framesOf } from "./frames.ts";
import { errorMember } from "./member.ts";
import { withoutUrlSecrets } from "./urls.ts";

/** In bytes, as the engine has them. */
const TEXT_MAX = 1024;
const STACK_MAX = 4096;
const CAUSES_MAX = 4;

/**
 * Describes an error that was given or thrown. Its getters are called once, in however many events it is recorded.
 * `hides`: it comes from a database.
 */
export function describeError(host: RecordingHost, error: unknown, hides: boolean): ErrorDetails | undefined {
  if (error === undefined || error === null) return undefined;
  const { described } = host;
  const isObject = typeof error === "object" || typeof error === "function";
  const known = isObject ? described.get(error) : undefined;
  const details = known ?? { type: typeOf(error), texts: undefined, truncated: 0, isHidden: false };
  let isFound = hides;
  if (known === undefined) {
    // Before its getters run: they may report the error themselves.
    if (isObject) described.set(error, details);
    if (error !== details.type) isFound = readTexts(host, error, details) || hides;
  }
  if (isFound && !details.isHidden && details.texts !== undefined) {
    const [message, cause, stack] = details.texts;
    const hide = (text: string) => text && host.engine.call("", (engine) => engine.hideValues(text));
    details.texts = [hide(message), hide(cause), stack];
    details.isHidden = true;
  }
  return details;
}

/** Sets the error of the next event. */
export function setError(engine: Engine, { type, texts, truncated }: ErrorDetails): void {
  engine.setText(ERROR, type);
  texts?.forEach((text, at) => {
    engine.setText(MESSAGE + at, text);
  });
  if (truncated > 0) engine.addTruncated(truncated);
}

/** Returns whether one of the causes comes from a database: a library's error around it may quote the same values. */
function readTexts(host: RecordingHost, error: unknown, details: ErrorDetails): boolean {
  const within = (key: string, text: string, max: number): string => {
    const kept = cutBytes(text, max);
    const value = kept && redacted(host, key, kept);
    if (kept.length < text.length || value === null) details.truncated += 1;
    return typeof value === "string" ? cutBytes(value, max) : "";
  };
  const read = (from: unknown): [message: string, frames: string] => {
    const message = host.errors === "type" ? "" : messageOf(from);
    const frames = host.errors === "stack" ? framesOf(errorMember(from, "stack"), message) : "";
    return [within("exception.message", withoutUrlSecrets(message), TEXT_MAX), frames];
  };
  let [message, stack] = read(error);
  const causes: string[] = [];
  let isOfDatabase = false;
  for (const at of causesOf(error, CAUSES_MAX)) {
    isOfDatabase ||= host.described.get(at as object)?.isHidden === true;
    const type = typeof at === "string" ? "string" : typeOf(at);
    const [text, frames] = read(at);
    causes.push(text === "" ? type : `${type}: ${text}`);
    if (frames !== "") stack += `\nCaused by: ${type}\n${frames}`;
  }
  const cause = cutBytes(causes.join("\n"), TEXT_MAX);
  details.texts = [message, cause, within("exception.stacktrace", stack, STACK_MAX)];
  return isOfDatabase;
}

function typeOf(error: unknown): string {
  return errorType(error) ?? "Error";
}

function messageOf(error: unknown): string {
  const isObject = typeof error === "object" || typeof error === "function";
  const message = isObject ? errorMember(error, "message") : String(error);
  return typeof message === "string" ? message : "";
}
