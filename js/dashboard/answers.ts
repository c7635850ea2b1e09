/** Responses, with the headers that all of them have. */

/**
 * Only files of the dashboard itself are loaded, no text ever becomes markup, and no other site can frame it, read it or
 * post to it.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const COMMON = {
  "cache-control": "no-store",
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  // Without the origin of the page the login form could not be distinguished from one of another site.
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "x-robots-tag": "noindex",
};

export type Headers = Readonly<Record<string, string>>;

export function answer(status: number, body: BodyInit | null, type: string, headers: Headers = {}): Response {
  return new Response(body, { status, headers: { ...COMMON, "content-type": type, ...headers } });
}

export const TEXT = "text/plain; charset=utf-8";
export const HTML = "text/html; charset=utf-8";

export function text(status: number, line: string, headers?: Headers): Response {
  return answer(status, `${line}\n`, TEXT, headers);
}

export function json(value: unknown): Response {
  return answer(200, JSON.stringify(value), "application/json; charset=utf-8");
}

/** Relative to the URL as the browser knows it: a proxy may have cut a path off. */
export function redirect(location: string, headers: Headers = {}): Response {
  return answer(303, null, TEXT, { location, ...headers });
}
