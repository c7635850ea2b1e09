/** What a user can say of requests, whatever the adapter. */
import type { RequestRecord } from "../runtime/bridge.ts";
import { unawaited } from "../runtime/thenable.ts";
import type { Attributes } from "../types/attributes.ts";

/** What names a request and describes it. A function that throws, or returns a promise, is passed over. */
export interface RequestOptions {
  /**
   * The route template of a request. It wins over that of a framework.
   *
   * @default the framework's route, else the path, id-like segments shown as `:id`
   */
  // biome-ignore lint/suspicious/noExplicitAny: the Request type of whoever writes the function
  readonly route?: ((request: any) => string | undefined) | undefined;
  /**
   * Attributes of a request's event, asked for as it comes in: at most 64, and 4 KiB. `env` is that of a Worker.
   *
   * @default none
   */
  // biome-ignore lint/suspicious/noExplicitAny: the types of whoever writes the function
  readonly attributes?: ((request: any, env: any) => Attributes | undefined) | undefined;
}

/** The template that the user gives. */
export function routeOf(options: RequestOptions | undefined, request: object): string | undefined {
  if (options?.route === undefined) return undefined;
  const template = ask(() => options.route?.(request));
  return typeof template === "string" ? template : undefined;
}

/** Adds the attributes that the user gives to an open request. */
export function addAttributes(
  record: RequestRecord | undefined,
  options: RequestOptions | undefined,
  request: object,
  env: unknown,
): void {
  if (options?.attributes === undefined) return;
  record?.bridge.setAttributes(
    record,
    ask(() => options.attributes?.(request, env)),
  );
}

function ask(user: () => unknown): unknown {
  try {
    return unawaited(user());
  } catch {
    return undefined;
  }
}
