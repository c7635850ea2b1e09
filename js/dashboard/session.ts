/**
 * The cookie of a browser that has logged in: when it expires, and a signature of that under the token. So a server needs
 * no memory of its sessions, every isolate knows them, and the cookie does not hold the token.
 */
import { isSameText, signatureOf } from "../runtime/secrets.ts";

const NAME = "tidegate";
const LIFETIME_MS = 12 * 3_600_000;

/** Without a `Path` it is that of the page as the browser knows it, whatever proxies cut off. */
const ATTRIBUTES = "HttpOnly; SameSite=Strict";

/** The header `Set-Cookie` of a new session. */
export async function sessionCookie(token: string, request: Request, nowMs: number): Promise<string> {
  const expiry = String(nowMs + LIFETIME_MS);
  const value = `${expiry}.${await signatureOf(token, signed(expiry))}`;
  return `${NAME}=${value}; Max-Age=${LIFETIME_MS / 1000}; ${ATTRIBUTES}${isSecure(request) ? "; Secure" : ""}`;
}

/** The header `Set-Cookie` that ends a session. */
export const endedCookie: string = `${NAME}=; Max-Age=0; ${ATTRIBUTES}`;

/** Whether one of the cookies is a session that has not expired. */
export async function hasSession(token: string, request: Request, nowMs: number): Promise<boolean> {
  for (const cookie of (request.headers.get("cookie") ?? "").split(";")) {
    const [name, value = ""] = cookie.trim().split("=");
    if (name === NAME && (await isSession(token, value, nowMs))) return true;
  }
  return false;
}

async function isSession(token: string, value: string, nowMs: number): Promise<boolean> {
  const [expiry = "", signature = ""] = value.split(".");
  if (!/^\d{1,15}$/.test(expiry) || Number(expiry) <= nowMs) return false;
  return isSameText(await signatureOf(token, signed(expiry)), signature);
}

const signed = (expiry: string) => `tidegate dashboard session until ${expiry}`;

/** Behind a proxy that ends TLS the URL has `http:`. */
function isSecure(request: Request): boolean {
  return (
    request.url.startsWith("https:") || request.headers.get("x-forwarded-proto")?.startsWith("https") === true
  );
}
