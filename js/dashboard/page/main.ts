/** The page: takes figures from the feed, and shows the overview or one series. */
import type { View } from "../../types/view.ts";
import { el } from "./dom.ts";
import { Feed } from "./feed.ts";
import { History } from "./history.ts";
import { seriesOf } from "./location.ts";
import { Overview } from "./overview.ts";
import { Header } from "./panels/header.ts";
import { Sentence } from "./panels/sentence.ts";
import { RangeSwitch } from "./range-switch.ts";
import { SeriesPage } from "./series-page.ts";
import type { State } from "./state.ts";
import { themeButton } from "./theme.ts";
import { verdictOf } from "./verdict.ts";

const facts = document.documentElement.dataset;
/** Figures come every 2 s, or every 5 s. Without any for so long, the connection is lost. */
const LOST_MS = 15_000;

class Page {
  readonly #range = new RangeSwitch(() => this.#show());
  readonly #history = new History();
  readonly #sentence = new Sentence();
  readonly #main = el("main", { class: "stack" });
  readonly #header: Header;
  #content: Overview | SeriesPage = this.#contentOf();
  #view: View | undefined;
  #receivedMs: number | undefined;
  #isTroubled = false;

  constructor() {
    const theme = themeButton(() => this.#content.redraw());
    this.#header = new Header(theme, facts["login"] !== undefined);
    this.#main.append(this.#sentence.root, this.#content.root);
    this.#main.hidden = true;
    const links = [
      el("a", { href: "stats.json" }, "stats.json"),
      " · ",
      el("a", { href: "metrics" }, "metrics"),
    ];
    const note = "Every request counts, sampled or not. Percentiles are within 1 %. ";
    document.body.append(this.#header.root, this.#main, el("footer", { class: "muted" }, note, ...links));
    addEventListener("hashchange", () => this.#navigate());
    setInterval(() => this.#showAge(), 1000);
    this.#showAge();
    new Feed(facts["live"] !== undefined, {
      onView: (view) => this.#receive(view),
      onTrouble: () => {
        this.#isTroubled = true;
      },
    }).resume();
  }

  #receive(view: View): void {
    this.#view = view;
    this.#receivedMs = Date.now();
    this.#isTroubled = false;
    this.#history.add(view.nowMs, view.counters);
    this.#main.hidden = false;
    this.#show();
    this.#showAge();
  }

  #contentOf(): Overview | SeriesPage {
    const series = seriesOf(location.hash);
    return series === undefined ? new Overview(this.#range) : new SeriesPage(series);
  }

  #navigate(): void {
    const before = this.#content.root;
    this.#content = this.#contentOf();
    before.replaceWith(this.#content.root);
    this.#show();
    scrollTo(0, 0);
    this.#content.root.querySelector("h1")?.focus();
  }

  #show(): void {
    const view = this.#view;
    if (view === undefined) return;
    this.#range.update(view.day !== undefined);
    const verdict = verdictOf(view, this.#history.changes());
    const isOneOfMany = facts["oneOfMany"] !== undefined;
    const state: State = { view, verdict, range: this.#range.range, isOneOfMany };
    this.#header.update(state);
    this.#sentence.update(state);
    this.#sentence.root.hidden = this.#content instanceof SeriesPage;
    this.#content.update(state);
    document.title = `${view.service.name ?? "tidegate"} · ${this.#content.title ?? verdict.headline}`;
  }

  #showAge(): void {
    const ageMs = this.#receivedMs === undefined ? undefined : Date.now() - this.#receivedMs;
    const isLate = ageMs !== undefined && ageMs > LOST_MS;
    this.#header.showAge(ageMs, isLate || (this.#isTroubled && (ageMs ?? LOST_MS) > LOST_MS / 2));
  }
}

new Page();
