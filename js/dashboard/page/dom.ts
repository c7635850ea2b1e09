/** Elements and texts. Text is only ever text: nothing here, or anywhere in the page, makes markup of a string. */

export type Child = Node | string | undefined | false;
type Attributes = Readonly<Record<string, string>>;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  return filled(element, attributes, children);
}

export function svg(tag: string, attributes: Attributes, ...children: readonly Child[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  return filled(element, attributes, children);
}

function filled<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children) if (child !== undefined && child !== false) element.append(child);
  return element;
}

/** Leaves the node alone where nothing changes: a selection in it stays. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node: Element, name: string, value: string): void {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** The children of `parent`, in this order. One that stays is not moved, so it keeps its focus. */
export function place(parent: Element, children: readonly Element[]): void {
  const wanted = new Set(children);
  for (const child of Array.from(parent.children)) if (!wanted.has(child)) child.remove();
  let at = parent.firstElementChild;
  for (const child of children) {
    if (child === at) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
  }
}

/** Part of the page that shows some of the state. */
export interface Part<T> {
  readonly root: HTMLElement;
  update(item: T): void;
}

/** Parts by key. A key that is shown already has its part updated. Items of one key are distinguished by their order. */
export class KeyedParts<T> {
  readonly #parent: Element;
  readonly #make: (item: T) => Part<T>;
  #parts = new Map<string, Part<T>>();

  constructor(parent: Element, make: (item: T) => Part<T>) {
    this.#parent = parent;
    this.#make = make;
  }

  update(items: readonly T[], keyOf: (item: T) => string): void {
    const parts = new Map<string, Part<T>>();
    for (const item of items) {
      let key = keyOf(item);
      while (parts.has(key)) key += " again";
      const part = this.#parts.get(key) ?? this.#make(item);
      part.update(item);
      parts.set(key, part);
    }
    this.#parts = parts;
    place(
      this.#parent,
      [...parts.values()].map(({ root }) => root),
    );
  }
}
