// The browser side of the dashboard, as a browser gets it.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { root } from "./env.mjs";

const PAGE = join(root, "js", "dashboard", "page");

/** Who copies uPlot copies its license with it: into the script, and into the package. */
export const uplotLicense = join(root, "node_modules", "uplot", "LICENSE");

/** The files as texts, and a hash of them all. */
export async function bundlePage() {
  const license = readFileSync(uplotLicense, "utf8").trim().replaceAll("*/", "* /");
  const banner = { js: `/* With uPlot.\n${license}\n*/` };
  const [script, style] = await Promise.all([
    minified("main.ts", { banner, format: "esm", target: "es2022" }),
    minified("style.css", {}),
  ]);
  const icon = readFileSync(join(PAGE, "icon.svg"), "utf8").trim();
  const hash = createHash("sha256").update(script).update(style).update(icon).digest("hex").slice(0, 12);
  return { script, style, icon, hash };
}

async function minified(file, more) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(PAGE, file)],
    bundle: true,
    minify: true,
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    write: false,
    ...more,
  });
  return outputFiles[0].text;
}
