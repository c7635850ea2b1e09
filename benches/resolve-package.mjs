// Preloaded where TIDEGATE_PACKAGE names a folder: `tidegate` is then the package in that folder. A package resolves its
// own name by its own exports, so no link and no list of its files is needed.
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const parentURL = pathToFileURL(join(process.env.TIDEGATE_PACKAGE, "package.json")).href;

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    nextResolve(specifier, /^tidegate(\/|$)/.test(specifier) ? { ...context, parentURL } : context),
});
