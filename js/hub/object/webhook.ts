/** Messages about alarms, until they are posted. */
import type { ResponseLike } from "../../types/http.ts";
import { figureOf, type Transition } from "../figures/alarms.ts";
import { report } from "./report.ts";

type Send = (url: string, init: unknown) => Promise<ResponseLike>;

/** One POST. As JSON it is what it is. */
export interface Message {
  /** The same at each attempt: what happened, and when. */
  readonly id: string;
  readonly body: string;
  attempts: number;
}

const MESSAGES_MAX = 64;
/** One attempt a minute. */
const ATTEMPTS_MAX = 60;
const DEADLINE_MS = 10_000;
const UNITS = { errors: "% errors", p95: "ms p95", silence: "requests a minute" };

export class Outbox {
  #messages: Message[] = [];

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  put(transition: Transition, service: string | undefined, link: string | undefined): void {
    const { rule, isActive, atMs } = transition;
    const id = `${rule.name}-${isActive ? "start" : "end"}-${atMs}`;
    const body = bodyOf(transition, service, link);
    if (this.#messages.length === MESSAGES_MAX)
      report("too many messages wait for the webhook; the oldest is given up");
    this.#messages = [...this.#messages, { id, body, attempts: 0 }].slice(-MESSAGES_MAX);
  }

  get first(): Message | undefined {
    return this.#messages[0];
  }

  /** Notes the answer to a message. Returns why it is given up, or whether the next one can be posted. */
  settle(id: string, status: number): "next" | "later" | "given-up" {
    const message = this.#messages.find((known) => known.id === id);
    if (message === undefined) return "next";
    message.attempts += 1;
    const isTaken = status >= 200 && status < 300;
    if (!isTaken && isTried(status) && message.attempts < ATTEMPTS_MAX) return "later";
    this.#messages = this.#messages.filter((known) => known !== message);
    return isTaken ? "next" : "given-up";
  }

  toJSON(): readonly Message[] {
    return this.#messages;
  }

  restore(saved: readonly Message[]): void {
    this.#messages = [...saved];
  }
}

/** 0: no answer. */
export async function posted(send: Send, webhook: string, { id, body }: Message): Promise<number> {
  try {
    const response = await send(webhook, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": id },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  }
}

const isTried = (status: number): boolean =>
  status === 0 || status === 408 || status === 429 || status >= 500;

/** Slack reads `text`, Discord `content`. */
function bodyOf(transition: Transition, service: string | undefined, link: string | undefined): string {
  const { rule, isActive, atMs, minute } = transition;
  const { name, kind, threshold } = rule;
  const value = figureOf(kind, minute);
  const bound = kind === "silence" ? "at most" : "at least";
  const figures = `${value ?? "no"} ${UNITS[kind]} (alarm ${bound} ${threshold}, for ${rule.minutes} min)`;
  const requests = `${minute.count} requests, ${minute.errors} failed, p95 ${minute.p95Ms ?? "–"} ms in the last minute`;
  // No mention of a person or a channel.
  const who = service?.replaceAll(/[<>&@]/g, "") ?? "service";
  const sentence = `${who}: ${name} ${isActive ? "ALARM" : "recovered"}: ${figures}; ${requests}.`;
  const text = link === undefined ? sentence : `${sentence} ${link}`;
  const { startMs: _, ...rest } = minute;
  const alarm = {
    name,
    kind,
    state: isActive ? "alarm" : "recovered",
    value,
    threshold,
    atMs,
    service,
    link,
    ...rest,
  };
  return JSON.stringify({ text, content: text, allowed_mentions: { parse: [] }, alarm });
}
