/** What a subclass of `Hub` may say. */
import { TidegateError } from "../../types/error.ts";
import type { CheckedRule } from "../figures/alarms.ts";
import type { HubNamespace } from "../shards.ts";

/** When the hub sends to the webhook. */
export interface AlarmRule {
  /**
   * | kind | is over its threshold in a minute with |
   * |---|---|
   * | `errors` | that share of failed requests or more, in percent |
   * | `p95` | that 95th percentile of durations or more, in ms |
   * | `silence` | that number of requests or fewer |
   */
  readonly kind: "errors" | "p95" | "silence";
  /** A number ≥ 0. Required for `errors` (at most 100) and `p95`; 0 by default for `silence`. */
  readonly threshold?: number;
  /**
   * For how long: it starts when every whole minute of that time is over the threshold, and recovers when none is.
   * Minutes without requests say nothing about errors and durations. 60 000…3 600 000 ms, in steps of 60 000.
   *
   * @default 120000, of silence 300000
   */
  readonly durationMs?: number;
  /**
   * Names the alarm; each name once. At most 64 characters.
   *
   * @default the kind
   */
  readonly name?: string;
}

/** Options of a hub. */
export interface HubOptions {
  /** At most 16. @default none */
  readonly alarms?: readonly AlarmRule[];
  /** Where alarms are posted: http or https. Slack and Discord read it. @default nowhere */
  readonly webhook?: string | undefined;
  /** The address of the dashboard, for messages. @default none */
  readonly link?: string | undefined;
  /** Isolates known at once, 1…100 000. Pushes of further ones wait. @default 10000 */
  readonly isolates?: number;
  /** Attribute sets of all metrics, 1…100 000; further ones count as overflow. @default 2048 */
  readonly metricSeries?: number;
  /** How many objects the service is spread over, 1…64. With more than one, alarms need `namespace`. @default 1 */
  readonly shards?: number;
  /** The binding of the hub itself: the first shard then watches all. @default none */
  readonly namespace?: HubNamespace | undefined;
}

export interface CheckedOptions {
  readonly alarms: readonly CheckedRule[];
  readonly webhook: string | undefined;
  readonly link: string | undefined;
  readonly isolates: number;
  readonly metricSeries: number;
  readonly shards: number;
  readonly namespace: HubNamespace | undefined;
}

const NAMES = ["alarms", "webhook", "link", "isolates", "metricSeries", "shards", "namespace"];
const RULE_NAMES = ["kind", "threshold", "durationMs", "name"];
const KINDS: readonly unknown[] = ["errors", "p95", "silence"];
const RULES_MAX = 16;

/** Throws TidegateError `config/hub`, or `config/unknown-option`. */
export function checkedOptions(given: HubOptions): CheckedOptions {
  known("hub", given, NAMES);
  const { alarms = [], webhook, link, namespace } = given;
  if (!Array.isArray(alarms) || alarms.length > RULES_MAX)
    throw bad("alarms", "must be a list of at most 16");
  const rules = alarms.map(checkedRule);
  const names = new Set(rules.map(({ name }) => name));
  if (names.size < rules.length) throw bad("alarms", "must each have a name of its own");
  checkAddress("webhook", webhook);
  checkAddress("link", link);
  const shards = whole("shards", given.shards ?? 1, 64);
  if (rules.length > 0 && shards > 1 && namespace === undefined) {
    throw bad("namespace", "is required for alarms over several shards");
  }
  return {
    ...{ alarms: rules, webhook, link, shards, namespace },
    isolates: whole("isolates", given.isolates ?? 10_000, 100_000),
    metricSeries: whole("metricSeries", given.metricSeries ?? 2048, 100_000),
  };
}

function checkedRule(rule: AlarmRule): CheckedRule {
  known("alarms", rule, RULE_NAMES);
  const { kind, threshold = kind === "silence" ? 0 : undefined, name = kind } = rule;
  if (!KINDS.includes(kind)) throw bad("alarms", 'need a kind: "errors", "p95" or "silence"');
  const isNumber = typeof threshold === "number" && threshold >= 0 && Number.isFinite(threshold);
  if (!isNumber || (kind === "errors" && threshold > 100)) {
    throw bad("alarms", `of kind ${kind} need a threshold, a number ≥ 0; of errors at most 100`);
  }
  const minutes = (rule.durationMs ?? (kind === "silence" ? 300_000 : 120_000)) / 60_000;
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > 60) {
    throw bad("alarms", "need a durationMs of whole minutes, at most an hour");
  }
  if (typeof name !== "string" || name === "" || name.length > 64) {
    throw bad("alarms", "need a name of at most 64 characters");
  }
  return { name, kind, threshold, minutes };
}

function known(what: string, given: object, names: readonly string[]): void {
  if (typeof given !== "object" || given === null) throw bad(what, "must be an object");
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new TidegateError("config/unknown-option", `hub: ${unknown} is not an option of ${what}`);
  }
}

function whole(name: string, value: unknown, most: number): number {
  const isWhole = Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most;
  if (!isWhole) throw bad(name, `must be a whole number, 1…${most}`);
  return value as number;
}

/** Its value is not repeated: the address of a webhook is a secret. */
function checkAddress(name: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== "string" || !/^https?:\/\//.test(value) || !URL.canParse(value)) {
    throw bad(name, "must be an address that starts with http:// or https://");
  }
}

const bad = (name: string, message: string): TidegateError =>
  new TidegateError("config/hub", `hub: ${name} ${message}`);
