// The hub on a simulated platform: SQLite in memory, a clock and an alarm that the caller moves. What the platform bills is
// counted as workerd counts it.
import { DatabaseSync } from "node:sqlite";

/** `Hub` is that of the package, or of the sources; `options` are its own. `fault` may throw before and after each query. */
export async function simulatedHub(Hub, options = {}, fault = () => {}) {
  const clock = { nowMs: 0 };
  const platform = { alarmMs: null, loaded: Promise.resolve() };
  const storage = storageOf(platform, fault);
  const ctx = {
    storage,
    id: { equals: () => true },
    blockConcurrencyWhile(work) {
      platform.loaded = work();
      return platform.loaded;
    },
  };
  class Simulated extends Hub {
    options() {
      return options;
    }
    now() {
      return clock.nowMs;
    }
  }
  const hub = new Simulated(ctx, {});
  await platform.loaded;
  return {
    /** Resolves to the status. */
    async push({ batchId, bytes }) {
      const init = { method: "POST", body: bytes, headers: { "idempotency-key": batchId } };
      return (await hub.fetch(new Request("https://hub/push", init))).status;
    },
    async setClock(nowMs) {
      clock.nowMs = nowMs;
    },
    dueMs: async () => platform.alarmMs,
    async alarm() {
      platform.alarmMs = null;
      await hub.alarm();
    },
    /** The state as a reader gets it. */
    async read() {
      return new Uint8Array(await (await hub.fetch(new Request("https://hub/state"))).arrayBuffer());
    },
    storedBytes: async () => storage.bytes(),
  };
}

function storageOf(platform, fault) {
  const database = new DatabaseSync(":memory:");
  return {
    sql: {
      exec(query, ...values) {
        fault();
        const statement = database.prepare(query);
        const rows = statement.all(...values).map(withBuffers);
        fault();
        return { toArray: () => rows, rowsWritten: rowsWritten(database, query) };
      },
    },
    transactionSync(work) {
      database.exec("begin");
      try {
        const result = work();
        database.exec("commit");
        return result;
      } catch (error) {
        database.exec("rollback");
        throw error;
      }
    },
    getAlarm: async () => platform.alarmMs,
    async setAlarm(atMs) {
      platform.alarmMs = atMs;
    },
    bytes: () =>
      database.prepare("select page_count * page_size as n from pragma_page_count, pragma_page_size").get().n,
  };
}

/** A blob is an ArrayBuffer in workerd. */
const withBuffers = (row) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? value.slice().buffer : value,
    ]),
  );

/** workerd counts a row for each that is inserted, replaced or deleted, and two for a new table. */
function rowsWritten(database, query) {
  if (query.startsWith("create")) return 2;
  if (!/^(insert|delete)/.test(query)) return 0;
  return Number(database.prepare("select changes() as n").get().n);
}
