/** The files of the page. Their names hold a hash of their content, so that a browser keeps them. */
import { hash, icon, script, style } from "tidegate:page";
import { answer } from "./answers.ts";

const ASSETS: ReadonlyMap<string, readonly [content: string, type: string]> = new Map([
  [`app.${hash}.js`, [script, "text/javascript; charset=utf-8"]],
  [`style.${hash}.css`, [style, "text/css; charset=utf-8"]],
  [`icon.${hash}.svg`, [icon, "image/svg+xml"]],
]);

/** Undefined: no file has this name. They are no secret: every copy of tidegate has them. */
export function assetOf(name: string, request: Request): Response | undefined {
  const asset = ASSETS.get(name);
  if (asset === undefined) return undefined;
  const headers = { "cache-control": "private, max-age=31536000, immutable", etag: `"${hash}"` };
  if (request.headers.get("if-none-match") === headers.etag) return notModified(headers);
  return answer(200, asset[0], asset[1], headers);
}

const notModified = (headers: Record<string, string>) => new Response(null, { status: 304, headers });
