import { Miniflare } from "miniflare";

const worker = new Miniflare({
  scriptPath: "dist/worker.mjs",
  modulesRoot: "dist",
  modules: true,
  modulesRules: [{ type: "CompiledWasm", include: ["**/*.wasm"] }],
  compatibilityDate: "2026-07-01",
  compatibilityFlags: ["nodejs_als"],
  bindings: { EVENTS_URL: process.env.EVENTS_URL ?? "https://telemetry.example/events" },
  host: "127.0.0.1",
  port: Number(process.env.PORT ?? 3000),
});
await worker.ready;
