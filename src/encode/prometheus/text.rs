//! Families and samples.

use super::names::Labels;
use crate::encode::json;
use crate::engine::text::number;

pub(super) struct Text<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) open_metrics: bool,
    pub(super) instance: Option<&'a str>,
}

impl Text<'_> {
    /// Writes the lines before the samples of a metric.
    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        // In OpenMetrics the family of a counter has no suffix.
        let is_cut = self.open_metrics && kind == COUNTER;
        let name = if is_cut { name.strip_suffix("_total").unwrap_or(name) } else { name };
        for part in ["# HELP ", name, " "] {
            self.out.extend_from_slice(part.as_bytes());
        }
        for byte in help.bytes() {
            // Only OpenMetrics escapes a quote here.
            if byte == b'"' && !self.open_metrics {
                self.out.push(byte);
            } else {
                self.escaped(byte);
            }
        }
        for part in ["\n# TYPE ", name, " ", kind, "\n"] {
            self.out.extend_from_slice(part.as_bytes());
        }
    }

    pub(super) fn optional(&mut self, name: &str, labels: &[(&str, &str)], value: Option<f64>) {
        if let Some(value) = value {
            self.sample(name, labels, value);
        }
    }

    /// Writes the samples of one series of a histogram. The last of `buckets` is that of all.
    pub(super) fn histogram(
        &mut self,
        name: &str,
        labels: &Labels<'_>,
        buckets: &[(f64, u64)],
        sum: Option<f64>,
    ) {
        let [bucket, sum_name, count_name] =
            ["_bucket", "_sum", "_count"].map(|suffix| [name, suffix].concat());
        for (bound, count) in buckets {
            let mut le = if bound.is_finite() { number::text(*bound) } else { "+Inf".into() };
            // The canonical form of OpenMetrics.
            if self.open_metrics && bound.is_finite() && !le.contains(['.', 'e']) {
                le.push_str(".0");
            }
            self.series(&bucket, labels, Some(&le), *count as f64);
        }
        if let (Some(sum), Some((_, count))) = (sum, buckets.last()) {
            self.series(&sum_name, labels, None, sum);
            self.series(&count_name, labels, None, *count as f64);
        }
    }

    pub(super) fn series(&mut self, name: &str, labels: &Labels<'_>, le: Option<&str>, value: f64) {
        let all: Vec<_> =
            labels.iter().map(|(label, value)| (&**label, &**value)).chain(le.map(|le| ("le", le))).collect();
        self.sample(name, &all, value);
    }

    pub(super) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.out.extend_from_slice(name.as_bytes());
        let instance = self.instance.map(|instance| ("instance", instance));
        let mut has_labels = false;
        for (label, text) in labels.iter().copied().chain(instance) {
            self.out.push(if has_labels { b',' } else { b'{' });
            has_labels = true;
            self.out.extend_from_slice(label.as_bytes());
            self.out.extend_from_slice(b"=\"");
            text.bytes().for_each(|byte| self.escaped(byte));
            self.out.push(b'"');
        }
        self.out.extend_from_slice(if has_labels { b"} " } else { b" " });
        json::number(value, self.out);
        self.out.push(b'\n');
    }

    fn escaped(&mut self, byte: u8) {
        match byte {
            b'\\' | b'"' => self.out.extend_from_slice(&[b'\\', byte]),
            b'\n' => self.out.extend_from_slice(b"\\n"),
            _ => self.out.push(byte),
        }
    }
}

pub(super) const COUNTER: &str = "counter";
pub(super) const GAUGE: &str = "gauge";
pub(super) const HISTOGRAM: &str = "histogram";
