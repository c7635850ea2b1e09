// Firefox, unbundled, as Chromium: stock Firefox speaks WebDriver.
import { serve } from "./_files.mjs";
import { layOut, suite } from "./_host.mjs";
import { startFirefox } from "./_webdriver.mjs";

const browser = await startFirefox();

suite(`Firefox ${browser.version}`, async () => {
  const server = await serve(layOut("firefox"));
  try {
    await browser.open(server.url);
    // As text: what WebDriver makes of numbers is its own.
    return JSON.parse(await browser.ask("globalThis.answers.then(JSON.stringify)"));
  } finally {
    await browser.stop();
    await server.stop();
  }
});
