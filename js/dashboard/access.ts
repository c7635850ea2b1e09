/** Who may read, and the login of a browser. */
import { hostKind } from "../runtime/host-kind.ts";
import { isSameText } from "../runtime/secrets.ts";
import { systemHost } from "../runtime/system-host.ts";
import { answer, HTML, redirect, text } from "./answers.ts";
import { loginDocument } from "./documents.ts";
import { FailureLimit } from "./failure-limit.ts";
import type { Settings } from "./options.ts";
import { endedCookie, hasSession, sessionCookie } from "./session.ts";

/** More than any login form sends. */
const LOGIN_BYTES_MAX = 4096;

export class Access {
  readonly #settings: Settings;
  readonly #limit = new FailureLimit();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Nobody may read as long as nobody has said who may. */
  get isConfigured(): boolean {
    const { token, authorize, isPublic } = this.#settings;
    return token !== undefined || authorize !== undefined || isPublic;
  }

  /** Undefined: the request may read. Else what it gets. */
  async refusal(request: Request): Promise<Response | undefined> {
    const { token, isPublic } = this.#settings;
    if (isPublic) return undefined;
    const bearer = bearerOf(request);
    if (token !== undefined && bearer !== undefined) {
      const waitSeconds = this.#check(request, token, bearer);
      if (waitSeconds === undefined) return undefined;
      if (waitSeconds > 0) return text(429, "Too many wrong tokens", { "retry-after": String(waitSeconds) });
    } else if (token !== undefined && (await hasSession(token, request, systemHost().now()))) {
      return undefined;
    }
    if (await this.#isAuthorized(request)) return undefined;
    const wantsPage = request.headers.get("accept")?.includes("text/html") === true;
    return token !== undefined && wantsPage
      ? loginPage(401)
      : text(401, "Unauthorized", token === undefined ? {} : CHALLENGE);
  }

  /** Answers the login form. */
  async login(request: Request): Promise<Response> {
    const { token } = this.#settings;
    if (token === undefined) return text(404, "Not found");
    if (!isOwnForm(request)) return text(403, "This form is of another site");
    const length = Number(request.headers.get("content-length") ?? Number.NaN);
    if (!(length <= LOGIN_BYTES_MAX)) return text(413, "This is no login");
    const given = new URLSearchParams(await request.text()).get("token")?.trim() ?? "";
    const waitSeconds = this.#check(request, token, given);
    if (waitSeconds === undefined) {
      return redirect("./", { "set-cookie": await sessionCookie(token, request, systemHost().now()) });
    }
    if (waitSeconds === 0) return loginPage(401, "This token is wrong.");
    const problem = `Too many wrong tokens. Try again in ${waitSeconds} s.`;
    return loginPage(429, problem, { "retry-after": String(waitSeconds) });
  }

  logout(request: Request): Response {
    if (!isOwnForm(request)) return text(403, "This form is of another site");
    return redirect("./", { "set-cookie": endedCookie });
  }

  /** Undefined: it is right. 0: it is wrong. Else it was not looked at, nor is the next for so many seconds. */
  #check(request: Request, token: string, given: string): number | undefined {
    const client = clientOf(request);
    const waitSeconds = this.#limit.waitSeconds(client, systemHost().now());
    if (waitSeconds > 0) return waitSeconds;
    if (isSameText(token, given)) return undefined;
    this.#limit.count(client);
    return 0;
  }

  /** A check that throws or rejects refuses. */
  async #isAuthorized(request: Request): Promise<boolean> {
    try {
      return (await this.#settings.authorize?.(request)) === true;
    } catch {
      return false;
    }
  }
}

const CHALLENGE = { "www-authenticate": 'Bearer realm="tidegate"' };

function loginPage(status: number, problem?: string, headers = {}): Response {
  const challenge = status === 401 ? CHALLENGE : {};
  return answer(status, loginDocument(problem), HTML, { ...challenge, ...headers });
}

function bearerOf(request: Request): string | undefined {
  return request.headers.get("authorization")?.match(/^Bearer +(.*)$/i)?.[1];
}

/** Only Cloudflare says who a client is in a way that the client cannot forge. Elsewhere all share one limit. */
function clientOf(request: Request): string {
  return hostKind() === "workers" ? (request.headers.get("cf-connecting-ip") ?? "") : "";
}

/** Browsers say where a form comes from: over TLS by the first header, else by the second. */
function isOwnForm(request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin" || site === "none";
  const origin = request.headers.get("origin");
  if (origin === null) return true;
  const hosts = [request.headers.get("host"), request.headers.get("x-forwarded-host"), hostOf(request.url)];
  return URL.canParse(origin) && hosts.includes(hostOf(origin));
}

const hostOf = (url: string) => new URL(url).host;
