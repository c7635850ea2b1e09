/** Vercel edge imports the module compiled too, by a suffix that its bundlers know. */
import { setModule } from "../wasm/module.ts";
import module from "./core.wasm?module";

setModule(() => module);
