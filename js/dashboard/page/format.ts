/** Figures as people read them: few digits, a unit with each, and a dash for what is not known. */

export const NONE = "–";

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** With a narrow blank before the unit. */
const withUnit = (text: string, unit: string) => `${text}\u202f${unit}`;

export function count(n: number): string {
  if (n < 1e6) return WHOLE.format(n);
  return n < 1e9 ? withUnit(digits(n / 1e6), "M") : withUnit(digits(n / 1e9), "G");
}

/** Three significant digits. */
export function digits(n: number): string {
  const size = Math.abs(n);
  if (size === 0) return "0";
  if (size >= 100) return WHOLE.format(n);
  if (size < 0.001) return n.toExponential(1);
  return String(Number(n.toFixed(size >= 10 ? 1 : size >= 0.995 ? 2 : 3)));
}

export function duration(ms: number | null): string {
  if (ms === null) return NONE;
  // A percentile of 1 ms may read 0.999.
  if (ms < 0.995 && ms > 0) return withUnit(digits(ms * 1000), "µs");
  if (ms < 1000) return withUnit(digits(ms), "ms");
  return ms < 120_000 ? withUnit(digits(ms / 1000), "s") : withUnit(digits(ms / 60_000), "min");
}

export function percent(n: number | null): string {
  if (n === null) return NONE;
  if (n > 0 && n < 0.01) return withUnit("<\u202f0.01", "%");
  return withUnit(String(Number(n.toFixed(n < 1 ? 2 : n < 10 ? 1 : 0))), "%");
}

export function rate(n: number | null): string {
  return n === null ? NONE : withUnit(digits(n), "/s");
}

/** As a length of time that has passed: `12 s`, `3 min`, `2 h`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return withUnit(String(seconds), "s");
  if (seconds < 7200) return withUnit(String(Math.round(seconds / 60)), "min");
  return withUnit(String(Math.round(seconds / 3600)), "h");
}

export function ago(ms: number): string {
  return ms < 2000 ? "now" : `${span(ms)} ago`;
}

const clocks = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const SHORT = new Intl.DateTimeFormat("en", clocks);
const LONG = new Intl.DateTimeFormat("en", { ...clocks, second: "2-digit" });

export const clock = (ms: number): string => LONG.format(ms);
export const shortClock = (ms: number): string => SHORT.format(ms);

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
