/** What the hub answers to a push. The status decides what the sink does with its batch. */
import type { Verdict } from "../figures/isolates.ts";

export type Answer = Verdict | "damaged" | "too-large" | "failed";

const ANSWERS: Readonly<Record<Answer, readonly [status: number, text: string]>> = {
  new: [200, "counted"],
  seen: [200, "counted before"],
  damaged: [400, "not a push, or damaged"],
  late: [410, "too old to know whether it was counted before"],
  "too-large": [413, "a push has at most 1.75 MiB"],
  ahead: [422, "the clock of the sender is more than a minute ahead"],
  full: [503, "too many isolates: more shards are needed"],
  failed: [503, "not stored; try again"],
};

export function answerTo(answer: Answer): Response {
  const [status, text] = ANSWERS[answer];
  const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
  return new Response(`${text}\n`, { status, headers });
}
