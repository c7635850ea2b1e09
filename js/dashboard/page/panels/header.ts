/** The bar at the top: whose figures these are, whether they are live, and what can be switched. */

import { el, type Part, setText, svg } from "../dom.ts";
import { ago, plural } from "../format.ts";
import type { State } from "../state.ts";

const WAVES = "M1 6.5c2 0 2.4-2 4.7-2s2.6 2 4.6 2 2.4-2 4.7-2M1 11.5c2 0 2.4-2 4.7-2s2.6 2 4.6 2 2.4-2 4.7-2";

export class Header implements Part<State> {
  readonly root: HTMLElement;
  readonly #service = el("strong", { class: "service" });
  readonly #version = el("span", { class: "chip" });
  readonly #scope = el("span", { class: "muted scope" });
  readonly #live = el("span", { class: "live" });

  constructor(theme: HTMLElement, hasLogin: boolean) {
    const mark = svg(
      "svg",
      { class: "mark", viewBox: "0 0 16 16", "aria-hidden": "true" },
      svg("path", { d: WAVES }),
    );
    const home = el("a", { href: "#", class: "home", "aria-label": "Overview" }, mark);
    const name = el("div", { class: "who" }, home, this.#service, this.#version, this.#scope);
    const logout = el(
      "form",
      { method: "post", action: "logout" },
      el("button", { class: "quiet" }, "Log out"),
    );
    this.root = el(
      "header",
      { class: "bar" },
      name,
      el("div", { class: "tools" }, this.#live, theme, hasLogin && logout),
    );
  }

  update({ view, isOneOfMany }: State): void {
    const { service, scope, isolates } = view;
    setText(this.#service, service.name ?? "tidegate");
    setText(this.#version, service.version ?? "");
    this.#version.hidden = service.version === undefined;
    const process = isOneOfMany ? "one isolate of many: the hub shows the service" : "one process";
    setText(this.#scope, scope === "service" ? plural(isolates?.live ?? 0, "isolate") : process);
  }

  /** Undefined: no figures have come yet. */
  showAge(ageMs: number | undefined, isLost: boolean): void {
    this.#live.classList.toggle("lost", isLost);
    const age = ageMs === undefined ? "waiting" : `${isLost ? "no connection" : "live"} · ${ago(ageMs)}`;
    setText(this.#live, age);
  }
}
