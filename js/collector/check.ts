/** Checks of names and types of options, and copies of them. Ranges are checked by the engine. */
import { TidegateError } from "../types/error.ts";

export type Kind = "number" | "boolean" | "string" | "function" | "object" | "array" | "bigint";
/** The options of one object, and the types that each may have. */
export type Shape = Readonly<Record<string, readonly Kind[]>>;

/** More entries of a list than any program has. */
const LIST_MAX = 10_000;

/**
 * A copy of the own options in `given`, each read once: a getter, a proxy, or whoever changes them later, cannot change
 * what was checked. It inherits nothing.
 *
 * Throws TidegateError `config/unknown-option` or `config/type`, which names the option: `path` and its name.
 */
export function copyOf<T extends object>(given: unknown, shape: Shape, path: string): Partial<T> {
  const what = path === "" ? "options" : path.slice(0, -1);
  if (!isKind(given, ["object"])) throw badType(what, ["object"], given);
  const copy: Record<string, unknown> = Object.create(null);
  for (const name of reading(what, () => Object.keys(given as object))) {
    const kinds = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (kinds === undefined) {
      throw new TidegateError("config/unknown-option", `${path}${name} is not an option`);
    }
    const value = reading(path + name, () => (given as Record<string, unknown>)[name]);
    if (value !== undefined && !isKind(value, kinds)) throw badType(path + name, kinds, value);
    copy[name] = value;
  }
  return copy as Partial<T>;
}

/** A copy of a list of options. Throws TidegateError `config/type`, which names it. */
export function listOf(given: unknown, path: string): readonly unknown[] {
  if (!isKind(given, ["array"])) throw badType(path, ["array"], given);
  return reading(path, () => {
    const { length } = given as readonly unknown[];
    if (length > LIST_MAX)
      throw new TidegateError("config/type", `${path} has more than ${LIST_MAX} entries`);
    return Array.from({ length }, (_, at) => (given as readonly unknown[])[at]);
  });
}

/** A copy of a list of strings; none if it is absent. Throws TidegateError `config/type`, which names the entry. */
export function stringsOf(given: unknown, path: string): readonly string[] {
  if (given === undefined) return [];
  return listOf(given, path).map((entry, at) => {
    if (typeof entry !== "string") throw badType(`${path}[${at}]`, ["string"], entry);
    return entry;
  });
}

/** Runs `read`, which may call code of the user's. Throws TidegateError `config/type`, which names the option, if it does. */
export function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof TidegateError) throw cause;
    throw new TidegateError("config/type", `${path} cannot be read`, cause);
  }
}

/** Throws TidegateError `config/type` for a function that returns no value: an async function, a generator. */
export function refuseAsync(path: string, given: unknown): void {
  // Not `instanceof`: the function may be of another realm.
  const tag: string = Object.prototype.toString.call(given);
  if (!tag.includes("Async") && !tag.includes("Generator")) return;
  throw new TidegateError("config/type", `${path} must not be async: what it returns is needed at once`);
}

export function isKind(value: unknown, kinds: readonly string[]): boolean {
  return kinds.includes(kindOf(value));
}

export function badType(path: string, kinds: readonly Kind[], value: unknown): TidegateError {
  const found = kindOf(value);
  return new TidegateError("config/type", `${path} must be of type ${kinds.join(" or ")}, not ${found}`);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  try {
    return Array.isArray(value) ? "array" : typeof value;
  } catch {
    // A revoked proxy.
    return "nothing that can be read";
  }
}
