// What a trap and a full stack may do to collectors, over the built package: cost what the engine held, and nothing else.
import { createCollector, memorySink } from "tidegate";
import { StatsStore } from "tidegate/stats";
import { brokenLaws } from "../../tools/laws.mjs";
import { trapNext } from "./_trap.js";

function collector() {
  const memory = memorySink();
  const tide = createCollector({ sinks: [memory], autoTick: false, handleSignals: false });
  const notices = [];
  for (const type of ["core-reset", "error"]) tide.on(type, ({ code }) => notices.push(code ?? type));
  return { tide, memory, notices };
}

const named = ({ memory }) => memory.events.map((event) => event.name ?? event.route);

/** A trap, then another one within ten seconds; a second collector and a store beside it. */
export async function trap() {
  const [one, other] = [collector(), collector()];
  const stats = new StatsStore();
  stats.record(1e12, 1, false);
  one.tide.evt("delivered");
  await one.tide.flush();
  one.tide.evt("queued");
  other.tide.evt("queued");
  trapNext("engine_recordRequest");
  one.tide.req("/trapped", "GET", 200, Date.now(), 1);
  one.tide.evt("after");
  other.tide.evt("after");
  stats.record(1e12, 1, false);
  await Promise.all([one.tide.flush(), other.tide.flush()]);
  const first = [one, other].map(report);
  trapNext("engine_record");
  one.tide.evt("trapped");
  one.tide.evt("refused");
  return { first, second: report(one), names: [named(one), named(other)], resets: stats.resets };
}

function report({ tide, notices }) {
  const counters = tide.counters();
  const { emitted, accepted, refused, coreResets, sinks } = counters;
  const [{ delivered, dropped }] = sinks;
  const counted = { emitted, accepted, refused, coreResets, delivered, lost: dropped.core_reset };
  return { ...counted, laws: brokenLaws(counters), notices: [...notices], error: tide.error?.code ?? null };
}

/** A program that records all the way back from the end of its stack; twenty collectors, one after the other. */
export async function stack() {
  const found = [];
  for (let n = 0; n < 20; n += 1) {
    const one = collector();
    one.tide.evt("before");
    await one.tide.flush();
    const before = one.tide.counters();
    let calls = 0;
    const walk = () => {
      try {
        walk();
      } finally {
        // Later steps have all the room they need, and a deep stack makes each of them slow.
        if (calls < 4000) {
          calls += 1;
          one.tide.evt("left");
          one.tide.req("/left", "GET", 200, Date.now(), 1);
        }
      }
    };
    try {
      walk();
    } catch {
      // A RangeError, or Firefox's InternalError.
    }
    one.tide.evt("after");
    await one.tide.flush();
    const after = one.tide.counters();
    found.push({
      laws: brokenLaws(after),
      error: one.tide.error?.code ?? null,
      fell: after.accepted < before.accepted || after.sinks[0].delivered < before.sinks[0].delivered + 1,
      // Where the stack was full even the call did not come to pass.
      counted: after.emitted > calls && after.emitted <= 2 * calls + 2,
      last: named(one).at(-1),
      strangeNames: named(one).filter((name) => !["before", "left", "/left", "after"].includes(name)),
    });
  }
  return [...new Set(found.map((one) => JSON.stringify(one)))].map((one) => JSON.parse(one));
}
