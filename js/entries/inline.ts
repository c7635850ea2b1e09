/** All other hosts: the bytes are text in the bundle, so that nothing has to be found, fetched or permitted. */
import base64 from "tidegate:engine";
import { setDynamicImport } from "../runtime/dynamic-import.ts";
import { decodeBase64 } from "../wasm/base64.ts";
import { setModule } from "../wasm/module.ts";

setModule(() => new WebAssembly.Module(decodeBase64(base64)));
// biome-ignore format: the comments are read by bundlers
setDynamicImport((name) => import(/* @vite-ignore */ /* webpackIgnore: true */ name));
