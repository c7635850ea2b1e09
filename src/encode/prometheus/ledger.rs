//! The ledger, and the figures of the window.

use super::text::{COUNTER, GAUGE, Text};
use crate::engine::stats::{Figures, Snapshot};
use crate::engine::{Counters, Reason, SinkCounters};

pub(super) fn write(counters: &Counters, stats: &Snapshot, text: &mut Text<'_>) {
    totals(counters, text);
    for (name, kind, help, value) in &SINKS {
        text.family(name, kind, help);
        for (at, sink) in counters.sinks.iter().enumerate() {
            text.sample(name, &[("sink", &sink.name), ("index", index(at))], value(sink));
        }
    }
    dropped(&counters.sinks, text);
    for (name, help, value) in &WINDOW {
        text.family(name, GAUGE, help);
        rows(stats, &mut |kind, series, figures| {
            text.optional(name, &[("kind", kind), ("name", series)], value(figures));
        });
    }
    text.family(DURATION, GAUGE, "Duration that the share q of events in the window did not exceed.");
    rows(stats, &mut |kind, series, figures| {
        for (q, value) in &QUANTILES {
            text.optional(DURATION, &[("kind", kind), ("name", series), ("q", q)], seconds(value(figures)));
        }
    });
}

fn totals(counters: &Counters, text: &mut Text<'_>) {
    for (name, kind, help, value) in &TOTALS {
        text.family(name, kind, help);
        text.sample(name, &[], value(counters));
    }
}

fn dropped(sinks: &[SinkCounters], text: &mut Text<'_>) {
    let name = "tidegate_sink_events_dropped_total";
    text.family(name, COUNTER, "Events lost.");
    for (at, sink) in sinks.iter().enumerate() {
        for (reason, count) in Reason::ALL.into_iter().zip(sink.dropped) {
            text.sample(
                name,
                &[("sink", &sink.name), ("index", index(at)), ("reason", reason.as_str())],
                count,
            );
        }
    }
}

/// Calls `each` for all requests, then for each series.
fn rows(stats: &Snapshot, each: &mut dyn FnMut(&str, &str, &Figures)) {
    each("ALL", "ALL", &stats.total);
    for series in &stats.series {
        each(series.kind, &series.name, &series.figures);
    }
}

fn seconds(ms: Option<f64>) -> Option<f64> {
    ms.map(|ms| ms / 1000.0)
}

/// The index of a sink as text. Two sinks can have the same name.
fn index(at: usize) -> &'static str {
    INDEXES.get(at).copied().unwrap_or("_OTHER")
}

type OfCounters = fn(&Counters) -> f64;
type OfSink = fn(&SinkCounters) -> f64;
type OfFigures = fn(&Figures) -> Option<f64>;

const DURATION: &str = "tidegate_window_duration_seconds";

const TOTALS: [(&str, &str, &str, OfCounters); 8] = [
    ("tidegate_events_emitted_total", COUNTER, "Events given to the collector.", |all| all.emitted),
    ("tidegate_events_accepted_total", COUNTER, "Events recorded.", |all| all.accepted),
    ("tidegate_events_sampled_out_total", COUNTER, "Events that sampling left out.", |all| all.sampled_out),
    ("tidegate_events_excluded_total", COUNTER, "Events of excluded routes.", |all| all.excluded),
    ("tidegate_events_refused_total", COUNTER, "Events not taken.", |all| all.refused),
    ("tidegate_events_pending", GAUGE, "Events of open requests, undecided.", |all| all.pending),
    ("tidegate_attributes_truncated_total", COUNTER, "Attributes cut or left out.", |all| all.truncated),
    ("tidegate_core_resets_total", COUNTER, "Restarts of the engine after a trap.", |all| all.core_resets),
];

const SINKS: [(&str, &str, &str, OfSink); 7] = [
    ("tidegate_sink_events_accepted_total", COUNTER, "Events for the sink.", |sink| sink.accepted),
    ("tidegate_sink_events_delivered_total", COUNTER, "Events the sink took.", |sink| sink.delivered),
    ("tidegate_sink_events_queued", GAUGE, "Events that wait.", |sink| sink.queued),
    ("tidegate_sink_events_in_flight", GAUGE, "Events handed out.", |sink| sink.in_flight),
    ("tidegate_sink_leases_expired_total", COUNTER, "Batches taken back.", |sink| sink.leases_expired),
    ("tidegate_sink_late_settles_total", COUNTER, "Answers that came too late.", |sink| sink.late_settles),
    ("tidegate_sink_disabled", GAUGE, "Whether the sink is disabled.", |sink| f64::from(sink.disabled)),
];

const WINDOW: [(&str, &str, OfFigures); 6] = [
    ("tidegate_window_events", "Events in the window.", |figures| Some(figures.count as f64)),
    ("tidegate_window_errors", "Failed events in the window.", |figures| Some(figures.errors as f64)),
    ("tidegate_window_events_per_second", "Rate over the window.", |figures| Some(figures.rps)),
    ("tidegate_window_error_ratio", "Share of failed events, 0 to 1.", |figures| {
        Some(figures.error_pct / 100.0)
    }),
    ("tidegate_window_duration_max_seconds", "Longest duration.", |figures| seconds(figures.max_ms)),
    ("tidegate_window_duration_mean_seconds", "Mean duration.", |figures| seconds(figures.mean_ms)),
];

// The label is not "quantile": that one is for summaries, whose totals are not those of a window.
const QUANTILES: [(&str, OfFigures); 5] = [
    ("0.5", |figures| figures.p50_ms),
    ("0.9", |figures| figures.p90_ms),
    ("0.95", |figures| figures.p95_ms),
    ("0.99", |figures| figures.p99_ms),
    ("0.999", |figures| figures.p999_ms),
];

/// One for each sink that a collector can have.
const INDEXES: [&str; 16] =
    ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"];
