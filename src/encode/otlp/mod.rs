//! OTLP: the bodies of `/v1/traces`, `/v1/logs` and `/v1/metrics`, in protobuf or JSON.
//!
//! Each message is described once and written by `wire` in either form, so both tell the same.
//! Spec: <https://opentelemetry.io/docs/specs/otlp/>; messages:
//! <https://github.com/open-telemetry/opentelemetry-proto/tree/v1.9.0/opentelemetry/proto>.

mod attributes;
mod json;
mod logs;
mod metrics;
mod proto;
mod resource;
pub(super) mod traces;
mod wire;

pub use wire::Form;

use super::template::Templates;
use crate::engine::Batch;
use wire::Writer;

/// Writes the batch's REQ, FN and DB events as an `ExportTraceServiceRequest`.
pub(super) fn traces(batch: &Batch<'_>, form: Form, templates: &mut Templates, out: &mut Vec<u8>) {
    resource::request(batch, &traces::FIELDS, &mut Writer::new(form, out), |writer| {
        for record in batch.records() {
            writer.separate();
            if !templates.write(record, batch, writer.out) {
                let start = writer.out.len();
                let marks = traces::span(&batch.read(record), writer);
                templates.learn(record, start, &marks, writer.out);
            }
        }
    });
}

/// Writes the batch's EVT events as an `ExportLogsServiceRequest`.
pub(super) fn logs(batch: &Batch<'_>, form: Form, out: &mut Vec<u8>) {
    resource::request(batch, &logs::FIELDS, &mut Writer::new(form, out), |writer| {
        for event in batch.events() {
            logs::record(&event, writer);
        }
    });
}

/// Writes what a metrics sink has measured, and the counters, as an `ExportMetricsServiceRequest`.
pub(super) fn metrics(batch: &Batch<'_>, form: Form, out: &mut Vec<u8>) {
    resource::request(batch, &metrics::FIELDS, &mut Writer::new(form, out), |writer| {
        metrics::all(batch, writer);
    });
}

/// Wall-clock milliseconds as nanoseconds since the epoch, exactly: whole and fraction apart. Before it: 0.
#[inline(always)]
pub(super) fn nanos(ms: f64) -> u64 {
    if ms.is_nan() || ms <= 0.0 {
        return 0;
    }
    // Signed, since processors convert no other in one step.
    let whole = ms as i64;
    // Beyond is no time, and multiplying would need 128 bits to find out.
    if whole > (u64::MAX / 1_000_000) as i64 {
        return u64::MAX;
    }
    let fraction = ((ms - whole as f64) * 1e6 + 0.5) as i64;
    (whole as u64 * 1_000_000).saturating_add(fraction as u64)
}

#[cfg(test)]
mod tests {
    use super::nanos;

    #[test]
    fn nanoseconds_are_exact() {
        for (ms, wanted) in [
            (1_750_000_000_123.0, 1_750_000_000_123_000_000),
            (1_750_000_000_123.25, 1_750_000_000_123_250_000),
            (0.1, 100_000),
            // The fraction is told to the nearest nanosecond.
            (1000.0009765625, 1000000977),
            (1e-6, 1),
            (0.0, 0),
            (-5.5, 0),
            (1e300, u64::MAX),
        ] {
            assert_eq!(nanos(ms), wanted, "{ms}");
        }
    }
}
