// Deno, offline, with no permission at all: what a program imports it may read, and tidegate needs nothing else.
import { execFileSync } from "node:child_process";
import { which } from "../../tools/env.mjs";
import { runGuest, suite } from "./_host.mjs";

const deno = which("deno");
const [, version] = execFileSync(deno, ["--version"], { encoding: "utf8" }).match(/^deno (\S+)/);

suite(`Deno ${version}`, () =>
  runGuest("deno", deno, "run", "--no-prompt", "--no-remote", "--no-config", "--node-modules-dir=manual"));
