/** Attributes of the user's, of any type and size, as the engine takes them. */
import { isoDate } from "../runtime/members.ts";
import { ATTRIBUTES_MAX, attributeKey, type Bounded, cut, KEY_MAX } from "./values.ts";

/** The engine keeps 4 KiB of an event's attributes. */
const BYTES_MAX = 4096;
/** What an attribute takes beside its key, and the value of a number. */
const HEADER = 4;
const NUMBER = 8;
/** Objects within objects. */
const DEPTH_MAX = 32;
/** Objects of one event that are flattened. They may be empty, so nothing else bounds them. */
const OBJECTS_MAX = 64;

type Scalar = string | number | boolean;
type Within = readonly object[];

/** Own enumerable properties, read until a limit is reached. A value that is no object of attributes is one value. */
export function boundedEntries(given: unknown): Bounded {
  const reader = new AttributeReader();
  try {
    if (given === undefined || given === null) return reader;
    if (typeof given === "object" && !isList(given)) reader.readObject(given, "", [given]);
    else reader.truncated = 1;
  } catch {
    reader.truncated += 1;
  }
  return reader;
}

/** One attribute. An object becomes several. */
export function boundedEntry(key: string, value: unknown): Bounded {
  const reader = new AttributeReader();
  reader.read(key, () => value, []);
  return reader;
}

/** Attributes that were read one by one. */
export function boundedMap(given: ReadonlyMap<string, unknown>): Bounded {
  const reader = new AttributeReader();
  reader.readKeys([...given.keys()], (key) => reader.read(key, () => given.get(key), []));
  return reader;
}

/**
 * Reads values until a limit is reached, and counts the others. Plain objects are flattened with dots, lists become JSON,
 * dates ISO 8601. All is read before the engine is called, since a getter may run any code.
 */
class AttributeReader implements Bounded {
  readonly attributes: [string, Scalar][] = [];
  truncated = 0;
  #bytesLeft = BYTES_MAX;
  #valuesLeft = ATTRIBUTES_MAX;
  #objectsLeft = OBJECTS_MAX;

  readKeys(keys: readonly string[], read: (key: string) => void): void {
    for (let at = 0; at < keys.length; at += 1) {
      if (this.#valuesLeft <= 0 || this.#bytesLeft <= 0) {
        this.truncated += keys.length - at;
        return;
      }
      read(keys[at] as string);
    }
  }

  readObject(given: object, prefix: string, within: Within): void {
    this.readKeys(Object.keys(given), (key) => {
      this.read(prefix + key, () => (given as Record<string, unknown>)[key], within);
    });
  }

  /** `within`: the objects around it, so that a cycle ends. */
  read(key: string, read: () => unknown, within: Within): void {
    try {
      const value = read();
      if (isPlain(value)) this.#flatten(key, value, within);
      else this.#add(key, value);
    } catch {
      this.#valuesLeft -= 1;
      this.truncated += 1;
    }
  }

  #flatten(key: string, given: object, within: Within): void {
    this.#objectsLeft -= 1;
    const isDeep = key.length >= KEY_MAX || within.length >= DEPTH_MAX || within.includes(given);
    const isRead = this.#objectsLeft >= 0 && !isDeep && Object.keys(given).length > 0;
    if (isRead) this.readObject(given, `${key}.`, [...within, given]);
    else this.truncated += 1;
  }

  #add(key: string, given: unknown): void {
    this.#valuesLeft -= 1;
    if (given === undefined) return;
    const name = attributeKey(key);
    const room = Math.max(this.#bytesLeft - HEADER - name.length, 0);
    const value = scalarOf(given) ?? textOf(given, room, () => (this.truncated += 1));
    if (value === undefined) {
      this.truncated += 1;
      return;
    }
    this.attributes.push([name, value]);
    this.#bytesLeft -= HEADER + name.length + (typeof value === "string" ? value.length : NUMBER);
  }
}

/** A value that an attribute may have as it is, a text cut to what the engine keeps. */
export function scalarOf(value: unknown): Scalar | undefined {
  if (typeof value === "string") return cut(value, BYTES_MAX);
  return typeof value === "number" || typeof value === "boolean" ? value : undefined;
}

/** The text of a date or a list, of at most about `room` characters. Undefined: `value` is neither. */
function textOf(value: unknown, room: number, onCut: () => void): string | undefined {
  return isoDate(value) ?? (Array.isArray(value) ? new JsonWriter(room, onCut).write(value, []) : undefined);
}

/**
 * JSON as `JSON.stringify` writes it, but that it reads no more than it writes, and calls nothing of the user's except
 * getters and traps. `onCut` is called for what is left out.
 */
class JsonWriter {
  #left: number;
  readonly #onCut: () => void;

  constructor(room: number, onCut: () => void) {
    this.#left = room;
    this.#onCut = onCut;
  }

  write(value: unknown, within: Within): string {
    const text = this.#scalar(value);
    if (text === undefined) return this.#container(value, within);
    this.#left -= text.length;
    return text;
  }

  #scalar(value: unknown): string | undefined {
    if (value === undefined || value === null || typeof value === "boolean") return `${value ?? null}`;
    if (typeof value === "number" && Number.isFinite(value)) return `${value}`;
    if (typeof value === "string") return this.#string(value);
    const date = isoDate(value);
    return date && `"${date}"`;
  }

  #string(value: string): string {
    let kept = cut(value, Math.max(this.#left, 0));
    // An escape is longer than what it stands for.
    while (kept !== "" && JSON.stringify(kept).length > this.#left) kept = kept.slice(0, kept.length / 2);
    if (kept.length < value.length) this.#onCut();
    return JSON.stringify(kept);
  }

  #container(value: unknown, within: Within): string {
    this.#left -= 2;
    const isArray = Array.isArray(value);
    if (!(isArray || isPlain(value)) || within.length >= DEPTH_MAX || within.includes(value)) {
      this.#left -= 2;
      this.#onCut();
      return "null";
    }
    const inner = [...within, value];
    if (isArray) return `[${this.#items(value, (item) => this.write(item, inner))}]`;
    const member = (key: string) => {
      const item = (value as Record<string, unknown>)[key];
      return item === undefined ? undefined : `${this.write(key, [])}:${this.write(item, inner)}`;
    };
    return `{${this.#items(Object.keys(value), member)}}`;
  }

  /** Writes items while there is room. */
  #items<T>(given: readonly T[], write: (item: T) => string | undefined): string {
    const items: string[] = [];
    for (let at = 0; at < given.length; at += 1) {
      // A comma and a colon. An item that is not written is paid for too.
      this.#left -= 2;
      const text = this.#left > 0 ? write(given[at] as T) : undefined;
      if (this.#left < 0) {
        this.#onCut();
        break;
      }
      if (text !== undefined) items.push(text);
    }
    return items.join(",");
  }
}

/** Whether it has no class but `Object`, of whatever realm. */
function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Arrays, buffers and the like: each of their elements would be an attribute. */
function isList(given: object): boolean {
  if (ArrayBuffer.isView(given) || given instanceof ArrayBuffer || given instanceof String) return true;
  const { length } = given as { readonly length?: unknown };
  return Array.isArray(given) || (typeof length === "number" && Object.hasOwn(given, "0"));
}
