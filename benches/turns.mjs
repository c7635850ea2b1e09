/**
 * Contenders in turns: each in a process of its own, so that none runs in what another has left of the JIT and the
 * heap; all of them alive at once, so that what they are asked for in one round lies within a second. What slows the
 * machine down then slows all of them, and the ratios are those within a round.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { median } from "./workload.mjs";

const PROGRAM = join(import.meta.dirname, "contender.mjs");

/** How often all are started anew: the same program compiled anew is up to a tenth faster or slower. */
const STARTS = 3;

/** Asks each of `contenders`, `{ name: { program, args, count } }`, for `rounds` samples of `count` events. */
export async function inTurns(contenders, rounds, say) {
  const names = Object.keys(contenders);
  say(`${rounds} rounds of ${names.join(" · ")}`);
  const found = Object.fromEntries(names.map((name) => [name, []]));
  const told = {};
  for (let left = STARTS; left > 0; left -= 1) {
    const asked = {};
    for (const name of names) asked[name] = await start(contenders[name]);
    for (let round = Math.ceil(rounds / STARTS); round > 0; round -= 1) {
      // Who comes after whom changes with each round.
      for (let turn = 0; turn < names.length; turn += 1) {
        const name = names[(turn * step(names.length) + round) % names.length];
        found[name].push(await asked[name].sample(contenders[name].count));
      }
    }
    for (const name of names) told[name] = await asked[name].end();
  }
  return Object.fromEntries(names.map((name) => [name, { ...summary(found[name]), ...told[name] }]));
}

/** The smallest step from 2 on that visits all of `count`. */
function step(count) {
  const divides = (a, b) => (b === 0 ? a : divides(b, a % b));
  let by = 2;
  while (divides(count, by) !== 1) by += 1;
  return by;
}

/** A program of benches/peers: its file, what it exports, and how many events a sample. */
export const peer = (file, of, count, ...more) => ({
  program: process.execPath,
  args: [PROGRAM, file, of, ...more.map(String)],
  count,
});

/** Starts a contender; resolves when it is warm. It is given a count a line, and tells nanoseconds an event. */
async function start({ program, args }) {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"], cwd: import.meta.dirname });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${args.join(" ")} broke off`);
    return JSON.parse(value);
  };
  await next();
  return {
    sample(count) {
      child.stdin.write(`${count}\n`);
      return next();
    },
    /** It has checked that nothing was lost, or broken off. */
    end() {
      child.stdin.end();
      return next();
    },
  };
}

function summary(rounds) {
  const sorted = [...rounds].sort((a, b) => a - b);
  const at = (share) => sorted[Math.floor((sorted.length - 1) * share)];
  return { ns: median(rounds), quartiles: [at(0.25), at(0.75)], rounds };
}

/** The median of what `one` takes of `other`, round by round. */
export const ratio = (one, other) => median(one.rounds.map((ns, round) => ns / other.rounds[round]));
