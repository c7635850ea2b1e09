//! Cases in which two rules of the design meet.

use crate::sim::{OK, RETRY, START, Sim, child, end, event};
use tidegate::engine::event::trace::TraceContext;
use tidegate::engine::{
    Attributes, Collector, Config, EventKind, Format, Notice, Outcome, SinkOptions, Token, Value,
};

fn sampled_at(rate: f64, overrides: &[(&str, f64)]) -> Sim {
    let mut config = Config::default();
    config.sampling.rate = rate;
    config.sampling.seed = Some(7);
    config.sampling.overrides = overrides.iter().map(|&(rule, rate)| (rule.to_owned(), rate)).collect();
    Sim::new(config, 1)
}

/// Opens requests on `path` until one is sampled.
fn open_sampled(sim: &mut Sim, path: &str) -> Token {
    loop {
        let token = sim.collector.open(path, None, sim.now);
        if token.is_sampled() {
            return token;
        }
        sim.collector.abandon(token);
    }
}

/// `(name, p)` of all that is sent within the interval.
fn recorded(sim: &mut Sim) -> Vec<(String, f64)> {
    let mut all = Vec::new();
    for sent in sim.advance(500.0) {
        all.extend(sim.collector.batch(sent.transmit).events().map(|event| (event.name.to_owned(), event.p)));
    }
    all
}

#[test]
fn truncated_attributes_of_a_child_are_counted() {
    let mut sim = sampled_at(0.5, &[]);
    let mut attributes = Attributes::default();
    attributes.push("blob", Value::Text(&"x".repeat(5000)));
    for token in [open_sampled(&mut sim, "/a"), Token::from_number(0.0)] {
        sim.collector.record_in(&event(EventKind::Evt, "e", START, &attributes), token, START);
    }
    assert_eq!(sim.collector.counters().truncated, 1.0, "of recorded events only");
    let mut sim = sampled_at(0.0, &[]);
    let token = sim.collector.open("/a", None, START);
    sim.collector.record_in(&event(EventKind::Evt, "e", START, &attributes), token, START);
    assert_eq!(sim.collector.counters().truncated, 1.0, "of buffered ones too");
}

#[test]
fn a_statement_without_a_summary_has_a_default_name() {
    let mut sim = Sim::new(Config::default(), 1);
    let attributes = Attributes::default();
    for statement in ["", "   ", "-- nothing\n", "?", "42", "vacuum"] {
        sim.collector.record(&event(EventKind::Db, statement, START, &attributes), None, START);
    }
    let names: Vec<_> = recorded(&mut sim).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["QUERY", "QUERY", "QUERY", "QUERY", "QUERY", "VACUUM"]);
}

#[test]
fn a_request_that_left_the_table_keeps_its_rate() {
    let mut sim = sampled_at(0.0, &[("/half", 0.5)]);
    let first = open_sampled(&mut sim, "/half");
    for _ in 0..2000 {
        sim.collector.open("/none", None, START);
    }
    assert_eq!(sim.collector.trace_of(first), None, "it is not in the table any more");
    child(&mut sim, first, "child");
    end(&mut sim, first, "/other/template", 200);
    assert_eq!(recorded(&mut sim), [("child".to_owned(), 0.5), ("/other/template".to_owned(), 0.5)]);
}

#[test]
fn children_of_a_sampled_request_that_fails_carry_its_p() {
    let mut sim = sampled_at(0.5, &[]);
    let (failing, fine) = (open_sampled(&mut sim, "/f"), open_sampled(&mut sim, "/a"));
    for _ in 0..3 {
        child(&mut sim, failing, "failing-child");
        child(&mut sim, fine, "fine-child");
    }
    end(&mut sim, failing, "/f", 500);
    end(&mut sim, fine, "/a", 200);
    for (name, p) in recorded(&mut sim) {
        assert_eq!(p, if name.contains('f') && !name.contains("fine") { 1.0 } else { 0.5 }, "{name}");
    }
}

#[test]
fn a_waiting_batch_keeps_the_p_it_was_sent_with() {
    let mut sim = sampled_at(0.5, &[]);
    let token = open_sampled(&mut sim, "/f");
    child(&mut sim, token, "child");
    let sent = sim.advance(500.0);
    end(&mut sim, token, "/f", 500);
    sim.settle(&sent[0], RETRY);
    let again = sim.advance(250.0);
    let p: Vec<_> = sim.collector.batch(again[0].transmit).events().map(|event| event.p).collect();
    assert_eq!((again[0].id.as_str(), p), (sent[0].id.as_str(), vec![0.5]), "one id, the same bytes");
}

#[test]
fn a_signal_reports_a_waiting_batch_even_if_its_event_is_not_recorded() {
    let mut sim = sampled_at(0.0, &[("/all", 1.0)]);
    let attributes = Attributes::default();
    let mut request = event(EventKind::Req, "/all", START, &attributes);
    sim.collector.record(&request, None, START);
    let orphan = sim.advance(500.0);
    request.name = "/none";
    assert!(sim.collector.record(&request, None, sim.now).waiting, "its owner may be dead");
    sim.settle(&orphan[0], RETRY);
    assert!(sim.collector.record(&request, None, sim.now).waiting, "it waits for its next try");
    let again = sim.advance(250.0);
    sim.settle(&again[0], OK);
    assert!(!sim.collector.record(&request, None, sim.now).waiting);
}

#[test]
fn a_second_flush_does_not_shorten_the_first() {
    let mut sim = Sim::new(Config { flush_interval_ms: 60_000.0, ..Config::default() }, 1);
    sim.emit_many(1);
    sim.collector.flush(5000.0, sim.now);
    sim.collector.flush(100.0, sim.now);
    assert!(sim.collector.is_flushing(sim.now + 100.0));
    assert_eq!(sim.advance(100.0).len(), 1);
}

#[test]
fn a_flush_is_over_when_what_it_found_is_gone() {
    let mut sim = Sim::new(Config { batch_max: 2, ..Config::default() }, 1);
    sim.emit_many(2);
    sim.collector.flush(10_000.0, sim.now);
    let first = sim.drain();
    sim.emit_many(2);
    assert!(sim.collector.is_flushing(sim.now));
    sim.settle(&first[0], OK);
    let newer = sim.drain();
    assert_eq!(newer.len(), 1);
    assert!(!sim.collector.is_flushing(sim.now), "the batch in flight came later");
    sim.settle(&newer[0], RETRY);
    assert!(!sim.collector.is_flushing(sim.now));
}

#[test]
fn a_flush_without_a_deadline_has_the_default() {
    let mut sim = Sim::new(Config::default(), 1);
    sim.emit_many(1);
    sim.collector.flush(f64::NAN, sim.now);
    assert!(sim.collector.is_flushing(sim.now + 1999.0));
    assert!(!sim.collector.is_flushing(sim.now + 2000.0));
}

/// Fails until the sink is disabled.
fn disable(sim: &mut Sim) {
    sim.emit_many(1);
    while !sim.collector.counters().sinks[0].disabled {
        for sent in sim.advance(30_000.0) {
            sim.settle(&sent, RETRY);
        }
    }
}

#[test]
fn a_flush_skips_a_disabled_sink_for_good() {
    let mut sim = Sim::new(Config { batch_max: 1, flush_interval_ms: 60_000.0, ..Config::default() }, 1);
    disable(&mut sim);
    sim.emit_many(1);
    sim.collector.flush(100_000.0, sim.now);
    assert!(!sim.collector.is_flushing(sim.now));
    assert!(sim.drain().is_empty());
    let probe = sim.advance(30_000.0);
    sim.settle(&probe[0], OK);
    assert!(!sim.collector.is_flushing(sim.now), "it was skipped, and does not start again");
}

#[test]
fn a_retry_after_longer_than_the_wait_for_a_probe_counts() {
    let mut sim = Sim::new(Config { max_consecutive_sink_failures: Some(1), ..Config::default() }, 1);
    sim.emit_many(1);
    let sent = sim.advance(500.0);
    sim.settle(&sent[0], Outcome::Retry { after_ms: Some(120_000.0) });
    assert_eq!(sim.collector.tick(sim.now), Some(120_000.0));
}

#[test]
fn a_probe_too_large_is_halved_and_neither_fails_nor_recovers() {
    let mut sim = Sim::new(Config { batch_max: 4, ..Config::default() }, 1);
    disable(&mut sim);
    sim.emit_many(4);
    let mut probe = sim.advance(30_000.0);
    sim.settle(&probe[0], OK);
    for _ in 0..5 {
        probe = sim.advance(30_000.0);
        sim.settle(&probe[0], RETRY);
    }
    let probe = sim.advance(30_000.0);
    assert_eq!(probe[0].names.len(), 4);
    sim.settle(&probe[0], Outcome::TooLarge);
    assert!(sim.collector.counters().sinks[0].disabled);
    let half = sim.drain();
    assert_eq!(half[0].names.len(), 2);
    sim.settle(&half[0], OK);
    assert!(!sim.collector.counters().sinks[0].disabled);
}

#[test]
fn a_closed_sink_is_not_a_disabled_one() {
    let mut sim = Sim::new(Config::default(), 1);
    sim.collector.close(sim.now);
    sim.collector.finish();
    assert!(!sim.collector.counters().sinks[0].disabled);
    let mut sim = Sim::new(Config::default(), 1);
    disable(&mut sim);
    sim.collector.finish();
    assert!(sim.collector.counters().sinks[0].disabled, "it was, when it was closed");
    sim.emit("/late");
    assert_eq!(sim.collector.counters().refused, 1.0, "finished means closed");
}

#[test]
fn a_child_that_replaces_the_last_one_discards_no_other_request() {
    let mut sim = sampled_at(0.0, &[]);
    let oldest = sim.collector.open("/oldest", None, START);
    child(&mut sim, oldest, "oldest-child");
    sim.now += 1.0;
    let big: Vec<_> = (0..16).map(|_| sim.collector.open("/big", None, sim.now)).collect();
    for n in 0..1023 {
        child(&mut sim, big[n / 64], "child");
    }
    assert_eq!(sim.collector.counters().pending, 1024.0);
    child(&mut sim, big[0], "last");
    assert_eq!(sim.collector.counters().pending, 1024.0, "it replaced the last of its own");
    child(&mut sim, big[15], "one more");
    assert_eq!(sim.collector.counters().pending, 1024.0, "the oldest was decided");
    assert_eq!(sim.collector.counters().sampled_out, 2.0);
}

#[test]
fn an_engine_without_entropy_refuses_events() {
    let mut config = Config::default();
    config.sinks.push(SinkOptions::new("s", Format::Ndjson));
    let mut collector = Collector::new(config).unwrap();
    let attributes = Attributes::default();
    collector.record(&event(EventKind::Req, "/", START, &attributes), None, START);
    assert_eq!(collector.counters().refused, 1.0);
    collector.seed_entropy([1; 64]);
    collector.record(&event(EventKind::Req, "/", START, &attributes), None, START);
    assert_eq!(collector.counters().accepted, 1.0);
}

#[test]
fn drops_are_added_up_across_other_notices() {
    let mut sim = Sim::new(Config { queue_size: 1, ..Config::default() }, 2);
    sim.emit_many(3);
    for sent in sim.advance(500.0) {
        sim.settle(&sent, OK);
    }
    sim.emit_many(5);
    let notices: Vec<_> = std::iter::from_fn(|| sim.collector.poll_notice()).collect();
    let drops: Vec<_> = notices
        .iter()
        .filter_map(|notice| match notice {
            Notice::Drop { sink, count, .. } => Some((*sink, *count)),
            _ => None,
        })
        .collect();
    assert_eq!(drops, [(0, 6), (1, 6)]);
    assert!(sim.collector.poll_notice().is_none());
    sim.emit("/again");
    assert!(matches!(sim.collector.poll_notice(), Some(Notice::Drop { sink: 0, count: 1, .. })));
}

#[test]
fn rules_match_a_raw_path_without_its_query() {
    let mut config = Config::default();
    config.sampling.exclude = vec![r"re:\.js$".into()];
    let mut sim = Sim::new(config, 1);
    assert!(sim.collector.open("/app.js?v=1", None, START).is_excluded());
    assert_eq!(sim.collector.effective_rate("/app.js?v=1"), None);
    let attributes = Attributes::default();
    let mut request = event(EventKind::Req, "/app.js?v=1", START, &attributes);
    request.is_path = true;
    sim.collector.record(&request, None, START);
    assert_eq!(sim.collector.counters().excluded, 1.0);
}

/// W3C Trace Context 2: the random flag of a trace that is not ours is passed on as it came.
#[test]
fn a_trace_is_no_more_random_than_it_was() {
    let mut sim = Sim::new(Config::default(), 1);
    for random in [true, false] {
        let parent = TraceContext { trace_id: [1; 16], parent_id: [2; 8], sampled: true, random };
        let token = sim.collector.open("/a", Some(parent), START);
        assert_eq!(sim.collector.trace_of(token).unwrap().random, random);
    }
    let token = sim.collector.open("/a", None, START);
    assert!(sim.collector.trace_of(token).unwrap().random, "our own is");
}

#[test]
fn the_bytes_of_buffered_children_are_bounded_and_unchanged() {
    let mut sim = sampled_at(0.0, &[]);
    let texts: Vec<_> = (0..100).map(|n| char::from(b'a' + n % 26).to_string().repeat(4000)).collect();
    let tokens: Vec<_> = (0..100).map(|_| sim.collector.open("/a", None, START)).collect();
    for (token, text) in tokens.iter().zip(&texts) {
        let mut attributes = Attributes::default();
        attributes.push("text", Value::Text(text));
        sim.collector.record_in(&event(EventKind::Evt, "e", START, &attributes), *token, START);
        sim.check();
    }
    // 4096 blocks of 62 bytes hold 63 events of 4011 bytes.
    assert_eq!(sim.collector.counters().pending, 63.0);
    for token in &tokens {
        end(&mut sim, *token, "/a", 500);
    }
    let mut seen = 0;
    sim.collector.flush(1000.0, sim.now);
    for sent in sim.advance(500.0) {
        for event in sim.collector.batch(sent.transmit).events().filter(|event| event.kind == EventKind::Evt)
        {
            let (key, Value::Text(text)) = event.attributes().next().unwrap() else { panic!("not a text") };
            assert_eq!((key, text.len()), ("text", 4000));
            assert!(texts.iter().any(|given| given == text));
            seen += 1;
        }
    }
    assert_eq!(seen, 63);
}

#[test]
fn an_evicted_event_is_lost_only_for_sinks_that_had_not_taken_it() {
    let mut sim = Sim::new(Config { queue_size: 4, batch_max: 4, ..Config::default() }, 2);
    sim.emit_many(4);
    let first = sim.drain();
    sim.settle(&first[0], OK);
    sim.emit_many(4);
    let second = sim.drain();
    assert_eq!((second.len(), second[0].transmit.sink), (1, 0), "the other still has its first");
    sim.settle(&second[0], OK);
    sim.emit_many(4);
    let counters = sim.collector.counters();
    let overflow = |sink: usize| counters.sinks[sink].dropped[0];
    assert_eq!((overflow(0), overflow(1)), (0.0, 4.0));
    let third = sim.drain();
    assert_eq!(third[0].names, ["/0", "/1", "/2", "/3"]);
    sim.settle(&third[0], OK);
    sim.settle(&first[1], OK);
    assert_eq!(sim.drain()[0].names.len(), 4);
}

#[test]
fn a_signal_reports_a_full_batch_only_if_it_can_be_sent_now() {
    let mut sim = Sim::new(Config { batch_max: 2, ..Config::default() }, 1);
    let attributes = Attributes::default();
    let due = |sim: &mut Sim| {
        sim.collector.record(&event(EventKind::Fn, "f", sim.now, &attributes), None, sim.now).due
    };
    assert_eq!((due(&mut sim), due(&mut sim)), (false, true));
    let sent = sim.drain();
    assert_eq!((due(&mut sim), due(&mut sim)), (false, false), "one batch in flight a sink");
    sim.settle(&sent[0], Outcome::Retry { after_ms: Some(1000.0) });
    sim.now += 999.0;
    assert!(!due(&mut sim), "not before the time the sink asked for");
    sim.now += 1.0;
    assert!(due(&mut sim));
}
