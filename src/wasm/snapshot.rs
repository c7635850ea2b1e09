//! A statistics snapshot as it crosses: a line of JSON that names the rows, then every number as it is.

use super::convert::numbers;
use crate::encode::json::string;
use crate::engine::stats::{Figures, SeriesSnapshot, Snapshot};

/// Kind and name of each series; then the seconds, the row of all requests, and theirs.
pub(super) fn write(Snapshot { total, seconds, slots, series }: &Snapshot, out: &mut Vec<u8>) {
    names(series, out);
    counts(seconds, out);
    row(total, slots, false, out);
    for SeriesSnapshot { figures, slots, coarse, .. } in series {
        row(figures, slots, *coarse, out);
    }
}

fn names(series: &[SeriesSnapshot], out: &mut Vec<u8>) {
    out.push(b'[');
    for SeriesSnapshot { kind, name, .. } in series {
        for text in [kind, name.as_str()] {
            string(text, out);
            out.push(b',');
        }
    }
    out.pop_if(|last| *last == b',');
    out.extend_from_slice(b"]\n");
}

/// Figures, the unknown NaN; the slots, a u32 each; 1 if it is coarse.
fn row(figures: &Figures, slots: &[u32; 60], coarse: bool, out: &mut Vec<u8>) {
    let Figures { p50_ms, p90_ms, p95_ms, p99_ms, p999_ms, max_ms, mean_ms, .. } = *figures;
    numbers(out, &[figures.count as f64, figures.errors as f64, figures.rps, figures.error_pct]);
    let known = [p50_ms, p90_ms, p95_ms, p99_ms, p999_ms, max_ms, mean_ms];
    numbers(out, &known.map(|ms| ms.unwrap_or(f64::NAN)));
    counts(slots, out);
    numbers(out, &[f64::from(u8::from(coarse))]);
}

/// All at once: they are most of a snapshot.
fn counts(counts: &[u32; 60], out: &mut Vec<u8>) {
    out.extend_from_slice(counts.map(u32::to_le_bytes).as_flattened());
}
