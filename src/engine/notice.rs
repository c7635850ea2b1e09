//! Notices for people. The host drains them after each call.
//!
//! The engine never calls a listener: a listener that runs inside a call could call the engine again.

use super::batch_id::BatchId;
use super::ledger::Reason;
use std::collections::VecDeque;

/// Something that an operator may want to know.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// A sink lost `count` events.
    Drop {
        /// The sink's index.
        sink: usize,
        /// The reason.
        reason: Reason,
        /// The number of events.
        count: usize,
    },
    /// A batch was settled.
    Flush {
        /// The sink's index.
        sink: usize,
        /// The batch.
        batch_id: BatchId,
        /// The number of events in it.
        count: usize,
        /// Its outcome: `ok`, `retry`, `fatal` or `too-large`.
        outcome: &'static str,
    },
    /// A sink was disabled after too many failures in a row.
    SinkDisabled {
        /// The sink's index.
        sink: usize,
        /// The number of events that wait for it.
        count: usize,
    },
    /// A disabled sink took a batch and is live again.
    SinkRecovered {
        /// The sink's index.
        sink: usize,
    },
}

/// The notices that were not drained yet, at most [`CAPACITY`]. The oldest are removed first; drops of one sink and reason
/// are added up.
#[derive(Debug)]
pub(crate) struct Notices {
    waiting: VecDeque<Notice>,
    /// Drops by sink and reason. Where it is not 0, the notice of the drop waits.
    drops: Box<[usize]>,
}

impl Notices {
    /// No notices, for a collector with this many sinks.
    pub(crate) fn new(sinks: usize) -> Self {
        let drops = vec![0; sinks * Reason::ALL.len()].into_boxed_slice();
        Self { waiting: VecDeque::with_capacity(CAPACITY), drops }
    }

    pub(crate) fn push(&mut self, notice: Notice) {
        if let Notice::Drop { sink, reason, count } = notice {
            let total = &mut self.drops[drop_index(sink, reason)];
            let waits = *total > 0;
            *total += count;
            if waits {
                return;
            }
        }
        if self.waiting.len() == CAPACITY {
            self.pop();
        }
        self.waiting.push_back(notice);
    }

    pub(crate) fn pop(&mut self) -> Option<Notice> {
        let mut notice = self.waiting.pop_front()?;
        if let Notice::Drop { sink, reason, count } = &mut notice {
            *count = std::mem::take(&mut self.drops[drop_index(*sink, *reason)]);
        }
        Some(notice)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

fn drop_index(sink: usize, reason: Reason) -> usize {
    sink * Reason::ALL.len() + reason as usize
}

/// The most notices.
const CAPACITY: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_are_added_up_and_notices_are_bounded() {
        let mut notices = Notices::new(1);
        for _ in 0..1000 {
            notices.push(Notice::Drop { sink: 0, reason: Reason::Overflow, count: 2 });
        }
        for sink in 0..1000 {
            notices.push(Notice::SinkDisabled { sink, count: 0 });
        }
        assert_eq!(notices.waiting.len(), CAPACITY);
        assert_eq!(notices.pop(), Some(Notice::SinkDisabled { sink: 936, count: 0 }));
        notices.push(Notice::Drop { sink: 0, reason: Reason::Overflow, count: 3 });
        let last = std::iter::from_fn(|| notices.pop()).last();
        assert_eq!(
            last,
            Some(Notice::Drop { sink: 0, reason: Reason::Overflow, count: 3 }),
            "the sum starts anew"
        );
    }
}
