/** What became of the events: each sink, and the ledger of all. */
import type { Counters, SinkCounters } from "../../../types/counters.ts";
import { count, plural } from "../format.ts";
import { lostBy } from "../history.ts";
import type { Heads, Row } from "./rows.ts";

export const SINK_HEADS: Heads = [
  ["sink", "name"],
  ["state"],
  ["delivered", "number"],
  ["waiting", "number"],
  ["lost", "number"],
  ["why", "attributes"],
];

export const NO_SINKS = "No sinks: figures are kept, events are sent nowhere.";

export function sinkRows({ sinks }: Counters): Row[] {
  return sinks.map((sink) => {
    const lost = lostBy(sink);
    const cells = [
      { text: sink.name },
      { text: sink.disabled ? "disabled" : "delivering", class: sink.disabled ? "state bad" : "state ok" },
      { text: count(sink.delivered) },
      { text: count(sink.queued + sink.inFlight) },
      { text: count(lost), class: lost > 0 ? "failing" : "" },
      { text: whyOf(sink) },
    ];
    return { key: sink.name, cells };
  });
}

function whyOf({ dropped, leasesExpired, lateSettles }: SinkCounters): string {
  const reasons = Object.entries(dropped)
    .filter(([, n]) => n > 0)
    .map(([reason, n]) => `${reason} ${count(n)}`);
  if (leasesExpired > 0) reasons.push(plural(leasesExpired, "sender died", "senders died"));
  if (lateSettles > 0) reasons.push(plural(lateSettles, "late answer"));
  return reasons.join(", ");
}

/** Every event since the start, and where it went. */
export function ledgerOf(counters: Counters): string {
  const { emitted, accepted, sampledOut, excluded, refused, pending } = counters;
  const parts = [
    `${plural(emitted, "event")} since the start: ${count(accepted)} for the sinks`,
    sampledOut > 0 && `${count(sampledOut)} sampled out`,
    excluded > 0 && `${count(excluded)} excluded`,
    refused > 0 && `${count(refused)} refused`,
    pending > 0 && `${count(pending)} in open requests`,
  ];
  return `${parts.filter(Boolean).join(", ")}.`;
}
