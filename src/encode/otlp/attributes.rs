//! Attributes: lists of `KeyValue`, each key once.

use super::wire::{Field, Writer};
use crate::engine::text::number::MAX_SAFE_INTEGER;
use crate::engine::{EventView, Value};

/// Writes one list of attributes. It must be closed.
pub(super) struct Attributes<'w, 'a> {
    writer: &'w mut Writer<'a>,
    field: Field,
    /// The keys that tidegate has written. An attribute of the event with the same key is left out.
    keys: [&'static str; MAX_KEYS],
    len: usize,
}

impl<'w, 'a> Attributes<'w, 'a> {
    /// Begins the list in field `number` of the message.
    pub(super) fn open(number: u32, writer: &'w mut Writer<'a>) -> Self {
        let field = (number, "attributes");
        writer.open_list(field);
        Self { writer, field, keys: [""; MAX_KEYS], len: 0 }
    }

    pub(super) fn text(&mut self, key: &'static str, text: &str) {
        self.value(key, Value::Text(text));
    }

    pub(super) fn optional(&mut self, key: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    pub(super) fn value(&mut self, key: &'static str, value: Value<'_>) {
        if self.len < MAX_KEYS {
            self.keys[self.len] = key;
            self.len += 1;
        }
        self.pair(key, value);
    }

    /// Writes an attribute whose key is not one of tidegate's. The list must not have the key already.
    pub(super) fn pair(&mut self, key: &str, value: Value<'_>) {
        let item = self.writer.item(self.field);
        self.writer.text((1, "key"), key);
        let any = self.writer.open((2, "value"));
        match value {
            Value::Text(text) => self.writer.text((1, "stringValue"), text),
            Value::Flag(flag) => self.writer.flag((2, "boolValue"), flag),
            // As in OpenTelemetry's JavaScript: a number that is an integer is written as one.
            Value::Number(x) if x.fract() == 0.0 && x.abs() <= MAX_SAFE_INTEGER => {
                self.writer.int64((3, "intValue"), x as i64);
            }
            Value::Number(x) => self.writer.double((4, "doubleValue"), x),
        }
        self.writer.close(any);
        self.writer.close(item);
    }

    /// Writes the error of the event as the conventions for exceptions want it.
    ///
    /// Spec: <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/>
    pub(super) fn of_exception(&mut self, event: &EventView<'_>) {
        self.optional("exception.type", event.error);
        for (key, text) in event.exception.unwrap_or_default().texts() {
            self.text(key, text);
        }
    }

    /// Writes the probability of the event, if it is not 1, and its attributes.
    ///
    /// The probability is not written as `ot=th:…` of the trace state. That would promise that the decision follows from
    /// the trace id, which it does not.
    /// <https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/>
    pub(super) fn of_event(&mut self, event: &EventView<'_>) {
        if event.p != 1.0 {
            self.value("sampling.probability", Value::Number(event.p));
        }
        for (key, value) in event.attributes() {
            self.extra(key, value);
        }
    }

    /// Writes an attribute of the event, unless tidegate has written its key.
    pub(super) fn extra(&mut self, key: &str, value: Value<'_>) {
        if !self.keys[..self.len].contains(&key) {
            self.pair(key, value);
        }
    }

    pub(super) fn close(self) {
        self.writer.close_list();
    }
}

/// More keys than tidegate writes to any message.
const MAX_KEYS: usize = 16;
