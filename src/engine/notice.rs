//! What happened that a person may want to hear of: bounded, drained by the host after each call.
//!
//! The engine never calls out. A listener that runs inside a call could call back into it.

use super::batch_id::BatchId;
use super::ledger::Reason;
use std::collections::VecDeque;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// A sink lost `count` events.
    Drop {
        /// The sink's index.
        sink: usize,
        /// Why.
        reason: Reason,
        /// How many.
        count: usize,
    },
    /// A batch was settled.
    Flush {
        /// The sink's index.
        sink: usize,
        /// The batch.
        batch_id: BatchId,
        /// How many events it held.
        count: usize,
        /// What became of it: `ok`, `retry`, `fatal` or `too-large`.
        outcome: &'static str,
    },
    /// Too many failures in a row: the sink rests.
    SinkDisabled {
        /// The sink's index.
        sink: usize,
    },
    /// A disabled sink took a batch again.
    SinkRecovered {
        /// The sink's index.
        sink: usize,
    },
}

/// The notices not drained yet: at most [`CAPACITY`], the oldest go first; drops of one kind are added up.
#[derive(Debug)]
pub(crate) struct Notices {
    waiting: VecDeque<Notice>,
    /// Drops by sink and reason; one that is not 0 has its notice waiting.
    drops: Box<[usize]>,
}

impl Notices {
    /// None yet, for so many sinks.
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

/// Notices kept for a host that does not drain them.
const CAPACITY: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_of_one_kind_are_added_up_and_the_rest_is_bounded() {
        let mut notices = Notices::new(1);
        for _ in 0..1000 {
            notices.push(Notice::Drop { sink: 0, reason: Reason::Overflow, count: 2 });
        }
        for sink in 0..1000 {
            notices.push(Notice::SinkDisabled { sink });
        }
        assert_eq!(notices.waiting.len(), CAPACITY);
        assert_eq!(notices.pop(), Some(Notice::SinkDisabled { sink: 936 }));
        notices.push(Notice::Drop { sink: 0, reason: Reason::Overflow, count: 3 });
        let last = std::iter::from_fn(|| notices.pop()).last();
        assert_eq!(last, Some(Notice::Drop { sink: 0, reason: Reason::Overflow, count: 3 }), "no old sum");
    }
}
