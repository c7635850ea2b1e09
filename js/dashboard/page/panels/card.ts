/** The frame of a panel: a title, and what stands beside it. */
import { type Child, el } from "../dom.ts";

export function card(title: string, aside: readonly Child[], ...content: readonly Child[]): HTMLElement {
  const head = el("header", {}, el("h2", {}, title), ...aside);
  return el("section", { class: "card", "aria-label": title }, head, ...content);
}

/** What is shown in the place of nothing. */
export const empty = (text: string): HTMLElement => el("p", { class: "empty" }, text);

/** A table that scrolls by itself where it is too wide, also by the keyboard. */
export function scroller(label: string, table: HTMLElement): HTMLElement {
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": `${label}, table` },
    table,
  );
}

export function headOf(labels: readonly (readonly [label: string, className?: string])[]): HTMLElement {
  const cells = labels.map(([label, name = ""]) => el("th", { scope: "col", class: name }, label));
  return el("thead", {}, el("tr", {}, ...cells));
}
