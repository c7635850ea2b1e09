// Sinks that do not work, in the real `wrangler dev`: each is told once, within a second, with what workerd says of it.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort, until } from "../../tools/receiver.mjs";
import { linkPackage } from "../../tools/workerd.mjs";
import { startWrangler } from "../../tools/wrangler.mjs";
import { serving } from "../hosts/_host.mjs";

const folder = fileURLToPath(new URL("fixtures/newcomer", import.meta.url));
/** The path is the status. */
const receiver = () =>
  createServer((request, response) => response.writeHead(Number(request.url.slice(1, 4))).end());

test("a closed port, 401 and 404 are told once each, with the cause", async () => {
  linkPackage(folder);
  await serving(receiver(), async (base) => {
    const vars = {
      closed: `http://127.0.0.1:${await freePort()}/events?key=secret`,
      unauthorized: `${base}/401?key=secret`,
      lost: `${base}/404?key=secret`,
    };
    const worker = await startWrangler(folder, { vars });
    try {
      const notices = async () => await (await fetch(`${worker.url}/notices`)).json();
      const told = () => worker.log.split("\n").filter((line) => line.includes("failed:"));
      await until(async () => (await notices()).length >= 3, 10_000, "three notices");
      // Further failures of each sink. Each request may send.
      for (let n = 0; n < 8; n += 1) {
        await fetch(worker.url);
        await sleep(300);
      }
      const found = await notices();
      const kinds = found.map(({ sink, status, cause, url }) => [sink, status ?? cause, url]).sort();
      const shown = (name) => vars[name].split("?")[0];
      assert.deepEqual(kinds, [
        ["closed", "network", shown("closed")],
        ["lost", 404, shown("lost")],
        ["unauthorized", 401, shown("unauthorized")],
      ]);
      const times = found.map(({ at }) => at);
      // Within a second, unless the machine is busy.
      assert.ok(Math.max(...times) - Math.min(...times) < 10_000);
      await until(() => told().length >= 3, 10_000, "three lines");
      const lines = told().map((line) => line.replace(/^.*tidegate: /, "").replace(/; \d.*/, ""));
      assert.deepEqual(lines.sort(), [
        `sink closed (${shown("closed")}) failed: network: check url`,
        `sink lost (${shown("lost")}) failed: 404: check url`,
        `sink unauthorized (${shown("unauthorized")}) failed: 401: check headers`,
      ]);
      assert.doesNotMatch(worker.log, /secret/);
      if (process.env.TIDEGATE_QUOTE) console.log(told().join("\n"));
    } finally {
      worker.stop();
    }
  });
});
