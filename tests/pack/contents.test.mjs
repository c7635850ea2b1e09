// What is in the tarball: nothing that nobody needs, nothing that a runtime lacks, and what the linters of packages say.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { test } from "node:test";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import * as esbuild from "esbuild";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { root } from "../../tools/env.mjs";
import { install, tarball } from "./_install.mjs";

const folder = join(install(), "node_modules", "tidegate");
const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
const programs = files.filter((file) => /\.(c?js)$/.test(file));
/** Characters of a line that fits a screen's width, and a long text in it. */
const LINE = 300;
/** What Workers load is minified. */
const isOfWorkers = (file) => file.startsWith("dist/workerd");
/** The page of the dashboard: what a browser gets is minified. */
const PAGE = /^(?:const|var) (?:script|style|icon) = "/;
const textOf = (file) => readFileSync(join(folder, file), "utf8");

test("only what is needed is packed", () => {
  const allowed =
    /^(package\.json|README\.md|LICENSE[\w-]*|ndjson\.schema\.json|docs\/[\w./-]+\.(md|svg|json|ya?ml|png)|dist\/[\w-]+\.(c?js(\.map)?|wasm)|dist\/types\/[\w./-]+\.d\.c?ts)$/;
  assert.deepEqual(
    files.filter((file) => !allowed.test(file)),
    [],
  );
  assert.ok(files.includes("README.md") && files.some((file) => file.startsWith("LICENSE")));
});

test("its README is the repository's, and none of its links leads out of the package", () => {
  const words = (text) =>
    text.replaceAll(/!\[[^\]]+\]\([^)]*\)/g, "").replaceAll(/\[([^\]]+)\]\([^)]*\)/g, "$1");
  assert.equal(words(textOf("README.md")), words(readFileSync(join(root, "README.md"), "utf8")));
  for (const page of files.filter((file) => file.endsWith(".md"))) {
    for (const [, target] of textOf(page).matchAll(/\]\(([^)#\s]+)/g)) {
      assert.ok(
        /^https?:/.test(target) || existsSync(join(folder, dirname(page), target)),
        `${page}: ${target}`,
      );
    }
  }
});

test("every export leads to a file, and every program and type is reached by one", () => {
  const targets = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(targets));
  const exported = targets(manifest.exports);
  for (const target of exported) assert.ok(existsSync(join(folder, target)), target);
  const engines = programs.filter((file) => /-engine\./.test(file));
  const unreached = programs.filter((file) => !exported.includes(`./${file}`) && !engines.includes(file));
  assert.deepEqual(unreached, []);
  assert.deepEqual(manifest.sideEffects, [
    "./dist/*-engine.js",
    "./dist/*-engine.cjs",
    "./dist/workerd-workers.js",
  ]);
});

test("each adapter has its export, and each export its adapter", () => {
  const sources = readdirSync(join(root, "js", "adapters")).filter((name) => !name.startsWith("_"));
  const adapters = sources.map((name) => `./${name.replace(".ts", "")}`);
  const others = [
    ".",
    "./stats",
    "./sampling",
    "./hub",
    "./context",
    "./manual",
    "./dashboard",
    "./core.wasm",
    "./ndjson.schema.json",
    "./package.json",
  ];
  assert.deepEqual(Object.keys(manifest.exports).sort(), [...others, ...adapters].sort());
});

test("nothing is imported that a runtime lacks, nothing awaited at the top, no file found by its own URL", async () => {
  for (const file of programs) {
    const text = textOf(file);
    if (!/^dist\/context\.c?js$/.test(file)) {
      assert.doesNotMatch(text, /\bfrom\s*"node:|require\("node:|import\s*"node:/, file);
    }
    // Miniflare's module collection refuses an import by a variable.
    if (!/^dist\/inline-engine\./.test(file)) assert.doesNotMatch(text, /\bimport\((?!\))/, file);
    // workerd has it. Never a named import: before 2025-08-08 it has no `waitUntil`, and would not start.
    const platform = text.match(/import[^;]*"cloudflare:[^;]*/g) ?? [];
    if (file !== "dist/workerd-workers.js") assert.deepEqual(platform, [], file);
    else assert.match(platform.join(), /^import\*as \w+ from"cloudflare:workers"$/);
    assert.doesNotMatch(text, /import\.meta\.url/, file);
    // esbuild refuses what it is told the target lacks.
    const format = file.endsWith(".cjs") ? "cjs" : "esm";
    await esbuild.transform(text, { format, supported: { "top-level-await": false } });
  }
});

test("what is required is as strict as what is imported", () => {
  const loose = programs.filter((file) => file.endsWith(".cjs") && !textOf(file).startsWith('"use strict";'));
  assert.deepEqual(loose, []);
});

test("programs are lines that people can read but for those of Workers, and lead to their sources", () => {
  const base64 = readFileSync(join(folder, "dist", "core.wasm"))
    .toString("base64")
    .slice(0, 200);
  // What only exports from another file has nothing to lead to.
  const own = programs.filter((file) => /\b(function|class|new)\b|=>/.test(textOf(file)));
  for (const file of own) {
    const lines = textOf(file).trimEnd().split("\n");
    // Nobody reads the list of what an engine has.
    const isText = (line) => line.includes(base64) || PAGE.test(line) || /^(im|ex)port \{/.test(line);
    const long = lines.filter((line) => line.length > LINE && !isText(line));
    if (isOfWorkers(file)) assert.ok(textOf(file).length > LINE * lines.length, file);
    else assert.deepEqual(long, [], file);
    const map = `${basename(file)}.map`;
    assert.equal(lines.at(-1), `//# sourceMappingURL=${map}`);
    const { sources, sourcesContent, mappings } = JSON.parse(textOf(join(dirname(file), map)));
    assert.ok(mappings.length > 0 && sources.length > 0, map);
    assert.ok(
      sources.every((source) => /^\.\.\/\.\.\/js\/[\w/.-]+$/.test(source)),
      `${map}: ${sources}`,
    );
    // The module lies in the program already: a map must not carry it a second time.
    assert.ok(
      sourcesContent.every((text) => typeof text === "string" && !text.includes(base64)),
      map,
    );
  }
});

test("what a Worker's bundler makes of the package leads to the sources", async () => {
  const stdin = { contents: `export * from "tidegate";`, resolveDir: join(folder, "..", "..") };
  const { outputFiles } = await esbuild.build({
    stdin,
    bundle: true,
    write: false,
    outdir: folder,
    format: "esm",
    conditions: ["workerd"],
    external: ["*.wasm"],
    keepNames: true,
    sourcemap: "external",
  });
  const [map, program] = outputFiles.map(({ text }) => text);
  const text = "the engine failed twice within 10 s";
  const before = program.slice(0, program.indexOf(text)).split("\n");
  const found = new SourceMap(JSON.parse(map)).findEntry(before.length - 1, before.at(-1).length);
  assert.match(found.originalSource, /\/js\/wasm\/engine-handle\.ts$/);
  const lines = readFileSync(join(root, "js", "wasm", "engine-handle.ts"), "utf8").split("\n");
  assert.ok(lines[found.originalLine].slice(found.originalColumn).includes(text));
});

test("who imports one surface does not get the others", async () => {
  const bundle = async (contents) => {
    const stdin = { contents, resolveDir: join(folder, "..", "..") };
    const options = { bundle: true, write: false, format: "esm", minify: true, metafile: true };
    const { metafile } = await esbuild.build({ stdin, ...options });
    return Object.entries(Object.values(metafile.outputs)[0].inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => path.split("/").at(-1));
  };
  assert.deepEqual(
    (await bundle(`import { makeRng } from "tidegate/sampling"; console.log(makeRng);`)).sort(),
    ["<stdin>", "inline-engine.js", "inline-sampling.js"],
  );
  // The engine sets its module by being imported: no bundler may think that does nothing.
  const program = `import { createCollector } from "tidegate"; createCollector({});`;
  assert.ok((await bundle(program)).includes("inline-engine.js"));
});

test("publint has nothing to say", async () => {
  const { messages } = await publint({ pkgDir: folder, pack: false, strict: true });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, manifest)),
    [],
  );
});

test("the types are right for every way of importing", async () => {
  const packed = createPackageFromTarballData(new Uint8Array(readFileSync(tarball)));
  // The schema is a file, no program.
  const { problems } = await checkPackage(packed, { excludeEntrypoints: ["./ndjson.schema.json"] });
  // TypeScript's oldest way of resolving reads no exports: it has the index alone.
  const modern = problems.filter(({ resolutionKind }) => resolutionKind !== "node10");
  assert.deepEqual(
    modern.map((problem) => JSON.stringify(problem)),
    [],
  );
});
