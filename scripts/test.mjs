// npm test [-- rust | web | js | types | sinks | scrapes | hosts | pack | docs | workerd | workers | runtimes | dashboard |
// frameworks | reproducible ...]: every suite in turn, then a table. Without a name all run but `reproducible`, `frameworks`, of which one
// runs, and `scrapes`, which runs shorter.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { countCargo, countNode, nothingUnseen } from "../tools/counts.mjs";
import { environment, root, wasmTarget } from "../tools/env.mjs";
import { forgetRows, matrix } from "../tools/matrix.mjs";
import { linkPackage } from "../tools/workerd.mjs";

// Colors for people, none in a log.
const color = process.stdout.isTTY
  ? { CARGO_TERM_COLOR: "always" }
  : { NO_COLOR: "1", CARGO_TERM_COLOR: "never" };
const env = { ...environment(), ...color };

const node = (...args) => [process.execPath, ...args];
const nodeTest = (...files) => node("--test", "--test-reporter=spec", ...files);

const MATRICES = {
  runtimes: "the same in every runtime",
  pack: "the installed package, by what bundles it and what runs it",
  frameworks: "real frameworks, from the installed package",
};

/** A check passes or fails as one; a test suite is counted from what it prints. */
const suites = [
  check("rust", "rust format", ["cargo", "fmt", "--check"]),
  check("rust", "rust lint, native", ["cargo", "clippy", "--all-targets", "--", "-D", "warnings"]),
  check("rust", "rust lint, wasm", [
    "cargo",
    "clippy",
    "--lib",
    "--test",
    "web_node",
    "--test",
    "web_browser",
    "--target",
    wasmTarget,
    "--",
    "-D",
    "warnings",
  ]),
  check("rust", "rust docs", ["cargo", "doc", "--no-deps"], { RUSTDOCFLAGS: "-D warnings" }),
  tests("rust", "rust, native", ["cargo", "test"], countCargo),
  tests("rust", "instructions", nodeTest("tests/instructions/*.test.mjs"), countNode),
  tests("web", "rust in Node", ["wasm-pack", "test", "--node"], countCargo),
  tests("web", "rust in Chromium", ["wasm-pack", "test", "--headless", "--chrome"], countCargo),
  tests("web", "rust in Firefox", ["wasm-pack", "test", "--headless", "--firefox"], countCargo),
  check("js", "format and lint", ["biome", "ci", "."]),
  check(
    "web js types sinks scrapes hosts pack docs workerd hub workers runtimes dashboard frameworks reproducible",
    "package build",
    node(join("scripts", "build.mjs")),
  ),
  check("web", "every export has a test", node(join("scripts", "boundary.mjs"))),
  check("js", "types", ["tsc", "--noEmit"]),
  check("js", "types of the tests", ["tsc", "--noEmit", "-p", "tests/js"]),
  check("js types", "types of Workers", ["tsc", "--noEmit", "-p", "tests/types"]),
  check("js", "types of worker-example", ["tsc", "--noEmit", "-p", "worker-example"]),
  tests("js types", "declarations", nodeTest("tests/types/*.test.mjs"), countNode),
  tests("js", "tools", nodeTest("tests/tools/*.test.mjs"), countNode),
  tests("js", "shim", nodeTest("tests/js/**/*.test.ts"), countNode),
  tests("sinks", "sinks", nodeTest("tests/sinks/*.test.mjs"), countNode),
  named(
    tests("scrapes", "scrapes for two minutes", nodeTest("tests/sinks/scrapes.test.mjs"), countNode, {
      SCRAPE_SECONDS: "120",
    }),
  ),
  tests("hosts", "hosts", nodeTest("tests/hosts/*.test.mjs"), countNode),
  tests("hosts", "a framework", nodeTest("tests/frameworks/hono.test.mjs"), countNode),
  named(
    tests(
      "frameworks",
      "frameworks",
      nodeTest("--test-concurrency=1", "tests/frameworks/*.test.mjs"),
      countNode,
    ),
  ),
  tests("pack", "package", nodeTest("tests/pack/*.test.mjs"), countNode),
  named(tests("reproducible", "reproducible", nodeTest("tests/reproducible/*.test.mjs"), countNode)),
  tests("docs", "documents", nodeTest("tests/docs/*.test.mjs"), countNode),
  tests("workerd hub", "hub", nodeTest("--test-concurrency=1", "tests/hub/*.test.mjs"), countNode),
  tests("workerd", "faults", nodeTest("--test-concurrency=1", "tests/faults/*.test.mjs"), countNode),
  tests("workerd", "bindings", nodeTest("tests/bindings/*.test.mjs"), countNode),
  tests("workerd workers", "workers", nodeTest("tests/workers/*.test.mjs"), countNode),
  tests("workerd runtimes", "workerd", nodeTest("tests/runtime/workerd.test.mjs"), countNode),
  ...["node", "deno", "bun", "chromium", "firefox"].map((runtime) =>
    tests("runtimes", runtime, nodeTest(`tests/runtime/${runtime}.test.mjs`), countNode),
  ),
  tests(
    "dashboard",
    "dashboard",
    nodeTest("--test-concurrency=1", "tests/dashboard/*.test.{mjs,ts}"),
    countNode,
  ),
  tests("runtimes", "over HTTP", nodeTest("tests/transparency/*.test.mjs"), countNode),
];

function check(groups, name, command, extra = {}) {
  return {
    groups: groups.split(" "),
    name,
    command,
    extra,
    count: (_, ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 }),
  };
}

function tests(groups, name, command, parse, extra = {}) {
  const count = (output, ok) => nothingUnseen(parse(output), ok);
  return { groups: groups.split(" "), name, command, count, extra };
}

/** Runs only where its group is asked for. */
function named(suite) {
  return { ...suite, isNamed: true };
}

/** Runs a suite, shows its output as it comes, and resolves to its counts. */
function run({ name, command: [program, ...args], count, extra }) {
  console.log(`\n── ${name}: ${program === process.execPath ? "node" : program} ${args.join(" ")}`);
  return new Promise((resolve) => {
    let output = "";
    const child = spawn(program, args, {
      cwd: root,
      env: { ...env, ...extra },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const [stream, shown] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
        shown.write(text);
      });
    }
    child.on("error", (error) => {
      console.error(error.message);
      resolve(count(output, false));
    });
    child.on("close", (code) => resolve(count(withoutColor(output), code === 0)));
  });
}

function withoutColor(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
  return text.replace(/\x1b\[[0-9;]*m/g, "");
}

function table(results) {
  const width = Math.max(...results.map(({ name }) => name.length));
  console.log(`\n${"suite".padEnd(width)}  passed  failed`);
  for (const { name, passed, failed, seconds } of results) {
    const figures = `${String(passed).padStart(6)}  ${String(failed).padStart(6)}`;
    console.log(`${name.padEnd(width)}  ${figures}  ${seconds.toFixed(1)} s`);
  }
}

async function main(wanted) {
  const groups = [...new Set(suites.flatMap((suite) => suite.groups))];
  const unknown = wanted.filter((name) => !groups.includes(name));
  if (unknown.length > 0) {
    console.error(`unknown suite ${unknown.join(", ")}; usage: npm test [-- ${groups.join(" | ")}]`);
    process.exit(2);
  }
  const chosen = suites.filter((suite) =>
    wanted.length === 0 ? !suite.isNamed : suite.groups.some((group) => wanted.includes(group)),
  );
  const results = [];
  forgetRows();
  // Its types are those of the built package; in a fresh clone nothing has linked it yet.
  linkPackage(join(root, "worker-example"));
  for (const suite of chosen) {
    const started = Date.now();
    results.push({ name: suite.name, ...(await run(suite)), seconds: (Date.now() - started) / 1000 });
  }
  for (const [kind, title] of Object.entries(MATRICES)) {
    const compared = matrix(kind);
    if (compared !== "") console.log(`\n${title}\n${compared}`);
  }
  table(results);
  const total = (key) => results.reduce((sum, result) => sum + result[key], 0);
  console.log(`\n${total("passed")} passed, ${total("failed")} failed`);
  process.exitCode = total("failed") > 0 ? 1 : 0;
}

await main(process.argv.slice(2));
