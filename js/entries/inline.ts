/** Everywhere else: the bytes are text in the bundle, so nothing has to be found, fetched or permitted. */
import base64 from "tidegate:core";
import { setModule } from "../wasm/instance.ts";

setModule(() => new WebAssembly.Module(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))));

export * from "./_engine.ts";
