//! Random sequences of all operations, against a model that knows only the inputs and the outputs.

use crate::script::{self, Answer, Ending, EventInput, Path, RATE, Step, step};
use crate::sim::{OK, RETRY, Sim};
use proptest::prelude::*;
use tidegate::engine::{Config, EventKind, Format, Outcome, SinkOptions, Token};

/// The accepted events in their order, and the buffered children by request.
struct Model {
    sim: Sim,
    emitted: usize,
    accepted: Vec<usize>,
    /// The kind of each event, by its number.
    kinds: Vec<EventKind>,
    requests: Vec<Request>,
    closed: bool,
}

struct Request {
    token: Token,
    buffered: Vec<usize>,
    ended: bool,
}

impl Model {
    fn new(config: Config) -> Self {
        let sim = Sim::start(config);
        Self {
            sim,
            emitted: 0,
            accepted: Vec::new(),
            kinds: vec![EventKind::Evt],
            requests: Vec::new(),
            closed: false,
        }
    }

    fn run(&mut self, steps: &[Step]) {
        for step in steps {
            self.take(step);
            self.sim.check();
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Emit(count) => (0..count).for_each(|_| self.emit()),
            Step::Open(path) => self.open(path),
            Step::Child(which) => self.child(which),
            Step::End(which, ending) => self.end(which, ending),
            Step::Abandon(which) => {
                if let Some(request) = pick(&mut self.requests, which) {
                    request.buffered.clear();
                    request.ended = true;
                    self.sim.collector.abandon(request.token);
                }
            }
            Step::Tick(ms) => self.tick(ms),
            Step::Drain => self.drain(),
            Step::Settle(which, answer, got) => settle(&mut self.sim, which, answer, got),
            Step::Orphan(which) => {
                if !self.sim.outstanding.is_empty() {
                    let at = usize::from(which) % self.sim.outstanding.len();
                    self.sim.outstanding.remove(at);
                }
            }
            Step::Flush(ms) => self.sim.collector.flush(ms, self.sim.now),
            Step::SetClock(by) => self.set_clock(by),
            Step::Close | Step::Finish => {
                self.sim.collector.close(self.sim.now);
                if matches!(step, Step::Finish) {
                    self.sim.collector.finish();
                }
                self.closed = true;
                assert_eq!(self.sim.collector.counters().pending, 0.0);
            }
        }
    }

    /// The number of the next event, and the host's clock, which is sometimes NaN.
    fn next(&mut self) -> (usize, f64) {
        self.emitted += 1;
        (self.emitted, if self.emitted % 11 == 4 { f64::NAN } else { self.sim.now })
    }

    fn emit(&mut self) {
        let (id, host) = self.next();
        self.kinds.push(script::kind(id));
        let input = EventInput::new(id, script::kind(id));
        let before = self.sim.collector.counters();
        self.sim.collector.record(&input.event(self.sim.now, Ending::Fine), None, host);
        let after = self.sim.collector.counters();
        if after.accepted > before.accepted {
            self.accepted.push(id);
        }
        let kept = script::kind(id) != EventKind::Req;
        assert!(!kept || after.accepted + after.refused > before.accepted + before.refused);
    }

    fn open(&mut self, path: Path) {
        let path = match path {
            Path::Excluded => "/excluded",
            Path::All => "/all",
            Path::Default => "/",
        };
        let token = self.sim.collector.open(path, None, self.sim.now);
        assert_eq!(token.is_excluded(), path == "/excluded");
        assert!(path != "/all" || token.is_sampled());
        self.requests.push(Request { token, buffered: Vec::new(), ended: false });
    }

    fn child(&mut self, which: u8) {
        if self.requests.is_empty() {
            return;
        }
        let (id, host) = self.next();
        let Some(request) = pick(&mut self.requests, which) else { return };
        let token = request.token;
        let kind = [EventKind::Fn, EventKind::Db, EventKind::Evt][id % 3];
        self.kinds.push(kind);
        let input = EventInput::new(id, kind);
        let before = self.sim.collector.counters();
        self.sim.collector.record_in(&input.event(self.sim.now, Ending::Fine), token, host);
        let after = self.sim.collector.counters();
        if after.refused > before.refused {
            assert!(self.closed);
        } else if token.is_excluded() {
            assert_eq!(after.excluded, before.excluded + 1.0);
        } else if token.is_sampled() {
            assert_eq!(after.accepted, before.accepted + 1.0, "at once");
            self.accepted.push(id);
        } else if after.pending > before.pending {
            request.buffered.push(id);
        } else if request.buffered.len() == PER_REQUEST && !request.ended {
            request.buffered[PER_REQUEST - 1] = id;
        } else {
            assert_eq!(after.sampled_out, before.sampled_out + 1.0, "its fate was decided");
        }
    }

    fn end(&mut self, which: u8, ending: Ending) {
        if self.requests.is_empty() {
            return;
        }
        let (id, host) = self.next();
        let Some(request) = pick(&mut self.requests, which) else { return };
        let token = request.token;
        let buffered = std::mem::take(&mut request.buffered);
        request.ended = true;
        self.kinds.push(EventKind::Req);
        let input = EventInput::new(id, EventKind::Req);
        let before = self.sim.collector.counters();
        self.sim.collector.end(&input.event(self.sim.now, ending), token, host);
        let after = self.sim.collector.counters();
        let taken = (after.accepted - before.accepted) as usize;
        let wanted = ending == Ending::Failed || token.is_sampled();
        let possible = !self.closed && ending != Ending::Invalid && !token.is_excluded();
        assert_eq!(taken > 0, wanted && possible);
        if taken > 1 {
            self.accepted.extend(&buffered);
            assert_eq!(taken, buffered.len() + 1);
        }
        if taken > 0 {
            self.accepted.push(id);
        }
    }

    fn tick(&mut self, ms: f64) {
        self.sim.now += ms;
        let wanted = self.sim.collector.tick(self.sim.now);
        assert_eq!(self.sim.collector.tick(self.sim.now), wanted, "the same now twice changes nothing");
        self.forget_decided();
    }

    fn set_clock(&mut self, by: f64) {
        let odd = if by == 0.0 || by.is_nan() { by } else { self.sim.now + by };
        self.sim.collector.tick(odd);
        if odd > 0.0 && odd.is_finite() {
            self.sim.now = odd;
        }
        self.forget_decided();
    }

    /// Removes the children of requests that the clock decided: they are not pending any more.
    fn forget_decided(&mut self) {
        let pending = self.sim.collector.counters().pending as usize;
        let mut buffered: usize = self.requests.iter().map(|request| request.buffered.len()).sum();
        for request in &mut self.requests {
            if buffered > pending && !request.buffered.is_empty() {
                buffered -= request.buffered.len();
                request.buffered.clear();
                request.ended = true;
            }
        }
        assert_eq!(buffered, pending, "whole requests, the oldest first");
    }

    fn drain(&mut self) {
        let from = self.sim.outstanding.len();
        self.sim.drain();
        for sent in &self.sim.outstanding[from..] {
            self.sim.collector.batch(sent.transmit).events().for_each(|event| script::check(&event));
        }
    }

    /// Lets every sink answer ok until nothing is left.
    fn come_to_rest(&mut self) {
        self.sim.outstanding.clear();
        for _ in 0..10_000 {
            self.drain();
            for sent in self.sim.outstanding.clone() {
                self.sim.settle(&sent, OK);
            }
            match self.sim.collector.tick(self.sim.now) {
                // A timer of a host waits at least a millisecond, until a clock that was set back has caught up.
                Some(ms) => self.sim.now += ms.max(1.0),
                None => return,
            }
        }
        panic!("the collector never comes to rest");
    }
}

fn settle(sim: &mut Sim, which: u8, answer: Answer, got: bool) {
    if sim.outstanding.is_empty() {
        return;
    }
    let sent = sim.outstanding[usize::from(which) % sim.outstanding.len()].clone();
    let sink = &mut sim.sinks[sent.transmit.sink];
    let outcome = match answer {
        // A sink is consistent: it does not refuse a batch that it has, nor take one that it has refused.
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
    // A sink can have the events although its answer was lost.
    if got && matches!(outcome, Outcome::Retry { .. }) {
        sim.deliver(&sent);
    }
    sim.settle(&sent, outcome);
}

fn pick(requests: &mut [Request], which: u8) -> Option<&mut Request> {
    let count = requests.len();
    (count > 0).then(|| &mut requests[usize::from(which) % count])
}

fn config(queue: u16, batch: u16, sinks: usize, small: bool, probe: bool) -> Config {
    let mut config = Config {
        queue_size: usize::from(queue),
        batch_max: usize::from(batch),
        max_consecutive_sink_failures: Some(3),
        ..Config::default()
    };
    if small {
        config.queue_bytes = 16_384;
    }
    if !probe {
        config.sink_probe_ms = None;
    }
    for (at, format) in FORMATS.into_iter().enumerate().take(sinks) {
        let sink = SinkOptions::new(format!("sink{at}"), format);
        config.sinks.push(SinkOptions { batch_max: (at == 2).then_some(3), ..sink });
    }
    config.sampling.rate = RATE;
    config.sampling.seed = Some(u64::from(queue));
    config.sampling.exclude = vec!["/excluded".into()];
    config.sampling.overrides = vec![("/all".into(), 1.0)];
    config
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_silently_and_order_is_kept(
        steps in prop::collection::vec(step(), 1..160),
        queue in 1u16..64,
        batch in 1u16..16,
        sinks in 1..=FORMATS.len(),
        small in any::<bool>(),
        probe in any::<bool>(),
    ) {
        let mut model = Model::new(config(queue, batch, sinks, small, probe));
        model.run(&steps);
        model.come_to_rest();
        let collector = &model.sim.collector;
        let counters = collector.counters();
        prop_assert_eq!(counters.emitted, model.emitted as f64);
        prop_assert_eq!(counters.accepted, model.accepted.len() as f64);
        prop_assert_eq!(counters.pending, 0.0);
        prop_assert_eq!(collector.queue_depth(), 0);
        prop_assert_eq!(collector.name_references(), 0, "every reference to a name was given back");
        let mut place = vec![None; model.emitted + 1];
        model.accepted.iter().enumerate().for_each(|(at, &id)| place[id] = Some(at));
        for ((sink, received), format) in counters.sinks.iter().zip(&model.sim.sinks).zip(FORMATS) {
            prop_assert_eq!(sink.queued + sink.in_flight, 0.0);
            if format.is_metrics() {
                continue;
            }
            let carried = model.accepted.iter().filter(|&&id| format.accepts(model.kinds[id])).count();
            prop_assert_eq!(sink.accepted, carried as f64);
            prop_assert!(received.names.len() as f64 >= sink.delivered);
            let places: Vec<_> = received.names.iter().map(|name| place[script::id(name)]).collect();
            prop_assert!(places.iter().all(Option::is_some) && places.is_sorted_by(|a, b| a < b));
        }
    }
}

/// The formats of the sinks, one of each kind.
const FORMATS: [Format; 6] = [
    Format::Ndjson,
    Format::Events,
    Format::OtlpTracesProtobuf,
    Format::OtlpLogsJson,
    Format::OtlpMetricsProtobuf,
    Format::Stats,
];
/// The most buffered children of one request.
const PER_REQUEST: usize = 64;

fn cases() -> u32 {
    std::env::var("TIDEGATE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(500)
}
