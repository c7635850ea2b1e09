// initWasm of tidegate/manual: what it takes, what it refuses, and what collectors do meanwhile. Each case is a program of its own.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { install, nodes } from "./_install.mjs";

const folder = install();

const START = `
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { runInNewContext } from "node:vm";
import { createCollector, initWasm, memorySink } from "tidegate/manual";
const bytes = readFileSync(createRequire(process.cwd() + "/x.js").resolve("tidegate/core.wasm"));
const copy = () => Uint8Array.from(bytes);
const response = () => new Response(bytes, { headers: { "content-type": "application/wasm" } });
const collect = (options) => {
  const memory = memorySink();
  const tide = createCollector({ sinks: [memory], autoTick: false, handleSignals: false, ...options });
  return Object.assign(tide, { memory, visit: (path) => tide.req(path, "GET", 200, Date.now(), 1) });
};
const told = { console: [], unhandled: 0 };
console.error = (line) => told.console.push(line);
process.on("unhandledRejection", () => { told.unhandled += 1 });
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
/** What a call throws, or what its promise rejects with. */
const failure = async (call) => {
  try { await call(); return null } catch (error) { return [error.name, error.code, error.message] }
};
const print = (answer) => console.log(JSON.stringify(answer));
`;

/** What `program` prints last. */
async function answerOf(program, node = process.execPath) {
  const args = ["--input-type=module", "-e", START + program];
  const { stdout } = await promisify(execFile)(node, args, { cwd: folder, timeout: 60_000 });
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

const SOURCES = {
  "a module": "new WebAssembly.Module(bytes)",
  "a module of another realm, as in Next's edge runtime":
    'new (runInNewContext("WebAssembly").Module)(new (runInNewContext("Uint8Array"))(bytes))',
  "an ArrayBuffer": "copy().buffer",
  "a Uint8Array": "copy()",
  "a Response": "response()",
  "the promise of a module": "WebAssembly.compile(bytes)",
  "the promise of an ArrayBuffer": "Promise.resolve(copy().buffer)",
  "the promise of a Uint8Array": "Promise.resolve(copy())",
  "the promise of a Response": "Promise.resolve(response())",
  "something with a then of its own": "{ then: (resolve) => resolve(copy()) }",
};

for (const node of nodes) {
  const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  for (const [name, source] of Object.entries(SOURCES)) {
    test(`${name} is taken, and the same again changes nothing: Node ${version}`, async () => {
      const answer = await answerOf(
        `const source = ${source};
        const first = initWasm(source);
        await initWasm(source);
        await first;
        const tide = collect();
        tide.visit("/a");
        await initWasm(source);
        await tide.flush();
        print({ code: tide.error?.code ?? null, routes: tide.memory.events.map(({ route }) => route), ...told });`,
        node,
      );
      assert.deepEqual(answer, { code: null, routes: ["/a"], console: [], unhandled: 0 });
    });
  }
}

test("a module and bytes are in use at once", async () => {
  for (const source of ["new WebAssembly.Module(bytes)", "bytes"]) {
    const answer = await answerOf(
      `const returned = initWasm(${source});
      const tide = collect();
      tide.visit("/a");
      print([returned === undefined, tide.counters().accepted]);`,
    );
    assert.deepEqual(answer, [true, 1]);
  }
});

test("another module is refused, and the first goes on", async () => {
  const answer = await answerOf(
    `initWasm(bytes);
    const tide = collect();
    tide.visit("/a");
    const others = [new WebAssembly.Module(bytes), copy(), response(), WebAssembly.compile(bytes), Promise.resolve(copy()), Uint8Array.of(1)];
    const codes = [];
    for (const other of others) codes.push((await failure(() => initWasm(other)))?.[1]);
    tide.visit("/b");
    await settled();
    print({ codes: [...new Set(codes)], accepted: tide.counters().accepted, error: tide.error ?? null, ...told });`,
  );
  assert.deepEqual(answer, { codes: ["wasm/loaded"], accepted: 2, error: null, console: [], unhandled: 0 });
});

test("of two on their way the first to come is used, also if the other never comes", async () => {
  const answer = await answerOf(
    `let send;
    const late = initWasm(new Promise((resolve) => { send = resolve }));
    void initWasm(new Promise(() => {}));
    const tide = collect();
    tide.visit("/a");
    await initWasm(Promise.resolve(copy()));
    tide.visit("/b");
    send(copy());
    const refused = await failure(() => late);
    tide.visit("/c");
    print({ code: refused[1], counters: tide.counters(), error: tide.error ?? null });`,
  );
  assert.equal(answer.code, "wasm/loaded");
  assert.deepEqual([answer.counters.emitted, answer.counters.accepted, answer.counters.refused], [3, 2, 1]);
  assert.equal(answer.error, null);
});

test("a collector made while a module is on its way refuses events, and starts with the first one after it has come", async () => {
  const answer = await answerOf(
    `let send;
    const ready = initWasm(new Promise((resolve) => { send = resolve }));
    const [tide, configured] = [collect(), createCollector(() => ({}))];
    tide.visit("/early");
    const result = tide.time("work", () => 5);
    configured.evt("early");
    const meanwhile = { error: tide.error ?? null, emitted: tide.counters().emitted, refused: tide.counters().refused, flushed: await tide.flush(), tick: tide.tick() };
    send(response());
    await ready;
    tide.visit("/late");
    configured.evt("late");
    await tide.flush();
    const [{ emitted, accepted, refused, sinks }, other] = [tide.counters(), configured.counters()];
    print({ result, meanwhile, routes: tide.memory.events.map(({ route }) => route), counters: { emitted, accepted, refused }, delivered: sinks[0].delivered, other: [other.emitted, other.accepted, other.refused], error: tide.error ?? null, ...told });`,
  );
  assert.deepEqual(answer, {
    result: 5,
    meanwhile: {
      error: null,
      emitted: 2,
      refused: 2,
      flushed: { delivered: 0, remaining: 0, dropped: 0, timedOut: false },
      tick: null,
    },
    routes: ["/late"],
    counters: { emitted: 3, accepted: 1, refused: 2 },
    delivered: 1,
    other: [2, 1, 1],
    error: null,
    console: [],
    unhandled: 0,
  });
});

test("if it does not come, they say so once; and who did not wait gets no unhandled rejection", async () => {
  const answer = await answerOf(
    `let fail;
    void initWasm(new Promise((_, reject) => { fail = reject }));
    const [tide, asked] = [collect(), collect()];
    const notices = [];
    tide.on("error", ({ code }) => notices.push(code));
    tide.visit("/a");
    fail(new TypeError("no route to https://user:secret@host/core.wasm?token=secret"));
    await settled();
    const code = asked.error?.code;
    for (const path of ["/b", "/c"]) tide.visit(path);
    const { emitted, refused } = tide.counters();
    const after = collect();
    print({ code, own: tide.error.code, cause: tide.error.cause?.name, notices, emitted, refused, after: after.error.code, ...told });`,
  );
  const line = "tidegate: nothing is recorded: the promise given to initWasm was rejected (TypeError)";
  assert.deepEqual(answer, {
    ...{ code: "wasm/blocked", own: "wasm/blocked", cause: "TypeError", notices: ["wasm/blocked"] },
    ...{ emitted: 3, refused: 3, after: "wasm/blocked", console: [line, line, line], unhandled: 0 },
  });
});

test("after a failure another source may be given", async () => {
  const answer = await answerOf(
    `const first = await failure(() => initWasm(Promise.reject(new Error("no"))));
    const second = await failure(() => initWasm(Uint8Array.of(1, 2, 3)));
    initWasm(bytes);
    const tide = collect();
    tide.visit("/a");
    print([first[1], second[1], tide.counters().accepted, tide.error ?? null]);`,
  );
  assert.deepEqual(answer, ["wasm/blocked", "wasm/blocked", 1, null]);
});

test("a collector that was closed meanwhile stays closed", async () => {
  const answer = await answerOf(
    `const ready = initWasm(WebAssembly.compile(bytes));
    const tide = collect();
    await tide.close();
    await ready;
    tide.visit("/a");
    const { emitted, refused } = tide.counters();
    print([emitted, refused, tide.error ?? null]);`,
  );
  assert.deepEqual(answer, [1, 1, null]);
});

test("options that only the engine can judge do not throw into the request that starts it", async () => {
  const answer = await answerOf(
    `const ready = initWasm(WebAssembly.compile(bytes));
    const tide = collect({ queueSize: 0 });
    const typed = await failure(() => createCollector({ queueSize: "1" }));
    await ready;
    tide.visit("/a");
    print([typed[1], tide.error?.code, tide.counters().refused, told.console.length]);`,
  );
  assert.deepEqual(answer.slice(2), [1, 1]);
  assert.equal(answer[0], "config/type");
  assert.match(answer[1], /^config\//);
});

test("without any call a collector is inert and says what to do, and stays so", async () => {
  const answer = await answerOf(
    `const tide = collect();
    tide.visit("/a");
    initWasm(bytes);
    tide.visit("/b");
    const { emitted, refused } = tide.counters();
    print([tide.error.code, tide.error.message, emitted, refused, told.console.length]);`,
  );
  assert.deepEqual(answer, [
    "wasm/blocked",
    "there is no module: call initWasm(module) of tidegate/manual first",
    ...[2, 2, 1],
  ]);
});

/** Source → what its refusal says. */
const WRONG = {
  "Uint8Array.from(new TextEncoder().encode('<!doctype html>'))":
    /^what initWasm was given is no WebAssembly module \(/,
  "copy().fill(0, 100)": /^what initWasm was given is no WebAssembly module \(/,
  "Promise.resolve(new Uint8Array())": /^what initWasm was given is no WebAssembly module \(/,
  "new Response('<!doctype html>', { status: 200 })": /^the response is no WebAssembly module \(/,
  "new Response('', { status: 404 })": /^the response has status 404$/,
  "new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))":
    /is not tidegate\/core\.wasm: tidegate \S+ needs/,
  "copy().with(-1, 0x78)":
    /is that of tidegate \S+x: tidegate \S+\d needs the core\.wasm of the same package$/,
  // It has an import that nobody gives.
  "Uint8Array.of(0,97,115,109,1,0,0,0, 1,4,1,96,0,0, 2,7,1,1,97,1,98,0,0)": /is not tidegate\/core\.wasm/,
  "'core.wasm'": /^initWasm was given no module \(string\); it takes a WebAssembly\.Module/,
  undefined: /^initWasm was given no module \(undefined\)/,
  null: /^initWasm was given no module \(null\)/,
  "import('tidegate/manual')": /^initWasm was given no module \(object\); .* import\(\) brings, the default$/,
  "new Response(new ReadableStream({ pull() { throw new Error('?token=secret') } }))":
    /^the response could not be read \(Error\)$/,
};

for (const [source, text] of Object.entries(WRONG)) {
  test(`refused with a reason, which collectors repeat: ${source}`, async () => {
    const answer = await answerOf(
      `const [name, code, message] = await failure(() => initWasm(${source}));
      const tide = collect();
      tide.visit("/a");
      print({ name, code, message, repeated: tide.error.message, refused: tide.counters().refused, ...told });`,
    );
    const { message } = answer;
    assert.match(message, text);
    assert.deepEqual(answer, {
      ...{ name: "TidegateError", code: "wasm/blocked", message, repeated: message, refused: 1 },
      ...{ console: [`tidegate: nothing is recorded: ${message}`], unhandled: 0 },
    });
  });
}

test("a response that is not ok says where it came from, without query and credentials, and its body is given up", async () => {
  const answer = await answerOf(
    `import { createServer } from "node:http";
    let closed;
    const gone = new Promise((resolve) => { closed = resolve });
    const server = createServer((request, response) => {
      response.on("close", closed);
      response.writeHead(404).write("x".repeat(100_000));
    }).listen(0, "127.0.0.1", async () => {
      const { port } = server.address();
      const [, code, message] = await failure(() => initWasm(fetch("http://127.0.0.1:" + port + "/core.wasm?token=secret")));
      await gone;
      server.close();
      print([code, message.replace(port, "port")]);
    });`,
  );
  assert.deepEqual(answer, [
    "wasm/blocked",
    "the response from http://127.0.0.1:port/core.wasm has status 404",
  ]);
});

test("it is there for require, too", async () => {
  const script = `const { readFileSync } = require("node:fs");
    const { createCollector, initWasm, memorySink, TidegateError } = require("tidegate/manual");
    try { initWasm(0) } catch (error) { if (!(error instanceof TidegateError)) throw error }
    initWasm(readFileSync(require.resolve("tidegate/core.wasm")));
    const tide = createCollector({});
    tide.req("/a", "GET", 200, Date.now(), 1);
    console.log(tide.counters().accepted)`;
  for (const node of nodes) {
    const { stdout } = await promisify(execFile)(node, ["-e", script], { cwd: folder });
    assert.equal(stdout.trim(), "1");
  }
});
