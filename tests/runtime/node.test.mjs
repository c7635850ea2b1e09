// The machine's own Node, however old, and the one that the tasks run under.
import { execFileSync } from "node:child_process";
import { nodes } from "../pack/_install.mjs";
import { runGuest, suite } from "./_host.mjs";

for (const node of nodes) {
  const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  suite(`Node ${version}`, () => runGuest(`node-${version}`, node));
}
