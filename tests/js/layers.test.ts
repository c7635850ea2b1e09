/**
 * The fence between the folders of js/: reads every import and every use of a global, and fails on what points the
 * wrong way. ARCHITECTURE.md draws the same rules.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";

/** What each folder, and each public entry, may import beside itself. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  types: [],
  wasm: ["types"],
  runtime: ["types"],
  sinks: ["types"],
  delivery: ["runtime", "types"],
  recording: ["wasm", "runtime", "types"],
  collector: ["recording", "delivery", "runtime", "wasm", "types"],
  adapters: ["runtime", "types"],
  dashboard: ["runtime", "types"],
  "dashboard/page": ["types"],
  "index.ts": ["collector", "sinks", "types"],
  "stats.ts": ["wasm", "runtime", "types"],
  "sampling.ts": ["wasm", "runtime", "types"],
  hub: ["stats.ts", "sinks", "runtime", "types"],
  "hub.ts": ["hub", "types"],
  "manual.ts": ["index.ts", "wasm", "runtime", "types"],
  entries: ["adapters", "runtime", "wasm", "types"],
};

/** Folders whose files import only the `_` files among their siblings. */
const SEPARATE = ["adapters", "sinks"];

const GLOBALS = [
  "fetch",
  "Date",
  "setTimeout",
  "clearTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "console",
  "crypto",
  "performance",
  "process",
];

/** Files outside runtime that use a global, each with its reason. */
const GLOBALS_IN: readonly (readonly [file: string, name: string, reason: string])[] = [
  ["sinks/_http.ts", "fetch", "a sink posts by the global fetch unless it is given one"],
  ["sinks/console.ts", "console", "it is what this sink writes to"],
  ["sinks/console.ts", "process", "bundlers put the text in the place of process.env.NODE_ENV"],
  ["collector/log.ts", "console", "the one place that reports what is not well"],
  ["hub/object/report.ts", "console", "a Durable Object has no collector that could report"],
  ["delivery/outcome.ts", "Date", "Date.parse reads the HTTP-date of Retry-After; no clock is read"],
];

/** Files that import from a further folder, each with its reason. */
const IMPORTS_IN: readonly (readonly [file: string, folder: string, reason: string])[] = [
  ["sinks/otlp.ts", "runtime", "OpenTelemetry's variables name its endpoint where the options do not"],
];

/** Specifiers that name no file of js/: the build resolves them. */
const BUILT = [
  "./core.wasm",
  "./core.wasm?module",
  "tidegate:engine",
  "cloudflare:workers",
  "node:async_hooks",
];

/** Layers beside the entries that import what is no file, and what it is. */
const BUILT_IN: Readonly<Record<string, string>> = { dashboard: "tidegate:page", "dashboard/page": "uplot" };

/** Layers that are their own host: the functions of one, and what runs in a browser alone. */
const HOSTS = ["runtime", "dashboard/page"];

const FILES_PER_FOLDER = 20;
const LINES: Readonly<Record<string, number>> = { entries: 15, adapters: 120 };

type Files = ReadonlyMap<string, string>;

/** Every file of js/ by its path there. What wasm-bindgen writes is not ours. */
function sources(): Files {
  const root = fileURLToPath(new URL("../../js/", import.meta.url));
  const found = readdirSync(root, { recursive: true, encoding: "utf8" }).map((path) =>
    path.replaceAll("\\", "/"),
  );
  const ours = found.filter((path) => path.endsWith(".ts") && !path.startsWith("wasm/generated/"));
  return new Map(ours.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

function violations(files: Files): string[] {
  const found: string[] = [];
  for (const [path, text] of files) {
    for (const specifier of specifiersOf(text)) found.push(...badImport(path, specifier));
    found.push(...badGlobals(path, text), ...badSize(path, text));
  }
  return [...found, ...circles(files), ...crowds(files)];
}

/** Specifiers of `import` and `export`, also those of types. */
function specifiersOf(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
  const statements = code.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)"([^"]+)"/g);
  return [...statements].map(([, specifier]) => specifier as string);
}

const targetOf = (path: string, specifier: string) => normalize(join(dirname(path), specifier));
const layerOf = (path: string) =>
  path.startsWith("dashboard/page/") ? "dashboard/page" : (path.split("/")[0] as string);
const nameOf = (path: string) => path.split("/").at(-1) as string;

function badImport(path: string, specifier: string): string[] {
  const layer = layerOf(path);
  const allowed = LAYERS[layer];
  if (allowed === undefined) return [`${path} is in no layer`];
  if (layer === "entries" && BUILT.includes(specifier)) return [];
  if (BUILT_IN[layer] === specifier) return [];
  if (!specifier.startsWith(".")) return [`${path} must not import ${specifier}: every runtime must load it`];
  const target = targetOf(path, specifier);
  const other = layerOf(target);
  const isException = IMPORTS_IN.some(([file, folder]) => file === path && folder === other);
  if (other !== layer) return isException || allowed.includes(other) ? [] : [`${path} must not see ${other}`];
  const isSeparate = SEPARATE.includes(layer) && !nameOf(target).startsWith("_");
  return isSeparate ? [`${path} must not see its sibling ${nameOf(target)}`] : [];
}

/** The transformer replaces a name only where it means the global. */
function badGlobals(path: string, text: string): string[] {
  if (HOSTS.includes(layerOf(path)) || path.endsWith(".d.ts")) return [];
  const used = globalsOf(text).filter(
    (name) => !GLOBALS_IN.some(([file, known]) => file === path && known === name),
  );
  return used.map((name) => `${path} must not use the global ${name}`);
}

function globalsOf(text: string): string[] {
  const marks = GLOBALS.flatMap((name) => [
    [name, `__global_${name}`],
    [`globalThis.${name}`, `__global_${name}`],
  ]);
  const { code } = transformSync(text, { loader: "ts", define: Object.fromEntries(marks) });
  return GLOBALS.filter((name) => code.includes(`__global_${name}`));
}

function badSize(path: string, text: string): string[] {
  const most = LINES[layerOf(path)] ?? 350;
  const lines = text.trimEnd().split("\n").length;
  return lines > most ? [`${path} has ${lines} lines, at most ${most} are right`] : [];
}

/** Every circle of files, also one that only types tie. */
function circles(files: Files): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push(`circle: ${[...trail.slice(at), path].join(" → ")}`);
    if (at >= 0 || done.has(path)) return;
    for (const specifier of specifiersOf(files.get(path) ?? "")) {
      if (specifier.startsWith(".")) visit(targetOf(path, specifier), [...trail, path]);
    }
    done.add(path);
  };
  for (const path of files.keys()) visit(path, []);
  return found;
}

function crowds(files: Files): string[] {
  const counts = new Map<string, number>();
  for (const path of files.keys()) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  const crowded = [...counts].filter(([, count]) => count >= FILES_PER_FOLDER);
  return crowded.map(([folder, count]) => `${folder} holds ${count} files`);
}

test("imports point one way, without a circle, and globals are used where they may be", () => {
  assert.deepEqual(violations(sources()), []);
});

test("types are types: only the error has code", () => {
  for (const [path, text] of sources()) {
    if (layerOf(path) !== "types" || path === "types/error.ts") continue;
    assert.equal(transformSync(text, { loader: "ts" }).code.trim(), "", path);
  }
});

test("every exception is used", () => {
  const files = sources();
  for (const [path, name] of GLOBALS_IN) {
    assert.ok(globalsOf(files.get(path) ?? "").includes(name), `${path} uses no ${name}`);
  }
  for (const [path, folder] of IMPORTS_IN) {
    const folders = specifiersOf(files.get(path) ?? "").map((specifier) =>
      layerOf(targetOf(path, specifier)),
    );
    assert.ok(folders.includes(folder), `${path} sees no ${folder}`);
  }
});

test("planted violations are caught", () => {
  const planted: [path: string, text: string, message: RegExp][] = [
    ["types/x.ts", 'import type { Host } from "../runtime/host.ts";', /types\/x\.ts must not see runtime/],
    ["wasm/x.ts", 'export { sleep } from "../runtime/sleep.ts";', /must not see runtime/],
    ["runtime/x.ts", 'import { fromEngine } from "../wasm/errors.ts";', /must not see wasm/],
    ["recording/x.ts", 'import type { State } from "../collector/state.ts";', /must not see collector/],
    ["recording/bindings/x.ts", 'import { flush } from "../../delivery/flush.ts";', /must not see delivery/],
    ["delivery/x.ts", 'import type { Engine } from "../wasm/generated/tidegate.js";', /must not see wasm/],
    ["delivery/x.ts", 'import { FN } from "../recording/events.ts";', /must not see recording/],
    ["collector/x.ts", 'import { ndjson } from "../sinks/ndjson.ts";', /must not see sinks/],
    ["collector/x.ts", 'import { createCollector } from "../index.ts";', /must not see index\.ts/],
    ["sinks/x.ts", 'import { sleep } from "../runtime/sleep.ts";', /must not see runtime/],
    ["sinks/x.ts", 'import { ndjson } from "./ndjson.ts";', /must not see its sibling ndjson\.ts/],
    ["adapters/x.ts", 'import { withTide } from "./fetch.ts";', /must not see its sibling fetch\.ts/],
    ["adapters/x.ts", 'import { record } from "../recording/events.ts";', /must not see recording/],
    ["index.ts", 'export { instrument } from "./adapters/workers.ts";', /must not see adapters/],
    ["stats.ts", 'import { flush } from "./delivery/flush.ts";', /must not see delivery/],
    ["hub/x.ts", 'import { createCollector } from "../index.ts";', /must not see index\.ts/],
    ["sinks/x.ts", 'import { hub } from "../hub/sink.ts";', /must not see hub/],
    ["dashboard/x.ts", 'import { createCollector } from "../index.ts";', /must not see index\.ts/],
    ["dashboard/x.ts", 'import { el } from "./page/dom.ts";', /must not see dashboard\/page/],
    ["dashboard/x.ts", "export const now = () => Date.now();", /must not use the global Date/],
    ["dashboard/page/x.ts", 'import { text } from "../answers.ts";', /must not see dashboard/],
    ["collector/x.ts", 'import { dashboard } from "../dashboard/index.ts";', /must not see dashboard/],
    ["collector/x.ts", 'import uPlot from "uplot";', /must not import uplot/],
    ["wasm/x.ts", 'await import("../entries/inline.ts");', /must not see entries/],
    [
      "runtime/x.ts",
      'import { AsyncLocalStorage } from "node:async_hooks";',
      /must not import node:async_hooks/,
    ],
    ["newcomer/x.ts", 'import { record } from "../recording/events.ts";', /is in no layer/],
    ["recording/x.ts", "export const now = () => Date.now();", /must not use the global Date/],
    ["delivery/x.ts", "setTimeout(() => {}, 1);", /must not use the global setTimeout/],
    ["collector/x.ts", "export const id = globalThis.crypto.randomUUID();", /must not use the global crypto/],
    ["sinks/x.ts", 'export const send = () => fetch("/");', /must not use the global fetch/],
    ["sinks/x.ts", 'console.log("x");', /must not use the global console/],
    ["entries/x.ts", "export {};\n".repeat(16), /entries\/x\.ts has 16 lines/],
  ];
  for (const [path, text, message] of planted) {
    const found = violations(new Map([[path, text]]));
    assert.equal(found.length, 1, `${path}: ${text} gave ${found}`);
    assert.match(found[0] as string, message);
  }
  const circle = new Map([
    ["wasm/a.ts", 'import type { B } from "./b.ts";'],
    ["wasm/b.ts", 'export type { C } from "./c.ts";'],
    ["wasm/c.ts", 'import { a } from "./a.ts";'],
  ]);
  assert.deepEqual(violations(circle), ["circle: wasm/a.ts → wasm/b.ts → wasm/c.ts → wasm/a.ts"]);
  const crowd = new Map(Array.from({ length: 20 }, (_, n) => [`wasm/${n}.ts`, ""]));
  assert.deepEqual(violations(crowd), ["wasm holds 20 files"]);
});

test("what is allowed is left alone", () => {
  const allowed: [path: string, text: string][] = [
    [
      "recording/x.ts",
      '// import { flush } from "../delivery/flush.ts";\nconst fetch = 1; export { fetch };',
    ],
    ["types/x.ts", "export interface Host { fetch(input: unknown): unknown; now(): Date }"],
    ["recording/x.ts", "export const call = (host: { fetch(): unknown }) => host.fetch();"],
    ["sinks/x.ts", 'import { post } from "./_http.ts"; export { post };'],
    ["adapters/_x.ts", 'import { begin } from "./_request.ts"; export { begin };'],
    ["runtime/x.ts", "export const now = () => Date.now();"],
    ["entries/x.ts", 'import base64 from "tidegate:engine"; export default base64;'],
    [
      "dashboard/page/x.ts",
      'import uPlot from "uplot"; export const now = () => Date.now(); export { uPlot };',
    ],
  ];
  for (const [path, text] of allowed)
    assert.deepEqual(violations(new Map([[path, text]])), [], `${path}: ${text}`);
});
