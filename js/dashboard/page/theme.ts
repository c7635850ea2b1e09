/** Dark, light, or as the system has it; the choice stays in this browser. */
import { readPalette } from "./charts/palette.ts";
import { el, setText } from "./dom.ts";

const KEY = "tidegate-theme";
const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const isTheme = (value: unknown): value is Theme => THEMES.includes(value as Theme);

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return isTheme(value) ? value : "auto";
  } catch {
    // The browser keeps nothing for this page.
    return "auto";
  }
}

function store(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // The choice ends with the page.
  }
}

/** A button that goes from one theme to the next. `onChange`: the colors are others. */
export function themeButton(onChange: () => void): HTMLElement {
  const button = el("button", { type: "button", class: "quiet" });
  let theme = stored();
  const apply = () => {
    document.documentElement.dataset["theme"] = theme;
    setText(button, `Theme: ${theme}`);
    readPalette();
    onChange();
  };
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] as Theme;
    store(theme);
    apply();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
  apply();
  return button;
}
