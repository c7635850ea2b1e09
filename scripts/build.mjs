// npm run build: the wasm module, the bundles and their types, into pkg/, which is what npm publishes.
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";
import { root } from "../tools/env.mjs";
import { bundlePage, uplotLicense } from "../tools/page.mjs";
import { buildWasm, packageVersion, wasmFile } from "../tools/wasm.mjs";

const PKG = join(root, "pkg");
const DIST = join(PKG, "dist");
const EXTENSION = { es: "js", cjs: "cjs" };
const BOTH = ["es", "cjs"];

/** How each runtime gets its wasm: js/entries. */
const ENGINES = { workerd: ["es"], "edge-light": ["es"], inline: BOTH };

/** What a program imports, of each engine: js/<surface>.ts. The index has the engine's own name. */
const SURFACES = ["index", "stats", "sampling", "hub"];

const source = (name) => join(root, "js", `${name}.ts`);

/** What is bundled by itself. */
const ALONE = {
  manual: source("manual"),
  context: source("entries/context"),
  dashboard: source("dashboard/index"),
};

/** What needs no engine. */
const ADAPTERS = readdirSync(join(root, "js", "adapters"))
  .filter((file) => !file.startsWith("_"))
  .map((file) => basename(file, ".ts"));

async function bundles() {
  for (const [engine, formats] of Object.entries(ENGINES)) {
    const fileOf = (surface) => (surface === "index" ? engine : `${engine}-${surface}`);
    const input = Object.fromEntries(SURFACES.map((surface) => [fileOf(surface), `${engine}:${surface}`]));
    await bundle(input, formats, { shared: `${engine}-engine`, minify: engine === "workerd" });
  }
  for (const [name, file] of Object.entries(ALONE)) await bundle({ [name]: file }, BOTH);
  for (const name of ADAPTERS) await bundle({ [name]: source(`adapters/${name}`) }, BOTH);
  await bundle({ "workerd-workers": source("entries/workers") }, ["es"], { minify: true });
}

/**
 * With source maps. Not minified, so that an error that is thrown prints lines that people can read; but for `workerd`,
 * which reads all of it at each start and whose bundler shortens no names by default. What several of the files share is
 * in the one file `shared`: so a program has one wasm instance and one TidegateError, whatever it imports.
 */
async function bundle(input, formats, { shared, minify = false } = {}) {
  const bundled = await rolldown({ ...options, input, plugins: [engineOfSurface, wasm, page] });
  for (const format of formats) {
    const names = fileNames(`[name].${EXTENSION[format]}`, shared);
    await bundled.write({
      dir: DIST,
      format,
      esModule: true,
      strict: true,
      sourcemap: true,
      comments,
      // What is dead goes in any case.
      minify: minify || "dce-only",
      ...names,
    });
  }
}

/** For import and for require, whose types must be told apart by their names. */
async function types() {
  const roots = [...SURFACES, ...ADAPTERS.map((name) => `adapters/${name}`)];
  const input = { ...ALONE, ...Object.fromEntries(roots.map((name) => [name, source(name)])) };
  const bundled = await rolldown({ ...options, input, plugins: [dts({ dtsOnly: true })] });
  for (const extension of ["d.ts", "d.cts"]) {
    await bundled.write({ dir: join(DIST, "types"), ...fileNames(`[name].${extension}`, "shared") });
  }
}

/** The types and the source maps have the documentation; a Worker would read it at each start. */
const comments = { jsdoc: false };

const options = {
  cwd: root,
  platform: "neutral",
  // The glue's classes for `using`: without it bundlers drop the classes that a program does not use.
  transform: { target: "es2022", define: { "Symbol.dispose": "undefined" } },
  // What it only warns of, as an import that it does not find, would fail at a user's.
  onLog(_level, { message }) {
    throw new Error(message);
  },
};

const fileNames = (pattern, shared) => ({
  entryFileNames: pattern,
  chunkFileNames: pattern,
  minifyInternalExports: false,
  codeSplitting: { groups: shared ? [{ name: shared, minShareCount: 2 }] : [] },
});

/** `workerd:stats` is js/stats.ts over the engine that js/entries/workerd.ts starts. */
const engineOfSurface = {
  name: "engine-of-surface",
  resolveId: (id) => (id.split(":")[0] in ENGINES ? `\0${id}` : undefined),
  load(id) {
    const [engine, surface] = id.slice(1).split(":");
    if (!(engine in ENGINES)) return;
    return `import ${quoted(source(`entries/${engine}`))}; export * from ${quoted(source(surface))};`;
  },
};

/** The module's file stays a file, which the host loads; for the inline engine its bytes are text. */
const wasm = {
  name: "wasm",
  resolveId(id) {
    if (id === "tidegate:engine") return `\0${id}`;
    if (id === "cloudflare:workers" || id === "node:async_hooks") return { id, external: true };
    if (id.startsWith("./core.wasm")) return { id, external: true };
  },
  load(id) {
    if (id !== "\0tidegate:engine") return;
    // Without mappings: the bytes are not repeated in the source map.
    return { code: `export default "${readFileSync(wasmFile, "base64")}";`, map: { mappings: "" } };
  },
};

/** The files of the dashboard's page are texts in its module: nothing has to be found beside it. */
const page = {
  name: "page",
  resolveId: (id) => (id === "tidegate:page" ? `\0${id}` : undefined),
  async load(id) {
    if (id !== "\0tidegate:page") return;
    const texts = Object.entries(await bundlePage());
    return {
      code: texts.map(([name, text]) => `export const ${name} = ${quoted(text)};`).join("\n"),
      map: { mappings: "" },
    };
  },
};

const quoted = JSON.stringify;

/** The module, the template, the licenses, and the version. */
function assemble() {
  cpSync(wasmFile, join(DIST, "core.wasm"));
  cpSync(join(root, "pkg-template"), PKG, { recursive: true });
  const licenses = readdirSync(root).filter((file) => file.startsWith("LICENSE"));
  for (const file of licenses) cpSync(join(root, file), join(PKG, file));
  cpSync(uplotLicense, join(PKG, "LICENSE-uPlot"));
  documents();
  const { name, ...rest } = JSON.parse(readFileSync(join(PKG, "package.json"), "utf8"));
  const manifest = { name, version: packageVersion(), ...rest };
  writeFileSync(join(PKG, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The README and the manual. Of what is not packed, a link becomes its text, and a picture goes. */
function documents() {
  const isPacked = (path) => !/\/docs\/(design|pictures)$/.test(path);
  cpSync(join(root, "docs"), join(PKG, "docs"), { recursive: true, filter: isPacked });
  cpSync(join(root, "README.md"), join(PKG, "README.md"));
  const pages = readdirSync(PKG, { recursive: true }).filter((path) => path.endsWith(".md"));
  for (const page of pages) {
    const text = readFileSync(join(PKG, page), "utf8");
    const packed = text.replaceAll(
      /(!?)\[([^\]]+)\]\(([^)#\s]+)(#[^)]*)?\)/g,
      (link, isPicture, label, target) => {
        if (target.startsWith("http") || existsSync(join(PKG, dirname(page), target))) return link;
        return isPicture ? "" : label;
      },
    );
    writeFileSync(join(PKG, page), packed);
  }
}

export async function build() {
  buildWasm();
  rmSync(PKG, { recursive: true, force: true });
  await bundles();
  await types();
  assemble();
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    await build();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
