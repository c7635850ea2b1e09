/** Cloudflare Workers import the module compiled: handlers must not compile bytes. */
import { setModule } from "../wasm/module.ts";
import module from "./core.wasm";

setModule(() => module);
