// The same page in the system's Firefox, by WebDriver: it opens, logs in, draws, moves its cursor, and its policy refuses nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCollector } from "../../pkg/dist/inline.js";
import { until } from "../../tools/receiver.mjs";
import { startFirefox } from "../runtime/_webdriver.mjs";
import { serve } from "./_serve.mjs";

/** Runs in the page. Resolves when `condition` holds. */
const WAIT = `const wait = async (condition) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50));
};`;

test("Firefox shows the dashboard", async () => {
  const tide = createCollector({ service: { name: "<b>shop</b>" } });
  for (let n = 0; n < 50; n += 1) tide.req("/<i>x</i>", "GET", 200, Date.now() - n * 1000, n);
  const site = await serve(tide, { token: "s3cret" });
  const firefox = await startFirefox();
  try {
    await firefox.open(site.url);
    await firefox.ask(`(() => {
      document.querySelector("#token").value = "s3cret";
      document.querySelector("form").requestSubmit();
    })()`);
    // The form unloads the page: what is asked meanwhile fails.
    const isShown = () => firefox.ask(`document.querySelector(".plot canvas") !== null`).catch(() => false);
    await until(async () => (await isShown()) === true, 20_000, "the page");
    const seen = await firefox.ask(`(async () => { ${WAIT}
      const refusals = [];
      addEventListener("securitypolicyviolation", ({ violatedDirective }) => refusals.push(violatedDirective));
      await wait(() => document.querySelector(".tiles dd").textContent === "50");
      const slider = document.querySelector("[role=slider]");
      slider.focus();
      slider.dispatchEvent(new KeyboardEvent("keydown", { key: "Home", bubbles: true }));
      const { data } = (() => {
        const canvas = document.querySelector(".plot canvas");
        return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      })();
      return JSON.stringify({
        refusals,
        at: slider.getAttribute("aria-valuenow"),
        isDrawn: data.some((value) => value > 0),
        service: document.querySelector(".service").textContent,
        route: document.querySelector("#panel-REQ .name").textContent,
        width: document.documentElement.scrollWidth <= innerWidth,
      });
    })()`);
    assert.deepEqual(JSON.parse(seen), {
      refusals: [],
      at: "0",
      isDrawn: true,
      service: "<b>shop</b>",
      route: "/<i>x</i>",
      width: true,
    });
  } finally {
    await firefox.stop();
    await site.stop();
    await tide.close();
  }
});
