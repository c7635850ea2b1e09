//! Events of one shape differ in their ids and times alone: what else there is to write is written once, kept, and
//! copied from then on. Where names are too many for that, a line of JSON is kept without its name, which is put in.

use super::json::{escaped, hex_digits};
use super::otlp::nanos;
use crate::engine::event::names::NameId;
use crate::engine::event::{Record, Shape};
use crate::engine::{Batch, decimal};

/// How the values that differ are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Ids as they are, times as eight bytes of nanoseconds.
    Binary,
    /// Ids as hexadecimal digits, times as nanoseconds.
    Nanoseconds,
    /// Ids as hexadecimal digits, the start in milliseconds, the duration as a number of any length.
    Milliseconds,
}

/// Where in the output the values of one event lie that differ: their first byte.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    /// Trace id, span id, parent's span id.
    pub(super) ids: [usize; 3],
    /// Start and end.
    pub(super) times: [usize; 2],
    /// The name, if it can be put in, and its length.
    pub(super) name: (usize, usize),
    /// The duration's text, if it has one of its own, and its length.
    pub(super) duration: (usize, usize),
}

/// What was written for the shapes seen last, for one sink.
#[derive(Debug)]
pub(super) struct Templates {
    style: Style,
    entries: Vec<Option<Template>>,
    bytes: Vec<u8>,
    /// The names that the shapes' ids mean.
    renamings: u64,
}

#[derive(Clone, Copy, Debug)]
struct Template {
    shape: Shape,
    start: u32,
    len: u16,
    /// Where the name goes, if it is put in.
    name: u16,
    /// Where the duration's text goes; at the end if it has none.
    split: u16,
    ids: [u16; 3],
    times: [u16; 2],
}

impl Templates {
    pub(super) fn new(style: Style) -> Self {
        Self { style, entries: Vec::new(), bytes: Vec::new(), renamings: 0 }
    }

    /// A batch follows, of names as they are after `renamings`.
    pub(super) fn begin(&mut self, renamings: u64) {
        if self.renamings != renamings {
            self.clear();
            self.renamings = renamings;
        }
    }

    /// Writes `record`, one of `batch`, from the template of its shape; whether there is one, and it serves.
    #[inline(always)]
    pub(super) fn write(&self, record: &Record, batch: &Batch<'_>, out: &mut Vec<u8>) -> bool {
        let own = if record.is_whole() { self.find(record, record.name) } else { None };
        let (template, name) = match own {
            Some(template) => (template, None),
            None => match self.find_nameless(record, batch) {
                Some((template, name)) => (template, Some(name)),
                None => return false,
            },
        };
        let shape = &template.shape;
        let Some(times) = self.style.times(record) else { return false };
        let from = template.start as usize;
        let bytes = &self.bytes[from..from + usize::from(template.len)];
        let (head, tail) = bytes.split_at(usize::from(template.split));
        let base = out.len();
        if let Some(name) = name {
            let (before, after) = head.split_at(usize::from(template.name));
            out.extend_from_slice(before);
            escaped(name, out);
            out.extend_from_slice(after);
        } else {
            out.extend_from_slice(head);
        }
        if self.style == Style::Milliseconds && shape.has_duration() {
            decimal::push(record.duration, out);
        }
        let shift = out.len() - base - head.len();
        if !tail.is_empty() {
            out.extend_from_slice(tail);
        }
        let event = &mut out[base..];
        let Template { ids: [trace, span, parent], times: [first, second], .. } = template;
        self.style.put_time(times.0, &mut event[usize::from(*first)..]);
        if self.style != Style::Milliseconds {
            self.style.put_time(times.1, &mut event[usize::from(*second)..]);
        }
        self.style.put_id(&record.link.trace_id, &mut event[usize::from(*trace) + shift..]);
        self.style.put_id(&record.link.span_id, &mut event[usize::from(*span) + shift..]);
        if shape.has_parent() {
            self.style.put_id(&record.link.parent_id, &mut event[usize::from(*parent) + shift..]);
        }
        true
    }

    /// Keeps what was written for `record` at `start` of `out`: its shape will come again.
    pub(super) fn learn(&mut self, record: &Record, start: usize, marks: &Marks, out: &[u8]) {
        let is_nameless = self.is_nameless(record);
        if !(record.is_whole() || is_nameless) || self.style.times(record).is_none() {
            return;
        }
        let (id, (name, name_len)) =
            if is_nameless { (NameId::NONE, marks.name) } else { (record.name, (start, 0)) };
        let shape = record.shape(id);
        let event = &out[start..];
        let name = name - start;
        let (split, duration_len) = match marks.duration {
            (0, _) => (event.len(), 0),
            (at, len) => (at - start, len),
        };
        if event.len() > MAX_EVENT || self.bytes.len() + event.len() > MAX_BYTES {
            self.clear();
            return;
        }
        let skipped = name_len + duration_len;
        let after = |at: usize| at.wrapping_sub(start + skipped) as u16;
        let template = Template {
            shape,
            start: self.bytes.len() as u32,
            len: (event.len() - skipped) as u16,
            name: name as u16,
            split: (split - name_len) as u16,
            ids: marks.ids.map(after),
            times: marks.times.map(|at| at.wrapping_sub(start) as u16),
        };
        self.entries.resize(ENTRIES, None);
        self.bytes.extend_from_slice(&event[..name]);
        self.bytes.extend_from_slice(&event[name + name_len..split]);
        self.bytes.extend_from_slice(&event[split + duration_len..]);
        let home = home(&shape);
        let free = (home..home + PROBES).find(|at| self.entries[at % ENTRIES].is_none());
        self.entries[free.unwrap_or(home) % ENTRIES] = Some(template);
    }

    /// The template for a name that shall have none of its own, and the name.
    #[inline(never)]
    fn find_nameless<'a>(&self, record: &Record, batch: &Batch<'a>) -> Option<(&Template, &'a [u8])> {
        if !self.is_nameless(record) {
            return None;
        }
        let name = batch.only_name(record)?;
        Some((self.find(record, NameId::NONE)?, name))
    }

    /// Whether the template for `record` is one without a name: where there can be one, but no further one with a name.
    fn is_nameless(&self, record: &Record) -> bool {
        let has_own = record.is_whole() && self.bytes.len() < OWN_BYTES;
        self.style == Style::Milliseconds && record.is_whole_but_name && !has_own
    }

    /// The template of the shape of `record`, going by `name`.
    #[inline(never)]
    fn find(&self, record: &Record, name: NameId) -> Option<&Template> {
        let shape = record.shape(name);
        let entries = self.entries.first_chunk::<ENTRIES>()?;
        let home = home(&shape);
        for at in home..home + PROBES {
            if let Some(found) = &entries[at % ENTRIES]
                && found.shape == shape
            {
                return Some(found);
            }
        }
        None
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.entries.fill(None);
    }
}

impl Style {
    /// The times of `record` as they are told, if all of them have the usual number of digits.
    #[inline(always)]
    fn times(self, record: &Record) -> Option<(u64, u64)> {
        let ms = record.start;
        // The years 2001 to 2286.
        let is_usual = (1e12..1e13).contains(&ms);
        if !is_usual {
            return None;
        }
        if self == Self::Milliseconds {
            let whole = ms as i64;
            return if whole as f64 == ms { Some((whole as u64, whole as u64)) } else { None };
        }
        let start = nanos(ms);
        let duration = if record.duration.is_nan() { 0 } else { nanos(record.duration) };
        let end = start.saturating_add(duration);
        if end < 10_000_000_000_000_000_000 { Some((start, end)) } else { None }
    }

    #[inline(always)]
    fn put_time(self, time: u64, out: &mut [u8]) {
        match self {
            Self::Binary => out[..8].copy_from_slice(&time.to_le_bytes()),
            Self::Nanoseconds => decimal::fill(time, &mut out[..19]),
            Self::Milliseconds => decimal::fill(time, &mut out[..13]),
        }
    }

    #[inline(always)]
    fn put_id<const N: usize>(self, id: &[u8; N], out: &mut [u8]) {
        match self {
            Self::Binary => out[..N].copy_from_slice(id),
            Self::Nanoseconds | Self::Milliseconds => hex_digits(id, &mut out[..2 * N]),
        }
    }
}

/// The first of the places where the template of a shape may be.
#[inline(always)]
fn home(shape: &Shape) -> usize {
    (shape.hash() >> 32) as usize % ENTRIES
}

/// Twice as many as an ordinary service has routes, methods and outcomes.
const ENTRIES: usize = 512;
const PROBES: usize = 4;
/// All templates of a sink, in bytes; when they are more, all are made anew.
const MAX_BYTES: usize = 96 * 1024;
/// From here on names have no templates of their own, where there can be one without a name.
const OWN_BYTES: usize = 64 * 1024;
const MAX_EVENT: usize = 4096;

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::super::otlp::{Form, traces};
    use super::super::{Encoder, ndjson};
    use super::*;
    use crate::engine::event::trace::TraceContext;
    use crate::engine::rng::Rng;
    use crate::engine::{
        Attributes, Collector, Config, Event, EventKind, Format, Outcome, SinkOptions, Value,
    };
    use proptest::prelude::*;

    const NOW: f64 = 1_750_000_000_123.0;
    const FORMATS: [Format; 3] = [Format::Ndjson, Format::OtlpTracesProtobuf, Format::OtlpTracesJson];

    /// What the templates write, against what is written without them; how many came from a template.
    fn compare(templates: &mut Templates, batch: &Batch<'_>) -> usize {
        let mut hits = 0;
        templates.begin(batch.renamings());
        for record in batch.records() {
            let (mut known, mut plain) = (b"[".to_vec(), b"[".to_vec());
            let event = batch.read(record);
            let marks = match templates.style {
                Style::Milliseconds => ndjson::line(&event, &mut plain),
                Style::Binary => traces::written(&event, Form::Protobuf, &mut plain),
                Style::Nanoseconds => traces::written(&event, Form::Json, &mut plain),
            };
            if templates.write(record, batch, &mut known) {
                assert_eq!(String::from_utf8_lossy(&known), String::from_utf8_lossy(&plain));
                hits += 1;
            } else {
                templates.learn(record, 1, &marks, &plain);
            }
        }
        hits
    }

    fn record_some(collector: &mut Collector, rng: &mut Rng, routes: usize) {
        let mut pick = |n: usize| (rng.draw() * n as f64) as usize;
        let mut attributes = Attributes::default();
        if pick(8) == 0 {
            attributes.push("n", Value::Number(1.5));
        }
        let kind = EventKind::ALL[pick(3)];
        let route =
            format!("/api/{}/\"quoted\"{}", pick(routes), "x".repeat(if pick(20) == 0 { 90 } else { 0 }));
        let event = Event {
            name: if kind == EventKind::Db { "SELECT a FROM b" } else { &route },
            duration: [None, Some(0.0), Some(0.125), Some(97.5), Some(1e9), Some(1.0 / 3.0)][pick(6)],
            error: [None, None, Some("TypeError")][pick(3)],
            method: ["GET", "POST", "PURGE"][pick(3)],
            status: [None, Some(200), Some(503)][pick(3)],
            system: Some("sqlite"),
            attributes: &attributes,
            ..Event::new(kind, "", [NOW, NOW - 7.0, NOW - 0.5, 5.0, 1e15, -3.0][pick(6)])
        };
        let parent = TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        collector.record(&event, parent.filter(|_| pick(2) == 0), NOW);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn what_comes_of_a_template_is_what_comes_without(seed in any::<u64>(), routes in 1..2000usize) {
            let mut config = Config::default();
            (config.sampling.rate, config.sampling.seed) = (0.75, Some(seed));
            for format in FORMATS {
                config.add_sink(SinkOptions { name: "a".into(), format, batch_max: None, max_bytes: None }).unwrap();
            }
            let mut collector = Collector::new(config).unwrap();
            collector.seed_entropy([seed as u8; 64]);
            let mut templates = FORMATS.map(|format| Encoder::new(format).templates);
            let (mut rng, mut hits) = (Rng::from_seed(seed), [0; 3]);
            for _ in 0..8 {
                (0..400).for_each(|_| record_some(&mut collector, &mut rng, routes));
                collector.flush(1000.0, NOW);
                while let Some(send) = collector.poll_send(NOW) {
                    hits[send.sink] += compare(&mut templates[send.sink], &collector.batch(send));
                    collector.settle(send.lease, Outcome::Ok { rejected: 0 }, NOW);
                }
            }
            prop_assert!(routes > 8 || hits.iter().all(|&hits| hits > 100), "{:?}", hits);
        }
    }
}
