/** Pages. */
import { bridgeOf } from "../runtime/bridge.ts";
import type { Collector } from "../types/collector.ts";

interface Target {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

interface Page extends Target {
  readonly document?: Target & { readonly visibilityState?: string };
}

/**
 * Sends what is queued when the page is hidden or left, by requests that outlive it (`keepalive`).
 *
 * They are not compressed, and at most 60 KiB at a time: browsers allow 64 KiB per page. Call it once. Returns a
 * function that ends it. Where there is no page it does nothing.
 *
 * A sink has one batch in flight. Events recorded while that batch is under way are lost if the page does not live on.
 *
 * @example
 * watchPage(tide);
 */
export function watchPage(tide: Collector): () => void {
  const page = globalThis as unknown as Page;
  const { document } = page;
  const bridge = bridgeOf(tide);
  if (document === undefined || bridge === undefined) return () => {};
  const leave = () => {
    bridge.setLeaving(true);
    void tide.flush();
  };
  const come = () => bridge.setLeaving(false);
  const change = () => (document.visibilityState === "hidden" ? leave() : come());
  const listeners = [
    [document, "visibilitychange", change],
    [page, "pagehide", leave],
    [page, "pageshow", come],
  ] as const;
  for (const [target, type, listener] of listeners) target.addEventListener(type, listener);
  bridge.setLeaving(document.visibilityState === "hidden");
  return () => {
    for (const [target, type, listener] of listeners) target.removeEventListener(type, listener);
  };
}
