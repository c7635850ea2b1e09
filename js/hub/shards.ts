/** The objects of a hub: isolates are spread over them by their ids. */
import { TidegateError } from "../types/error.ts";
import type { FetchLike } from "../types/http.ts";

/** The part of a Durable Object namespace that is used. */
export interface HubNamespace {
  // biome-ignore lint/suspicious/noExplicitAny: the platform's own types of an id and of a request
  idFromName(name: string): any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  get(id: any): { fetch: any };
}

const SHARDS_MAX = 64;

export const isNamespace = (given: unknown): given is HubNamespace =>
  typeof (given as HubNamespace | undefined)?.idFromName === "function" &&
  typeof (given as HubNamespace | undefined)?.get === "function";

export const idOfShard = (namespace: HubNamespace, shard: number): unknown =>
  namespace.idFromName(`tidegate-${shard}`);

/** A stub belongs to the request that made it, so it is made for each call. */
export function fetchOfShard(namespace: HubNamespace, shard: number): FetchLike {
  const stub = namespace.get(idOfShard(namespace, shard));
  return (url, init) => stub.fetch(url, init);
}

/** The shard of an isolate. Its id is random. */
export const shardOf = (isolate: string, shards: number): number =>
  Number.parseInt(isolate.slice(0, 8), 16) % shards;

/** Throws TidegateError `config/hub`. */
export function checkedShards(given: number | undefined): number {
  const shards = given ?? 1;
  if (Number.isInteger(shards) && shards >= 1 && shards <= SHARDS_MAX) return shards;
  throw new TidegateError("config/hub", `hub: shards must be a whole number, 1…${SHARDS_MAX}`);
}

/** Where a hub answers; the host is no real one. */
export const ADDRESS = "https://hub.tidegate";
