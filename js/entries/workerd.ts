/** Cloudflare Workers: the module comes compiled; compiling bytes is forbidden in handlers. */

import { setModule } from "../wasm/instance.ts";
import module from "./core.wasm";

setModule(() => module);
