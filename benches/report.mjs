/** The figures as Markdown, the form that docs/PERFORMANCE.md has them in. */
export function report({ node, cpu, cores, ...found }) {
  const { pair, coldStart, cost, exceptions, metrics, profile, ...everything } = found;
  const parts = [`Node ${node}, ${cpu}, ${cores} cores`];
  if (pair) parts.push(...pairReport(pair));
  if (coldStart) parts.push(...coldStartReport(coldStart));
  if (cost) parts.push(...costReport(cost));
  if (exceptions) parts.push(...exceptionsReport(exceptions));
  if (metrics) parts.push(...metricsReport(metrics));
  if (profile) parts.push(profileReport(profile));
  if (everything.ratios) parts.push(...wholeReport(everything));
  return parts.join("\n\n");
}

const number = (value) => (value >= 100 ? Math.round(value).toString() : value.toPrecision(3));
const range = (quartiles) => quartiles.map(number).join("–");

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
    range(quartiles),
    number(ns / least),
  ]);
  return table([title, "ns", "quartiles", "times the first"], rows);
};

function exceptionsReport({ evtNs, exceptionNs, huge }) {
  const figures = Object.entries(huge).map(([name, value]) => [name, number(value)]);
  return [
    table(
      ["one event, recorded", "ns"],
      [
        ["an evt", number(evtNs)],
        ["an exception", number(exceptionNs)],
      ],
    ),
    table(["exceptions with a message and a stack of 1 MB each", "value"], figures),
  ];
}

function metricsReport({ ratios, calls, requests, bytes }) {
  const figures = (found) => Object.entries(found).map(([name, value]) => [name, number(value)]);
  return [
    table(["ratio", "value"], figures(ratios)),
    costs("one call", calls),
    costs("one request, recorded and encoded", requests),
    table(["allocated a call", "bytes"], figures(bytes)),
  ];
}

function profileReport({ name, perSecond, functions }) {
  const rows = functions.map(({ name, us }) => [name, us.toFixed(2)]);
  return table([`${name}, ${Math.round(perSecond)} requests/s`, "µs a request"], rows);
}

const shares = (found) =>
  table(
    ["Worker", "requests/s", "of the bare one beside it", "quartiles", "posts a request"],
    Object.entries(found).map(([name, { perSecond, ofBare, quartiles, postsPerRequest }]) => [
      name,
      number(perSecond),
      number(ofBare),
      range(quartiles),
      number(postsPerRequest),
    ]),
  );

const grown = (points, of, title) =>
  table(
    [title, "ns an event", "wasm memory, MiB"],
    points.map((point) => [`${point[of]}`, number(point.ns), number(point.wasmBytes / 2 ** 20)]),
  );

function wholeReport({ ratios, events, durations, growth, start, workers }) {
  const { rules, ...once } = start;
  const figure = ([name, value]) => [name, number(value)];
  return [
    table(["ratio", "value"], Object.entries(ratios).map(figure)),
    costs("one event, recorded and encoded", events),
    costs("one duration, recorded", durations),
    grown(growth.events, "events", "events before it"),
    grown(growth.paths, "paths", "distinct routes"),
    grown(growth.late, "ended", "when it ended"),
    table(["once", "value"], Object.entries(once).map(figure)),
    table(["rules", "ns a path"], Object.entries(rules).map(figure)),
    shares(workers),
  ];
}

function pairReport({ revision, rounds, snapshotMs, rows }) {
  const lines = Object.entries(rows).map(([name, { beforeNs, nowNs, ratio, quartiles }]) => [
    name,
    number(beforeNs),
    number(nowNs),
    ratio.toFixed(3),
    quartiles.map((value) => value.toFixed(3)).join("–"),
  ]);
  return [
    `The current package and that of ${revision}, ${rounds} rounds`,
    table(["row", "ns before", "ns now", "now/before", "quartiles"], lines),
    `A snapshot of 128 series: ${number(snapshotMs.before)} ms before, ${number(snapshotMs.now)} ms now.`,
  ];
}

function coldStartReport({ rounds, ofSentry, ofOtel, workers }) {
  const lines = Object.entries(workers).map(([name, { ms, quartiles, overBare, overBareQuartiles }]) => [
    name,
    number(ms),
    range(quartiles),
    number(overBare),
    range(overBareQuartiles),
  ]);
  return [
    `workerd started anew, to the end of the first response, ${rounds} rounds`,
    table(["Worker", "ms", "quartiles", "ms over bare", "quartiles"], lines),
    `tidegate with nodejs_compat takes ${number(ofSentry)} of what Sentry takes over bare, and ${number(ofOtel)} of what otel-cf-workers takes.`,
  ];
}

/** What each costs over the bare Worker beside it. */
function costReport({ ofSentry, ofOtel, rows }) {
  const [bare] = rows;
  const over = (figure) => (Number.isFinite(figure) ? number(figure) : "");
  const lines = rows.map(({ name, bundle, start, load, lost }) => [
    name.replace("Node", ""),
    number(bundle.wrangler),
    number(bundle.minified),
    over(start?.overBare),
    over(start?.cpuOverBare),
    over(load.cpuUs - bare.load.cpuUs),
    number(load.ofBare),
    number(load.postsPerRequest * 1000),
    over(load.memoryMib - bare.load.memoryMib),
    lost === undefined ? "" : `${lost}`,
  ]);
  return [
    table(
      [
        "Worker",
        "upload, KB gzip",
        "minified",
        "cold start, ms over bare",
        "CPU of it, ms",
        "CPU a request, µs over bare",
        "requests/s of bare",
        "posts per 1 000 requests",
        "memory, MiB over bare",
        "lost of 200, owners die",
      ],
      lines,
    ),
    `Cold start: ${number(ofSentry)} of Sentry's, ${number(ofOtel)} of otel-cf-workers'.`,
  ];
}
