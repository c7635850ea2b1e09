//! Measuring: what metrics sinks accumulate, before sampling, where statistics count it too.

use super::Collector;
use crate::engine::event::Event;
use crate::engine::ledger::{Reason, SinkCount};
use crate::engine::stats::metrics::Observation;

impl Collector {
    /// Gives the duration of `event`, going by `name`, to each metrics sink.
    #[inline(always)]
    pub(super) fn measure(&mut self, event: &Event<'_>, name: &str) {
        if self.measures {
            self.measure_now(event, name);
        }
    }

    #[inline(never)]
    fn measure_now(&mut self, event: &Event<'_>, name: &str) {
        let Some(observation) = Observation::of(event, name) else { return };
        let (now, wall) = (self.clock.now(), self.clock.wall());
        for at in 0..self.sinks.len() {
            let Some(taken) = self.sinks[at].observe(&observation, now, wall) else { continue };
            self.ledger.since(wall);
            self.ledger.add_sink(at, SinkCount::Accepted, 1);
            if !taken {
                self.lose(at, Reason::Disabled, 1);
            }
        }
    }
}
