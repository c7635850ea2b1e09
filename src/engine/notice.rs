//! What happened that a person may want to hear of: bounded, drained by the host after each call.
//!
//! The engine never calls out. A listener that runs inside a call could call back into it.

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
        batch_id: String,
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
#[derive(Debug, Default)]
pub(crate) struct Notices {
    waiting: VecDeque<Notice>,
}

impl Notices {
    pub(crate) fn push(&mut self, notice: Notice) {
        if let Notice::Drop { sink, reason, count } = notice {
            for waiting in &mut self.waiting {
                match waiting {
                    Notice::Drop { sink: s, reason: r, count: total } if *s == sink && *r == reason => {
                        *total += count;
                        return;
                    }
                    _ => {}
                }
            }
        }
        if self.waiting.len() == CAPACITY {
            self.waiting.pop_front();
        }
        self.waiting.push_back(notice);
    }

    pub(crate) fn pop(&mut self) -> Option<Notice> {
        self.waiting.pop_front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// Notices kept for a host that does not drain them.
const CAPACITY: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_of_one_kind_are_added_up_and_the_rest_is_bounded() {
        let mut notices = Notices::default();
        for _ in 0..1000 {
            notices.push(Notice::Drop { sink: 0, reason: Reason::Overflow, count: 2 });
        }
        for sink in 0..1000 {
            notices.push(Notice::SinkDisabled { sink });
        }
        assert_eq!(notices.waiting.len(), CAPACITY);
        assert_eq!(notices.pop(), Some(Notice::SinkDisabled { sink: 936 }));
    }
}
