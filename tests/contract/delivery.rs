//! Queue, delivery and ledger: each rule of the design once, under a simulated clock.

use crate::sim::{OK, RETRY, Sim};
use tidegate::engine::{Config, Event, EventKind, Format, Notice, Outcome, Reason, SinkOptions};

fn dropped(sim: &Sim, sink: usize, reason: Reason) -> f64 {
    let at = Reason::ALL.iter().position(|&other| other == reason).unwrap();
    sim.collector.counters().sinks[sink].dropped[at]
}

#[test]
fn nothing_is_sent_before_the_interval_and_all_of_it_then() {
    let mut sim = Sim::new(Config::default(), 1);
    sim.emit_many(3);
    assert_eq!(sim.collector.tick(sim.now), Some(500.0));
    assert!(sim.advance(499.0).is_empty());
    let sent = sim.advance(1.0);
    assert_eq!(sent[0].names, ["/0", "/1", "/2"]);
    sim.settle(&sent[0], OK);
    assert_eq!(sim.collector.tick(sim.now), None);
    assert_eq!(sim.collector.counters().sinks[0].delivered, 3.0);
}

#[test]
fn a_full_batch_is_due_at_once() {
    let mut sim = Sim::new(Config { batch_max: 4, ..Config::default() }, 1);
    sim.emit_many(9);
    assert_eq!(sim.collector.tick(sim.now), Some(0.0));
    let first = sim.drain();
    assert_eq!(first.len(), 1, "one batch in flight a sink");
    sim.settle(&first[0], OK);
    let second = sim.drain();
    assert_eq!(second[0].names, ["/4", "/5", "/6", "/7"]);
    sim.settle(&second[0], OK);
    assert!(sim.drain().is_empty(), "the ninth waits for its interval");
}

#[test]
fn a_full_queue_drops_the_oldest_and_counts_it() {
    let mut sim = Sim::new(Config { queue_size: 4, ..Config::default() }, 1);
    sim.emit_many(10);
    assert_eq!(dropped(&sim, 0, Reason::Overflow), 6.0);
    assert_eq!(sim.advance(500.0)[0].names, ["/6", "/7", "/8", "/9"]);
    assert_eq!(
        sim.collector.poll_notice(),
        Some(Notice::Drop { sink: 0, reason: Reason::Overflow, count: 6 })
    );
}

#[test]
fn a_waiting_batch_is_safe_from_overflow_and_sent_again_unchanged() {
    let mut sim = Sim::new(Config { queue_size: 4, ..Config::default() }, 1);
    sim.emit_many(4);
    let first = sim.advance(500.0);
    sim.emit_many(20);
    sim.settle(&first[0], RETRY);
    let again = sim.advance(250.0);
    assert_eq!((&again[0].id, &again[0].names), (&first[0].id, &first[0].names));
    sim.settle(&again[0], OK);
    assert_eq!(dropped(&sim, 0, Reason::Overflow), 16.0);
}

#[test]
fn the_batch_of_a_dead_owner_is_sent_again_when_its_lease_expires() {
    let mut sim = Sim::new(Config::default(), 1);
    sim.emit_many(2);
    let orphan = sim.advance(500.0);
    assert_eq!(sim.collector.tick(sim.now), Some(3000.0));
    assert!(sim.advance(2999.0).is_empty());
    let again = sim.advance(1.0);
    assert_eq!(again[0].id, orphan[0].id);
    assert_ne!(again[0].transmit.lease, orphan[0].transmit.lease);
    sim.settle(&orphan[0], OK);
    assert_eq!(sim.collector.counters().sinks[0].late_settles, 1.0);
    assert_eq!(sim.collector.counters().sinks[0].delivered, 0.0, "a late settle is ignored");
    sim.settle(&again[0], OK);
    assert_eq!(sim.collector.counters().sinks[0].leases_expired, 1.0);
    assert_eq!(sim.collector.counters().sinks[0].delivered, 2.0);
}

#[test]
fn retry_after_is_remembered_and_bounded() {
    for (after, wait) in [(5_000.0, 5_000.0), (1e9, 600_000.0)] {
        let mut sim = Sim::new(Config::default(), 1);
        sim.emit_many(1);
        let sent = sim.advance(500.0);
        sim.settle(&sent[0], Outcome::Retry { after_ms: Some(after) });
        assert_eq!(sim.collector.tick(sim.now), Some(wait));
        assert!(sim.advance(wait - 1.0).is_empty());
        assert_eq!(sim.advance(1.0).len(), 1);
    }
}

#[test]
fn backoff_is_jittered_and_doubles_up_to_its_limit() {
    let config =
        Config { max_consecutive_sink_failures: Some(100), retry_max_ms: 4000.0, ..Config::default() };
    let mut sim = Sim::new(config, 1);
    sim.emit_many(1);
    let mut sent = sim.advance(500.0);
    for failure in 0..20 {
        sim.settle(&sent[0], RETRY);
        let wait = sim.collector.tick(sim.now).unwrap();
        assert!(wait <= (250.0 * 2f64.powi(failure)).min(4000.0), "failure {failure} waits {wait}");
        sent = sim.advance(wait);
        assert_eq!(sent.len(), 1);
    }
}

#[test]
fn a_fatal_batch_is_dropped_and_the_next_goes_on() {
    let mut sim = Sim::new(Config { batch_max: 2, ..Config::default() }, 1);
    sim.emit_many(4);
    let sent = sim.drain();
    sim.settle(&sent[0], Outcome::Fatal);
    assert_eq!(dropped(&sim, 0, Reason::Rejected), 2.0);
    let next = sim.advance(250.0);
    assert_eq!(next[0].names, ["/2", "/3"]);
    sim.settle(&next[0], Outcome::Ok { rejected: 9 });
    assert_eq!(dropped(&sim, 0, Reason::Rejected), 4.0, "a rejected count is clamped to the batch");
}

#[test]
fn a_batch_too_large_is_halved_under_new_ids_and_regrows() {
    let mut sim = Sim::new(Config { batch_max: 8, ..Config::default() }, 1);
    sim.emit_many(8);
    let whole = sim.drain();
    sim.settle(&whole[0], Outcome::TooLarge);
    let half = sim.drain();
    assert_eq!(half[0].names, ["/0", "/1", "/2", "/3"]);
    assert_ne!(half[0].id, whole[0].id);
    sim.settle(&half[0], OK);
    let rest = sim.drain();
    assert_eq!(rest[0].names, ["/4", "/5", "/6", "/7"]);
    sim.settle(&rest[0], OK);
    sim.emit_many(8);
    let regrown = sim.advance(500.0);
    assert_eq!(regrown[0].names.len(), 6, "four, and one for each ok");
}

#[test]
fn one_event_too_large_is_dropped_and_is_no_failure() {
    let mut sim = single_events(1);
    sim.emit_many(3);
    for name in ["/0", "/1"] {
        let sent = sim.drain();
        assert_eq!(sent[0].names, [name]);
        sim.settle(&sent[0], Outcome::TooLarge);
    }
    assert_eq!(dropped(&sim, 0, Reason::TooLarge), 2.0);
    assert_eq!(sim.drain()[0].names, ["/2"]);
    assert!(!sim.collector.counters().sinks[0].disabled);
}

#[test]
fn three_events_too_large_in_a_row_are_a_failure() {
    for failures in [1, 2, 5] {
        let mut sim = single_events(failures);
        sim.emit_many(100);
        let mut posts = 0;
        let mut waits = Vec::new();
        while !sim.collector.counters().sinks[0].disabled {
            let sent = sim.drain();
            if sent.is_empty() {
                let wait = sim.collector.tick(sim.now).unwrap();
                waits.push(wait);
                sim.now += wait.max(1.0);
                sim.collector.tick(sim.now);
                continue;
            }
            sim.settle(&sent[0], Outcome::TooLarge);
            posts += 1;
            assert!(posts <= 3 * failures, "endless");
        }
        assert_eq!(posts, 3 * failures);
        for (failure, wait) in waits.iter().enumerate() {
            assert!(*wait <= 250.0 * 2f64.powi(failure as i32), "failure {failure} waits {wait}");
        }
        let probe = sim.advance(30_000.0);
        sim.settle(&probe[0], Outcome::TooLarge);
        assert!(sim.drain().is_empty(), "one event is a whole probe");
        assert_eq!(sim.collector.tick(sim.now), Some(60_000.0));
        assert_eq!(dropped(&sim, 0, Reason::TooLarge), f64::from(posts + 1));
    }
}

#[test]
fn an_ok_between_events_too_large_starts_anew() {
    let mut sim = single_events(1);
    sim.emit_many(60);
    for n in 0..60 {
        let sent = sim.drain();
        sim.settle(&sent[0], if n % 3 == 2 { OK } else { Outcome::TooLarge });
    }
    assert!(!sim.collector.counters().sinks[0].disabled);
    assert_eq!(dropped(&sim, 0, Reason::TooLarge), 40.0);
}

/// A sink that takes one event at a time and is disabled after `failures`.
fn single_events(failures: u32) -> Sim {
    let max_consecutive_sink_failures = Some(failures);
    Sim::new(Config { batch_max: 1, max_consecutive_sink_failures, ..Config::default() }, 1)
}

#[test]
fn a_retry_after_of_no_time_is_the_ordinary_backoff() {
    for after in [0.0, -0.0, -5000.0, f64::NEG_INFINITY, f64::NAN, f64::MIN_POSITIVE] {
        let mut sims = [Some(after), None].map(|after_ms| {
            let mut sim = Sim::new(Config { sink_probe_ms: Some(30_000.0), ..Config::default() }, 1);
            sim.emit_many(1);
            let mut sent = sim.advance(500.0);
            for _ in 0..3 {
                sim.settle(&sent[0], Outcome::Retry { after_ms });
                let wait = sim.collector.tick(sim.now).unwrap();
                sent = sim.advance(wait);
            }
            sim.settle(&sent[0], Outcome::Retry { after_ms });
            sim
        });
        let [waits, backoff] = sims.each_mut().map(|sim| sim.collector.tick(sim.now).unwrap());
        let is_a_time = after > 0.0;
        assert_eq!(waits == backoff, !is_a_time, "{after}: {waits}, {backoff}");
    }
}

#[test]
fn a_round_takes_nothing_that_was_recorded_after_it_began() {
    let mut sim = Sim::new(Config { batch_max: 4, flush_interval_ms: 0.0, ..Config::default() }, 2);
    sim.emit_many(6);
    let round = sim.collector.round();
    let mut sent = [Vec::new(), Vec::new()];
    for n in 0..100 {
        let Some(transmit) = sim.collector.poll_round(round, sim.now) else { break };
        sent[transmit.sink].extend(sim.collector.batch(transmit).events().map(|event| event.name.to_owned()));
        sim.emit(&format!("/sent/{n}"));
        sim.collector.settle(transmit.lease, OK, sim.now);
        sim.check();
    }
    for names in sent {
        assert_eq!(names, ["/0", "/1", "/2", "/3", "/4", "/5"]);
    }
    assert_eq!(sim.collector.tick(sim.now), Some(0.0), "the rest waits for the next tick");
    assert_eq!(sim.drain().iter().map(|sent| sent.names.len()).sum::<usize>(), 8);
}

#[test]
fn a_round_of_metrics_takes_one_interval() {
    let mut config = Config { flush_interval_ms: 0.0, ..Config::default() };
    config.sampling.rate = 0.0;
    config.sinks.push(SinkOptions::new("metrics", Format::OtlpMetricsJson));
    let mut sim = Sim::start(config);
    let request = Event { method: "GET", duration: Some(5.0), ..Event::new(EventKind::Req, "/a", sim.now) };
    sim.collector.record(&request, None, sim.now);
    let round = sim.collector.round();
    let mut polled = 0;
    while let Some(transmit) = sim.collector.poll_round(round, sim.now) {
        polled += 1;
        assert!(polled <= 1, "endless");
        sim.collector.record(&request, None, sim.now);
        sim.collector.settle(transmit.lease, OK, sim.now);
    }
    assert_eq!(polled, 1);
    assert_eq!(sim.drain().len(), 1, "the next round takes the next interval");
}

#[test]
fn a_sink_that_fails_is_not_sent_to_again_at_the_same_time() {
    for after_ms in [None, Some(0.0), Some(f64::MIN_POSITIVE), Some(1e-9)] {
        let config = Config { retry_base_ms: 1.0, max_consecutive_sink_failures: None, ..Config::default() };
        let mut sim = Sim::new(config, 1);
        sim.emit_many(1);
        let mut sent = sim.advance(500.0);
        for _ in 0..50 {
            sim.settle(&sent[0], Outcome::Retry { after_ms });
            assert!(sim.drain().is_empty());
            let wait = sim.collector.tick(sim.now).unwrap();
            sent = sim.advance(wait);
        }
    }
}

/// Fails until the sink is disabled.
fn disable(sim: &mut Sim) {
    sim.emit_many(1);
    let mut sent = sim.advance(500.0);
    for _ in 0..5 {
        sim.settle(&sent[0], RETRY);
        if !sim.collector.counters().sinks[0].disabled {
            sent = sim.advance(30_000.0);
        }
    }
    assert!(sim.collector.counters().sinks[0].disabled);
}

#[test]
fn a_failing_sink_is_disabled_probed_and_recovers() {
    let mut sim = Sim::new(Config { queue_size: 8, ..Config::default() }, 1);
    disable(&mut sim);
    sim.emit_many(20);
    assert!(sim.advance(29_999.0).is_empty());
    let probe = sim.advance(1.0);
    sim.settle(&probe[0], RETRY);
    assert!(sim.advance(59_999.0).is_empty(), "the wait doubles");
    let probe = sim.advance(1.0);
    sim.settle(&probe[0], OK);
    assert!(!sim.collector.counters().sinks[0].disabled);
    let rest = sim.drain();
    assert_eq!(rest[0].names.len(), 8, "the newest events of the queue have waited");
    let notices: Vec<_> = std::iter::from_fn(|| sim.collector.poll_notice()).collect();
    let count = |wanted: Notice| notices.iter().filter(|notice| **notice == wanted).count();
    assert_eq!(count(Notice::SinkDisabled { sink: 0, count: 1 }), 1);
    assert_eq!(count(Notice::SinkRecovered { sink: 0 }), 1);
}

#[test]
fn a_sink_without_probes_drops_waiting_and_new_events_when_disabled() {
    let mut sim = Sim::new(Config { sink_probe_ms: None, ..Config::default() }, 2);
    sim.emit_many(1);
    for _ in 0..5 {
        for sent in sim.advance(30_000.0) {
            sim.settle(&sent, if sent.transmit.sink == 0 { RETRY } else { OK });
        }
    }
    sim.emit_many(3);
    assert_eq!(dropped(&sim, 0, Reason::Disabled), 4.0);
    let sent = sim.advance(500.0);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].names.len(), 3, "the other sink loses nothing");
}

#[test]
fn only_an_ok_resets_the_count_of_failures() {
    let mut sim = Sim::new(Config { max_consecutive_sink_failures: Some(2), ..Config::default() }, 1);
    sim.emit_many(1);
    let sent = sim.advance(500.0);
    sim.settle(&sent[0], RETRY);
    sim.advance(0.0);
    let sent = sim.advance(250.0);
    assert_eq!(sent.len(), 1);
    sim.settle(&sent[0], RETRY);
    assert!(sim.collector.counters().sinks[0].disabled);
}

#[test]
fn a_sink_that_never_answers_delays_no_other() {
    let mut sim = Sim::new(Config { batch_max: 2, ..Config::default() }, 2);
    sim.emit_many(6);
    let mut live = Vec::new();
    for _ in 0..6 {
        for sent in sim.drain() {
            if sent.transmit.sink == 1 {
                live.extend(sent.names.clone());
                sim.settle(&sent, OK);
            }
        }
    }
    assert_eq!(live, ["/0", "/1", "/2", "/3", "/4", "/5"]);
}

#[test]
fn a_flush_makes_all_that_waits_due_until_its_deadline() {
    let mut sim = Sim::new(Config { batch_max: 4, ..Config::default() }, 1);
    sim.emit_many(6);
    sim.collector.flush(1000.0, sim.now);
    let first = sim.drain();
    sim.settle(&first[0], OK);
    assert!(sim.collector.is_flushing(sim.now));
    let second = sim.drain();
    assert_eq!(second[0].names, ["/4", "/5"]);
    sim.settle(&second[0], OK);
    assert!(!sim.collector.is_flushing(sim.now));
}

#[test]
fn a_flush_waits_for_a_batch_leased_elsewhere_but_not_past_its_deadline() {
    let mut sim = Sim::new(Config::default(), 1);
    sim.emit_many(1);
    let elsewhere = sim.advance(500.0);
    sim.collector.flush(1000.0, sim.now);
    assert!(sim.collector.is_flushing(sim.now));
    assert!(!sim.collector.is_flushing(sim.now + 1000.0));
    sim.settle(&elsewhere[0], OK);
    assert!(!sim.collector.is_flushing(sim.now));
}

#[test]
fn a_flush_skips_sinks_that_wait_past_its_deadline() {
    let mut sim = Sim::new(Config::default(), 1);
    sim.emit_many(1);
    let sent = sim.advance(500.0);
    sim.settle(&sent[0], Outcome::Retry { after_ms: Some(5000.0) });
    sim.collector.flush(1000.0, sim.now);
    assert!(!sim.collector.is_flushing(sim.now));
}

#[test]
fn closing_refuses_new_events_and_counts_what_is_left() {
    let mut sim = Sim::new(Config { batch_max: 2, ..Config::default() }, 1);
    sim.emit_many(5);
    let leased = sim.drain();
    sim.collector.close(sim.now);
    sim.emit("/late");
    assert_eq!(sim.collector.counters().refused, 1.0);
    sim.collector.finish();
    sim.check();
    assert_eq!(dropped(&sim, 0, Reason::Closed), 3.0);
    assert_eq!(sim.collector.counters().sinks[0].in_flight, 2.0);
    sim.settle(&leased[0], OK);
    assert_eq!(sim.collector.counters().sinks[0].delivered, 2.0, "a late ok still counts");
}

#[test]
fn a_batch_leased_at_close_and_never_settled_counts_closed() {
    let mut sim = Sim::new(Config::default(), 1);
    sim.emit_many(2);
    sim.advance(500.0);
    sim.collector.close(sim.now);
    sim.collector.finish();
    sim.advance(3000.0);
    sim.check();
    assert_eq!(dropped(&sim, 0, Reason::Closed), 2.0);
    assert_eq!(sim.collector.tick(sim.now), None);
}

#[test]
fn deadlines_move_with_a_clock_that_is_set_back_far() {
    let mut sim = Sim::new(Config::default(), 1);
    sim.emit_many(1);
    sim.now -= 3_600_000.0;
    assert_eq!(sim.collector.tick(sim.now), Some(500.0));
    assert_eq!(sim.advance(500.0).len(), 1);
}

#[test]
fn a_small_step_back_of_the_clock_is_ignored() {
    let mut sim = Sim::new(Config::default(), 1);
    sim.emit_many(1);
    sim.now -= 1000.0;
    assert_eq!(sim.collector.tick(sim.now), Some(500.0));
    assert!(sim.advance(1000.0).is_empty());
    assert_eq!(sim.advance(500.0).len(), 1);
}

#[test]
fn the_same_now_twice_changes_nothing() {
    let mut sim = Sim::new(Config::default(), 2);
    sim.emit_many(3);
    sim.advance(500.0);
    sim.now += 3000.0;
    let first = (sim.collector.tick(sim.now), sim.collector.counters());
    assert_eq!((sim.collector.tick(sim.now), sim.collector.counters()), first);
}

#[test]
fn attribute_bytes_are_bounded_too() {
    use tidegate::engine::{Attributes, EventKind, Value};
    let mut sim = Sim::new(Config { queue_bytes: 16_384, ..Config::default() }, 1);
    let mut attributes = Attributes::default();
    attributes.push("blob", Value::Text(&"x".repeat(4000)));
    for _ in 0..10 {
        sim.collector.record(&crate::sim::event(EventKind::Evt, "e", sim.now, &attributes), None, sim.now);
        sim.check();
    }
    assert_eq!(sim.collector.queue_depth(), 4);
    assert_eq!(dropped(&sim, 0, Reason::Overflow), 6.0);
}
