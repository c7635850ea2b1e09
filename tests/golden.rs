//! The exact bytes of every kind of event in every format. `TIDEGATE_BLESS=1` writes new ones.
#![allow(clippy::unwrap_used)]
#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::Path;
use tidegate::encode::Encoder;
use tidegate::engine::event::trace::TraceContext;
use tidegate::engine::{
    Attributes, Collector, Config, Event, EventKind, Exception, Format, Service, Severity, SinkOptions, Value,
};

const NOW: f64 = 1_750_000_000_123.0;

/// The bytes of a batch with one event of `kind`, which has all values or almost none. `None`: the format does not carry it.
fn batch(kind: EventKind, format: Format, full: bool) -> Option<Vec<u8>> {
    let mut config = Config::default();
    if full {
        config.service = Service { name: Some("shop".into()), version: Some("1.2.3".into()) };
        config.resource = vec![("cloud.provider".into(), "cloudflare".into())];
    }
    config.sinks.push(SinkOptions::new("golden", format));
    let mut collector = Collector::new(config).unwrap();
    collector.seed_entropy([42; 64]);
    let mut attributes = Attributes::default();
    if full {
        attributes.push("text", Value::Text("quote \" slash \\ line \n bell \u{7} größe 🚢"));
        attributes.push("number", Value::Number(-0.25));
        attributes.push("flag", Value::Flag(true));
    }
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let event = Event {
        kind,
        name: match kind {
            EventKind::Req => "/orders/:id",
            EventKind::Fn => "resize",
            EventKind::Db => "SELECT id FROM orders WHERE name = 'secret' AND n IN (1, 2, 3)",
            EventKind::Evt => "cart.opened",
        },
        is_path: false,
        start: NOW,
        duration: full.then_some(12.5),
        error: full.then_some("TypeError"),
        exception: full.then_some(Exception {
            message: "Key (id)=(7) of \"ann\"",
            cause: "Error: it's 5\nRangeError",
            stack: "    at handler (/app/index.js:1:2)\n    at /app/router.js:3:4",
            ..Exception::default()
        }),
        severity: if full { Severity::Warn } else { Severity::Info },
        parent_id: None,
        method: "GET",
        status: full.then_some(503),
        system: full.then_some("sqlite"),
        rows: full.then_some(3.0),
        rows_read: full.then_some(120.0),
        rows_written: full.then_some(2.0),
        db_ms: full.then_some(0.25),
        attributes: &attributes,
        span: None,
    };
    collector.record(&event, full.then(|| TraceContext::parse(parent).unwrap()), NOW);
    collector.flush(1000.0, NOW);
    let transmit = collector.poll_transmit(NOW)?;
    let mut bytes = Vec::new();
    Encoder::new(format).encode(&collector.batch(transmit), &mut bytes);
    Some(bytes)
}

/// Whether `format` carries an event of `kind`.
fn carries(format: Format, kind: EventKind, full: bool) -> bool {
    match format {
        Format::Stats => kind != EventKind::Evt,
        // An unknown duration is not measured.
        _ if format.is_metrics() => full && matches!(kind, EventKind::Req | EventKind::Db),
        _ => format.accepts(kind),
    }
}

#[test]
fn every_kind_in_every_format_has_its_bytes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for &format in Format::ALL {
        for kind in EventKind::ALL {
            for (full, suffix) in [(true, "full"), (false, "bare")] {
                assert_eq!(batch(kind, format, full).is_some(), carries(format, kind, full));
                let Some(bytes) = batch(kind, format, full) else { continue };
                let path = folder.join(format!("{}.{}.{suffix}", kind.as_str(), format.as_str()));
                if std::env::var_os("TIDEGATE_BLESS").is_some() {
                    fs::write(&path, &bytes).unwrap();
                }
                let wanted = fs::read(&path).unwrap_or_default();
                let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                assert_eq!(lossy(&bytes), lossy(&wanted), "{}", path.display());
                assert!(bytes == wanted, "{}", path.display());
            }
        }
    }
}

#[test]
fn every_ndjson_line_is_json_and_the_last_has_the_counters() {
    let bytes = batch(EventKind::Db, Format::Ndjson, true).unwrap();
    let lines: Vec<serde_json::Value> = bytes
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(lines[0]["query"], "SELECT id FROM orders WHERE name = ? AND n IN (?)");
    assert_eq!(lines[0]["attributes"]["text"], "quote \" slash \\ line \n bell \u{7} größe 🚢");
    assert_eq!(lines[1]["kind"], "META");
    assert_eq!(lines[1]["counters"]["accepted"], 1);
    assert_eq!(lines[1]["counters"]["sinks"][0]["inFlight"], 1);
}
