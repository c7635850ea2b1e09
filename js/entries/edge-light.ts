/** Vercel edge: as workerd, by the suffix its bundlers know. */

import { setModule } from "../wasm/instance.ts";
import module from "./core.wasm?module";

setModule(() => module);
