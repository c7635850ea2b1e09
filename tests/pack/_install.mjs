// Installs the package as npm would deliver it: packed, then unpacked, so that only published files are there.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../tools/env.mjs";

/** Where the tarball that was installed last lies. */
export let tarball = "";

/** Returns a folder whose node_modules holds the packed package. */
export function install() {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-pack-"));
  const target = join(folder, "node_modules", "tidegate");
  mkdirSync(target, { recursive: true });
  const args = ["pack", join(root, "pkg"), "--pack-destination", folder, "--json", "--loglevel=error"];
  const [{ filename }] = JSON.parse(execFileSync("npm", args, { cwd: folder, encoding: "utf8" }));
  tarball = join(folder, filename);
  execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", target]);
  return folder;
}

/** The Node of the tasks, and the machine's own where that is another. */
export const nodes = [...new Set([process.env.TIDEGATE_MACHINE_NODE ?? process.execPath, process.execPath])];
