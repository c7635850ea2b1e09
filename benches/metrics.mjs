/** What metrics of one's own cost: a call beside OpenTelemetry's, a request with a counter beside one without, and bytes. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { inTurns, peer, ratio } from "./turns.mjs";

const CALLS = {
  "tidegate, counter.add": peer("instruments", "tidegate", 204_800),
  "tidegate, counter.add (control)": peer("instruments", "tidegate", 204_800),
  "OpenTelemetry, counter.add": peer("instruments", "opentelemetry", 51_200),
};
const REQUESTS = {
  "a request": peer("instruments", "bareRequests", 51_200),
  "a request (control)": peer("instruments", "bareRequests", 51_200),
  "a request and a counter of 3 attributes": peer("instruments", "countedRequests", 51_200),
};

export async function metrics({ quick, say }) {
  const rounds = quick ? 12 : 60;
  const calls = await inTurns(CALLS, rounds, say);
  const requests = await inTurns(REQUESTS, rounds, say);
  const [own, ownControl, other] = Object.values(calls);
  const [bare, bareControl, counted] = Object.values(requests);
  const program = join(import.meta.dirname, "allocations.mjs");
  const args = ["--max-semi-space-size=256", program];
  const bytes = JSON.parse(
    execFileSync(process.execPath, args, { encoding: "utf8", cwd: import.meta.dirname }),
  );
  const ratios = {
    counterVsOtel: ratio(other, own),
    counterControl: ratio(ownControl, own),
    requestWithCounter: ratio(counted, bare),
    requestControl: ratio(bareControl, bare),
  };
  return { ratios, calls, requests, bytes };
}
