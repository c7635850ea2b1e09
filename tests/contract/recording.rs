//! Sampling, open requests and their children: what is recorded, and what is counted.

use crate::sim::{START, Sim, child, end, event};
use tidegate::engine::sampling::KeepSlow;
use tidegate::engine::{
    Attributes, Collector, Config, Event, EventKind, Format, Refusal, SinkOptions, Value,
};

fn sampled_at(rate: f64) -> Sim {
    let mut config = Config::default();
    config.sampling.rate = rate;
    config.sampling.seed = Some(7);
    config.sampling.exclude = vec!["/health".into()];
    Sim::new(config, 1)
}

fn names(sim: &mut Sim) -> Vec<String> {
    sim.advance(500.0).into_iter().flat_map(|sent| sent.names).collect()
}

#[test]
fn an_unsampled_request_that_fails_is_recorded_with_its_children() {
    let mut sim = sampled_at(0.0);
    let (good, bad) = (sim.collector.open("/a", None, START), sim.collector.open("/b", None, START));
    child(&mut sim, good, "good-child");
    child(&mut sim, bad, "bad-child");
    assert_eq!(sim.collector.counters().pending, 2.0);
    end(&mut sim, good, "/a", 200);
    end(&mut sim, bad, "/b", 500);
    assert_eq!(sim.collector.counters().pending, 0.0);
    assert_eq!(sim.collector.counters().sampled_out, 2.0);
    let sent = sim.advance(500.0);
    let batch = sim.collector.batch(sent[0].transmit);
    let events: Vec<_> = batch.events().collect();
    assert_eq!(events.iter().map(|event| event.name).collect::<Vec<_>>(), ["bad-child", "/b"]);
    assert!(events.iter().all(|event| event.p == 1.0));
    assert_eq!(events[0].ids.parent_id, events[1].ids.span_id);
    assert_eq!(events[0].ids.trace_id, events[1].ids.trace_id);
}

#[test]
fn children_of_a_sampled_request_are_queued_at_once() {
    let mut sim = sampled_at(1.0);
    let token = sim.collector.open("/a", None, START);
    child(&mut sim, token, "child");
    assert_eq!(sim.collector.queue_depth(), 1);
}

#[test]
fn an_excluded_request_and_its_children_are_only_counted() {
    let mut sim = sampled_at(1.0);
    let token = sim.collector.open("/health", None, START);
    child(&mut sim, token, "child");
    end(&mut sim, token, "/health", 500);
    assert_eq!(sim.collector.counters().excluded, 2.0);
    assert_eq!(sim.collector.stats(sim.now).total.count, 0);
    assert!(names(&mut sim).is_empty());
}

#[test]
fn statistics_count_every_request_that_is_not_excluded() {
    let mut sim = sampled_at(0.0);
    for status in [200, 200, 200, 500] {
        let token = sim.collector.open("/a", None, START);
        end(&mut sim, token, "/a", status);
    }
    let stats = sim.collector.stats(sim.now);
    assert_eq!((stats.total.count, stats.total.errors, stats.total.error_pct), (4, 1, 25.0));
    assert_eq!(names(&mut sim), ["/a"], "the error alone is recorded");
}

#[test]
fn only_the_first_children_and_the_last_are_buffered() {
    let mut sim = sampled_at(0.0);
    let token = sim.collector.open("/a", None, START);
    for n in 0..100 {
        child(&mut sim, token, &format!("child{n}"));
    }
    assert_eq!(sim.collector.counters().pending, 64.0);
    end(&mut sim, token, "/a", 503);
    let names = names(&mut sim);
    assert_eq!(names.len(), 65);
    assert_eq!((names[62].as_str(), names[63].as_str(), names[64].as_str()), ("child62", "child99", "/a"));
}

#[test]
fn a_request_that_never_ends_is_decided_after_a_minute() {
    let mut sim = sampled_at(0.0);
    let token = sim.collector.open("/a", None, START);
    child(&mut sim, token, "child");
    assert_eq!(sim.collector.tick(sim.now), Some(60_000.0));
    sim.advance(60_000.0);
    assert_eq!(sim.collector.counters().pending, 0.0);
    assert_eq!(sim.collector.counters().sampled_out, 1.0);
    end(&mut sim, token, "/a", 500);
    assert_eq!(names(&mut sim), ["/a"], "the request itself is still recorded");
}

#[test]
fn requests_that_never_end_do_not_pile_up() {
    let mut sim = sampled_at(0.0);
    let first = sim.collector.open("/first", None, START);
    for _ in 0..3000 {
        let token = sim.collector.open("/a", None, START);
        child(&mut sim, token, "child");
    }
    assert!(sim.collector.counters().pending <= 1024.0);
    end(&mut sim, first, "/first", 500);
    assert_eq!(names(&mut sim), ["/first"], "a stale token still ends its request");
}

#[test]
fn slow_requests_are_recorded_if_the_option_is_set() {
    let mut config = Config::default();
    config.sampling.rate = 0.0;
    config.sampling.keep_slow = Some(KeepSlow::Ms(100.0));
    let mut sim = Sim::new(config, 1);
    let attributes = Attributes::default();
    for duration in [99.0, 100.0, 101.0] {
        let mut request = event(EventKind::Req, "/a", sim.now, &attributes);
        request.duration = Some(duration);
        sim.collector.record(&request, None, sim.now);
    }
    assert_eq!(sim.collector.counters().accepted, 1.0);
}

#[test]
fn invalid_values_are_refused_and_counted() {
    let mut sim = Sim::new(Config::default(), 1);
    let attributes = Attributes::default();
    for (start, duration) in
        [(f64::NAN, Some(1.0)), (START, Some(f64::NAN)), (START, Some(-1.0)), (START, Some(f64::INFINITY))]
    {
        let mut request = event(EventKind::Req, "/a", start, &attributes);
        request.duration = duration;
        sim.collector.record(&request, None, sim.now);
    }
    assert_eq!(sim.collector.counters().refused, 4.0);
    sim.check();
}

#[test]
fn refused_events_are_counted_by_their_reason() {
    let mut early = Collector::new(Config::default()).unwrap();
    early.record(&Event::new(EventKind::Evt, "early", START), None, START);
    assert_eq!(reasons(&early), [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    let mut sim = Sim::new(Config::default(), 1);
    for kind in EventKind::ALL {
        sim.collector.record(&Event::new(kind, "a", f64::INFINITY), None, sim.now);
    }
    sim.collector.refuse(Refusal::Name, 3);
    sim.collector.refuse(Refusal::Status, 2);
    sim.collector.close(sim.now);
    for name in ["a", "b", "c", "d", "e"] {
        sim.collector.record(&Event::new(EventKind::Fn, name, sim.now), None, sim.now);
    }
    sim.collector.record(&Event::new(EventKind::Fn, "late", f64::NAN), None, sim.now);
    assert_eq!(reasons(&sim.collector), [6.0, 0.0, 3.0, 2.0, 4.0, 0.0]);
    let mut refused = early.answer();
    sim.collector.record_late(&Event::new(EventKind::Fn, "a", sim.now), &mut refused, sim.now);
    assert_eq!(reasons(&sim.collector)[Refusal::Request as usize], 1.0);
    sim.check();
}

fn reasons(collector: &Collector) -> [f64; Refusal::ALL.len()] {
    let counters = collector.counters();
    assert!(counters.is_conserved());
    counters.refused_by
}

#[test]
fn accepted_events_that_no_sink_carries_are_counted() {
    use EventKind::{Db, Evt, Fn, Req};
    let all = [Req, Fn, Db, Evt];
    for (formats, carried) in [
        (vec![], &all[..]),
        (vec![Format::Ndjson], &all),
        (vec![Format::OtlpTracesJson], &[Req, Fn, Db]),
        (vec![Format::OtlpLogsProtobuf], &[Evt]),
        (vec![Format::OtlpMetricsJson], &[Req, Db]),
        (vec![Format::Stats], &[Req, Fn, Db]),
        (vec![Format::OtlpMetricsProtobuf, Format::OtlpLogsJson], &[Req, Db, Evt]),
        (vec![Format::OtlpTracesProtobuf, Format::Events], &all),
    ] {
        let sinks: Vec<_> = formats.iter().map(|&format| SinkOptions::new("x", format)).collect();
        let mut collector = Collector::new(Config { sinks, ..Config::default() }).unwrap();
        collector.seed_entropy([1; 64]);
        for kind in all {
            for _ in 0..3 {
                collector.record(&Event::new(kind, "a", START), None, START);
            }
        }
        let counters = collector.counters();
        let missing = 3.0 * (all.len() - carried.len()) as f64;
        assert_eq!((counters.accepted, counters.uncarried), (12.0, missing), "{formats:?}");
        assert!(counters.is_conserved());
    }
}

#[test]
fn a_raw_path_is_shown_as_its_template_and_a_route_as_it_is() {
    let mut sim = Sim::new(Config::default(), 1);
    let attributes = Attributes::default();
    for (name, is_path) in [("/users/12345?token=secret", true), ("/users/12345", false)] {
        let mut request = event(EventKind::Req, name, sim.now, &attributes);
        request.is_path = is_path;
        sim.collector.record(&request, None, sim.now);
    }
    assert_eq!(names(&mut sim), ["/users/:id", "/users/12345"]);
}

#[test]
fn every_detail_of_an_event_is_unchanged_in_its_batch() {
    let mut sim = Sim::new(Config::default(), 1);
    let mut attributes = Attributes::default();
    attributes.push("region", Value::Text("eu"));
    attributes.push("n", Value::Number(3.0));
    let mut db = event(EventKind::Db, "SELECT * FROM users WHERE id = 42", sim.now, &attributes);
    (db.system, db.rows, db.error, db.status) = (Some("sqlite"), Some(7.0), Some("Timeout"), None);
    sim.collector.record(&db, None, sim.now);
    let sent = sim.advance(500.0);
    let batch = sim.collector.batch(sent[0].transmit);
    let view = batch.events().next().unwrap();
    assert_eq!(
        (view.kind, view.name, view.query),
        (EventKind::Db, "SELECT users", Some("SELECT * FROM users WHERE id = ?"))
    );
    assert_eq!(
        (view.detail, view.rows, view.error, view.duration),
        (Some("sqlite"), Some(7.0), Some("Timeout"), Some(1.5))
    );
    assert_eq!(
        view.attributes().collect::<Vec<_>>(),
        [("region", Value::Text("eu")), ("n", Value::Number(3.0))]
    );
    assert_ne!((view.ids.trace_id, view.ids.span_id), ([0; 16], [0; 8]));
}

#[test]
fn every_name_of_a_flood_is_unchanged_in_its_batch() {
    let mut sim = Sim::new(Config { queue_size: 8192, batch_max: 8192, ..Config::default() }, 1);
    let given: Vec<_> = (0..5000).map(|n| format!("/flood/{}", n % 3000)).collect();
    for name in &given {
        sim.emit(name);
    }
    let sent = sim.advance(500.0);
    assert_eq!(sent[0].names, given);
}
