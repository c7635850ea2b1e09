//! Templates write the same bytes as the encoders without them.

use super::otlp::{Form, traces};
use super::style::Style;
use super::template::Templates;
use super::{Encoder, ndjson};
use crate::engine::event::trace::TraceContext;
use crate::engine::rng::Rng;
use crate::engine::{
    Attributes, Batch, Collector, Config, Event, EventKind, Format, Outcome, SinkOptions, Value,
};
use proptest::prelude::*;

const NOW: f64 = 1_750_000_000_123.0;
const FORMATS: [Format; 3] = [Format::Ndjson, Format::OtlpTracesProtobuf, Format::OtlpTracesJson];
const STYLES: [Style; 3] = [Style::Milliseconds, Style::Binary, Style::Nanoseconds];

/// Compares what the templates write with what is written without them. Returns how many events a template wrote.
fn compare(style: Style, templates: &mut Templates, batch: &Batch<'_>) -> usize {
    let mut hits = 0;
    templates.begin(batch.renamings());
    for record in batch.records() {
        let (mut known, mut plain) = (b"[".to_vec(), b"[".to_vec());
        let event = batch.read(record);
        let offsets = match style {
            Style::Milliseconds => ndjson::line(&event, batch.service, &mut plain),
            Style::Binary => traces::written(&event, Form::Protobuf, &mut plain),
            Style::Nanoseconds => traces::written(&event, Form::Json, &mut plain),
        };
        if templates.write(record, batch, &mut known) {
            assert_eq!(String::from_utf8_lossy(&known), String::from_utf8_lossy(&plain));
            hits += 1;
        } else {
            templates.store(record, 1, &offsets, &plain);
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
    let route = format!("/api/{}/\"quoted\"{}", pick(routes), "x".repeat(if pick(20) == 0 { 90 } else { 0 }));
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
    fn templates_write_the_same_bytes(seed in any::<u64>(), routes in 1..2000usize) {
        let mut config = Config::default();
        (config.sampling.rate, config.sampling.seed) = (0.75, Some(seed));
        config.service.name = (seed % 2 == 0).then(|| "\"größe\"".to_owned());
        for format in FORMATS {
            config.sinks.push(SinkOptions::new("a", format));
        }
        let mut collector = Collector::new(config).unwrap();
        collector.seed_entropy([seed as u8; 64]);
        let mut templates = FORMATS.map(|format| Encoder::new(format).templates);
        let (mut rng, mut hits) = (Rng::from_seed(seed), [0; 3]);
        for _ in 0..8 {
            (0..400).for_each(|_| record_some(&mut collector, &mut rng, routes));
            collector.flush(1000.0, NOW);
            while let Some(transmit) = collector.poll_transmit(NOW) {
                let sink = transmit.sink;
                hits[sink] += compare(STYLES[sink], &mut templates[sink], &collector.batch(transmit));
                collector.settle(transmit.lease, Outcome::Ok { rejected: 0 }, NOW);
            }
        }
        prop_assert!(routes > 8 || hits.iter().all(|&hits| hits > 100), "{:?}", hits);
    }
}
