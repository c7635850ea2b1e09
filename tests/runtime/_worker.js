// The suite as a Worker: answers with the answers. At /global: what was made at global scope, used in a request.
import { compileRules, makeRng, shouldExcludeRoute } from "tidegate/sampling";
import { StatsStore } from "tidegate/stats";
import vectors from "../vectors/rng.json";
import { run } from "./_suite.js";

const rules = compileRules(["/health"]);
const stats = new StatsStore();
const [seeded, unseeded] = [makeRng({ seed: 0 }), makeRng()];
const early = { seeded: seeded(), unseeded: attempt(unseeded) };

export default {
  async fetch(request) {
    if (new URL(request.url).pathname !== "/global") return Response.json(await run(vectors));
    stats.record(Date.now(), 5, false);
    const { count } = stats.snapshot(Date.now());
    const now = { seeded: seeded(), unseeded: attempt(unseeded) };
    return Response.json({ early, now, count, excluded: shouldExcludeRoute("/health", rules) });
  },
};

function attempt(draw) {
  try {
    return draw();
  } catch (error) {
    return error.message;
  }
}
