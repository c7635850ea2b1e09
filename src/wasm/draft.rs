//! The one event being built by the host: begun, given details, committed.

use super::convert::status;
use crate::engine::event::trace::TraceContext;
use crate::engine::{Attributes, Event, EventKind};

/// An event whose details come in one call at a time. Beginning the next forgets it.
pub(super) struct Draft {
    pub(super) kind: EventKind,
    pub(super) name: String,
    pub(super) is_path: bool,
    pub(super) start: f64,
    pub(super) duration: Option<f64>,
    pub(super) error: Option<String>,
    pub(super) method: String,
    pub(super) status: Option<f64>,
    pub(super) system: Option<String>,
    pub(super) rows: Option<f64>,
    pub(super) attributes: Attributes,
    pub(super) parent: Option<TraceContext>,
    pub(super) span: Option<TraceContext>,
}

impl Draft {
    pub(super) fn new() -> Self {
        Self {
            kind: EventKind::Evt,
            name: String::new(),
            is_path: false,
            start: f64::NAN,
            duration: None,
            error: None,
            method: String::new(),
            status: None,
            system: None,
            rows: None,
            attributes: Attributes::default(),
            parent: None,
            span: None,
        }
    }

    pub(super) fn begin(
        &mut self,
        kind: EventKind,
        name: String,
        start: f64,
        duration: Option<f64>,
        error: Option<String>,
    ) {
        let mut attributes = std::mem::take(&mut self.attributes);
        attributes.clear();
        *self = Self { kind, name, start, duration, error, attributes, ..Self::new() };
    }

    pub(super) fn event(&self) -> Event<'_> {
        Event {
            kind: self.kind,
            name: &self.name,
            is_path: self.is_path,
            start: self.start,
            duration: self.duration,
            error: self.error.as_deref(),
            method: &self.method,
            status: self.status.and_then(status),
            system: self.system.as_deref(),
            rows: self.rows,
            attributes: &self.attributes,
            span: self.span,
        }
    }
}
