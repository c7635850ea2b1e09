/** What each path of the dashboard answers. */
import type { SeriesKey } from "../types/view.ts";
import type { Access } from "./access.ts";
import { answer, HTML, json, redirect, TEXT, text } from "./answers.ts";
import { assetOf } from "./assets.ts";
import type { Source } from "./collector-source.ts";
import { pageDocument } from "./documents.ts";
import { LiveStreams } from "./live.ts";
import type { Settings } from "./options.ts";

const OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const KINDS = ["REQ", "FN", "DB", "_OTHER"];

export class Site {
  readonly #source: Source;
  readonly #settings: Settings;
  readonly #access: Access;
  readonly #streams: LiveStreams;

  constructor(source: Source, settings: Settings, access: Access) {
    this.#source = source;
    this.#settings = settings;
    this.#access = access;
    this.#streams = new LiveStreams(source);
  }

  async answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const { base } = this.#settings;
    if (!this.#access.isConfigured) return text(404, "Not found");
    // Without the slash at its end the page's own addresses would lead beside it.
    if (pathname === base && base !== "") return redirect(`${base.slice(base.lastIndexOf("/") + 1)}/`);
    if (!pathname.startsWith(`${base}/`)) return text(404, "Not found");
    const name = pathname.slice(base.length + 1);
    if (request.method === "POST") return this.#post(name, request);
    if (request.method !== "GET" && request.method !== "HEAD") {
      return text(405, "Method not allowed", { allow: "GET, HEAD, POST" });
    }
    return (
      assetOf(name, request) ??
      (await this.#access.refusal(request)) ??
      (await this.#read(name, searchParams, request))
    );
  }

  async #post(name: string, request: Request): Promise<Response> {
    if (name === "login") return this.#access.login(request);
    if (name === "logout") return this.#access.logout(request);
    return text(405, "Method not allowed", { allow: "GET, HEAD" });
  }

  async #read(name: string, query: URLSearchParams, request: Request): Promise<Response> {
    const source = this.#source;
    switch (name) {
      case "":
        return answer(200, pageDocument({ ...source, hasLogin: hasLogin(this.#settings) }), HTML);
      case "stats.json":
        return json(await source.view());
      case "timeline.json":
        return this.#timeline(query.get("kind") ?? "", query.get("name") ?? "");
      case "metrics":
        return this.#metrics(request);
      case "events":
        return source.isLive ? this.#streams.open() : text(404, "This source is polled: stats.json");
      case "login":
      case "logout":
        return redirect("./");
      default:
        return text(404, "Not found");
    }
  }

  async #timeline(kind: string, name: string): Promise<Response> {
    if (!KINDS.includes(kind)) return text(400, `kind must be one of ${KINDS.join(", ")}`);
    return json(await this.#source.timeline({ kind, name } as SeriesKey));
  }

  async #metrics(request: Request): Promise<Response> {
    const asked = request.headers.get("accept")?.includes("application/openmetrics-text") === true;
    const body = await this.#source.metricsText(asked);
    // A collector that is closed has only its last text.
    const isOpen = body.endsWith("# EOF\n");
    return answer(200, body, isOpen ? OPEN_METRICS : `${TEXT.replace(";", "; version=0.0.4;")}`);
  }
}

const hasLogin = ({ token, isPublic }: Settings) => token !== undefined && !isPublic;
