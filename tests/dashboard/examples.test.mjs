// The examples that mount the dashboard: they start as they stand, and what they serve is counted.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../tools/env.mjs";
import { freePort, startReceiver, until } from "../../tools/receiver.mjs";
import { linkPackage } from "../../tools/workerd.mjs";

const DASHBOARD_TOKEN = "of the test";
const folder = linkPackage(join(root, "build", "dashboard", "examples"));

/** The example `name` with the addresses of the test; `work` gets its own. */
async function withExample(name, work) {
  const [port, receiver] = [await freePort(), await startReceiver()];
  const text = readFileSync(join(root, "examples", name, "server.ts"), "utf8");
  const file = join(folder, `${name}.ts`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    file,
    text.replaceAll("https://telemetry.example/events", receiver.url).replaceAll("3000", String(port)),
  );
  const env = { ...process.env, DASHBOARD_TOKEN };
  const child = spawn(process.execPath, [file], {
    cwd: folder,
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  try {
    await work(`http://127.0.0.1:${port}`);
  } finally {
    child.kill("SIGKILL");
    await receiver.stop();
  }
}

for (const name of ["express-dashboard", "hono-node"]) {
  test(`${name} serves its dashboard beside its routes`, async () => {
    await withExample(name, async (url) => {
      const status = (path, init) =>
        fetch(url + path, { redirect: "manual", ...init }).then((response) => response.status);
      await until(() => status("/items/1").catch(() => 0), 20_000, "the server");
      assert.equal(await status("/items/7"), 200);
      assert.equal(await status("/tide"), 303);
      assert.equal(await status("/tide/"), 401);
      const body = new URLSearchParams({ token: DASHBOARD_TOKEN });
      const login = await fetch(`${url}/tide/login`, { method: "POST", body, redirect: "manual" });
      assert.equal(login.status, 303);
      const headers = { cookie: login.headers.get("set-cookie").split(";")[0] };
      assert.match(await (await fetch(`${url}/tide/`, { headers })).text(), /<script type="module"/);
      const { service, stats } = await (await fetch(`${url}/tide/stats.json`, { headers })).json();
      assert.deepEqual(service, { name: "shop", version: "1.2.0" });
      assert.ok(
        stats.series.some((series) => series.name === "/items/:id" && series.count === 2),
        JSON.stringify(stats.series),
      );
    });
  });
}
