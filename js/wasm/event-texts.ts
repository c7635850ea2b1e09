/** The texts of an event, as the engine numbers them: src/wasm/details.rs. */

/** The type of its error. */
export const ERROR = 0;
/** Of a request the method, of a statement the system of its database, of an exception the request that is over. */
export const SOURCE = 1;
/** The message of an exception; its causes and its stack follow. */
export const MESSAGE = 2;
