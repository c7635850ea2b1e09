// The package as it was at another revision: built there by that revision's own script, and kept in the cache.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cache, cachedTool, capture, environment, root } from "../tools/env.mjs";

/** The commit of `revision`, which is whatever git understands, and the folder of its package. */
export function packageOf(revision, say) {
  const commit = capture("git", ["rev-parse", "--verify", "--quiet", `${revision}^{commit}`]);
  if (commit === null) throw new Error(`git knows no revision "${revision}"`);
  const folder = cachedTool("pkg", commit);
  if (!existsSync(folder)) {
    say(`building the package of ${commit}; it is kept in ${folder}`);
    buildInto(folder, commit);
  }
  return { commit, folder };
}

/** A clean work tree, so that nothing of the current one is in the package: only the npm packages are shared. */
function buildInto(folder, commit) {
  mkdirSync(cache, { recursive: true });
  const temporary = mkdtempSync(join(tmpdir(), "tidegate-revision-"));
  const tree = join(temporary, "tree");
  try {
    run("git", ["worktree", "add", "--quiet", "--detach", tree, commit], root);
    symlinkSync(join(root, "node_modules"), join(tree, "node_modules"), "dir");
    // Not the current target folder: what it holds was compiled from other sources.
    const env = { ...environment(), CARGO_TARGET_DIR: join(tree, "target") };
    if (!run(process.execPath, [join("scripts", "build.mjs")], tree, env))
      throw new Error(failure(tree, commit));
    rmSync(`${folder}.partial`, { recursive: true, force: true });
    // A copy that is not complete must not be found by a later run.
    cpSync(join(tree, "pkg"), `${folder}.partial`, { recursive: true });
    renameSync(`${folder}.partial`, folder);
  } finally {
    run("git", ["worktree", "remove", "--force", tree], root);
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Standard output is the report's alone. */
const run = (program, args, cwd, env = process.env) =>
  spawnSync(program, args, { cwd, env, stdio: ["ignore", 2, 2] }).status === 0;

function failure(tree, commit) {
  const other = otherVersions(tree);
  const hint =
    other.length === 0
      ? "They are the versions that its package.json asks for."
      : `They differ from those that its package.json asks for: ${other.join(", ")}.`;
  return `the package of ${commit} could not be built with the npm packages of the current work tree. ${hint}`;
}

/** The npm packages that are installed in another version than the package.json in `tree` asks for. */
function otherVersions(tree) {
  const { devDependencies = {} } = manifest(tree);
  return Object.entries(devDependencies).flatMap(([name, wanted]) => {
    const folder = join(root, "node_modules", name);
    const installed = existsSync(folder) ? manifest(folder).version : "not installed";
    return installed === wanted ? [] : [`${name} ${wanted} (${installed})`];
  });
}

const manifest = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
