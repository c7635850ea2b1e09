// What the demo prints: plain text, one table for the ledger and one for the routes.

const blocks = " ▁▂▃▄▅▆▇█";

/** Rows of the series table. */
const shown = 20;

/** One character a value; an empty slot stays blank, and the smallest non-zero value is still seen. */
export function sparkline(values) {
  const top = Math.max(...values, 1);
  return values.map((value) => blocks[Math.ceil((value / top) * 8)]).join("");
}

const ms = (value) => (value === null ? "–" : value < 10 ? value.toFixed(2) : value.toFixed(1));

/** counters() and stats() of the Worker, and what the client and the receiver saw. */
export function report({ counters, stats, seen, received, subrequests, recorded, file }) {
  const [sink] = counters.sinks;
  const lines = [
    ["requests sent", seen.requests],
    ["requests measured", `${stats.count} (${counters.excluded} events excluded)`],
    ["requests recorded", `${recorded} (sampled, or failed)`],
    ["events accepted", `${counters.accepted} (${counters.sampledOut} sampled out)`],
    ["events delivered", sink.delivered],
    ["events received", `${received} in ${subrequests} posts`],
    ["events dropped", droppedText(sink.dropped)],
    ["requests per second", stats.rps.toFixed(1)],
    ["errors", `${stats.errorPct.toFixed(2)} %`],
    ["last minute", `▕${sparkline(stats.sparkline.seconds)}▏`],
    ["file", file],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  const ledger = lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  return [...ledger, "", ...seriesTable(stats.series)].join("\n");
}

export function droppedText(dropped) {
  const reasons = Object.entries(dropped).filter(([, count]) => count > 0);
  return reasons.length === 0 ? "0" : reasons.map(([reason, count]) => `${count} ${reason}`).join(", ");
}

function seriesTable(series) {
  const head = ["", "series", "count", "error %", "p50 ms", "p95 ms", "p99 ms"];
  const ordered = [...series].sort((a, b) => b.count - a.count);
  const rows = ordered.slice(0, shown).map(({ kind, name, count, errorPct, p50Ms, p95Ms, p99Ms }) => {
    return [kind, shorten(name), String(count), errorPct.toFixed(1), ms(p50Ms), ms(p95Ms), ms(p99Ms)];
  });
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column].length)));
  const pad = (cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]));
  const more = ordered.length > shown ? [`and ${ordered.length - shown} more`] : [];
  return [...[head, ...rows].map((row) => row.map(pad).join("  ")), ...more];
}

const shorten = (name) => (name.length > 40 ? `${name.slice(0, 39)}…` : name);
