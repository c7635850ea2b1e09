//! Templates: encoded events, of which only ids, times and durations are replaced.
//!
//! Events of one shape differ only in these. The first event of a shape is encoded and stored; further ones are copied and
//! patched. With many names, one template without a name serves all of them: the name is patched too. Only NDJSON has such
//! templates.

use super::json::escaped;
use super::style::Style;
use crate::engine::Batch;
use crate::engine::event::names::NameId;
use crate::engine::event::record::{Record, Shape};
use crate::engine::text::number;

/// The offsets, in the output, of the values of one event that a template replaces.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PatchOffsets {
    /// Trace id, span id, id of the parent span.
    pub(super) ids: [usize; 3],
    /// Start and end.
    pub(super) times: [usize; 2],
    /// The name and its length, if it can be replaced.
    pub(super) name: (usize, usize),
    /// The duration and its length, if it is written as a number of any length.
    pub(super) duration: (usize, usize),
}

/// The templates of one sink.
#[derive(Debug)]
pub(super) struct Templates {
    style: Style,
    entries: Vec<Option<Template>>,
    bytes: Vec<u8>,
    /// Shapes are valid for this number of renamings.
    renamings: u64,
}

#[derive(Clone, Copy, Debug)]
struct Template {
    shape: Shape,
    start: u32,
    len: u16,
    /// The offset at which the name is inserted, if it is.
    name: u16,
    /// The offset at which the duration is inserted; the end if it is not.
    split: u16,
    ids: [u16; 3],
    times: [u16; 2],
}

impl Templates {
    pub(super) fn new(style: Style) -> Self {
        Self { style, entries: Vec::new(), bytes: Vec::new(), renamings: 0 }
    }

    /// Begins a batch. If names have got other ids since the last one, all templates are dropped.
    pub(super) fn begin(&mut self, renamings: u64) {
        if self.renamings != renamings {
            self.clear();
            self.renamings = renamings;
        }
    }

    /// Writes `record`, one of `batch`, from a template. Returns false, and writes nothing, if none fits.
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
        if self.style == Style::Milliseconds && template.shape.has_duration() {
            number::push(record.duration, out);
        }
        let shift = out.len() - base - head.len();
        if !tail.is_empty() {
            out.extend_from_slice(tail);
        }
        self.patch(template, record, times, shift, &mut out[base..]);
        true
    }

    /// Writes the times and ids of `record` over those of the template. The ids lie `shift` bytes further than there.
    #[inline(always)]
    fn patch(&self, template: &Template, record: &Record, times: (u64, u64), shift: usize, event: &mut [u8]) {
        let Template { ids: [trace, span, parent], times: [first, second], .. } = template;
        self.style.put_time(times.0, &mut event[usize::from(*first)..]);
        if self.style != Style::Milliseconds {
            self.style.put_time(times.1, &mut event[usize::from(*second)..]);
        }
        self.style.put_id(&record.ids.trace_id, &mut event[usize::from(*trace) + shift..]);
        self.style.put_id(&record.ids.span_id, &mut event[usize::from(*span) + shift..]);
        if template.shape.has_parent() {
            self.style.put_id(&record.ids.parent_id, &mut event[usize::from(*parent) + shift..]);
        }
    }

    /// Stores what was written for `record`, from `start` of `out` on, as the template of its shape.
    pub(super) fn store(&mut self, record: &Record, start: usize, offsets: &PatchOffsets, out: &[u8]) {
        let is_nameless = self.is_nameless(record);
        if !(record.is_whole() || is_nameless) || self.style.times(record).is_none() {
            return;
        }
        let (id, (name, name_len)) =
            if is_nameless { (NameId::NONE, offsets.name) } else { (record.name, (start, 0)) };
        let shape = record.shape(id);
        let event = &out[start..];
        let name = name - start;
        let (split, duration_len) = match offsets.duration {
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
            ids: offsets.ids.map(after),
            times: offsets.times.map(|at| at.wrapping_sub(start) as u16),
        };
        self.entries.resize(ENTRIES, None);
        self.bytes.extend_from_slice(&event[..name]);
        self.bytes.extend_from_slice(&event[name + name_len..split]);
        self.bytes.extend_from_slice(&event[split + duration_len..]);
        let home = home(&shape);
        let free = (home..home + PROBES).find(|at| self.entries[at % ENTRIES].is_none());
        self.entries[free.unwrap_or(home) % ENTRIES] = Some(template);
    }

    /// The template without a name for `record`, and its name.
    #[inline(never)]
    fn find_nameless<'a>(&self, record: &Record, batch: &Batch<'a>) -> Option<(&Template, &'a [u8])> {
        if !self.is_nameless(record) {
            return None;
        }
        let name = batch.only_name(record)?;
        Some((self.find(record, NameId::NONE)?, name))
    }

    /// Whether the template for `record` has no name: it can have none, and there is no room for one with its name.
    fn is_nameless(&self, record: &Record) -> bool {
        let has_own = record.is_whole() && self.bytes.len() < OWN_BYTES;
        self.style == Style::Milliseconds && record.is_whole_but_name && !has_own
    }

    /// The template for the shape of `record` with `name`.
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

/// The first slot in which the template of a shape can be.
#[inline(always)]
fn home(shape: &Shape) -> usize {
    (shape.hash() >> 32) as usize % ENTRIES
}

/// The number of slots: about twice as many as a service has combinations of route, method and outcome.
const ENTRIES: usize = 512;
/// The slots that a template can be in.
const PROBES: usize = 4;
/// The most bytes of all templates. When they are used up, all templates are dropped.
const MAX_BYTES: usize = 160 * 1024;
/// When this many bytes are used, no further template with a name is stored, if there can be one without.
const OWN_BYTES: usize = 64 * 1024;
/// The most bytes of one template.
const MAX_EVENT: usize = 4096;
