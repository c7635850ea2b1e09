/** Versions of the service, side by side. */
import type { VersionView } from "../../../types/view.ts";
import { ago, count, duration, percent, rate } from "../format.ts";
import { ERRORS_WARN_PCT } from "../verdict.ts";
import type { Heads, Row } from "./rows.ts";

export const VERSION_HEADS: Heads = [
  ["version", "name"],
  ["count", "number"],
  ["rate", "number"],
  ["errors", "number"],
  ["p95", "number"],
  ["seen", "number"],
];

export const NO_VERSIONS = "No versions: the option service.version names the one that runs.";

export function versionRows(versions: readonly VersionView[], nowMs: number): Row[] {
  return versions.map(({ version, count: n, rps, errorPct, p95Ms, lastMs }) => {
    const texts = [
      version || "(none)",
      count(n),
      rate(rps),
      percent(errorPct),
      duration(p95Ms),
      ago(nowMs - lastMs),
    ];
    const cells = texts.map((text, at) => ({
      text,
      class: at === 3 && errorPct >= ERRORS_WARN_PCT ? "failing" : "",
    }));
    return { key: version, cells };
  });
}
