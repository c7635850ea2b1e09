//! A reader of the protobuf wire format. It knows enough of the schema of OTLP to read bytes as the JSON of OTLP.

use serde_json::{Map, Value, json};

/// How the bytes of a field are read.
#[derive(Clone, Copy)]
pub enum Kind {
    Text,
    Id,
    Flag,
    Number,
    Signed,
    Long,
    Fixed32,
    Fixed64,
    Double,
    Packed,
    One(&'static [Field]),
    Many(&'static [Field]),
}
use Kind::{Double, Fixed32, Fixed64, Flag, Id, Long, Many, Number, One, Packed, Signed, Text};

pub type Field = (u32, &'static str, Kind);

const ANY: &[Field] =
    &[(1, "stringValue", Text), (2, "boolValue", Flag), (3, "intValue", Long), (4, "doubleValue", Double)];
const PAIR: &[Field] = &[(1, "key", Text), (2, "value", One(ANY))];
const RESOURCE: &[Field] = &[(1, "attributes", Many(PAIR))];
const SCOPE: &[Field] = &[(1, "name", Text), (2, "version", Text)];
const SPAN: &[Field] = &[
    (1, "traceId", Id),
    (2, "spanId", Id),
    (4, "parentSpanId", Id),
    (5, "name", Text),
    (6, "kind", Number),
    (7, "startTimeUnixNano", Fixed64),
    (8, "endTimeUnixNano", Fixed64),
    (9, "attributes", Many(PAIR)),
    (15, "status", One(&[(2, "message", Text), (3, "code", Number)])),
    (16, "flags", Fixed32),
];
const RECORD: &[Field] = &[
    (1, "timeUnixNano", Fixed64),
    (2, "severityNumber", Number),
    (3, "severityText", Text),
    (5, "body", One(ANY)),
    (6, "attributes", Many(PAIR)),
    (8, "flags", Fixed32),
    (9, "traceId", Id),
    (10, "spanId", Id),
    (11, "observedTimeUnixNano", Fixed64),
    (12, "eventName", Text),
];
const DISTRIBUTION: &[Field] = &[
    (1, "attributes", Many(PAIR)),
    (2, "startTimeUnixNano", Fixed64),
    (3, "timeUnixNano", Fixed64),
    (4, "count", Fixed64),
    (5, "sum", Double),
    (6, "scale", Signed),
    (7, "zeroCount", Fixed64),
    (8, "positive", One(&[(1, "offset", Signed), (2, "bucketCounts", Packed)])),
    (12, "min", Double),
    (13, "max", Double),
];
const NUMBER: &[Field] = &[
    (2, "startTimeUnixNano", Fixed64),
    (3, "timeUnixNano", Fixed64),
    (6, "asInt", Fixed64),
    (7, "attributes", Many(PAIR)),
];
const METRIC: &[Field] = &[
    (1, "name", Text),
    (3, "unit", Text),
    (
        7,
        "sum",
        One(&[
            (1, "dataPoints", Many(NUMBER)),
            (2, "aggregationTemporality", Number),
            (3, "isMonotonic", Flag),
        ]),
    ),
    (
        10,
        "exponentialHistogram",
        One(&[(1, "dataPoints", Many(DISTRIBUTION)), (2, "aggregationTemporality", Number)]),
    ),
];
pub const TRACES: &[Field] = &[(
    1,
    "resourceSpans",
    Many(&[
        (1, "resource", One(RESOURCE)),
        (2, "scopeSpans", Many(&[(1, "scope", One(SCOPE)), (2, "spans", Many(SPAN))])),
    ]),
)];
pub const LOGS: &[Field] = &[(
    1,
    "resourceLogs",
    Many(&[
        (1, "resource", One(RESOURCE)),
        (2, "scopeLogs", Many(&[(1, "scope", One(SCOPE)), (2, "logRecords", Many(RECORD))])),
    ]),
)];
pub const METRICS: &[Field] = &[(
    1,
    "resourceMetrics",
    Many(&[
        (1, "resource", One(RESOURCE)),
        (2, "scopeMetrics", Many(&[(1, "scope", One(SCOPE)), (2, "metrics", Many(METRIC))])),
    ]),
)];

/// Reads a message. Panics at a field that the schema does not have, or that has another wire type.
pub fn read(mut bytes: &[u8], schema: &[Field]) -> Value {
    let mut object = Map::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let (number, wire) = ((tag >> 3) as u32, tag & 7);
        let (_, name, kind) = *schema.iter().find(|field| field.0 == number).unwrap();
        let expected = match kind {
            Flag | Number | Signed | Long => 0,
            Fixed64 | Double => 1,
            Text | Id | Packed | One(_) | Many(_) => 2,
            Fixed32 => 5,
        };
        assert_eq!(wire, expected, "{name}");
        let value = value(kind, &mut bytes);
        if let Many(_) = kind {
            let list = object.entry(name).or_insert_with(|| json!([]));
            list.as_array_mut().unwrap().push(value);
        } else {
            assert!(object.insert(name.into(), value).is_none(), "{name} twice");
        }
    }
    Value::Object(object)
}

fn value(kind: Kind, bytes: &mut &[u8]) -> Value {
    match kind {
        Text => json!(str::from_utf8(part(bytes)).unwrap()),
        Id => json!(part(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        Flag => json!(varint(bytes) == 1),
        Number => json!(varint(bytes)),
        Signed => {
            let raw = varint(bytes);
            json!((raw >> 1) as i64 ^ -((raw & 1) as i64))
        }
        Long => json!((varint(bytes) as i64).to_string()),
        Fixed32 => json!(u32::from_le_bytes(take::<4>(bytes))),
        Fixed64 => json!(u64::from_le_bytes(take::<8>(bytes)).to_string()),
        Double => json!(f64::from_le_bytes(take::<8>(bytes))),
        Packed => {
            let mut packed = part(bytes);
            let mut list = Vec::new();
            while !packed.is_empty() {
                list.push(varint(&mut packed).to_string());
            }
            json!(list)
        }
        One(schema) | Many(schema) => read(part(bytes), schema),
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take::<1>(bytes)[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            assert!(byte > 0 || shift == 0, "not the shortest form");
            return value;
        }
    }
    panic!("a varint longer than ten bytes");
}

fn part<'a>(bytes: &mut &'a [u8]) -> &'a [u8] {
    let len = varint(bytes) as usize;
    let (part, rest) = bytes.split_at(len);
    *bytes = rest;
    part
}

fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    let (taken, rest) = bytes.split_first_chunk::<N>().unwrap();
    *bytes = rest;
    *taken
}

/// JSON in the form in which [`read`] returns protobuf: without empty lists, and with doubles for numbers that can have a
/// fraction.
pub fn normal(value: &Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(
            object
                .iter()
                .filter(|(key, value)| *value != &json!([]) || *key == "bucketCounts")
                .map(|(key, value)| match key.as_str() {
                    "sum" | "min" | "max" | "doubleValue" if value.is_number() => {
                        (key.clone(), json!(value.as_f64()))
                    }
                    _ => (key.clone(), normal(value)),
                })
                .collect(),
        ),
        Value::Array(items) => items.iter().map(normal).collect(),
        _ => value.clone(),
    }
}
