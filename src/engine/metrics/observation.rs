//! One duration and its attributes, as the semantic conventions name them.

use crate::engine::event::{Event, EventKind, Value, attributes, semantics};
use crate::engine::text::hashed::{hash_bytes, mix};
use crate::engine::text::split::prefix;

/// What a histogram measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instrument {
    /// `http.server.request.duration`, of REQ events.
    HttpServer,
    /// `db.client.operation.duration`, of DB events.
    DbClient,
}

/// One duration and its attributes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observation<'a> {
    pub(super) instrument: Instrument,
    pub(super) name: &'a str,
    pub(super) detail: &'a str,
    pub(super) error: &'a str,
    /// The values of the labels that the event has, encoded as attributes.
    pub(super) labels: &'a [u8],
    pub(super) status: u16,
    /// NaN: it is unknown.
    pub(super) ms: f64,
}

/// What requests are split by.
#[derive(Clone, Debug)]
pub(crate) struct Split {
    /// Attributes that split them further.
    pub(crate) labels: Vec<String>,
    /// The methods that are known.
    pub(crate) methods: String,
}

impl<'a> Observation<'a> {
    /// The observation of `event`, recorded as `name`. `None`: the event is not measured. `room` is for the values of labels.
    pub(crate) fn of(
        event: &Event<'a>,
        name: &'a str,
        split: &'a Split,
        room: &'a mut Vec<u8>,
    ) -> Option<Self> {
        room.clear();
        let (instrument, detail, status) = match event.kind {
            EventKind::Req => {
                push_labels(event.attributes.bytes(), &split.labels, room);
                (
                    Instrument::HttpServer,
                    semantics::method(semantics::request_line(event.method).0, &split.methods),
                    event.status.unwrap_or(0),
                )
            }
            EventKind::Db => (Instrument::DbClient, event.system.unwrap_or_default(), 0),
            EventKind::Fn | EventKind::Evt => return None,
        };
        Some(Self {
            instrument,
            name: prefix(name, MAX_TEXT),
            detail: prefix(detail, MAX_TEXT),
            error: event.error.map_or("", semantics::error_type),
            labels: room,
            status,
            ms: event.duration.unwrap_or(f64::NAN),
        })
    }

    /// Whether the duration is known.
    pub(crate) fn is_timed(&self) -> bool {
        !self.ms.is_nan()
    }

    /// Whether it is of a request.
    pub(crate) fn is_request(&self) -> bool {
        self.instrument == Instrument::HttpServer
    }

    pub(super) fn key(&self) -> [&'a [u8]; 4] {
        [self.name.as_bytes(), self.detail.as_bytes(), self.error.as_bytes(), self.labels]
    }

    pub(super) fn hash(&self) -> u64 {
        let rest = u64::from(self.status) << 1 | self.instrument as u64;
        self.key().into_iter().fold(rest, |state, part| mix(state.rotate_left(21) ^ hash_bytes(part)))
    }
}

/// Appends the values of the labels among the attributes, in the order of the labels. Texts are cut.
fn push_labels(given: &[u8], labels: &[String], out: &mut Vec<u8>) {
    if given.is_empty() {
        return;
    }
    for label in labels {
        if let Some((key, value)) = attributes::iter(given).filter(|(key, _)| key == label).last() {
            let value = match value {
                Value::Text(text) => Value::Text(prefix(text, MAX_TEXT)),
                other => other,
            };
            attributes::push(key, value, out);
        }
    }
}

/// The most bytes of a name, a method, a system or the value of a label. Longer texts are cut.
const MAX_TEXT: usize = 256;
