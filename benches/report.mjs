/** The figures as Markdown, the form that docs/PERFORMANCE.md has them in. */
const number = (value) => (value >= 100 ? Math.round(value).toString() : value.toPrecision(3));

function table(head, rows) {
  const lines = [head, head.map(() => "---"), ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`)
    .join("\n");
}

const costs = (title, found) => {
  const least = Object.values(found)[0].ns;
  const rows = Object.entries(found).map(([name, { ns, spread }]) => [
    name,
    number(ns),
    `${number(spread[0])}–${number(spread[1])}`,
    number(ns / least),
  ]);
  return table([title, "ns", "spread", "times the first"], rows);
};

const shares = (found) =>
  table(
    ["Worker", "requests/s", "of the bare one beside it", "quartiles", "posts a request"],
    Object.entries(found).map(([name, { perSecond, ofBare, quartiles, postsPerRequest }]) => [
      name,
      number(perSecond),
      number(ofBare),
      quartiles.map(number).join("–"),
      number(postsPerRequest),
    ]),
  );

const grown = (points, of) =>
  table(
    [of, "ns an event", "wasm memory, MiB"],
    points.map((point) => [`${point[of]}`, number(point.ns), number(point.wasmBytes / 2 ** 20)]),
  );

export function report({ node, cpu, cores, ratios, events, durations, native, growth, start, workers }) {
  const { rules, ...once } = start;
  const figure = ([name, value]) => [name, number(value)];
  return [
    `Node ${node}, ${cpu}, ${cores} cores`,
    table(["ratio", "value"], Object.entries(ratios).map(figure)),
    costs("one event, recorded and encoded", events),
    costs("one duration, recorded", durations),
    table(["native Rust", "ns an event"], Object.entries(native).map(figure)),
    grown(growth.events, "events"),
    grown(growth.paths, "paths"),
    table(["once", "value"], Object.entries(once).map(figure)),
    table(["rules", "ns a path"], Object.entries(rules).map(figure)),
    shares(workers),
  ].join("\n\n");
}
