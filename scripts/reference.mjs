// npm run reference: writes docs/reference.md anew.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../tools/env.mjs";
import { reference } from "../tools/reference.mjs";
import { build } from "./build.mjs";

await build();
writeFileSync(join(root, "docs", "reference.md"), await reference());
