/** All other hosts: the bytes are text in the bundle, so that nothing has to be found, fetched or permitted. */
import base64 from "tidegate:engine";
import { decodeBase64 } from "../wasm/base64.ts";
import { setModule } from "../wasm/module.ts";

setModule(() => new WebAssembly.Module(decodeBase64(base64)));
