// The example of pages, built by Vite and served as files: its event is posted to the server that the page came from.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { which } from "../../tools/env.mjs";
import { until } from "../../tools/receiver.mjs";
import { install, runProgram } from "./_project.mjs";

const TYPES = { ".html": "text/html", ".js": "text/javascript" };

test("a page, by Vite", { timeout: 300_000 }, async () => {
  const folder = await install("browser");
  await runProgram(folder, ["vite", "build"]);
  const posts = [];
  const server = createServer(async (request, response) => {
    if (request.method === "POST") {
      posts.push(`${request.url} ${Buffer.concat(await request.toArray())}`);
      return response.end();
    }
    const file = request.url === "/" ? "index.html" : request.url.slice(1);
    response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
    response.end(file === "favicon.ico" ? "" : readFileSync(join(folder, "dist", file)));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({ executablePath: which("chromium"), args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await until(() => posts.length > 0, 20_000, `a post; ${errors}`);
    const [, path, line] = /^(\S+) (.*)$/m.exec(posts[0]);
    const { kind, name, attributes } = JSON.parse(line);
    assert.deepEqual([path, kind, name, attributes.page], ["/events", "EVT", "opened", "/"]);
    assert.deepEqual(errors, []);
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
});
