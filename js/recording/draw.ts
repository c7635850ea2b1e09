import { unawaited } from "../runtime/thenable.ts";
import type { Engine } from "../wasm/generated/tidegate.js";
import type { RecordingHost } from "./recording-host.ts";

/**
 * Gives the engine the draw for one request, where the user has a source of draws. The source is called only if the
 * rate for `path` leaves something to draw. Undefined: the global rate.
 */
export function supplyDraw(host: RecordingHost, engine: Engine, path: string | undefined): void {
  const { rng } = host;
  if (rng === undefined) return;
  const rate = engine.effectiveRate(path);
  if (!(rate > 0 && rate < 1)) return;
  let draw: unknown;
  try {
    draw = unawaited(rng());
  } catch {
    // A source that fails must neither stop recording nor bias it.
  }
  engine.supplyDraw(typeof draw === "number" && draw >= 0 && draw < 1 ? draw : Math.random());
}
