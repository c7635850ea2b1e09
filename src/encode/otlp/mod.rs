//! OTLP: the bodies of `/v1/traces`, `/v1/logs` and `/v1/metrics`, in protobuf or JSON.
//!
//! Each message is described once, and `wire` writes it in either form. So both forms have the same content.
//!
//! Spec: <https://opentelemetry.io/docs/specs/otlp/>, messages:
//! <https://github.com/open-telemetry/opentelemetry-proto/tree/v1.9.0/opentelemetry/proto>

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

/// Writes the REQ, FN and DB events of a batch as an `ExportTraceServiceRequest`.
pub(super) fn traces(batch: &Batch<'_>, form: Form, templates: &mut Templates, out: &mut Vec<u8>) {
    resource::request(batch, &traces::FIELDS, &mut Writer::new(form, out), |writer| {
        for record in batch.records() {
            writer.separate();
            if !templates.write(record, batch, writer.out) {
                let start = writer.out.len();
                let offsets = traces::span(&batch.read(record), writer);
                templates.store(record, start, &offsets, writer.out);
            }
        }
    });
}

/// Writes the EVT events of a batch as an `ExportLogsServiceRequest`.
pub(super) fn logs(batch: &Batch<'_>, form: Form, out: &mut Vec<u8>) {
    resource::request(batch, &logs::FIELDS, &mut Writer::new(form, out), |writer| {
        for event in batch.events() {
            logs::record(&event, writer);
        }
    });
}

/// Writes the measurements of a batch, and its counters, as an `ExportMetricsServiceRequest`.
pub(super) fn metrics(batch: &Batch<'_>, form: Form, out: &mut Vec<u8>) {
    resource::request(batch, &metrics::FIELDS, &mut Writer::new(form, out), |writer| {
        metrics::all(batch, writer);
    });
}
