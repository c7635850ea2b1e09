/** The same work in plain Rust: what the wasm, its boundary and the shim are measured by. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../tools/env.mjs";

const MANIFEST = join(import.meta.dirname, "engine", "Cargo.toml");
const target = join(root, "target", "benches");

export const CASES = ["statistics", "ndjson", "otlp-protobuf", "otlp-json"];

/** A case of the native engine as a contender. */
export const native = (name) => ({ program: join(target, "release", "turns"), args: [name], count: 102_400 });

export function buildNative() {
  const args = ["build", "--release", "--quiet", "--manifest-path", MANIFEST, "--bin", "turns"];
  const env = { ...process.env, CARGO_TARGET_DIR: target };
  execFileSync("cargo", args, { env, stdio: ["ignore", 2, 2] });
}
