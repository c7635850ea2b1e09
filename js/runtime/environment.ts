/** Variables of OpenTelemetry: of a process, or of the environment that a host gives its handlers. */

import { hostKind, processEnv } from "./host-kind.ts";

interface Globals {
  readonly Deno?: {
    readonly permissions?: { querySync?(query: object): { readonly state: string } };
  };
}

/** The environment of a process. Undefined on hosts that give it to their handlers, or have none. */
export function ownEnv(): unknown {
  return hostKind() === "process" ? processEnv() : undefined;
}

/** The value of a variable of `env`. Undefined: it is not set, empty, or not to be read without asking somebody. */
export function variable(env: unknown, name: string): string | undefined {
  try {
    const { permissions } = (globalThis as Globals).Deno ?? {};
    // Deno would ask at the terminal.
    if ((permissions?.querySync?.({ name: "env", variable: name }).state ?? "granted") !== "granted") {
      return undefined;
    }
    const value = (env as Record<string, unknown> | null | undefined)?.[name];
    return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The pairs of `key=value,key=value`, percent-decoded. Undefined: `text` is no such list, and nothing of it counts.
 *
 * @see https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable
 */
export function pairsOf(text: string): [key: string, value: string][] | undefined {
  const pairs: [string, string][] = [];
  try {
    for (const pair of text.split(",")) {
      if (pair.trim() === "") continue;
      const at = pair.indexOf("=");
      const key = decodeURIComponent(pair.slice(0, Math.max(at, 0)).trim());
      if (key === "") return undefined;
      pairs.push([key, decodeURIComponent(pair.slice(at + 1).trim())]);
    }
    return pairs;
  } catch {
    return undefined;
  }
}
