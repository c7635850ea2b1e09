/** Undefined if the getter throws. What was added to every object says nothing of an error. */
export function errorMember(error: unknown, name: string): unknown {
  try {
    const value = (error as Readonly<Record<string, unknown>>)[name];
    return value === (Object.prototype as Readonly<Record<string, unknown>>)[name] ? undefined : value;
  } catch {
    return undefined;
  }
}
