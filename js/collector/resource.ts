/** What is measured, as OpenTelemetry resource attributes: by the options, the environment, and the host. */

import { pairsOf, variable } from "../runtime/environment.ts";
import type { HostKind } from "../runtime/host.ts";
import type { Collector } from "../types/collector.ts";
import { TidegateError } from "../types/error.ts";
import type { ServiceOptions } from "../types/options.ts";
import { badType, copyOf, reading, type Shape } from "./check.ts";

export type Resource = ReadonlyMap<string, string>;

/** The members of `service`. */
const KEYS = {
  name: "service.name",
  version: "service.version",
  namespace: "service.namespace",
  instanceId: "service.instance.id",
  environment: "deployment.environment.name",
} as const;

const ATTRIBUTES = "OTEL_RESOURCE_ATTRIBUTES";

/**
 * What `service`, `resource` and, for what they leave out, the variables of `env` say. Throws TidegateError `config/type`;
 * `warn` hears of a variable that is of no use.
 */
export function resourceOf(
  service: unknown,
  resource: unknown,
  env: unknown,
  warn: (text: string) => void,
): Resource {
  const all = new Map(attributesOf(env, warn));
  const name = variable(env, "OTEL_SERVICE_NAME");
  if (name !== undefined) all.set(KEYS.name, name);
  if (resource !== undefined) addResource(all, resource as Record<string, unknown>);
  if (service !== undefined) addService(all, service);
  return all;
}

function addResource(all: Map<string, string>, given: Record<string, unknown>): void {
  for (const key of reading("resource", () => Object.keys(given))) {
    all.set(
      key,
      textOf(
        key,
        reading(`resource.${key}`, () => given[key]),
      ),
    );
  }
}

function addService(all: Map<string, string>, given: unknown): void {
  const shape: Shape = Object.fromEntries(Object.keys(KEYS).map((name) => [name, ["string"]]));
  const copy = copyOf<ServiceOptions>(given, shape, "service.");
  for (const [member, key] of Object.entries(KEYS)) {
    const value = copy[member as keyof typeof KEYS];
    if (value !== undefined) all.set(key, value);
  }
}

/** Name and version, as far as they are known. */
export function serviceOf(resource: Resource): Collector["service"] {
  const [name, version] = [resource.get(KEYS.name), resource.get(KEYS.version)];
  return { ...(name !== undefined && { name }), ...(version !== undefined && { version }) };
}

/** What a host says of itself. Nothing is guessed of where a process runs. */
export function hostResource(host: HostKind): Resource {
  const own = new Map([["telemetry.sdk.language", host === "process" ? "nodejs" : "webjs"]]);
  if (host !== "workers") return own;
  return own.set("cloud.provider", "cloudflare").set("cloud.platform", "cloudflare.workers");
}

function attributesOf(env: unknown, warn: (text: string) => void): readonly [string, string][] {
  const text = variable(env, ATTRIBUTES);
  const pairs = text === undefined ? [] : pairsOf(text);
  if (pairs === undefined) warn(`${ATTRIBUTES} is no list of key=value pairs, so nothing of it counts`);
  return pairs ?? [];
}

function textOf(key: string, value: unknown): string {
  if (key === "") throw new TidegateError("config/type", "resource has an attribute without a key");
  if (["string", "number", "boolean"].includes(typeof value)) return String(value);
  throw badType(`resource.${key}`, ["string", "number", "boolean"], value);
}
