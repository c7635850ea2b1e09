/** The sentence that says whether all is well. */

import { el, KeyedParts, type Part, setAttribute, setText } from "../dom.ts";
import { count, duration, percent, plural } from "../format.ts";
import type { State } from "../state.ts";
import type { Problem } from "../verdict.ts";

export class Sentence implements Part<State> {
  readonly root: HTMLElement;
  readonly #headline = el("h1");
  readonly #summary = el("p", { class: "muted" });
  readonly #others = el("ul", { class: "problems" });
  readonly #parts = new KeyedParts<Problem>(this.#others, problem);
  /** For screen readers: only when something else is the matter, and not with every figure. */
  readonly #spoken = el("p", { class: "unseen", role: "status" });

  constructor() {
    this.root = el(
      "section",
      { class: "sentence" },
      this.#headline,
      this.#summary,
      this.#others,
      this.#spoken,
    );
  }

  update({ view, verdict }: State): void {
    const { level, headline, others } = verdict;
    setText(this.#headline, headline);
    setAttribute(this.root, "data-level", level);
    setText(this.#summary, summaryOf(view));
    this.#parts.update(others, ({ text }) => text.replaceAll(/\d[\d.,]*/g, "0"));
    this.#others.hidden = others.length === 0;
    const spoken = { ok: "All is well", note: "All is well", warn: "Warning", bad: "Alarm" }[level];
    setText(
      this.#spoken,
      others.length === 0 ? spoken : `${spoken}, ${plural(others.length, "further note")}`,
    );
  }
}

function summaryOf({ stats, scope }: State["view"]): string {
  if (stats.count === 0) {
    return "Each is counted when it ends, sampled or not, and shown for 15 minutes.";
  }
  const of = scope === "service" ? "of the whole service" : "of this process";
  return (
    `${count(stats.count)} requests ${of} in the last 15 minutes, ${percent(stats.errorPct)} with an error; ` +
    `half took at most ${duration(stats.p50Ms)}, one in a hundred more than ${duration(stats.p99Ms)}.`
  );
}

function problem(): Part<Problem> {
  const root = el("li");
  return {
    root,
    update({ level, text }) {
      setText(root, text);
      setAttribute(root, "data-level", level);
    },
  };
}
