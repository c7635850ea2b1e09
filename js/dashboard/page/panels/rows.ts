/** A table whose rows are texts. */
import { el, KeyedParts, type Part, setAttribute, setText } from "../dom.ts";
import { card, empty, headOf, scroller } from "./card.ts";
import { More } from "./more.ts";

export interface Cell {
  readonly text: string;
  readonly class?: string;
}

export interface Row {
  readonly key: string;
  readonly cells: readonly Cell[];
}

/** Names of columns; those of numbers stand to the right. */
export type Heads = readonly (readonly [label: string, className?: string])[];

export class RowsPanel implements Part<readonly Row[]> {
  readonly root: HTMLElement;
  readonly #rows: KeyedParts<Row>;
  readonly #scroller: HTMLElement;
  readonly #empty: HTMLElement;
  readonly #more = new More(() => this.#show());
  #all: readonly Row[] = [];

  /** `note` stands below. */
  constructor(title: string, heads: Heads, whenEmpty: string, note?: HTMLElement) {
    const body = el("tbody");
    this.#rows = new KeyedParts(body, ({ cells }) => rowPart(heads, cells.length));
    this.#scroller = scroller(title, el("table", {}, headOf(heads), body));
    this.#empty = empty(whenEmpty);
    this.root = card(title, [], this.#empty, this.#scroller, this.#more.root, note);
  }

  update(rows: readonly Row[]): void {
    this.#all = rows;
    this.#empty.hidden = rows.length > 0;
    this.#scroller.hidden = rows.length === 0;
    this.#show();
  }

  #show(): void {
    this.#rows.update(this.#more.cut(this.#all), ({ key }) => key);
  }
}

function rowPart(heads: Heads, length: number): Part<Row> {
  const cells = Array.from({ length }, (_, at) => {
    const name = heads[at]?.[1] ?? "";
    return at === 0 ? el("th", { scope: "row", class: name }) : el("td", { class: name });
  });
  return {
    root: el("tr", {}, ...cells),
    update(row) {
      for (const [at, cell] of row.cells.entries()) {
        const node = cells[at] as HTMLElement;
        setText(node, cell.text);
        setAttribute(node, "class", `${heads[at]?.[1] ?? ""} ${cell.class ?? ""}`.trim());
      }
    },
  };
}
