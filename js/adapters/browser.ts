/** Pages. */
import { linkOf } from "../runtime/link.ts";
import type { Collector } from "../types.ts";

interface Target {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

interface Page extends Target {
  readonly document?: Target & { readonly visibilityState?: string };
}

/**
 * Sends what is queued when the page is hidden or left, by requests that outlive it (`keepalive`): uncompressed,
 * and at most 60 KiB at a time, as browsers allow 64 KiB a page. Call it once; the answer undoes it.
 *
 * A sink has one batch in flight: what is recorded while that one is on its way leaves only if the page lives
 * on. Where there is no page it does nothing.
 *
 * @example
 * watchPage(tide);
 */
export function watchPage(tide: Collector): () => void {
  const page = globalThis as unknown as Page;
  const { document } = page;
  const link = linkOf(tide);
  if (document === undefined || link === undefined) return () => {};
  const leave = () => {
    link.leaving(true);
    void tide.flush();
  };
  const stay = () => link.leaving(false);
  const turn = () => (document.visibilityState === "hidden" ? leave() : stay());
  const listeners = [
    [document, "visibilitychange", turn],
    [page, "pagehide", leave],
    [page, "pageshow", stay],
  ] as const;
  for (const [target, type, listener] of listeners) target.addEventListener(type, listener);
  link.leaving(document.visibilityState === "hidden");
  return () => {
    for (const [target, type, listener] of listeners) target.removeEventListener(type, listener);
  };
}
