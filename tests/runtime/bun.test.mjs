import { execFileSync } from "node:child_process";
import { which } from "../../tools/env.mjs";
import { runGuest, suite } from "./_host.mjs";

const bun = which("bun");
const version = execFileSync(bun, ["--version"], { encoding: "utf8" }).trim();

suite(`Bun ${version}`, () => runGuest("bun", bun, "run", "--no-install"));
