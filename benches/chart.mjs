/** The figures as a picture: what an event costs, by library, and how that grows. Both scales are logarithmic. */
const WIDTH = 860;
const ROW = 22;
const LABEL = 250;
const RIGHT = 90;
const PLOT = 190;
const OURS = "#0b6e4f";
const THEIRS = "#9aa5b1";

export function chart({ events, growth }) {
  const bars = Object.entries(events).map(([name, { ns }]) => ({ name, ns }));
  const plotTop = bars.length * ROW + 90;
  const height = plotTop + PLOT + 50;
  const body = [
    text(10, 20, "Nanoseconds for one request event: recorded, batched by 256, encoded", "title"),
    ...barRows(bars, 34),
    text(10, plotTop - 24, "The same for tidegate, NDJSON, as there are more", "title"),
    curve(growth.events, ({ events: count }) => count, { left: 60, top: plotTop, label: "events before it" }),
    curve(growth.paths, ({ paths }) => paths, { left: 490, top: plotTop, label: "distinct routes" }),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<title>What one request event costs, by library, and how that grows</title>
<style>.title { font-weight: bold } .small { font-size: 10px; fill: #555 }</style>
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
${body.flat().join("\n")}
</svg>
`;
}

function barRows(bars, top) {
  const scale = logScale(bars.map(({ ns }) => ns).concat(10), WIDTH - LABEL - RIGHT);
  return bars.flatMap(({ name, ns }, row) => {
    const y = top + row * ROW;
    const width = scale(ns);
    return [
      text(LABEL - 8, y + 14, name, "", "end"),
      `<rect x="${LABEL}" y="${y + 2}" width="${round(width)}" height="${ROW - 6}" fill="${colorOf(name)}"/>`,
      text(LABEL + width + 6, y + 14, figure(ns)),
    ];
  });
}

function curve(points, of, { left, top, label }) {
  const width = 320;
  const across = logScale(points.map(of), width);
  const most = Math.max(...points.map(({ ns }) => ns)) * 1.25;
  const at = (point) => [round(left + across(of(point))), round(top + PLOT - (point.ns / most) * PLOT)];
  const line = points.map((point) => at(point).join(",")).join(" ");
  return [
    `<polyline points="${left},${top} ${left},${top + PLOT} ${left + width},${top + PLOT}" fill="none" stroke="#999"/>`,
    `<polyline points="${line}" fill="none" stroke="${OURS}" stroke-width="2"/>`,
    ...points.flatMap((point) => {
      const [x, y] = at(point);
      return [
        `<circle cx="${x}" cy="${y}" r="3" fill="${OURS}"/>`,
        text(x, y - 8, figure(point.ns), "small", "middle"),
        text(x, top + PLOT + 14, compact(of(point)), "small", "middle"),
      ];
    }),
    text(left + width / 2, top + PLOT + 32, label, "small", "middle"),
  ];
}

/** From the least to the most, over `length`. */
function logScale(values, length) {
  const [least, most] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
  return (value) => ((Math.log(value) - least) / (most - least)) * length;
}

const colorOf = (name) => (name.startsWith("tidegate") ? OURS : THEIRS);
const figure = (ns) => (ns < 10_000 ? `${Math.round(ns)}` : `${Math.round(ns / 1000)} 000`);
const compact = (count) => new Intl.NumberFormat("en", { notation: "compact" }).format(count);
const round = (value) => Math.round(value * 10) / 10;

function text(x, y, content, style = "", anchor = "start") {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${round(x)}" y="${y}" class="${style}" text-anchor="${anchor}">${escaped}</text>`;
}
