/** A property that is not one of every object: anything may have been added to `Object.prototype`. */
export function memberOf(object: unknown, name: string): unknown {
  if (typeof object !== "object" && typeof object !== "function") return undefined;
  for (let at = object; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, name)) return Reflect.get(object as object, name);
  }
  return undefined;
}

/** As `memberOf`, for an object of the user's: undefined if it cannot be read. */
export function optionOf(object: unknown, name: string): unknown {
  try {
    return memberOf(object, name);
  } catch {
    return undefined;
  }
}

/** An object's own and inherited properties as they are defined, without `constructor` and those of every object. */
export function membersOf(object: object): Map<string, PropertyDescriptor> {
  const members = new Map<string, PropertyDescriptor>();
  // Methods of a class are not enumerable, so the prototypes are walked.
  for (let at = object; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (name !== "constructor" && !members.has(name)) members.set(name, member);
    }
  }
  return members;
}

/** The ISO 8601 text of a date; undefined: `value` is none. Throws for an invalid date. No method of the user's runs. */
export function isoDate(value: unknown): string | undefined {
  return value instanceof Date ? Date.prototype.toISOString.call(value) : undefined;
}

/** A header that came more than once is an array in Node, and not used. `name` is in lower case. */
export function headerOf(headers: object, name: string): string | undefined {
  const given = headers as Headers & Record<string, unknown>;
  const value = typeof given.get === "function" ? given.get(name) : given[name];
  return typeof value === "string" ? value : undefined;
}
