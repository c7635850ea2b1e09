/** A property that is not one of every object: anything may have been added to `Object.prototype`. */
export function memberOf(object: unknown, name: string): unknown {
  if (typeof object !== "object" && typeof object !== "function") return undefined;
  for (let at = object; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, name)) return Reflect.get(object as object, name);
  }
  return undefined;
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
