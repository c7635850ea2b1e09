// Setup says what it will install before it does, and where it may not it stops with the command to run.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { minimumNode, root } from "../../tools/env.mjs";
import { needsOf } from "../../tools/needs.mjs";
import { Missing, prepare } from "../../tools/setup.mjs";

/** A need that is missing until it is installed; `log` gets what is said and done, in order. */
function fake(log, name, more = {}) {
  let isMissing = true;
  return {
    name,
    cost: "5 MB, 1 s",
    place: "a folder",
    isMissing: () => isMissing,
    mayInstall: () => true,
    install() {
      log.push(`(${name})`);
      isMissing = false;
    },
    command: `get ${name}`,
    ...more,
  };
}

const textOf = (needs, log) => {
  try {
    prepare("npm test", needs, (line) => log.push(line));
    return "";
  } catch (error) {
    assert.ok(error instanceof Missing);
    return error.message;
  }
};

test("one list says what is installed, how much and where, before the first installation", () => {
  const log = [];
  const present = fake(log, "present", { isMissing: () => false });
  assert.equal(textOf([fake(log, "first"), present, fake(log, "second")], log), "");
  const [list, ...rest] = log;
  assert.deepEqual(list.split("\n").slice(1), [
    "  first   5 MB, 1 s  a folder",
    "  second  5 MB, 1 s  a folder",
  ]);
  assert.deepEqual(rest, ["installing first", "(first)", "installing second", "(second)"]);
});

test("with nothing missing nothing is said", () => {
  const log = [];
  assert.equal(textOf([fake(log, "present", { isMissing: () => false })], log), "");
  assert.deepEqual(log, []);
});

test("what may not be installed stops all, with its command", () => {
  const log = [];
  const message = textOf([fake(log, "allowed"), fake(log, "refused", { mayInstall: () => false })], log);
  assert.match(message, /^ {2}refused {2}get refused$/m);
  assert.doesNotMatch(message, /allowed/);
  assert.deepEqual(log, []);
});

test("an installation that fails stops the rest, with its command", () => {
  const log = [];
  const message = textOf([fake(log, "offline", { install: () => {} }), fake(log, "later")], log);
  assert.match(message, /get offline/);
  assert.ok(!log.includes("(later)"));
});

test("every need says what a person needs to know", () => {
  for (const { name, command, cost, place, mayInstall } of needsOf("test")) {
    assert.ok(name && command, name);
    if (mayInstall()) assert.ok(cost && place, name);
  }
  assert.ok(needsOf("test").length > needsOf("demo").length);
});

test("one minimum of Node is stated everywhere", () => {
  const read = (file) => readFileSync(join(root, file), "utf8");
  for (const file of ["package.json", "pkg-template/package.json"]) {
    assert.equal(JSON.parse(read(file)).engines.node, `>=${minimumNode}`, file);
  }
  for (const file of ["README.md", "CONTRIBUTING.md"]) {
    assert.deepEqual(
      [...new Set(read(file).match(/Node \d+ or newer/g))],
      [`Node ${minimumNode} or newer`],
      file,
    );
  }
});
