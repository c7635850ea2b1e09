export default {
  compatibilityDate: "2026-07-01",
  srcDir: ".",
  cloudflare: { deployConfig: true, nodeCompat: true },
  // Off, the module is compiled when the Worker starts, which workerd permits since 2025-06-01.
  experimental: { wasm: process.env.WITHOUT_WASM === undefined },
};
