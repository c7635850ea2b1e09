/** Every public type. Times are wall-clock milliseconds unless a name says otherwise. */
export type * from "./attributes.ts";
export type * from "./collector.ts";
export type * from "./counters.ts";
export type * from "./event.ts";
export type * from "./http.ts";
export type * from "./metrics.ts";
export type * from "./notices.ts";
export type * from "./options.ts";
export type * from "./scope.ts";
export type * from "./sink.ts";
export type * from "./sink-options.ts";
export type * from "./stats.ts";
export type * from "./wire.ts";
