/** Recent exceptions, those of one type and route together. */
import type { RecentException } from "../../../types/stats.ts";
import { el, KeyedParts, type Part, setText } from "../dom.ts";
import { ago, clock, count } from "../format.ts";
import { card, empty } from "./card.ts";

interface Group {
  /** Newest first. */
  readonly all: readonly RecentException[];
  readonly nowMs: number;
}

export interface Exceptions {
  readonly exceptions: readonly RecentException[];
  readonly nowMs: number;
}

const keyOf = ({ type, route = "", method = "" }: RecentException) => JSON.stringify([type, method, route]);

export class ExceptionsPanel implements Part<Exceptions> {
  readonly root: HTMLElement;
  readonly #list = el("ul", { class: "exceptions" });
  readonly #groups = new KeyedParts<Group>(this.#list, () => new GroupPart());
  readonly #empty = empty(
    "No exceptions: what handlers throw, and what you record, is shown here with its stack.",
  );

  constructor() {
    this.root = card("Recent exceptions", [], this.#empty, this.#list);
  }

  update({ exceptions, nowMs }: Exceptions): void {
    const groups = new Map<string, RecentException[]>();
    for (const exception of exceptions.toReversed()) {
      const key = keyOf(exception);
      groups.set(key, [...(groups.get(key) ?? []), exception]);
    }
    this.#groups.update(
      [...groups.values()].map((all) => ({ all, nowMs })),
      ({ all }) => keyOf(all[0] as RecentException),
    );
    this.#empty.hidden = groups.size > 0;
    this.#list.hidden = groups.size === 0;
  }
}

/** Its newest, and further ones when it is opened. */
class GroupPart implements Part<Group> {
  readonly root: HTMLElement;
  readonly #type = el("strong");
  readonly #message = el("span", { class: "message" });
  readonly #where = el("code", { class: "where" });
  readonly #when = el("span", { class: "muted when" });
  readonly #count = el("span", { class: "chip" });
  readonly #list = el("ol");
  readonly #members = new KeyedParts<RecentException>(this.#list, () => new Member());

  constructor() {
    const line = el("div", { class: "line" }, this.#type, this.#count, this.#where, this.#when);
    this.root = el("li", {}, el("details", {}, el("summary", {}, line, this.#message), this.#list));
  }

  update({ all, nowMs }: Group): void {
    const newest = all[0] as RecentException;
    const { type, message = "", route, method, tsMs, handled } = newest;
    setText(this.#type, type);
    setText(this.#message, message);
    setText(this.#where, [method, route].filter(Boolean).join(" "));
    setText(this.#when, ago(nowMs - tsMs));
    setText(this.#count, `×\u202f${count(all.length)}${handled ? " handled" : ""}`);
    this.#members.update(all, (one) => `${one.tsMs} ${one.traceId ?? ""} ${one.message ?? ""}`);
  }
}

class Member implements Part<RecentException> {
  readonly root: HTMLElement;
  readonly #time = el("time");
  readonly #trace = el("code");
  readonly #message = el("p", { class: "message" });
  readonly #stack = el("pre", { tabindex: "0", "aria-label": "Stack" });

  constructor() {
    this.root = el(
      "li",
      {},
      el("div", { class: "line" }, this.#time, this.#trace),
      this.#message,
      this.#stack,
    );
  }

  update({ tsMs, traceId, message, stack }: RecentException): void {
    setText(this.#time, clock(tsMs));
    setText(this.#trace, traceId === undefined ? "no trace" : `trace ${traceId}`);
    setText(this.#message, message ?? "no message");
    setText(this.#stack, stack ?? "");
    this.#stack.hidden = stack === undefined;
  }
}
