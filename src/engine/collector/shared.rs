//! What both halves of a collector need.

use crate::engine::config::Config;
use crate::engine::event::names::Names;
use crate::engine::exceptions::Exceptions;
use crate::engine::ledger::{Count, Ledger, Reason, Refusal};
use crate::engine::metrics::Registry;
use crate::engine::notice::{Notice, Notices};
use crate::engine::rng::Rng;
use crate::engine::text::hex;
use crate::engine::time::{Clock, Millis};

/// What both halves of a collector need. Each method of a half gets it as `&mut Shared`.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) names: Names,
    pub(super) ledger: Ledger,
    /// The metrics of the program.
    pub(super) registry: Registry,
    pub(super) notices: Notices,
    /// The last exceptions.
    pub(super) exceptions: Exceptions,
    /// `None` until entropy is given.
    pub(super) rng: Option<Rng>,
    /// The random id of the isolate: 16 hexadecimal digits; empty until entropy is given.
    pub(super) isolate: String,
}

impl Shared {
    pub(super) fn new(config: &Config) -> Self {
        let sinks = config.sinks.len();
        Self {
            clock: Clock::new(config.lease()),
            names: Names::new(),
            ledger: Ledger::new(sinks),
            registry: Registry::new(config.metric_series),
            notices: Notices::new(sinks),
            exceptions: Exceptions::default(),
            rng: None,
            isolate: String::new(),
        }
    }

    pub(super) fn seed(&mut self, entropy: [u8; 32]) {
        let mut rng = Rng::from_entropy(entropy);
        self.isolate.clear();
        hex::push(&rng.id::<8>(), &mut self.isolate);
        self.rng = Some(rng);
    }

    #[inline(always)]
    pub(super) fn now(&self) -> Millis {
        self.clock.now()
    }

    #[inline(always)]
    pub(super) fn wall(&self) -> f64 {
        self.clock.wall()
    }

    /// Counts `count` events as emitted and refused.
    pub(super) fn refuse(&mut self, reason: Refusal, count: usize) {
        self.ledger.add(Count::Emitted, count);
        self.ledger.add_refused(reason, count);
    }

    /// Counts `count` events of a sink as dropped, and leaves a notice.
    pub(super) fn count_drop(&mut self, sink: usize, reason: Reason, count: usize) {
        if count > 0 {
            self.ledger.add_drops(sink, reason, count);
            self.notices.push(Notice::Drop { sink, reason, count });
        }
    }
}
