//! The metrics of the program, and their attribute sets by id.

use crate::engine::error::{Error, ErrorKind};
use crate::engine::event::{Attributes, attributes};
use crate::engine::text::hashed::hash_bytes;
use crate::engine::text::split::prefix;

/// What a metric does with the numbers that are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Adds them up. They are ≥ 0.
    Counter,
    /// Keeps the last one.
    Gauge,
    /// Counts them by bucket.
    Histogram,
}

/// A metric of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// What it does with its numbers.
    pub kind: MetricKind,
    /// Its name. Names that differ in case only are the same.
    pub name: String,
    /// Its unit, such as `s` or `{order}`; empty if it has none. Cut at 63 bytes.
    pub unit: String,
    /// What it measures, for people; may be empty. Cut at 1023 bytes.
    pub description: String,
}

/// The id of a [`Metric`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricId(u16);

/// The id of an attribute set of a metric. It is valid as long as its collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesId(u16);

/// The metrics and their attribute sets: the first that come. None is ever removed.
///
/// | series id | attribute set |
/// |---|---|
/// | 2 m | of metric m without attributes |
/// | 2 m + 1 | the overflow set of metric m |
/// | 128 and on | any other |
#[derive(Debug)]
pub(crate) struct Registry {
    metrics: Vec<Metric>,
    sets: Vec<Set>,
    /// The attributes of all sets.
    bytes: Vec<u8>,
    /// The index of each set, by hash.
    index: Box<[u16]>,
    max_sets: usize,
    /// The attributes of the set that is looked up, by key.
    sorted: Vec<u8>,
}

#[derive(Debug)]
struct Set {
    metric: u16,
    from: u32,
    to: u32,
}

impl MetricKind {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 3] = [Self::Counter, Self::Gauge, Self::Histogram];

    /// The name: `counter`, `gauge` or `histogram`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }

    /// Whether a metric of this kind takes `value`.
    pub(crate) fn takes(self, value: f64) -> bool {
        value.is_finite() && (self != Self::Counter || value >= 0.0)
    }
}

impl MetricId {
    /// The attribute set without attributes.
    #[must_use]
    pub fn bare(self) -> SeriesId {
        SeriesId(2 * self.0)
    }

    /// The overflow set, for attribute sets beyond the limit.
    #[must_use]
    pub fn overflow(self) -> SeriesId {
        SeriesId(2 * self.0 + 1)
    }

    /// The id as a number.
    #[must_use]
    pub fn number(self) -> u16 {
        self.0
    }

    /// The id of a number. It need not be in use.
    #[must_use]
    pub fn from_number(number: u16) -> Self {
        Self(number % MAX_METRICS as u16)
    }
}

impl SeriesId {
    /// The id as a number.
    #[must_use]
    pub fn number(self) -> u16 {
        self.0
    }

    /// The id of a number. It need not be in use.
    #[must_use]
    pub fn from_number(number: u16) -> Self {
        Self(number)
    }

    /// Whether this is the overflow set of its metric.
    #[must_use]
    pub fn is_overflow(self) -> bool {
        usize::from(self.0) < FIXED && self.0 % 2 == 1
    }

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl Registry {
    /// No metrics. `max_sets` is the limit of attribute sets, beside those without attributes and those of overflow.
    pub(crate) fn new(max_sets: usize) -> Self {
        let (metrics, sets, bytes, sorted) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { metrics, sets, bytes, index: Box::default(), max_sets, sorted }
    }

    /// The id of a metric. The same name is the same metric: unit and description stay those of the first.
    ///
    /// # Errors
    /// [`ErrorKind::Metric`] for a name that is not one of OpenTelemetry's syntax, for a name that has another kind, and
    /// for more than [`MAX_METRICS`] metrics.
    pub(crate) fn define(
        &mut self,
        kind: MetricKind,
        name: &str,
        unit: &str,
        description: &str,
    ) -> Result<MetricId, Error> {
        let refuse = |why: &[&str]| {
            Err(Error::new(
                ErrorKind::Metric,
                &[&[kind.as_str(), " \"", prefix(name, 64), "\" "], why].concat(),
            ))
        };
        if !is_name(name) {
            return refuse(&["is no name: a letter, then at most 254 letters, digits, or _ . - /"]);
        }
        if let Some(at) = self.metrics.iter().position(|metric| metric.name.eq_ignore_ascii_case(name)) {
            if self.metrics[at].kind != kind {
                return refuse(&["is a ", self.metrics[at].kind.as_str(), " already"]);
            }
            return Ok(MetricId(at as u16));
        }
        if self.metrics.len() == MAX_METRICS {
            return refuse(&["is one too many: at most 64 are allowed"]);
        }
        let [unit, description] = [prefix(unit, 63), prefix(description, 1023)].map(Into::into);
        self.metrics.push(Metric { kind, name: name.into(), unit, description });
        Ok(MetricId((self.metrics.len() - 1) as u16))
    }

    /// The id of an attribute set of `metric`: that of the overflow set if it is new, and beyond the limit.
    pub(crate) fn series(&mut self, metric: MetricId, given: &Attributes) -> SeriesId {
        self.sort(given.bytes());
        if self.sorted.is_empty() {
            return metric.bare();
        }
        if self.index.is_empty() {
            self.index = vec![NONE; (2 * self.max_sets).next_power_of_two()].into_boxed_slice();
        }
        let mask = self.index.len() - 1;
        let mut slot = (hash_bytes(&self.sorted) as usize).wrapping_add(metric.number().into()) & mask;
        while self.index[slot] != NONE {
            let Set { metric: of, from, to } = self.sets[usize::from(self.index[slot])];
            if of == metric.0 && self.bytes[from as usize..to as usize] == *self.sorted {
                return SeriesId(FIXED as u16 + self.index[slot]);
            }
            slot = (slot + 1) & mask;
        }
        let from = self.bytes.len();
        if self.sets.len() == self.max_sets || from + self.sorted.len() > BYTES_PER_SET * self.max_sets {
            return metric.overflow();
        }
        self.index[slot] = self.sets.len() as u16;
        self.bytes.extend_from_slice(&self.sorted);
        self.sets.push(Set { metric: metric.0, from: from as u32, to: self.bytes.len() as u32 });
        SeriesId((FIXED + self.sets.len() - 1) as u16)
    }

    /// The kind of the metric that has this series. `None`: there is no such series.
    pub(crate) fn kind_of(&self, series: SeriesId) -> Option<MetricKind> {
        self.metrics.get(self.metric_of(series)?).map(|metric| metric.kind)
    }

    /// The metrics, in the order of their ids.
    pub(crate) fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// The index of the metric that has this series.
    pub(crate) fn metric_of(&self, series: SeriesId) -> Option<usize> {
        match series.index().checked_sub(FIXED) {
            None => Some(series.index() / 2),
            Some(at) => self.sets.get(at).map(|set| usize::from(set.metric)),
        }
    }

    /// The attributes of a series, encoded as those of an event.
    pub(crate) fn attributes(&self, series: SeriesId) -> &[u8] {
        let set = series.index().checked_sub(FIXED).and_then(|at| self.sets.get(at));
        set.map_or(&[], |set| &self.bytes[set.from as usize..set.to as usize])
    }

    /// Fills `sorted` with the attributes in the order of their keys. Of equal keys the last one is used.
    fn sort(&mut self, given: &[u8]) {
        self.sorted.clear();
        let mut last: Option<&str> = None;
        loop {
            let next =
                attributes::iter(given).map(|(key, _)| key).filter(|key| last.is_none_or(|last| *key > last));
            let Some(key) = next.min() else { return };
            let values = attributes::iter(given).filter(|(other, _)| *other == key);
            if let Some((_, value)) = values.last() {
                attributes::push(key, value, &mut self.sorted);
            }
            last = Some(key);
        }
    }
}

/// Whether `name` is one of a metric.
///
/// Spec: <https://opentelemetry.io/docs/specs/otel/metrics/api/#instrument-name-syntax>
fn is_name(name: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'/');
    (1..=255).contains(&name.len())
        && name.as_bytes()[0].is_ascii_alphabetic()
        && name.bytes().all(is_allowed)
}

/// The attribute of a set that counts all sets beyond a limit.
///
/// Spec: <https://opentelemetry.io/docs/specs/otel/metrics/sdk/#overflow-attribute>
pub const OVERFLOW: &str = "otel.metric.overflow";
/// The most metrics of a collector.
pub const MAX_METRICS: usize = 64;
/// The series ids of sets outside the limit: two for each metric.
pub(super) const FIXED: usize = 2 * MAX_METRICS;
/// The bytes that all attribute sets may have, by their limit. A set beyond counts in the overflow set.
const BYTES_PER_SET: usize = 512;
const NONE: u16 = u16::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::Value;

    fn set(pairs: &[(&str, Value<'_>)]) -> Attributes {
        let mut attributes = Attributes::default();
        pairs.iter().for_each(|(key, value)| attributes.push(key, *value));
        attributes
    }

    #[test]
    fn a_name_is_one_metric_of_one_kind() {
        let mut registry = Registry::new(4);
        let orders = registry.define(MetricKind::Counter, "orders", "{order}", "Orders.").unwrap();
        assert_eq!(registry.define(MetricKind::Counter, "Orders", "s", ""), Ok(orders));
        assert_eq!(registry.metrics()[0].unit, "{order}");
        let error = registry.define(MetricKind::Gauge, "orders", "", "").unwrap_err();
        assert_eq!(error.message(), "gauge \"orders\" is a counter already");
        let long = "x".repeat(256);
        for name in ["", "1a", "_a", "a b", "größe", "a\"b", "a,b", ".a", &long] {
            assert_eq!(
                registry.define(MetricKind::Gauge, name, "", "").unwrap_err().kind(),
                ErrorKind::Metric,
                "{name}"
            );
        }
        for name in ["a", "A.b_c-d/e9", &long[1..]] {
            assert!(registry.define(MetricKind::Gauge, name, "", "").is_ok(), "{name}");
        }
        for n in registry.metrics().len()..MAX_METRICS {
            registry.define(MetricKind::Histogram, &format!("h{n}"), "", "").unwrap();
        }
        let error = registry.define(MetricKind::Histogram, "more", "", "").unwrap_err();
        assert!(error.message().contains("at most 64"), "{error}");
        assert_eq!(registry.define(MetricKind::Counter, "ORDERS", "", ""), Ok(orders), "known names stay");
    }

    #[test]
    fn attributes_in_any_order_are_one_set() {
        let mut registry = Registry::new(8);
        let metric = registry.define(MetricKind::Counter, "a", "", "").unwrap();
        let other = registry.define(MetricKind::Counter, "b", "", "").unwrap();
        let (pro, one) = (("plan", Value::Text("pro")), ("n", Value::Number(1.0)));
        let first = registry.series(metric, &set(&[pro, one]));
        assert_eq!(registry.series(metric, &set(&[one, pro])), first);
        assert_eq!(
            registry.series(metric, &set(&[("n", Value::Flag(true)), pro, one])),
            first,
            "the last one wins"
        );
        for different in
            [vec![pro], vec![one], vec![pro, ("n", Value::Text("1"))], vec![pro, ("n", Value::Number(2.0))]]
        {
            assert_ne!(registry.series(metric, &set(&different)), first, "{different:?}");
        }
        assert_ne!(registry.series(other, &set(&[pro, one])), first);
        assert_eq!(registry.series(metric, &set(&[])), metric.bare());
        assert_eq!(
            (registry.metric_of(first), registry.kind_of(first)),
            (Some(0), Some(MetricKind::Counter))
        );
        let found: Vec<_> = attributes::iter(registry.attributes(first)).collect();
        assert_eq!(found, [one, pro]);
    }

    #[test]
    fn sets_beyond_the_limit_overflow_and_the_first_stay() {
        let mut registry = Registry::new(2);
        let metric = registry.define(MetricKind::Counter, "a", "", "").unwrap();
        let ids: Vec<_> =
            (0..1000).map(|n| registry.series(metric, &set(&[("n", Value::Number(f64::from(n)))]))).collect();
        assert!(ids[2..].iter().all(|id| *id == metric.overflow() && id.is_overflow()));
        assert_eq!(registry.series(metric, &set(&[("n", Value::Number(1.0))])), ids[1]);
        assert!(ids[0] != ids[1] && !ids[0].is_overflow());
        let mut registry = Registry::new(4);
        let metric = registry.define(MetricKind::Counter, "a", "", "").unwrap();
        let long = "x".repeat(2040);
        assert_eq!(registry.series(metric, &set(&[("k", Value::Text(&long))])), SeriesId(FIXED as u16));
        assert_eq!(
            registry.series(metric, &set(&[("j", Value::Text(&long))])),
            metric.overflow(),
            "bytes are bounded"
        );
    }
}
