/** How a response ended, by each version of HTTP. */
import type { NodeRequest, NodeResponse } from "./_types.ts";

/** Asked at the end. */
export interface Ending {
  /** The status that was sent, whatever `statusCode` is by now. */
  status(): number | undefined;
  /** Whether all of the response was sent. `isFinished`: Node has said so. */
  isWhole(isFinished: boolean): boolean;
  /** Why the server broke off. Undefined: the client did. */
  cause(): unknown;
}

/** What Node's classes have beside what users need to know of. */
interface Internals {
  /** The first line and the headers, once they were made. */
  readonly _header?: unknown;
  /** Of HTTP/2. */
  readonly stream?: Http2Stream;
  /** The error that the response was destroyed with. */
  readonly errored?: unknown;
}

interface Http2Stream {
  /** The code that the stream was closed with, by either side. Undefined: it is none of HTTP/2. */
  readonly rstCode?: number;
  /** It was closed before the response was ended. */
  readonly aborted?: boolean;
  readonly writableFinished?: boolean;
  readonly sentHeaders?: Readonly<Record<string, unknown>>;
  readonly errored?: unknown;
  readonly close?: (code?: number) => unknown;
}

interface Connection {
  readonly destroyed?: boolean;
  readonly readableEnded?: boolean;
  readonly errored?: unknown;
}

/** The type of the error where the server broke off and does not say why. */
const ABORTED = "response_aborted";
const STREAM_ERROR = "ERR_HTTP2_STREAM_ERROR";
const NO_ERROR = 0;
/** Node closes streams with it too, when their connection is lost. */
const CANCEL = 8;

export function endingOf(request: NodeRequest, response: NodeResponse): Ending {
  const { stream } = response as Internals;
  return stream?.rstCode === undefined ? http1Ending(request, response) : http2Ending(stream);
}

function http1Ending(request: NodeRequest, response: NodeResponse): Ending {
  const internals = response as Internals;
  return {
    status() {
      if (!response.headersSent) return undefined;
      const { _header: header } = internals;
      const sent = typeof header === "string" ? Number(header.split(" ", 2)[1]) : Number.NaN;
      return sent > 0 ? sent : response.statusCode;
    },
    isWhole: (isFinished) => isFinished,
    cause() {
      // A client that leaves ends or breaks what the server reads.
      const { destroyed, readableEnded, errored } = (request.socket ?? {}) as Connection;
      const isOwn = destroyed === true && readableEnded === false && (errored ?? undefined) === undefined;
      return internals.errored ?? (isOwn ? ABORTED : undefined);
    },
  };
}

/** Node says that every stream that is over was finished. Its code does not say which side has closed it. */
function http2Ending(stream: Http2Stream): Ending {
  let isOwn = false;
  const { close } = stream;
  const value = function (this: unknown, ...args: [code?: number]) {
    isOwn ||= args[0] !== CANCEL;
    return close && Reflect.apply(close, this, args);
  };
  Reflect.defineProperty(stream, "close", { value, writable: true, configurable: true });
  const status = () => stream.sentHeaders?.[":status"] as number | undefined;
  return {
    status,
    isWhole: () =>
      status() !== undefined &&
      stream.rstCode === NO_ERROR &&
      stream.writableFinished === true &&
      (isOwn || stream.aborted === false),
    cause() {
      const { rstCode, errored, writableFinished } = stream;
      if (isOwn && rstCode !== NO_ERROR) return STREAM_ERROR;
      if (isOwn || (rstCode === NO_ERROR && writableFinished === false)) return errored ?? ABORTED;
      const { code } = (errored ?? {}) as { readonly code?: unknown };
      return String(code).startsWith("ERR_HTTP2_") ? undefined : errored;
    },
  };
}
