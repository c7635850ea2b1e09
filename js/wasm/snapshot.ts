/** A snapshot of statistics, as src/wasm/snapshot.rs leaves it on the desk. */
import type { SeriesStats, Stats } from "../types.ts";
import type { Desk } from "./desk.ts";

const SPARKLINE_BYTES = 60 * 4;

/** What the last call has left, as a plain object of its own. */
export function readSnapshot(desk: Desk): Stats {
  const [names, bytes] = desk.line<string[]>();
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let at = 0;
  const figure = (): number => {
    at += 8;
    return view.getFloat64(at - 8, true);
  };
  const known = (): number | null => {
    const ms = figure();
    return Number.isNaN(ms) ? null : ms;
  };
  const counts = (): number[] => {
    const all: number[] = [];
    for (const end = at + SPARKLINE_BYTES; at < end; at += 4) all.push(view.getUint32(at, true));
    return all;
  };
  // In the order in which they were written. To spread the figures would take longer than to read them.
  const row = (kind?: string, name?: string): SeriesStats => ({
    kind: kind as SeriesStats["kind"],
    name: name as string,
    count: figure(),
    errors: figure(),
    rps: figure(),
    errorPct: figure(),
    p50Ms: known(),
    p90Ms: known(),
    p95Ms: known(),
    p99Ms: known(),
    p999Ms: known(),
    maxMs: known(),
    meanMs: known(),
    sparkline: { slots: counts() },
    coarse: figure() !== 0,
  });
  const seconds = counts();
  const { kind, name, coarse, ...total } = row();
  const series: SeriesStats[] = [];
  for (let n = 0; n < names.length; n += 2) series.push(row(names[n], names[n + 1]));
  return { ...total, sparkline: { seconds, slots: total.sparkline.slots }, series };
}
