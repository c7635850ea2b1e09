/** The first rows of a long list, and a button for all of them. */
import { el, setText } from "../dom.ts";
import { plural } from "../format.ts";

const ROWS = 15;

export class More {
  readonly root: HTMLElement = el("button", { type: "button", class: "quiet more" });
  #isWhole = false;

  /** `onChange`: another cut is wanted. */
  constructor(onChange: () => void) {
    this.root.addEventListener("click", () => {
      this.#isWhole = !this.#isWhole;
      onChange();
    });
  }

  cut<T>(rows: readonly T[]): readonly T[] {
    this.root.hidden = rows.length <= ROWS;
    setText(this.root, this.#isWhole ? "Show fewer" : `Show all ${plural(rows.length, "row")}`);
    return this.#isWhole ? rows : rows.slice(0, ROWS);
  }
}
