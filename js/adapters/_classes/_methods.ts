/**
 * Methods of a class that the host sees measured and the program sees as they are.
 *
 * Frameworks know methods by identity, like those that a decorator has marked, look at prototypes, and put methods of
 * their own in place. So while an instance is constructed the prototypes hold the methods themselves. Afterwards each is
 * a property that gives the host, which looks a method up to call it, another function than the program.
 */

// biome-ignore lint/suspicious/noExplicitAny: each method has its own types
export type Method = (...args: any[]) => any;

/** A method as it is seen from each side. */
interface Sides {
  /** The collector that measures it. */
  readonly tide: object;
  inside(): unknown;
  outside(): Method;
}

/** How the methods of one class are measured. */
export interface Measure {
  readonly tide: object;
  /** Whether the host looks up a property of `instance`. `getter` is the running getter of that property. */
  isOutside(getter: unknown, instance: object): boolean;
  /** Whether it is a handler: looked up once, by the host, or by whoever stands between it and the class. */
  isHandler(name: string): boolean;
  /**
   * The measured method. `current` gives the method that it is to call. `isInner`: that is no other collector's, which
   * would take the trace off the arguments in its turn.
   */
  measured(name: string, current: () => Method, isInner: boolean): Method;
}

/** By getter, or by measured handler. */
const sidesOf = new WeakMap<object, Sides>();

/** The methods that `prototype` itself has. */
export function ownMethods(prototype: object): Map<string, PropertyDescriptor> {
  const all = Object.entries(Object.getOwnPropertyDescriptors(prototype));
  const methods = all.filter(
    ([name, { value, get }]) =>
      name !== "constructor" && (typeof value === "function" || (get && sidesOf.has(get))),
  );
  return new Map(methods);
}

/** The names of the methods of `instance` that are measured, without handlers. */
export function measuredNames(instance: object): readonly string[] {
  const names: string[] = [];
  for (let at = Object.getPrototypeOf(instance); at !== null; at = Object.getPrototypeOf(at)) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (get && sidesOf.has(get)) names.push(name);
    }
  }
  return names;
}

/**
 * Gives the host the methods of `prototype` measured. `currentOf` finds the method of that name as it is now, where
 * `value` is a copy of it.
 */
export function measureMethods(
  measure: Measure,
  prototype: object,
  currentOf: (name: string, value: unknown) => unknown,
): void {
  for (const [name, member] of ownMethods(prototype)) {
    const known = sidesOf.get(member.get ?? (member.value as Method));
    if (known?.tide === measure.tide || member.configurable !== true) continue;
    const inside = known === undefined ? () => currentOf(name, member.value) : () => known.inside();
    const current = known === undefined ? inside : () => known.outside();
    const method = measure.measured(name, current as () => Method, known === undefined);
    const sides: Sides = { tide: measure.tide, inside, outside: () => method };
    const property = measure.isHandler(name)
      ? { value: method, writable: true }
      : accessor(measure, name, sides);
    sidesOf.set("get" in property ? property.get : method, sides);
    Object.defineProperty(prototype, name, {
      ...property,
      enumerable: member.enumerable === true,
      configurable: true,
    });
  }
}

function accessor(measure: Measure, name: string, sides: Sides) {
  const get = function (this: object): unknown {
    return measure.isOutside(get, this) ? sides.outside() : sides.inside();
  };
  /** Does what an assignment to a method does. One that is put on a prototype is measured in its turn. */
  const set = function (this: object, value: unknown): void {
    const own = Reflect.getOwnPropertyDescriptor(this, name);
    const enumerable = own?.enumerable ?? true;
    Object.defineProperty(this, name, { value, writable: true, enumerable, configurable: true });
    if (Object.hasOwn(this, "constructor")) measureMethods(measure, this, (_, given) => given);
  };
  return { get, set };
}
