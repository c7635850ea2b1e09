//! The writer of messages, in either form. Fields are given by number and name.

use super::{json, proto};

/// The two forms of OTLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The protobuf wire format.
    Protobuf,
    /// The JSON of OTLP: ids in hex, enums as numbers, 64-bit integers as strings.
    Json,
}

/// A field of a message: its number in protobuf, its name in JSON.
pub(super) type Field = (u32, &'static str);

/// Writes messages in one form.
pub(super) struct Writer<'a> {
    pub(super) out: &'a mut Vec<u8>,
    form: Form,
}

/// The offset of an open message. It must be closed.
#[must_use]
pub(super) struct Open(usize);

/// Bytes reserved for the length of a message.
const RESERVED: usize = 1;
/// Further ones for a message with all events of a batch: else all of it would be moved by its length.
const RESERVED_MORE: usize = 2;

impl<'a> Writer<'a> {
    pub(super) fn new(form: Form, out: &'a mut Vec<u8>) -> Self {
        Self { out, form }
    }

    /// Writes the outermost message, which has no tag and no length.
    pub(super) fn root(&mut self, write: impl FnOnce(&mut Self)) {
        if self.form == Form::Json {
            self.out.push(b'{');
        }
        write(self);
        if self.form == Form::Json {
            self.out.push(b'}');
        }
    }

    /// Begins a message in a field that holds one message.
    pub(super) fn open(&mut self, field: Field) -> Open {
        match self.form {
            Form::Protobuf => Open(proto::open(field.0, self.out)),
            Form::Json => {
                json::key(field.1, self.out);
                self.out.push(b'{');
                Open(0)
            }
        }
    }

    /// Ends the message that was begun last. Returns by how much its content moved to make room for its length.
    pub(super) fn close(&mut self, Open(start): Open) -> usize {
        match self.form {
            Form::Protobuf => proto::close(start, RESERVED, self.out),
            Form::Json => {
                self.out.push(b'}');
                0
            }
        }
    }

    /// Begins a field that holds a list of messages. Each is an [`item`](Self::item).
    pub(super) fn open_list(&mut self, field: Field) {
        if self.form == Form::Json {
            json::key(field.1, self.out);
            self.out.push(b'[');
        }
    }

    /// Separates a message of a list from the one before it.
    pub(super) fn separate(&mut self) {
        if self.form == Form::Json {
            json::comma(self.out);
        }
    }

    /// Begins a message of the list in `field`.
    pub(super) fn item(&mut self, field: Field) -> Open {
        self.separate();
        match self.form {
            Form::Protobuf => Open(proto::open(field.0, self.out)),
            Form::Json => {
                self.out.push(b'{');
                Open(0)
            }
        }
    }

    /// As [`item`](Self::item), for a message with all events of a batch.
    pub(super) fn large_item(&mut self, field: Field) -> Open {
        let Open(start) = self.item(field);
        if self.form == Form::Protobuf {
            self.out.extend_from_slice(&[0; RESERVED_MORE]);
        }
        Open(start + RESERVED_MORE)
    }

    /// Ends a [`large_item`](Self::large_item).
    pub(super) fn close_large(&mut self, Open(start): Open) {
        match self.form {
            Form::Protobuf => _ = proto::close(start, RESERVED + RESERVED_MORE, self.out),
            Form::Json => self.out.push(b'}'),
        }
    }

    pub(super) fn close_list(&mut self) {
        if self.form == Form::Json {
            self.out.push(b']');
        }
    }

    pub(super) fn text(&mut self, field: Field, text: &str) {
        match self.form {
            Form::Protobuf => proto::bytes(field.0, text.as_bytes(), self.out),
            Form::Json => json::text(field.1, text, self.out),
        }
    }

    /// Writes the parts as one text.
    pub(super) fn texts(&mut self, field: Field, parts: &[&str]) {
        match self.form {
            Form::Protobuf => {
                let start = proto::open(field.0, self.out);
                parts.iter().for_each(|part| self.out.extend_from_slice(part.as_bytes()));
                proto::close(start, RESERVED, self.out);
            }
            Form::Json => json::texts(field.1, parts, self.out),
        }
    }

    /// Writes a trace or span id, and returns its offset. The JSON of OTLP has it in hex, not in base64.
    pub(super) fn id(&mut self, field: Field, id: &[u8]) -> usize {
        match self.form {
            Form::Protobuf => {
                proto::bytes(field.0, id, self.out);
                self.out.len() - id.len()
            }
            Form::Json => {
                json::id(field.1, id, self.out);
                self.out.len() - 1 - 2 * id.len()
            }
        }
    }

    pub(super) fn flag(&mut self, field: Field, value: bool) {
        match self.form {
            Form::Protobuf => proto::varint_field(field.0, u64::from(value), self.out),
            Form::Json => json::flag(field.1, value, self.out),
        }
    }

    pub(super) fn double(&mut self, field: Field, value: f64) {
        match self.form {
            Form::Protobuf => proto::fixed64(field.0, value.to_bits(), self.out),
            Form::Json => json::number(field.1, value, self.out),
        }
    }

    /// Writes a `uint32` or an enum.
    pub(super) fn number(&mut self, field: Field, value: u32) {
        match self.form {
            Form::Protobuf => proto::varint_field(field.0, u64::from(value), self.out),
            Form::Json => json::number(field.1, f64::from(value), self.out),
        }
    }

    /// Writes a `fixed32`.
    pub(super) fn fixed32(&mut self, field: Field, value: u32) {
        match self.form {
            Form::Protobuf => proto::fixed32(field.0, value, self.out),
            Form::Json => json::number(field.1, f64::from(value), self.out),
        }
    }

    /// Writes a `sint32`.
    pub(super) fn signed(&mut self, field: Field, value: i32) {
        match self.form {
            Form::Protobuf => proto::varint_field(field.0, proto::zigzag(value), self.out),
            Form::Json => json::number(field.1, f64::from(value), self.out),
        }
    }

    /// Writes a `fixed64`, or an `sfixed64` that is not negative, and returns its offset.
    pub(super) fn fixed64(&mut self, field: Field, value: u64) -> usize {
        match self.form {
            Form::Protobuf => {
                proto::fixed64(field.0, value, self.out);
                self.out.len() - 8
            }
            Form::Json => json::long(field.1, value, false, self.out),
        }
    }

    /// Writes an `int64`.
    pub(super) fn int64(&mut self, field: Field, value: i64) {
        match self.form {
            Form::Protobuf => proto::varint_field(field.0, value as u64, self.out),
            Form::Json => {
                json::long(field.1, value.unsigned_abs(), value < 0, self.out);
            }
        }
    }

    /// Writes a packed `repeated uint64`.
    pub(super) fn packed(&mut self, field: Field, values: impl Iterator<Item = u64>) {
        match self.form {
            Form::Protobuf => {
                let start = proto::open(field.0, self.out);
                values.for_each(|value| proto::varint(value, self.out));
                proto::close(start, RESERVED, self.out);
            }
            Form::Json => json::longs(field.1, values, self.out),
        }
    }
}
