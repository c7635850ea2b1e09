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
  const rows = Object.entries(found).map(([name, { ns, quartiles }]) => [
    name,
    number(ns),
    quartiles.map(number).join("–"),
    number(ns / least),
  ]);
  return table([title, "ns", "quartiles", "times the first"], rows);
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

const grown = (points, of, title) =>
  table(
    [title, "ns an event", "wasm memory, MiB"],
    points.map((point) => [`${point[of]}`, number(point.ns), number(point.wasmBytes / 2 ** 20)]),
  );

export function report({ node, cpu, cores, ratios, events, durations, growth, start, workers }) {
  const { rules, ...once } = start;
  const figure = ([name, value]) => [name, number(value)];
  return [
    `Node ${node}, ${cpu}, ${cores} cores`,
    table(["ratio", "value"], Object.entries(ratios).map(figure)),
    costs("one event, recorded and encoded", events),
    costs("one duration, recorded", durations),
    grown(growth.events, "events", "events before it"),
    grown(growth.paths, "paths", "distinct routes"),
    table(["once", "value"], Object.entries(once).map(figure)),
    table(["rules", "ns a path"], Object.entries(rules).map(figure)),
    shares(workers),
  ].join("\n\n");
}
