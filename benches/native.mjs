/** The same work in plain Rust: what the wasm, its boundary and the shim are measured by. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../scripts/_env.mjs";

const CRATE = join(import.meta.dirname, "engine");
const target = join(root, "target", "benches");
const BATCH = 256;
const CASES = ["statistics", "ndjson", "otlp-protobuf", "otlp-json"];

/** Nanoseconds an event, by case. */
export function native() {
  const args = [
    "bench",
    "--quiet",
    "--manifest-path",
    join(CRATE, "Cargo.toml"),
    "--",
    "--warm-up-time",
    "0.5",
    "--measurement-time",
    "1",
  ];
  const { status } = spawnSync("cargo", args, {
    stdio: ["ignore", process.stderr.fd, "inherit"],
    env: { ...process.env, CARGO_TARGET_DIR: target },
  });
  if (status !== 0) throw new Error("cargo bench failed");
  const estimate = (name) => {
    const file = join(target, "criterion", name, "new", "estimates.json");
    return JSON.parse(readFileSync(file, "utf8")).median.point_estimate / BATCH;
  };
  return Object.fromEntries(CASES.map((name) => [name, estimate(name)]));
}
