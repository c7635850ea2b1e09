//! A sink of statistics: what its delivered pushes hold, merged, is what was counted.

use crate::sim::{START, Sent, Sim};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tidegate::encode::Encoder;
use tidegate::engine::stats::{Sample, SeriesKind, SeriesSnapshot, Snapshot, StatsStore};
use tidegate::engine::{
    Attributes, Collector, Config, Counters, Event, EventKind, Exception, Format, MetricKind, Outcome,
    Reason, Refusal, Service, SinkOptions, Transmit, Value,
};

/// The parts of a push.
#[derive(PartialEq)]
struct Push {
    head: Json,
    metrics: Json,
    statistics: Vec<u8>,
}

impl Push {
    fn of(collector: &Collector, transmit: Transmit) -> Self {
        let mut bytes = Vec::new();
        Encoder::new(Format::Stats).encode(&collector.batch(transmit), &mut bytes);
        Self::parse(&bytes)
    }

    fn parse(bytes: &[u8]) -> Self {
        let split = |bytes: &[u8]| {
            let (length, rest) = bytes.split_first_chunk().unwrap();
            let (part, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
            (serde_json::from_slice(part).unwrap(), rest.to_vec())
        };
        let (head, rest) = split(bytes);
        let (metrics, statistics) = split(&rest);
        Self { head, metrics, statistics }
    }

    /// The metrics by name.
    fn metric(&self, name: &str) -> Option<&Json> {
        let all = self.metrics["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array()?;
        all.iter().find(|metric| metric["name"] == name)
    }
}

fn sim(config: Config) -> Sim {
    let sink = SinkOptions { interval_ms: Some(5000.0), ..SinkOptions::new("hub", Format::Stats) };
    let mut sinks = config.sinks.clone();
    sinks.insert(0, sink);
    Sim::start(Config { sinks, ..config })
}

/// Kinds, names as they are given, and series.
const NAMES: [(EventKind, &str, &str); 5] = [
    (EventKind::Req, "/a", "/a"),
    (EventKind::Req, "/b", "/b"),
    (EventKind::Fn, "work", "work"),
    (EventKind::Db, "DELETE FROM t", "DELETE t"),
    (EventKind::Db, "INSERT INTO u VALUES (1)", "INSERT u"),
];

/// One event: its series, how long ago it ended, its duration, whether it failed, and rows that it read.
#[derive(Clone, Copy, Debug)]
struct Observed {
    series: usize,
    late: f64,
    duration: Option<f64>,
    is_error: bool,
    rows: Option<u32>,
}

#[derive(Clone, Debug)]
enum Step {
    Event(Observed),
    /// A number of a counter.
    Add(u32),
    Exception,
    Advance(f64),
    Flush,
    /// An answer to one of the outstanding batches. The flag: whether the push arrived, whatever the answer was.
    Settle(usize, u8, bool),
    /// Nobody settles one of the outstanding batches.
    Orphan(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let late = prop_oneof![4 => Just(0.0), 1 => 0.0..60_000.0, 1 => 0.0..1e6];
    let duration = prop::option::weighted(0.9, (-3.0..6.0f64).prop_map(|log| 10f64.powf(log)));
    let rows = prop::option::weighted(0.3, 0..1000u32);
    let observed = (0..NAMES.len(), late, duration, any::<bool>(), rows).prop_map(
        |(series, late, duration, is_error, rows)| Observed {
            series,
            late: f64::floor(late),
            duration,
            is_error,
            rows,
        },
    );
    let step = prop_oneof![
        12 => observed.prop_map(Step::Event),
        2 => (1..100u32).prop_map(Step::Add),
        1 => Just(Step::Exception),
        4 => prop_oneof![0.0..6000.0, Just(0.0), 0.0..40_000.0].prop_map(|ms| Step::Advance(f64::floor(ms))),
        1 => Just(Step::Flush),
        6 => (any::<usize>(), 0..5u8, any::<bool>()).prop_map(|(at, answer, got)| Step::Settle(at, answer, got)),
        1 => any::<usize>().prop_map(Step::Orphan),
    ];
    prop::collection::vec(step, 1..200)
}

/// What was recorded since a cut: events with the time of their recording, sums of the counter, and messages.
#[derive(Clone, Default)]
struct Interval {
    events: Vec<(Observed, f64)>,
    added: f64,
    exceptions: Vec<String>,
    count: usize,
}

/// What was cut, by batch id, and the ids of what the hub got: a push that comes again changes nothing.
struct Model {
    sim: Sim,
    filling: Interval,
    cut: HashMap<String, (Push, Interval)>,
    delivered: BTreeSet<String>,
    exceptions: usize,
}

impl Model {
    fn new(config: Config) -> Self {
        let (filling, cut, delivered) = (Interval::default(), HashMap::new(), BTreeSet::new());
        Self { sim: sim(config), filling, cut, delivered, exceptions: 0 }
    }

    fn take(&mut self, step: &Step) {
        let now = self.sim.now;
        match *step {
            Step::Event(observed) => self.record(observed),
            Step::Add(n) => {
                let collector = &mut self.sim.collector;
                let id = collector.metric(MetricKind::Counter, "orders", "", "").unwrap();
                collector.measure(id, f64::from(n), &Attributes::default(), now);
                self.filling.added += f64::from(n);
                self.filling.count += 1;
            }
            Step::Exception => {
                self.exceptions += 1;
                let message = format!("message {}", self.exceptions);
                exception(&mut self.sim, &message);
                self.filling.exceptions.push(message);
                self.filling.count += 1;
            }
            Step::Advance(ms) => {
                self.sim.now += ms;
                self.sim.collector.tick(self.sim.now);
                self.drain();
            }
            Step::Flush => {
                self.sim.collector.flush(1e4, now);
                self.drain();
            }
            Step::Settle(at, answer, got) => self.settle(at, answer, got),
            Step::Orphan(at) if !self.sim.outstanding.is_empty() => {
                let at = at % self.sim.outstanding.len();
                self.sim.outstanding.remove(at);
            }
            Step::Orphan(_) => {}
        }
        self.sim.check();
    }

    fn record(&mut self, observed: Observed) {
        let (kind, name, _) = NAMES[observed.series];
        let duration = observed.duration.unwrap_or(0.0);
        let event = Event {
            duration: observed.duration,
            error: observed.is_error.then_some("Error"),
            rows_read: observed.rows.map(f64::from),
            method: "GET",
            ..Event::new(kind, name, (self.sim.now - observed.late - duration).max(0.0))
        };
        self.sim.collector.record(&event, None, self.sim.now);
        self.filling.events.push((observed, self.sim.now));
        self.filling.count += 1;
    }

    /// Each new batch is cut now. A batch that comes again is the same.
    fn drain(&mut self) {
        while let Some(transmit) = self.sim.collector.poll_transmit(self.sim.now) {
            let id = self.sim.collector.batch(transmit).id().to_string();
            self.sim.outstanding.push(Sent { transmit, id: id.clone(), names: Vec::new() });
            if transmit.sink != 0 {
                continue;
            }
            let push = Push::of(&self.sim.collector, transmit);
            if let Some((known, _)) = self.cut.get(&id) {
                assert!(*known == push, "{id}");
                continue;
            }
            let interval = std::mem::take(&mut self.filling);
            assert_eq!(self.sim.collector.batch(transmit).count(), interval.count);
            check_head(&push.head, &self.sim, &id, &interval);
            self.cut.insert(id, (push, interval));
        }
    }

    fn settle(&mut self, at: usize, answer: u8, got: bool) {
        let Some(sent) = self.sim.outstanding.get(at % self.sim.outstanding.len().max(1)).cloned() else {
            return;
        };
        let outcome = match answer {
            0 | 1 => Outcome::Ok { rejected: 0 },
            2 => Outcome::Retry { after_ms: None },
            3 => Outcome::TooLarge,
            _ => Outcome::Fatal,
        };
        if matches!(outcome, Outcome::Ok { .. }) || (got && matches!(outcome, Outcome::Retry { .. })) {
            self.delivered.insert(sent.id.clone());
        }
        self.sim.collector.settle(sent.transmit.lease, outcome, self.sim.now);
        self.sim.outstanding.retain(|other| other.transmit.lease != sent.transmit.lease);
    }

    /// In the order in which they were cut.
    fn pushes(&self) -> Vec<&(Push, Interval)> {
        let mut pushes: Vec<_> = self.delivered.iter().filter_map(|id| self.cut.get(id)).collect();
        pushes.sort_by_key(|(push, _)| push.head["seq"].as_u64());
        pushes
    }

    /// The pushes merged, and a store that saw their events.
    fn stores(&self) -> [Snapshot; 2] {
        let [mut merged, mut seen] = [(); 2].map(|()| StatsStore::new(900_000.0, 128).unwrap());
        // In any order.
        self.pushes().iter().rev().for_each(|(push, _)| merged.merge(&push.statistics).unwrap());
        for (_, interval) in self.pushes() {
            for (observed, now) in &interval.events {
                record(&mut seen, observed, *now);
            }
        }
        [&mut merged, &mut seen].map(|store| store.snapshot(self.sim.now))
    }
}

fn record(store: &mut StatsStore, observed: &Observed, now: f64) {
    let (kind, _, name) = NAMES[observed.series];
    let kind = [SeriesKind::Req, SeriesKind::Fn, SeriesKind::Db][kind as usize];
    let duration = observed.duration.unwrap_or(0.0);
    let start = (now - observed.late - duration).max(0.0);
    let sample = Sample { at: start + duration, duration: observed.duration, is_error: observed.is_error };
    store.record(sample, now, Some((kind, name)));
}

fn exception(sim: &mut Sim, message: &str) {
    let exception = Some(Exception { message, ..Exception::default() });
    let event =
        Event { error: Some("Error"), exception, ..Event::new(EventKind::Evt, Exception::NAME, sim.now) };
    sim.collector.record(&event, None, sim.now);
}

fn check_head(head: &Json, sim: &Sim, id: &str, interval: &Interval) {
    let names: Vec<_> = head.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["counters", "exceptions", "from", "isolate", "seq", "service", "to", "v"]);
    let isolate = head["isolate"].as_str().unwrap();
    assert_eq!(format!("{isolate}-0-{}", head["seq"]), id);
    assert_eq!((head["v"].as_u64(), head["to"].as_f64()), (Some(1), Some(sim.now)));
    assert!(head["from"].as_f64() <= head["to"].as_f64());
    assert_eq!(head["counters"], counters(&sim.collector.counters()));
    let messages = head["exceptions"].as_array().unwrap().iter().map(|e| e["message"].as_str().unwrap());
    let last = interval.exceptions.len().saturating_sub(20);
    assert!(messages.eq(interval.exceptions[last..].iter()));
}

/// The counters as JavaScript shows them.
fn counters(of: &Counters) -> Json {
    let sinks = of.sinks.iter().map(|sink| {
        let dropped = tidegate::engine::Reason::ALL.iter().zip(sink.dropped);
        json!({
            "name": sink.name, "accepted": n(sink.accepted), "delivered": n(sink.delivered), "queued": n(sink.queued),
            "inFlight": n(sink.in_flight), "leasesExpired": n(sink.leases_expired),
            "lateSettles": n(sink.late_settles), "disabled": sink.disabled,
            "dropped": dropped.map(|(reason, count)| (reason.as_str(), n(count))).collect::<BTreeMap<_, _>>(),
        })
    });
    let refused = Refusal::ALL.iter().zip(of.refused_by);
    json!({
        "emitted": n(of.emitted), "accepted": n(of.accepted), "sampledOut": n(of.sampled_out),
        "excluded": n(of.excluded), "refused": n(of.refused), "pending": n(of.pending),
        "coreResets": n(of.core_resets), "truncated": n(of.truncated), "uncarried": n(of.uncarried),
        "sinks": sinks.collect::<Vec<_>>(),
        "refusedBy": refused.map(|(reason, count)| (reason.as_str(), n(count))).collect::<BTreeMap<_, _>>(),
        "metrics": { "observed": n(of.metrics.observed), "overflowed": n(of.metrics.overflowed),
                     "refused": n(of.metrics.refused) },
    })
}

fn n(count: f64) -> u64 {
    count as u64
}

/// Equal but for the rounding of means.
fn assert_same([one, two]: [Snapshot; 2]) {
    let [mut one, mut two] = [one, two];
    let pairs = one.series.iter_mut().zip(&mut two.series).map(|(a, b)| (&mut a.figures, &mut b.figures));
    for (a, b) in pairs.chain([(&mut one.total, &mut two.total)]) {
        let (mean, other) = (a.mean_ms.take(), b.mean_ms.take());
        assert!(mean.zip(other).is_none_or(|(a, b)| (a - b).abs() <= a * 1e-12), "{mean:?} {other:?}");
    }
    for series in one.series.iter_mut().chain(&mut two.series) {
        // Checked by themselves: a plain store takes none.
        series.rows_read = None;
        series.rows_written = None;
    }
    assert_eq!(one.seconds, two.seconds);
    assert_eq!(one.slots, two.slots);
    assert_eq!(one.total, two.total);
    assert_eq!(one.series, two.series);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn delivered_pushes_merged_are_what_was_counted(steps in steps(), rate in prop_oneof![Just(0.0), Just(1.0)]) {
        let mut config = Config { max_consecutive_sink_failures: None, ..Config::default() };
        config.sampling.rate = rate;
        config.sampling.always_sample_errors = false;
        config.sinks.push(SinkOptions::new("log", Format::Ndjson));
        let mut model = Model::new(config);
        for step in &steps {
            model.take(step);
        }
        assert_same(model.stores());
        for (push, interval) in model.pushes() {
            let timed = |kind| move |(observed, _): &&(Observed, f64)| {
                NAMES[observed.series].0 == kind && observed.duration.is_some()
            };
            for (kind, name) in
                [(EventKind::Req, "http.server.request.duration"), (EventKind::Db, "db.client.operation.duration")]
            {
                let points = push.metric(name).map(|metric| &metric["exponentialHistogram"]["dataPoints"]);
                let counts = points.and_then(Json::as_array).into_iter().flatten().map(|point| number(&point["count"]));
                prop_assert_eq!(counts.sum::<f64>(), interval.events.iter().filter(timed(kind)).count() as f64);
                let untimed = points.and_then(Json::as_array).into_iter().flatten().filter_map(|point| point.get("untimed"));
                let is_untimed = |(observed, _): &&(Observed, f64)| {
                    NAMES[observed.series].0 == EventKind::Req && observed.duration.is_none()
                };
                let wanted = if kind == EventKind::Req { interval.events.iter().filter(is_untimed).count() } else { 0 };
                prop_assert_eq!(untimed.map(number).sum::<f64>(), wanted as f64);
            }
            let added = push.metric("orders").map_or(0.0, |metric| number(&metric["sum"]["dataPoints"][0]["asDouble"]));
            prop_assert_eq!(added, interval.added);
            prop_assert!(push.metric("tidegate.events").is_none(), "they are in the head");
        }
    }
}

/// What the collector counts itself, rows read and written among it.
#[test]
fn all_pushes_merged_are_what_the_collector_shows() {
    let mut model = Model::new(Config::default());
    let mut merged = StatsStore::new(900_000.0, 128).unwrap();
    for n in 0..400_u32 {
        let rows = (n % 3 == 0).then_some(n);
        let late = if n % 7 == 0 { f64::from(n) * 1000.0 } else { 0.0 };
        let (series, duration) = (n as usize % NAMES.len(), Some(f64::from(n % 90) + 0.5));
        model.record(Observed { series, late, duration, is_error: n % 10 == 0, rows });
        model.take(&Step::Advance(f64::from(n % 4) * 1000.0));
        if n == 399 {
            model.take(&Step::Flush);
        }
        for sent in std::mem::take(&mut model.sim.outstanding) {
            merged.merge(&Push::of(&model.sim.collector, sent.transmit).statistics).unwrap();
            model.sim.collector.settle(sent.transmit.lease, Outcome::Ok { rejected: 0 }, model.sim.now);
        }
    }
    let [own, merged] = [model.sim.collector.stats(model.sim.now), merged.snapshot(model.sim.now)];
    let rows = |snapshot: &Snapshot| -> Vec<_> {
        let of = |series: &SeriesSnapshot| (series.name.clone(), series.rows_read, series.rows_written);
        snapshot.series.iter().map(of).collect()
    };
    assert_eq!(rows(&own), rows(&merged));
    assert!(own.series.iter().any(|series| series.rows_read > Some(1000.0)));
    assert_same([own, merged]);
}

#[test]
fn a_push_waits_for_its_interval_and_flush_and_close_send_at_once() {
    let mut sim = sim(Config::default());
    let record = |sim: &mut Sim| {
        sim.collector.record(&Event::new(EventKind::Fn, "f", sim.now), None, sim.now);
    };
    record(&mut sim);
    assert_eq!(sim.collector.next_deadline(), Some(5000.0));
    assert!(sim.advance(4999.0).is_empty());
    let sent = sim.advance(1.0);
    assert_eq!((sent.len(), sim.collector.batch(sent[0].transmit).count()), (1, 1));
    sim.settle(&sent[0], Outcome::Ok { rejected: 0 });
    record(&mut sim);
    record(&mut sim);
    sim.collector.flush(1000.0, sim.now);
    let sent = sim.drain();
    let push = Push::of(&sim.collector, sent[0].transmit);
    assert_eq!((push.head["from"].as_f64(), push.head["seq"].as_u64()), (Some(START + 5000.0), Some(2)));
    // While one is in flight the next is filled; what is never sent is lost as closed.
    record(&mut sim);
    assert!(sim.advance(60_000.0).iter().all(|again| again.id == sent[0].id));
    sim.collector.close(sim.now);
    sim.collector.finish();
    let [hub] = &sim.collector.counters().sinks[..] else { panic!() };
    assert_eq!((hub.delivered, hub.in_flight, hub.dropped[Reason::Closed as usize]), (1.0, 2.0, 1.0));
    sim.check();
}

#[test]
fn only_exceptions_or_numbers_make_a_push_too() {
    let mut sim = sim(Config::default());
    sim.collector.record(&Event::new(EventKind::Evt, "cart.opened", START), None, START);
    assert!(sim.advance(5000.0).is_empty(), "events of one's own are not measured");
    for n in 0..25 {
        exception(&mut sim, &format!("message {n}"));
    }
    let sent = sim.advance(5000.0);
    let push = Push::of(&sim.collector, sent[0].transmit);
    assert_eq!(
        (sim.collector.batch(sent[0].transmit).count(), push.head["exceptions"].as_array().unwrap().len()),
        (25, 20)
    );
    let mut merged = StatsStore::new(900_000.0, 128).unwrap();
    merged.merge(&push.statistics).unwrap();
    assert_eq!(merged.snapshot(sim.now).total.count, 0);
    sim.settle(&sent[0], Outcome::TooLarge);
    let counters = sim.collector.counters();
    assert_eq!((counters.sinks[0].dropped[Reason::TooLarge as usize], counters.uncarried), (25.0, 26.0));
}

#[test]
fn a_clock_that_steps_keeps_the_age_of_what_waits() {
    let mut sim = sim(Config::default());
    sim.collector.record(
        &Event { duration: Some(1.0), ..Event::new(EventKind::Fn, "f", START) },
        None,
        START,
    );
    sim.advance(-86_400_000.0);
    let sent = sim.advance(5000.0);
    let push = Push::of(&sim.collector, sent[0].transmit);
    let mut merged = StatsStore::new(900_000.0, 128).unwrap();
    merged.merge(&push.statistics).unwrap();
    let snapshot = merged.snapshot(sim.now);
    assert_eq!(snapshot.series.len(), 1);
    assert_eq!(snapshot.series[0].slots.iter().sum::<u32>(), 1);
}

/// An isolate that goes on after a trap has a new id. A hub adds up what isolates have counted.
#[test]
fn after_a_reset_the_counters_are_those_of_the_new_isolate() {
    let mut config = Config::default();
    config.sinks.push(SinkOptions::new("log", Format::Ndjson));
    let (mut dead, mut next) = (sim(config.clone()), sim(config));
    let record = |sim: &mut Sim| {
        sim.collector.record(&Event::new(EventKind::Fn, "f", sim.now), None, sim.now);
    };
    (0..3).for_each(|_| record(&mut dead));
    next.collector.restore(dead.collector.ledger_block());
    record(&mut next);
    assert_eq!(next.collector.counters().emitted, 4.0, "the totals go on");
    let sent = next.advance(5000.0);
    let hub = sent.iter().find(|sent| sent.transmit.sink == 0).unwrap();
    let push = Push::of(&next.collector, hub.transmit);
    let counters = &push.head["counters"];
    assert_eq!(
        (&counters["emitted"], &counters["accepted"], &counters["coreResets"]),
        (&json!(1), &json!(1), &json!(1))
    );
    let sink = &counters["sinks"][0];
    assert_eq!(
        (&sink["accepted"], &sink["inFlight"], &sink["dropped"]["core_reset"]),
        (&json!(1), &json!(1), &json!(0))
    );
    let meta = sent.iter().find(|sent| sent.transmit.sink == 1).unwrap();
    assert_eq!(next.collector.batch(meta.transmit).counters.emitted, 1.0);
}

#[test]
fn the_head_names_the_service() {
    let service = Service { name: Some("shop".into()), version: None };
    let config = Config { service, ..Config::default() };
    let mut sim = sim(config);
    exception(&mut sim, "m");
    let sent = sim.advance(5000.0);
    let push = Push::of(&sim.collector, sent[0].transmit);
    assert_eq!(push.head["service"], json!({ "name": "shop" }));
}

/// A number, which OTLP writes as a string if it has 64 bits.
fn number(value: &Json) -> f64 {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).unwrap()
}

fn cases() -> u32 {
    std::env::var("TIDEGATE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150)
}

/// Durations of 1 ms to 1 s, evenly spread over their logarithms.
fn wide_durations() -> impl FnMut() -> f64 {
    let mut state = 1u32;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        10f64.powf(3.0 * f64::from(state >> 8) / f64::from(1 << 24))
    }
}

fn request(sim: &mut Sim, route: &str, status: u16, end: f64, ms: f64) {
    let request = Event {
        duration: Some(ms),
        method: "GET",
        status: Some(status),
        ..Event::new(EventKind::Req, route, end - ms)
    };
    sim.collector.record(&request, None, sim.now);
}

/// After a hub was away for 15 minutes, or after a backfill. A hub refuses a push of more than 1.75 MiB, and all of it is lost.
#[test]
fn however_wide_a_push_is_a_hub_takes_it() {
    let mut sim = sim(Config::default());
    sim.now += 900_000.0;
    let mut duration = wide_durations();
    let mut sum = 0.0;
    for slot in 0..60 {
        let end = sim.now - f64::from(slot) * 15_000.0;
        for n in 0..128 * 150 {
            let ms = duration();
            sum += ms;
            request(&mut sim, &format!("/a/route/of/usual/length/{}", n % 128), 200 + n / 128 % 2, end, ms);
        }
    }
    for n in 0..512 {
        let id = sim
            .collector
            .metric(MetricKind::Histogram, &format!("order.value.{}", n % 64), "EUR", "")
            .unwrap();
        let mut attributes = Attributes::default();
        attributes.push("plan", Value::Number(f64::from(n / 64)));
        for _ in 0..300 {
            sim.collector.measure(id, duration(), &attributes, sim.now);
        }
    }
    let (message, stack) = ("m".repeat(1024), "s".repeat(4096));
    for _ in 0..20 {
        let exception = Some(Exception { message: &message, stack: &stack, ..Exception::default() });
        let event =
            Event { error: Some("Error"), exception, ..Event::new(EventKind::Evt, Exception::NAME, sim.now) };
        sim.collector.record(&event, None, sim.now);
    }
    sim.collector.flush(1e4, sim.now);
    let sent = sim.drain();
    let mut bytes = Vec::new();
    Encoder::new(Format::Stats).encode(&sim.collector.batch(sent[0].transmit), &mut bytes);
    assert!(bytes.len() <= 1_835_008, "{} bytes", bytes.len());
    let mut merged = StatsStore::new(900_000.0, 128).unwrap();
    merged.merge(&Push::parse(&bytes).statistics).unwrap();
    let snapshot = merged.snapshot(sim.now);
    assert_eq!((snapshot.total.count, snapshot.series.len()), (60 * 128 * 150, 128));
    assert!(snapshot.series.iter().all(|series| series.coarse && series.figures.count == 60 * 150));
    let figures = snapshot.total;
    assert!((figures.mean_ms.unwrap() * figures.count as f64 / sum - 1.0).abs() < 1e-3, "sums are exact");
    let exact = 10f64.powf(2.85);
    let is_near = |ms: Option<f64>, error: f64| (ms.unwrap() / exact - 1.0).abs() < error;
    assert!(is_near(figures.p95_ms, 0.01), "that of all requests is as fine as ever");
    assert!(snapshot.series.iter().all(|series| is_near(series.figures.p95_ms, 0.1)));
    // The next one is as fine as ever.
    sim.settle(&sent[0], Outcome::Ok { rejected: 0 });
    let now = sim.now;
    request(&mut sim, "/a", 200, now, 5.0);
    let sent = sim.advance(5000.0);
    let mut merged = StatsStore::new(900_000.0, 128).unwrap();
    merged.merge(&Push::of(&sim.collector, sent[0].transmit).statistics).unwrap();
    assert!(merged.snapshot(sim.now).series.iter().all(|series| !series.coarse));
}

/// A hub keeps as many series, and a push of more would be too large even without a duration.
#[test]
fn a_push_has_no_more_series_than_a_hub_keeps() {
    let mut sim = sim(Config { stats_series: 1024, ..Config::default() });
    for route in 0..1024 {
        request(&mut sim, &format!("/{route}"), 200, START, 5.0);
    }
    let sent = sim.advance(5000.0);
    let mut merged = StatsStore::new(900_000.0, 1024).unwrap();
    merged.merge(&Push::of(&sim.collector, sent[0].transmit).statistics).unwrap();
    let snapshot = merged.snapshot(sim.now);
    assert_eq!((snapshot.total.count, snapshot.series.len()), (1024, 129));
}
