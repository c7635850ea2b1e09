// From an empty folder to the first event, by what the README says and nothing else: its commands and its code. Only the
// package's name is that of the packed tarball, wrangler is the one of this repository, and ports are free ones.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { root, searchPath } from "../../tools/env.mjs";
import { freePort, until } from "../../tools/receiver.mjs";
import { blocks, textOf } from "./_blocks.mjs";

const MINUTE = 60_000;
const [, chapter] = /## See it in one minute\n([\s\S]*?)\n## /.exec(textOf("README.md"));
const [, install] = /```sh\n(npm install tidegate)\n```/.exec(textOf("README.md"));
const programs = blocks.filter(
  ({ page, run, code }) => page === "README.md" && run && chapter.includes(code),
);
const env = {
  ...process.env,
  PATH: searchPath(),
  CI: "1",
  NO_COLOR: "1",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

/** It may be older than the one of the tasks. */
const machineNode = process.env.TIDEGATE_MACHINE_NODE ?? process.execPath;

/** The commands and the file of a paragraph: texts in backquotes, of which one is a file. */
const quoted = [...chapter.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text);
const command = (first) => quoted.find((text) => text.startsWith(`${first} `));
const HOSTS = {
  Workers: { program: programs[0], file: "src/index.ts", command: command("npx wrangler") },
  Node: { program: programs[1], file: "server.mjs", command: command("node") },
  "the machine's Node": {
    program: programs[1],
    file: "server.mjs",
    command: command("node"),
    node: machineNode,
  },
  Deno: { program: programs[1], file: "server.mjs", command: command("deno") },
  Bun: { program: programs[1], file: "server.mjs", command: command("bun") },
};

function emptyFolder() {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-first-"));
  const pack = ["pack", join(root, "pkg"), "--pack-destination", folder, "--json", "--loglevel=error"];
  const [{ filename }] = JSON.parse(execFileSync("npm", pack, { encoding: "utf8" }));
  const [npm, ...args] = install.replace("tidegate", `./${filename}`).split(" ");
  execFileSync(npm, [...args, "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder, env });
  mkdirSync(join(folder, "node_modules", ".bin"), { recursive: true });
  symlinkSync(
    join(root, "node_modules", ".bin", "wrangler"),
    join(folder, "node_modules", ".bin", "wrangler"),
  );
  return folder;
}

/** A process group of its own: npx and wrangler start others. */
function start(folder, { command, file, program, node }, port) {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), program.code.replaceAll("3000", String(port)));
  const flags = command.includes("wrangler") ? ["--port", String(port), "--inspector-port", "0"] : [];
  const [name, ...args] = [...command.split(" "), ...flags];
  const child = spawn(node ?? name, args, {
    cwd: folder,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const server = { log: "", stop: () => process.kill(-child.pid, "SIGKILL") };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      server.log += text;
    });
  }
  return server;
}

for (const [host, given] of Object.entries(HOSTS)) {
  test(`the first event on ${host}, within a minute of the install`, async () => {
    assert.ok(given.command, "the README has no command");
    assert.ok(given.program.code && chapter.includes(`\`${given.file}\``), given.file);
    const folder = emptyFolder();
    const port = await freePort();
    const started = Date.now();
    const server = start(folder, given, port);
    try {
      const open = () =>
        fetch(`http://127.0.0.1:${port}/items/7`).then(
          () => true,
          () => false,
        );
      await until(open, MINUTE, `an answer: ${server.log}`);
      const line = () => /^.*GET \/items\/:id 200.*$/m.exec(server.log)?.[0];
      await until(line, MINUTE, `an event: ${server.log}`);
      console.log(`$ ${install}\n$ ${given.command}\n${line()}\n${host}: ${Date.now() - started} ms`);
    } finally {
      server.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
}
