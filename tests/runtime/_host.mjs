// The host's side of the suite: lays out what a guest needs, asks it once, and makes a test of each case.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { root } from "../../tools/env.mjs";
import { keepRow } from "../../tools/matrix.mjs";
import { linkPackage } from "../../tools/workerd.mjs";

const GUEST_FILES = [
  "tools/laws.mjs",
  "tests/vectors/rng.json",
  ...[
    "_suite.js",
    "_script.js",
    "_adapters.js",
    "_shapes.js",
    "_trap.js",
    "_failures.js",
    "_guest.js",
    "_worker.js",
  ].map((name) => `tests/runtime/${name}`),
];

/** A folder of its own for `name`, where the guest finds the built package by its name. */
export function layOut(name) {
  const folder = join(root, "build", "guests", name);
  rmSync(folder, { recursive: true, force: true });
  for (const file of GUEST_FILES) cpSync(join(root, file), join(folder, file));
  return linkPackage(folder);
}

/** Runs the guest under `program` and gives its answers. */
export async function runGuest(name, program, ...args) {
  const cwd = layOut(name);
  const options = { cwd, timeout: 120_000, maxBuffer: 2 ** 24 };
  const { stdout } = await promisify(execFile)(program, [...args, "tests/runtime/_guest.js"], options);
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

/** The tests of `runtime`, whose answers `ask` gives. */
export function suite(runtime, ask) {
  let answers;
  const row = {};
  before(async () => {
    answers = await ask();
  });
  for (const [name, check] of Object.entries(CHECKS)) {
    test(`${runtime}: ${name}`, () => {
      row[name] = null;
      assert.equal(answers[name].error, undefined);
      check(answers[name].answer);
      row[name] = answers[name].ms;
    });
  }
  after(() => keepRow(runtime, row));
}

export const vectors = JSON.parse(readFileSync(join(root, "tests", "vectors", "rng.json"), "utf8"));

/** What each case must answer: the same everywhere, to the last digit. */
const CHECKS = {
  draws({ seeds, thousand }) {
    assert.deepEqual(seeds, vectors.cases);
    assert.equal(thousand, EXPECTED.thousand);
  },
  sampling(answer) {
    assert.deepEqual(answer, EXPECTED.sampling);
    assert.equal(answer.alone, answer.routes, "the functions alone decide as a collector does");
  },
  stats(answer) {
    assert.deepEqual(answer, EXPECTED.stats);
  },
  laws({ fixed, checks, exercised, names, error }) {
    assert.deepEqual(fixed, EXPECTED.script);
    assert.equal(error, null);
    assert.ok(checks > 10_000, `${checks} checks`);
    assert.deepEqual(names, [19, 13, 2], "every operation, outcome and notice came up");
    for (const [what, count] of Object.entries(exercised)) assert.ok(count > 0, `${what} never happened`);
  },
  adapters(answer) {
    assert.deepEqual(answer, { workers: ADAPTER, fetch: ADAPTER });
  },
  transparency({ shapes, found }) {
    assert.deepEqual(found, []);
    assert.ok(shapes >= 60, `${shapes} shapes`);
  },
  closing(answer) {
    assert.deepEqual(answer, { delivered: 1300, counted: 1300, resets: 0, refused: 1300 });
  },
  trap(answer) {
    assert.deepEqual(answer, TRAP);
  },
  stack(answer) {
    assert.deepEqual(answer, [STACK]);
  },
};

const TRAP = {
  first: [
    {
      emitted: 4,
      accepted: 3,
      refused: 1,
      coreResets: 1,
      delivered: 2,
      lost: 1,
      laws: [],
      notices: ["core-reset"],
      error: null,
    },
    {
      emitted: 2,
      accepted: 2,
      refused: 0,
      coreResets: 1,
      delivered: 1,
      lost: 1,
      laws: [],
      notices: ["core-reset"],
      error: null,
    },
  ],
  second: {
    emitted: 6,
    accepted: 3,
    refused: 3,
    coreResets: 2,
    delivered: 2,
    lost: 1,
    laws: [],
    notices: ["core-reset", "core-reset", "core/trap"],
    error: "core/trap",
  },
  names: [["delivered", "after"], ["after"]],
  resets: 1,
};

const STACK = { laws: [], error: null, fell: false, counted: true, last: "after", strangeNames: [] };

const ADAPTER = {
  counters: { emitted: 29, accepted: 23, sampledOut: 3, excluded: 3, refused: 0 },
  laws: [],
  requests: [
    ["/plain", "GET", 200, null, 1],
    ["/users/:id", "GET", 200, null, 1],
    ["/route/:given", "GET", 200, null, 1],
    ["/named/:by/scope", "GET", 200, null, 1],
    ["/missing", "GET", 404, null, 1],
    ["/fail", "GET", 500, "TypeError", 1],
    ["/unsampled/fail", "GET", 500, "TypeError", 1],
  ],
  continued: true,
  // Two of them are exceptions.
  children: 16,
  parented: 16,
  attributes: true,
  stats: 8,
};

const EXPECTED = {
  thousand: "5f39a61d",
  sampling: { accepted: 309, sampledOut: 564, excluded: 127, routes: "70c49400", alone: "70c49400" },
  stats: { count: 9381, figures: "22fd3c3c", bytes: "cea0517f" },
  script: {
    emitted: 6104,
    accepted: 4016,
    sampledOut: 1097,
    excluded: 662,
    refused: 329,
    pending: 0,
    coreResets: 0,
  },
};
