/**
 * Contenders in turns: each in a process of its own, so that none runs in what another has left of the JIT and the
 * heap; all of them alive at once, so that what they are asked for in one round lies within a second. What slows the
 * machine down then slows all of them, and the ratios are those within a round.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { orderOf } from "./order.mjs";
import { median, quartiles } from "./workload.mjs";

const PROGRAM = join(import.meta.dirname, "contender.mjs");
const PRELOAD = join(import.meta.dirname, "resolve-package.mjs");

/** How often all are started anew: the same program compiled anew is up to a tenth faster or slower. */
const STARTS = 3;

/**
 * Asks each of `contenders`, `{ name: { program, args, env, count } }`, for `rounds` figures, each the least of
 * `samples` samples of `count` events: what interrupts a sample only adds to it.
 */
export async function inTurns(contenders, rounds, say, { starts = STARTS, samples = 1 } = {}) {
  const names = Object.keys(contenders);
  say(`${rounds} rounds of ${names.join(" · ")}`);
  const found = Object.fromEntries(names.map((name) => [name, []]));
  const totals = {};
  for (let left = starts; left > 0; left -= 1) {
    const running = await startAll(contenders);
    for (let round = 0; round < rounds / starts; round += 1) {
      const least = await leastOf(samples, running, round);
      for (const name of names) found[name].push(least[name]);
    }
    for (const name of names) totals[name] = await running[name].end();
  }
  return Object.fromEntries(names.map((name) => [name, { ...summary(found[name]), ...totals[name] }]));
}

/** All at once: each warms up by the time that it had, not by the clock. */
async function startAll(contenders) {
  const started = Object.entries(contenders).map(async ([name, contender]) => [name, await start(contender)]);
  return Object.fromEntries(await Promise.all(started));
}

/** One round; the order changes with each sample. */
async function leastOf(samples, running, round) {
  const names = Object.keys(running);
  const least = Object.fromEntries(names.map((name) => [name, Number.POSITIVE_INFINITY]));
  for (let sample = 0; sample < samples; sample += 1) {
    for (const name of orderOf(names, round * samples + sample)) {
      least[name] = Math.min(least[name], await running[name].sample());
    }
  }
  return least;
}

/** A program of benches/peers: its file, what it exports, and how many events a sample. */
export const peer = (file, of, count, ...more) => ({
  program: process.execPath,
  args: [PROGRAM, file, of, ...more.map(String)],
  count,
});

/** The same contender with the package in `folder` as its `tidegate`, and with `env`. */
export const withPackage = (contender, folder, env = {}) => ({
  ...contender,
  args: ["--import", PRELOAD, ...contender.args],
  env: { ...env, TIDEGATE_PACKAGE: folder },
});

/** Starts a contender; resolves when it is warm. It is given a count a line, and answers nanoseconds an event. */
async function start({ program, args, env, count }) {
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "inherit"],
    cwd: import.meta.dirname,
    env: { ...process.env, ...env },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${args.join(" ")} broke off`);
    return JSON.parse(value);
  };
  await next();
  return {
    sample() {
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

const summary = (rounds) => ({ ns: median(rounds), quartiles: quartiles(rounds), rounds });

/** What each round of `one` takes of the same round of `other`. */
export const ratios = (one, other) => one.rounds.map((ns, round) => ns / other.rounds[round]);

/** The median of these. */
export const ratio = (one, other) => median(ratios(one, other));
