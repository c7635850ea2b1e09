//! `target_info`: the service and the resource.

use super::names::label;
use super::text::{GAUGE, Text};
use crate::engine::config::Service;

pub(super) fn write(service: &Service, resource: &[(String, String)], text: &mut Text<'_>) {
    let own = [("service.name", &service.name), ("service.version", &service.version)];
    let own = own.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)));
    let given = resource.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let mut labels: Vec<(String, &str)> = Vec::new();
    // What measures is no property of the target.
    for (key, value) in own.chain(given).filter(|(key, _)| !key.starts_with("telemetry.")) {
        let label = label(key);
        if !labels.iter().any(|(known, _)| *known == label) {
            labels.push((label, value));
        }
    }
    if !labels.is_empty() {
        let labels: Vec<_> = labels.iter().map(|(label, value)| (label.as_str(), *value)).collect();
        // In OpenMetrics the family of an info has no suffix.
        let (name, kind) = if text.open_metrics { ("target", "info") } else { (TARGET, GAUGE) };
        text.family(name, kind, "The service that is measured.");
        text.sample(TARGET, &labels, 1.0);
    }
}

pub(super) const TARGET: &str = "target_info";
