/** The options of a dashboard: parsed once, then known to be valid. */
import { TidegateError } from "../types/error.ts";
import type { HostRequest } from "../types/metrics.ts";

/** Options of `dashboard`: without one of the first three every answer is 404. */
export interface DashboardOptions {
  /**
   * Lets in who knows it: people by a login form, programs by `Authorization: Bearer <token>`. Take at least 128 random
   * bits. Another token ends all sessions. An empty one is none.
   */
  readonly token?: string | undefined;
  /** Lets in requests for which it returns, or resolves to, true. One that throws or rejects refuses. */
  readonly authorize?: ((request: HostRequest) => boolean | PromiseLike<boolean>) | undefined;
  /**
   * Lets in everybody.
   *
   * @default false
   */
  readonly public?: boolean | undefined;
  /**
   * The path of the page, as the handler sees it in the URL of a request; requests elsewhere get 404.
   *
   * @default "/tide"
   */
  readonly path?: string | undefined;
}

/** What the rest of the dashboard reads. */
export interface Settings {
  readonly token: string | undefined;
  readonly authorize: DashboardOptions["authorize"];
  readonly isPublic: boolean;
  /** Without the slash at its end: empty at the root. */
  readonly base: string;
}

const TYPES: Readonly<Record<string, string>> = {
  token: "string",
  authorize: "function",
  public: "boolean",
  path: "string",
};

/** Throws TidegateError `config/type`, `config/unknown-option` or `config/path`, which names the option. */
export function settingsOf(given: unknown): Settings {
  const options = copyOf(given);
  for (const [name, value] of Object.entries(options)) {
    const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
    if (type === undefined) throw refusal("config/unknown-option", `${name} is not an option`);
    if (value !== undefined && typeof value !== type)
      throw refusal("config/type", `${name} must be a ${type}`);
  }
  const { token, authorize, public: isPublic = false, path = "/tide" } = options;
  if (!/^\/[^?#]*$/.test(path)) {
    throw refusal("config/path", "path must begin with a slash, and have no query");
  }
  // As it stands in the URL of a request: with what is not ASCII encoded.
  const { pathname } = new URL(`http://localhost${path}`);
  // A secret that came out of a file has a line end, which neither a header nor a form has.
  return { token: token?.trim() || undefined, authorize, isPublic, base: pathname.replace(/\/+$/, "") };
}

/** Own options, each read once. */
function copyOf(given: unknown): DashboardOptions {
  if (typeof given !== "object" || given === null) throw refusal("config/type", "options must be an object");
  try {
    return Object.assign(Object.create(null), given);
  } catch (cause) {
    throw refusal("config/type", "options cannot be read", cause);
  }
}

function refusal(code: string, message: string, cause?: unknown): TidegateError {
  return new TidegateError(code, `dashboard: ${message}`, cause);
}
