//! Σ 1/p over the recorded events estimates the number of all events, whatever the mix of rates and outcomes.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use tidegate::engine::event::trace::TraceContext;
use tidegate::engine::rng::Rng;
use tidegate::engine::sampling::KeepSlow;
use tidegate::engine::{Collector, Config, Event, EventKind, Format, Outcome, SinkOptions};

const REQUESTS: usize = 60_000;
const ROUTES: [(&str, f64); 5] =
    [("/checkout", 1.0), ("/api/items", 0.5), ("/assets", 0.02), ("/never", 0.0), ("/other", 0.1)];

/// One class of events: their number, Σ 1/p, and Σ (1-p)/p², which is about its variance.
#[derive(Default)]
struct Sum {
    truth: f64,
    estimate: f64,
    variance: f64,
}

type Sums = BTreeMap<String, Sum>;

struct Run {
    collector: Collector,
    rng: Rng,
    now: f64,
    sums: Sums,
}

impl Run {
    fn new() -> Self {
        let mut config = Config::default();
        config.sampling.rate = 0.1;
        config.sampling.seed = Some(42);
        config.sampling.overrides = vec![
            ("/checkout".into(), 1.0),
            ("re:^/api/".into(), 0.5),
            ("/assets".into(), 0.02),
            ("/never".into(), 0.0),
        ];
        config.sampling.exclude = vec!["/health".into()];
        config.sampling.keep_slow = Some(KeepSlow::Ms(900.0));
        config.sampling.respect_parent = true;
        let sink = SinkOptions::new("s", Format::Events);
        config.sinks.push(sink);
        let mut collector = Collector::new(config).unwrap();
        collector.seed_entropy([5; 64]);
        Self { collector, rng: Rng::from_seed(99), now: 1.75e12, sums: Sums::new() }
    }

    /// A request of a random route and outcome with two children. All are named by their class.
    fn request(&mut self) {
        let (route, rate) = ROUTES[(self.rng.draw() * ROUTES.len() as f64) as usize];
        let (fails, throws, is_slow, is_forced) =
            (self.rng.draw() < 0.03, self.rng.draw() < 0.01, self.rng.draw() < 0.05, self.rng.draw() < 0.05);
        let parent = TraceContext { trace_id: [1; 16], parent_id: [2; 8], sampled: true, random: true };
        let token = self.collector.open(route, is_forced.then_some(parent), self.now);
        let class = format!("{route} failed={} slow={is_slow} forced={is_forced}", fails || throws);
        let start = self.now;
        let event = |kind, name, duration, status| Event {
            duration: Some(duration),
            error: (throws && kind == EventKind::Req).then_some("Error"),
            method: "GET",
            status,
            ..Event::new(kind, name, start)
        };
        for _ in 0..2 {
            self.collector.record_in(&event(EventKind::Fn, &class, 1.0, None), token, self.now);
        }
        let (duration, status) = (if is_slow { 1000.0 } else { 10.0 }, if fails { 500 } else { 200 });
        self.collector.end(&event(EventKind::Req, &class, duration, Some(status)), token, self.now);
        let is_certain = fails || throws || is_slow || is_forced;
        for (kind, count) in [(EventKind::Req, 1.0), (EventKind::Fn, 2.0)] {
            let sum = self.sums.entry(format!("{} {class}", kind.as_str())).or_default();
            if is_certain || rate > 0.0 {
                sum.truth += count;
                // Both children share one draw.
                sum.variance += if is_certain { 0.0 } else { count * count * (1.0 - rate) / rate };
            }
        }
    }

    /// A request of an excluded route, and an event outside a request.
    fn others(&mut self) {
        let event = |kind, name| Event {
            error: Some("Error"),
            method: "GET",
            status: Some(500),
            ..Event::new(kind, name, 1.75e12)
        };
        let token = self.collector.open("/health", None, self.now);
        self.collector.record_in(&event(EventKind::Fn, "health"), token, self.now);
        self.collector.end(&event(EventKind::Req, "health"), token, self.now);
        self.collector.record(&event(EventKind::Evt, "outside"), None, self.now);
        self.sums.entry("EVT outside".into()).or_default().truth += 1.0;
    }

    fn send(&mut self) {
        self.collector.flush(1000.0, self.now);
        while let Some(transmit) = self.collector.poll_transmit(self.now) {
            for event in self.collector.batch(transmit).events() {
                assert!(event.p > 0.0 && event.p <= 1.0);
                let class = format!("{} {}", event.kind.as_str(), event.name);
                self.sums.entry(class).or_default().estimate += 1.0 / event.p;
            }
            self.collector.settle(transmit.lease, Outcome::Ok { rejected: 0 }, self.now);
        }
    }
}

#[test]
fn the_sum_of_one_over_p_is_the_truth() {
    let mut run = Run::new();
    for n in 0..REQUESTS {
        run.now += 1.0;
        run.request();
        if n % 100 == 0 {
            run.others();
            run.send();
        }
    }
    run.send();
    assert_eq!(run.collector.counters().sinks[0].dropped.iter().sum::<f64>(), 0.0);
    assert!(run.sums.len() > 70, "{} classes", run.sums.len());
    let mut all = Sum::default();
    for (class, Sum { truth, estimate, variance }) in &run.sums {
        assert!(*truth > 0.0 || *estimate == 0.0, "{class}: {estimate} of what cannot be recorded");
        let allowed = 4.5 * variance.sqrt();
        assert!((estimate - truth).abs() <= allowed + 1e-6, "{class}: {estimate} of {truth} ± {allowed}");
        all.truth += truth;
        all.estimate += estimate;
        all.variance += variance;
    }
    let allowed = 4.0 * all.variance.sqrt();
    assert!((all.estimate - all.truth).abs() < allowed, "{} of {} ± {allowed}", all.estimate, all.truth);
    println!("{} classes, {} events, estimated {:.0}", run.sums.len(), all.truth, all.estimate);
}
