/** The hub: one view of a service of many isolates. */

export { type HubHandlerOptions, hubHandler } from "./hub/handler.ts";
export { Hub, type HubContext } from "./hub/object/hub.ts";
export type { AlarmRule, HubOptions } from "./hub/object/options.ts";
export type { HubStorage } from "./hub/object/storage.ts";
export { type HubReadOptions, hubMetrics, hubSource, hubStats } from "./hub/read/source.ts";
export type { HubNamespace } from "./hub/shards.ts";
export { type HubHttpOptions, type HubSinkOptions, hub } from "./hub/sink.ts";
export type * from "./types/view.ts";
