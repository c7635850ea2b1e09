// What initWasm takes and gives. It only has to compile.
import module from "tidegate/core.wasm";
import { createCollector, initWasm, type WasmSource } from "tidegate/manual";

declare const bytes: Uint8Array;
declare const sources: Promise<WasmSource>;
declare function gives<T>(value: T): void;

gives<void>(initWasm(module));
gives<void>(initWasm(bytes));
gives<void>(initWasm(new ArrayBuffer(8)));
gives<Promise<void>>(initWasm(fetch("/core.wasm")));
gives<Promise<void>>(initWasm(new Response("")));
gives<Promise<void>>(initWasm(sources));
gives<Promise<void>>(initWasm(Promise.resolve(module)));
createCollector({ service: { name: "shop" } });
