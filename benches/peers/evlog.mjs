import { createRequestLogger, initLogger } from "evlog";

/** A wide event a request, to a drain that batches as lines of JSON. */
export function wideEvents(send) {
  let events = [];
  let seen = 0;
  const text = new TextEncoder();
  initLogger({ silent: true, pretty: false, drain: ({ event }) => void events.push(event) });
  return {
    record(path, method, status, _startMs, duration) {
      const log = createRequestLogger({ path, method });
      if (status >= 500) log.error(new Error("failed"), { status, duration });
      else log.set({ status, duration });
      log.emit();
    },
    async ship() {
      // Its drains run in a microtask of their own.
      await new Promise(setImmediate);
      seen += events.length;
      send(text.encode(events.map((event) => JSON.stringify(event)).join("\n")).length);
      events = [];
    },
    check: (count) => {
      if (seen !== count) throw new Error(`${seen} of ${count} events were drained`);
    },
  };
}
