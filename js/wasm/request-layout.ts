/**
 * The layout of the RequestBuffer, in 64-bit words. src/wasm/requests.rs has the same tables and reads it.
 *
 * The head:
 *
 * | word | written by | meaning |
 * |---|---|---|
 * | 0 | engine | how many requests of the current call have begun |
 * | 1 | JavaScript | when the first request was written, wall-clock ms |
 *
 * Then one row per request:
 *
 * | word | written by | meaning |
 * |---|---|---|
 * | 0 | JavaScript | start, wall-clock ms |
 * | 1 | JavaScript | duration in ms; NaN: unknown |
 * | 2 | JavaScript | packed, see below |
 * | 3 | engine | the id of a route that was written as text; -1: none |
 * | 4 | engine | what became of the request: p if it is recorded, 0 sampled out, -1 excluded, -2 refused |
 * | 5, 6 | engine | its trace id, 16 bytes |
 * | 7 | engine | its span id, 8 bytes; 0: it is not recorded |
 *
 * The first row has also the answer to a request that was recorded by a call of its own. And JavaScript writes the
 * answer of a request that is over there, before it records a late event of that request.
 *
 * The packed word is a whole number below 2⁵³:
 *
 * | bits | meaning |
 * |---|---|
 * | 0 … 15 | route id, if the length is 0 |
 * | 16 … 31 | method id |
 * | 32 … 41 | response status |
 * | 42 | the id or the text is that of a raw path |
 * | 43 … 52 | length of the route's text in bytes; 0: the route has an id |
 *
 * The texts lie in an area of their own, one after the other, as UTF-8.
 */
export const REQUESTS = 64;
export const BEGUN = 0;
export const FIRST_WRITTEN = 1;
export const HEAD = 2;
export const ROW = 8;
export const START = 0;
export const DURATION = 1;
export const PACKED = 2;
export const ROUTE_ID = 3;
export const BECAME = 4;
/** In place of an answer that the engine never gave. */
export const REFUSED = -2;
export const TEXT_BYTES: number = REQUESTS * 256;
/** Factors that move a number to its bits of the packed word. */
export const METHOD: number = 2 ** 16;
export const STATUS: number = 2 ** 32;
export const IS_PATH: number = 2 ** 42;
export const LENGTH: number = 2 ** 43;
export const STATUS_MAX = 999;
export const LENGTH_MAX = 1023;
