//! The engine on wasm32, the same in Node and in browsers: bit-exact draws, and figures as native.

use tidegate::encode::Encoder;
use tidegate::engine::rng::Rng;
use tidegate::engine::{Collector, Config, Event, EventKind, Format, Outcome, SinkOptions};
use wasm_bindgen_test::*;

const NOW: f64 = 1_750_000_000_000.0;

fn collector() -> Collector {
    let mut config = Config { sinks: vec![SinkOptions::new("a", Format::Ndjson)], ..Config::default() };
    config.sampling.seed = Some(7);
    config.sampling.rate = 0.5;
    let mut collector = Collector::new(config).unwrap();
    let mut entropy = [0; 64];
    getrandom::fill(&mut entropy).unwrap();
    collector.seed_entropy(entropy);
    collector
}

fn request(collector: &mut Collector, route: &str, status: u16, duration: f64) {
    let event = Event {
        duration: Some(duration),
        method: "GET",
        status: Some(status),
        ..Event::new(EventKind::Req, route, NOW)
    };
    collector.record(&event, None, NOW + 100.0);
}

#[wasm_bindgen_test]
fn draws_are_the_reference_sequence() {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("../vectors/rng.json")).unwrap();
    for case in vectors["cases"].as_array().unwrap() {
        let mut rng = Rng::from_seed(case["seed"].as_str().unwrap().parse().unwrap());
        for draw in case["draws"].as_array().unwrap() {
            assert_eq!(rng.draw(), draw.as_f64().unwrap());
        }
    }
}

#[wasm_bindgen_test]
fn the_host_gives_randomness() {
    let mut entropy = [0; 64];
    getrandom::fill(&mut entropy).unwrap();
    assert_ne!(entropy, [0; 64]);
}

#[wasm_bindgen_test]
fn a_batch_is_cut_encoded_and_settled() {
    let mut collector = collector();
    for n in 0..100 {
        request(&mut collector, "/a", if n % 10 == 0 { 500 } else { 200 }, 5.0);
    }
    assert_eq!(collector.tick(NOW + 700.0), Some(0.0));
    let transmit = collector.poll_transmit(NOW + 700.0).unwrap();
    let mut bytes = Vec::new();
    Encoder::new(Format::Ndjson).encode(&collector.batch(transmit), &mut bytes);
    let count = collector.batch(transmit).count();
    assert_eq!(bytes.iter().filter(|&&byte| byte == b'\n').count(), count + 1);
    collector.settle(transmit.lease, Outcome::Ok { rejected: 0 }, NOW + 800.0);
    let counters = collector.counters();
    assert!(counters.is_conserved());
    assert_eq!(counters.sinks[0].delivered, count as f64);
    assert!(counters.sampled_out > 0.0 && count >= 10);
}

#[wasm_bindgen_test]
fn percentiles_are_within_a_percent() {
    let mut collector = collector();
    for n in 1..=1000 {
        request(&mut collector, "/a", 200, f64::from(n));
    }
    let stats = collector.stats(NOW + 2000.0);
    assert_eq!((stats.total.count, stats.series[0].name.as_str()), (1000, "/a"));
    let p99 = stats.total.p99_ms.unwrap();
    assert!((p99 / 990.0 - 1.0).abs() <= 0.01, "{p99}");
}
