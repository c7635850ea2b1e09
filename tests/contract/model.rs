//! Random interleavings of everything that can happen, against a model that only knows what was given and taken.

use crate::sim::{OK, RETRY, Sim};
use proptest::prelude::*;
use tidegate::engine::{Config, Outcome};

#[derive(Clone, Debug)]
enum Step {
    Emit(u8),
    Tick(f64),
    Drain,
    /// Settles one of the outstanding batches, the sink having got it or not.
    Settle(u8, Answer, bool),
    /// The owner dies: nobody will settle it.
    Orphan(u8),
    Flush(f64),
    SetClock(f64),
    Close,
    Finish,
}

#[derive(Clone, Copy, Debug)]
enum Answer {
    Ok,
    Rejected(u32),
    Retry,
    RetryAfter(f64),
    Fatal,
    TooLarge,
}

fn step() -> impl Strategy<Value = Step> {
    let answer = prop_oneof![
        4 => Just(Answer::Ok),
        1 => (0u32..20).prop_map(Answer::Rejected),
        3 => Just(Answer::Retry),
        1 => prop_oneof![Just(0.0), Just(f64::NAN), Just(-1.0), 0.0..1e6].prop_map(Answer::RetryAfter),
        1 => Just(Answer::Fatal),
        2 => Just(Answer::TooLarge),
    ];
    prop_oneof![
        8 => (1u8..20).prop_map(Step::Emit),
        6 => prop_oneof![Just(0.0), 0.0..600.0, 0.0..40_000.0].prop_map(Step::Tick),
        6 => Just(Step::Drain),
        8 => (any::<u8>(), answer, any::<bool>()).prop_map(|(which, answer, got)| Step::Settle(which, answer, got)),
        2 => any::<u8>().prop_map(Step::Orphan),
        2 => (0.0..5_000.0).prop_map(Step::Flush),
        1 => prop_oneof![Just(0.0), Just(f64::NAN), Just(-1e6), Just(1e9), Just(-2_000.0)].prop_map(Step::SetClock),
        1 => Just(Step::Close),
        1 => Just(Step::Finish),
    ]
}

fn config(queue: u16, batch: u16, probe: bool) -> Config {
    let mut config = Config::default();
    config.set("queueSize", f64::from(queue)).unwrap();
    config.set("batchMax", f64::from(batch)).unwrap();
    config.set("maxConsecutiveSinkFailures", 3.0).unwrap();
    if !probe {
        config.set("sinkProbeMs", f64::INFINITY).unwrap();
    }
    config
}

/// Runs the steps; the laws are checked after each by the simulation.
fn run(sim: &mut Sim, steps: &[Step]) -> usize {
    let mut emitted = 0;
    for step in steps {
        match *step {
            Step::Emit(count) => {
                for _ in 0..count {
                    sim.emit(&format!("{emitted:06}"));
                    emitted += 1;
                }
            }
            Step::Tick(ms) => {
                sim.now += ms;
                let wanted = sim.collector.tick(sim.now);
                assert_eq!(sim.collector.tick(sim.now), wanted, "the same now twice changes nothing");
            }
            Step::Drain => drop(sim.drain()),
            Step::Settle(which, answer, got) => settle(sim, which, answer, got),
            Step::Orphan(which) if !sim.outstanding.is_empty() => {
                let at = usize::from(which) % sim.outstanding.len();
                sim.outstanding.remove(at);
            }
            Step::Orphan(_) => {}
            Step::Flush(ms) => sim.collector.flush(ms, sim.now),
            Step::SetClock(by) => {
                let odd = if by == 0.0 || by.is_nan() { by } else { sim.now + by };
                sim.collector.tick(odd);
                if odd > 0.0 {
                    sim.now = odd;
                }
            }
            Step::Close => sim.collector.close(sim.now),
            Step::Finish => {
                sim.collector.close(sim.now);
                sim.collector.finish();
            }
        }
        sim.check();
    }
    emitted
}

fn settle(sim: &mut Sim, which: u8, answer: Answer, got: bool) {
    if sim.outstanding.is_empty() {
        return;
    }
    let sent = sim.outstanding[usize::from(which) % sim.outstanding.len()].clone();
    let sink = &mut sim.sinks[sent.send.sink];
    let outcome = match answer {
        // A sink is consistent: a batch it has is not refused later, nor one it refused taken later.
        _ if sink.refused.contains(&sent.id) => Outcome::TooLarge,
        Answer::TooLarge | Answer::Fatal if sink.batches.contains_key(&sent.id) => OK,
        Answer::Ok => OK,
        Answer::Rejected(rejected) => Outcome::Ok { rejected },
        Answer::Retry => RETRY,
        Answer::RetryAfter(ms) => Outcome::Retry { after_ms: Some(ms) },
        Answer::Fatal => Outcome::Fatal,
        Answer::TooLarge => Outcome::TooLarge,
    };
    if matches!(outcome, Outcome::TooLarge | Outcome::Fatal) {
        sink.refused.insert(sent.id.clone());
    }
    // A sink may have the events though its answer was lost.
    if got && matches!(outcome, Outcome::Retry { .. }) {
        sim.deliver(&sent);
    }
    sim.settle(&sent, outcome);
}

/// Lets every sink answer ok until nothing is left.
fn settle_all(sim: &mut Sim) {
    sim.outstanding.clear();
    for _ in 0..10_000 {
        for sent in sim.drain() {
            sim.settle(&sent, OK);
        }
        match sim.collector.tick(sim.now) {
            Some(ms) => sim.now += ms,
            None => return,
        }
    }
    panic!("the collector never comes to rest");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_silently_and_order_is_kept(
        steps in prop::collection::vec(step(), 1..120),
        queue in 1u16..64,
        batch in 1u16..16,
        sinks in 1usize..4,
        probe in any::<bool>(),
    ) {
        let mut sim = Sim::with(config(queue, batch, probe), sinks);
        let emitted = run(&mut sim, &steps);
        settle_all(&mut sim);
        let counters = sim.collector.counters();
        prop_assert_eq!(counters.emitted, emitted as f64);
        prop_assert_eq!(sim.collector.queue_depth(), 0);
        for (sink, received) in counters.sinks.iter().zip(&sim.sinks) {
            prop_assert_eq!(sink.queued + sink.in_flight, 0.0);
            prop_assert!(received.names.len() as f64 >= sink.delivered);
            prop_assert!(received.names.is_sorted_by(|a, b| a < b), "{:?}", received.names);
        }
    }
}

fn cases() -> u32 {
    std::env::var("TIDEGATE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1000)
}
