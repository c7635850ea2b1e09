// As much of WebDriver (https://www.w3.org/TR/webdriver2/) as it takes to open a page in Firefox and ask it something.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { which } from "../../tools/env.mjs";
import { freePort, until } from "../../tools/receiver.mjs";

/** Starts a headless Firefox. */
export async function startFirefox() {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const profiles = mkdtempSync(join(tmpdir(), "tidegate-firefox-"));
  const args = ["--port", String(port), "--profile-root", profiles];
  const driver = spawn(which("geckodriver"), args, { stdio: "ignore" });
  const killOnExit = () => driver.kill("SIGKILL");
  process.once("exit", killOnExit);

  const call = async (method, path, body) => {
    const headers = { "content-type": "application/json" };
    const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
    const { value } = await (await fetch(base + path, init)).json();
    if (value?.error !== undefined) throw new Error(`WebDriver: ${value.error}: ${value.message}`);
    return value;
  };
  const answers = () =>
    call("GET", "/status").then(
      ({ ready }) => ready,
      () => false,
    );
  await until(answers, 20_000, "geckodriver");
  const firefox = { "moz:firefoxOptions": { args: ["-headless"] }, timeouts: { script: 120_000 } };
  const { sessionId, capabilities } = await call("POST", "/session", {
    capabilities: { alwaysMatch: firefox },
  });
  const session = `/session/${sessionId}`;
  return {
    version: capabilities.browserVersion,
    open: (url) => call("POST", `${session}/url`, { url }),
    /** What `expression` comes to in the page, awaited. */
    ask: (expression) =>
      call("POST", `${session}/execute/async`, {
        script: `const done = arguments[0]; Promise.resolve(${expression}).then(done, (e) => done({ error: String(e) }));`,
        args: [],
      }),
    async stop() {
      await call("DELETE", session).catch(() => {});
      driver.kill();
      process.off("exit", killOnExit);
      rmSync(profiles, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
