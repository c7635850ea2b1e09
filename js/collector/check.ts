/** Checks of names and types of options. Ranges are checked by the engine. */
import { TidegateError } from "../types/error.ts";

export type Kind = "number" | "boolean" | "string" | "function" | "object" | "array" | "bigint";
/** The options of one object, and the types that each may have. */
export type Shape = Readonly<Record<string, readonly Kind[]>>;

/** Throws TidegateError `config/unknown-option` or `config/type`, which names the option: `path` and its name. */
export function check(values: object, shape: Shape, path: string): void {
  for (const [name, value] of Object.entries(values)) {
    const kinds = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (kinds === undefined) {
      throw new TidegateError("config/unknown-option", `${path}${name} is not an option`);
    }
    if (value !== undefined && !isKind(value, kinds)) throw badType(path + name, kinds, value);
  }
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
  return Array.isArray(value) ? "array" : typeof value;
}
