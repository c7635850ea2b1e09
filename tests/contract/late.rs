//! Events of requests that are over.

use crate::sim::{START, Sim, child, end};
use tidegate::engine::event::trace::TraceContext;
use tidegate::engine::requests::{Fate, RequestAnswer};
use tidegate::engine::{BufferedRequest, Config, Event, EventKind, RouteRef};

fn sampled_at(rate: f64) -> Sim {
    let mut config = Config::default();
    config.sampling.rate = rate;
    config.sampling.seed = Some(7);
    config.sampling.exclude = vec!["/health".into()];
    Sim::new(config, 1)
}

fn late(sim: &mut Sim, answer: &mut RequestAnswer, error: Option<&str>) {
    let event = Event { error, ..Event::new(EventKind::Fn, "late", START) };
    sim.collector.record_late(&event, answer, START);
}

/// The answer to a request that was opened, had a child, and has ended.
fn opened(sim: &mut Sim, path: &str, status: u16) -> RequestAnswer {
    let token = sim.collector.open(path, None, START);
    child(sim, token, "child");
    end(sim, token, path, status);
    sim.collector.answer()
}

#[test]
fn a_late_event_has_the_trace_parent_and_p_of_its_request() {
    for rate in [1.0, 0.9, 0.5] {
        let mut sim = sampled_at(rate);
        let mut answer = loop {
            let answer = opened(&mut sim, "/a", 200);
            if answer.fate != Fate::SampledOut {
                break answer;
            }
        };
        late(&mut sim, &mut answer, None);
        let sent = sim.advance(500.0);
        let batch = sim.collector.batch(sent[0].transmit);
        let events: Vec<_> = batch.events().collect();
        let request = events.iter().find(|event| event.kind == EventKind::Req).unwrap();
        let late = events.iter().find(|event| event.name == "late").unwrap();
        assert_eq!(late.ids.parent_id, request.ids.span_id);
        assert_eq!((late.ids.trace_id, late.p), (request.ids.trace_id, rate));
    }
}

#[test]
fn a_late_event_counts_as_its_request_did() {
    let mut sim = sampled_at(0.0);
    let mut answer = opened(&mut sim, "/a", 200);
    late(&mut sim, &mut answer, None);
    let mut excluded = opened(&mut sim, "/health", 200);
    late(&mut sim, &mut excluded, Some("Error"));
    let counters = sim.collector.counters();
    assert_eq!((counters.sampled_out, counters.excluded, counters.pending), (3.0, 3.0, 0.0));
    sim.collector.close(START);
    let mut refused = opened(&mut sim, "/a", 200);
    late(&mut sim, &mut refused, Some("Error"));
    let counters = sim.collector.counters();
    assert_eq!((refused.fate, counters.refused), (Fate::Refused, 3.0));
}

#[test]
fn late_errors_are_kept_in_one_trace_and_without_a_parent_if_their_request_is_not_recorded() {
    let mut sim = sampled_at(0.0);
    let mut answer = opened(&mut sim, "/a", 200);
    late(&mut sim, &mut answer, Some("Error"));
    late(&mut sim, &mut answer, Some("Error"));
    let sent = sim.advance(500.0);
    let batch = sim.collector.batch(sent[0].transmit);
    let events: Vec<_> = batch.events().collect();
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| event.p == 1.0 && event.ids.parent_id == [0; 8]));
    assert!(events.iter().all(|event| event.ids.trace_id == answer.trace_id));
    assert_ne!(answer.trace_id, [0; 16]);
}

#[test]
fn a_request_that_is_not_recorded_stays_in_the_trace_that_came_in() {
    let mut sim = sampled_at(0.0);
    let parent = TraceContext { trace_id: [7; 16], parent_id: [8; 8], sampled: false, random: false };
    sim.collector.record(
        &Event { method: "GET", ..Event::new(EventKind::Req, "/a", START) },
        Some(parent),
        START,
    );
    let mut answer = sim.collector.answer();
    assert_eq!((answer.fate, answer.trace_id, answer.span_id), (Fate::SampledOut, [7; 16], [0; 8]));
    let outgoing = sim.collector.outgoing_late(&mut answer).unwrap();
    assert_eq!((outgoing.trace_id, outgoing.sampled), ([7; 16], false));
}

#[test]
fn each_buffered_request_has_an_answer_of_its_own() {
    let mut sim = sampled_at(0.5);
    sim.collector.record(
        &Event { method: "GET", ..Event::new(EventKind::Req, "/first", START) },
        None,
        START,
    );
    let method = sim.collector.method_id("GET").unwrap();
    let request = |route| BufferedRequest { route, method, status: Some(200), start: START, duration: None };
    let requests: Vec<_> =
        (0..40).map(|at| request(RouteRef::Text(if at % 4 == 0 { "/health" } else { "/a" }))).collect();
    let mut answers = Vec::new();
    sim.collector.record_requests(
        requests.into_iter(),
        |_, _, answer: &RequestAnswer| answers.push(*answer),
        START,
        START,
    );
    let count = |fate: fn(&Fate) -> bool| answers.iter().filter(|answer| fate(&answer.fate)).count() as f64;
    let counters = sim.collector.counters();
    assert_eq!(count(|fate| *fate == Fate::Excluded), 10.0);
    assert_eq!(count(|fate| *fate == Fate::Excluded), counters.excluded);
    assert!(count(|fate| *fate == Fate::SampledOut) >= 5.0);
    let mut spans: Vec<_> = answers.iter().map(|answer| answer.span_id).filter(|id| *id != [0; 8]).collect();
    let recorded = spans.len() as f64;
    spans.sort_unstable();
    spans.dedup();
    assert_eq!((recorded, spans.len() as f64), (count(|fate| *fate == Fate::Recorded { p: 0.5 }), recorded));
}
