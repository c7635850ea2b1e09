// Events to compare formats by.
import { START_MS } from "./_capture.mjs";

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const attributes = {
  text: 'quote " slash \\ bell \u0007 größe 🚢 lone \ud800',
  number: -0.25,
  whole: 7,
  flag: true,
};

/** Each kind of event, with everything known of it and with almost nothing. */
export function traffic(tide) {
  const at = START_MS - 500;
  for (let n = 0; n < 40; n += 1)
    tide.req(`/items/${n % 3}`, "GET", n % 8 === 0 ? 500 : 200, at + n, 0.5 * n);
  tide.req("/odd", "PURGE", 404, at, 3);
  tide.req("/unknown", "GET", undefined, at);
  tide.req("/throws", "POST", 500, at, 12.25, new RangeError("off"));
  tide.enqueue({
    kind: "REQ",
    route: "/child",
    method: "PUT",
    status: 201,
    startMs: at,
    durationMs: 1,
    traceparent: parent,
    attributes,
  });
  tide.fn("resize", at, 2.5);
  tide.fn("fails", at, 2, "TypeError: x is no function");
  tide.db("select id from orders where name = 'secret'", at, 4, { system: "sqlite", rows: 3 });
  tide.db("", at, 4, { error: "D1_ERROR" });
  tide.evt("cart.opened", attributes);
  tide.enqueue({ kind: "EVT", name: "cart.failed", startMs: at, error: "Empty", traceparent: parent });
}

/** Texts of every kind of character, among them lone surrogates and what JSON has to escape. */
export function strangers(tide) {
  let state = 1;
  const draw = (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const ranges = [0x20, 0x80, 0x800, 0x10000];
  const text = () =>
    String.fromCharCode(...Array.from({ length: 1 + draw(12) }, () => draw(ranges[draw(4)])));
  for (let n = 0; n < 300; n += 1) {
    const given = { [text()]: text(), number: (draw(2000) - 1000) / 8, flag: n % 2 === 0 };
    if (n % 3 === 0) tide.evt(text(), given);
    else
      tide.enqueue({
        kind: "FN",
        name: text(),
        startMs: START_MS - draw(500),
        durationMs: draw(100) / 4,
        attributes: given,
      });
  }
}
