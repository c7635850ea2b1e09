//! The names of Prometheus for those of OpenTelemetry.
//!
//! Spec: <https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/>

use crate::engine::Value;
use crate::engine::metrics::{Metric, MetricKind};
use crate::engine::text::hashed::hash;
use crate::engine::text::number;
use std::borrow::Cow;

/// Labels and their values.
pub(super) type Labels<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// Adds attributes as labels. Of two keys with one label the first stays. An empty value is none.
pub(super) fn push_labels<'a>(
    attributes: &mut dyn Iterator<Item = (&'a str, Value<'a>)>,
    labels: &mut Labels<'a>,
) {
    for (key, value) in attributes {
        let label = label(key);
        let value: Cow<'_, str> = match value {
            Value::Text(text) => text.into(),
            Value::Number(value) => number::text(value).into(),
            Value::Flag(flag) => if flag { "true" } else { "false" }.into(),
        };
        if !value.is_empty() && !labels.iter().any(|(known, _)| *known == label) {
            labels.push((label.into(), value));
        }
    }
}

/// The labels of the series of one family, no two of them the same. Attributes that differ in their type alone, or in
/// what no label may hold, are the same labels: each further series gets one that tells it apart, so that none is lost.
pub(super) fn distinct<'a>(all: &mut dyn Iterator<Item = Labels<'a>>) -> Vec<Labels<'a>> {
    let mut seen = Vec::new();
    let tell_apart = |mut labels: Labels<'a>| {
        // In any order.
        let sum = labels.iter().fold(0u64, |sum, (label, value)| {
            sum.wrapping_add(hash(label).rotate_left(21).wrapping_mul(hash(value) | 1))
        });
        let twins = seen.iter().filter(|known| **known == sum).count();
        seen.push(sum);
        if twins > 0 {
            labels.push((TWIN.into(), number::text(twins as f64).into()));
        }
        labels
    };
    all.map(tell_apart).collect()
}

/// The label for an attribute. One that Prometheus itself sets gets the prefix that Prometheus would give it.
pub(super) fn label(key: &str) -> String {
    let name = underscored(key);
    let prefix = match &*name {
        "le" | "instance" | TWIN => "exported_",
        name if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) => "key_",
        name if name.starts_with("__") => "key",
        _ => "",
    };
    [prefix, &name].concat()
}

/// The name of the family: with its unit, and `_total` for a counter.
pub(super) fn family_name(metric: &Metric) -> String {
    let given = underscored(&metric.name);
    let is_counter = metric.kind == MetricKind::Counter;
    let mut name = given.strip_suffix("_total").filter(|_| is_counter).unwrap_or(&given).to_owned();
    let unit = unit_of(metric);
    let has_unit = name.strip_suffix(&*unit).is_some_and(|rest| rest.is_empty() || rest.ends_with('_'));
    for (suffix, is_missing) in [(&*unit, !unit.is_empty() && !has_unit), ("total", is_counter)] {
        if is_missing {
            name.push('_');
            name.push_str(suffix);
        }
    }
    name
}

fn unit_of(metric: &Metric) -> String {
    if metric.unit == "1" {
        return if metric.kind == MetricKind::Gauge { "ratio".into() } else { String::new() };
    }
    let (unit, per) = metric.unit.split_once('/').unwrap_or((&metric.unit, ""));
    let (unit, per) = (word(unit), word(per));
    match per.strip_suffix('s').unwrap_or(&per) {
        "" => unit,
        per if unit.is_empty() => ["per_", per].concat(),
        per => [&*unit, "_per_", per].concat(),
    }
}

fn word(unit: &str) -> String {
    // What is counted stands in braces, and is no unit.
    if unit.starts_with('{') {
        return String::new();
    }
    let known = UNITS.iter().find(|(short, _)| *short == unit).map_or(unit, |(_, word)| word);
    underscored(known).trim_matches('_').to_owned()
}

fn underscored(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// The names that the families before have.
pub(super) struct Taken {
    names: Vec<String>,
    open_metrics: bool,
}

impl Taken {
    pub(super) fn new(open_metrics: bool) -> Self {
        Self { names: Vec::new(), open_metrics }
    }

    /// Takes the names of a family and of its samples. False, and nothing: one of them is taken.
    pub(super) fn takes(&mut self, name: &str, kind: MetricKind) -> bool {
        let mut own = vec![name.to_owned()];
        if kind == MetricKind::Histogram {
            own.extend(["_bucket", "_sum", "_count"].map(|suffix| [name, suffix].concat()));
        }
        if self.open_metrics {
            // There a family is named without these, and may say when its series were created.
            let family = name.strip_suffix("_total").or(name.strip_suffix("_info")).unwrap_or(name);
            own.push(family.into());
            own.extend((kind != MetricKind::Gauge).then(|| [family, "_created"].concat()));
        }
        let is_free = !own.iter().any(|name| self.names.contains(name));
        if is_free {
            self.names.append(&mut own);
        }
        is_free
    }
}

/// The label that tells series with the same labels apart.
const TWIN: &str = "tidegate_twin";

/// Units that Prometheus writes out.
const UNITS: [(&str, &str); 8] = [
    ("1", ""),
    ("%", "percent"),
    ("By", "bytes"),
    ("s", "seconds"),
    ("ms", "milliseconds"),
    ("us", "microseconds"),
    ("min", "minutes"),
    ("h", "hours"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_named_with_its_unit_and_a_counter_ends_with_total() {
        let name = |kind, name: &str, unit: &str| {
            family_name(&Metric { kind, name: name.into(), unit: unit.into(), description: String::new() })
        };
        for (given, unit, wanted) in [
            ("orders", "", "orders_total"),
            ("orders", "1", "orders_total"),
            ("subtotal", "", "subtotal_total"),
            ("total", "", "total_total"),
            ("sent_bytes_total", "By", "sent_bytes_total"),
            ("sent.total", "By", "sent_bytes_total"),
            ("bytes", "By", "bytes_total"),
            ("kilobytes", "By", "kilobytes_bytes_total"),
        ] {
            assert_eq!(name(MetricKind::Counter, given, unit), wanted);
        }
        for (given, unit, wanted) in [
            ("load", "1", "load_ratio"),
            ("load", "By/s", "load_bytes_per_second"),
            ("load", "{request}/s", "load_per_second"),
            ("load", "By/{request}", "load_bytes"),
            ("price", "€", "price"),
            ("a/b-c.total", "s", "a_b_c_total_seconds"),
        ] {
            assert_eq!(name(MetricKind::Gauge, given, unit), wanted);
        }
    }

    #[test]
    fn a_label_is_none_that_prometheus_sets_itself() {
        for (key, wanted) in [
            ("plan", "plan"),
            ("le", "exported_le"),
            ("instance", "exported_instance"),
            ("1a", "key_1a"),
            ("", "key_"),
            ("__name__", "key__name__"),
            ("ключ", "key____"),
        ] {
            assert_eq!(label(key), wanted);
        }
    }

    #[test]
    fn sets_that_make_the_same_labels_are_told_apart() {
        let set = |pairs: &[(&'static str, Value<'static>)]| {
            let mut labels = Vec::new();
            push_labels(&mut pairs.iter().copied(), &mut labels);
            labels
        };
        let text = Value::Text;
        let all = [
            set(&[("a", Value::Number(1.0)), ("b", text("x"))]),
            set(&[("a", text("1")), ("b", text("x"))]),
            set(&[("b", text("x")), ("a", text("1"))]),
            set(&[]),
            set(&[("a", text(""))]),
            set(&[("a", text("x")), ("b", text("1"))]),
        ];
        let twins: Vec<_> = distinct(&mut all.into_iter())
            .iter()
            .map(|labels| labels.iter().find(|(label, _)| label == TWIN).map(|(_, value)| value.to_string()))
            .collect();
        let wanted = [None, Some("1"), Some("2"), None, Some("1"), None];
        assert_eq!(twins, wanted.map(|twin| twin.map(str::to_owned)));
    }
}
