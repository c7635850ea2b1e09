//! Open requests: what was decided at entry, and the children held until their request's fate is known.

use super::Head;
use crate::engine::event::names::Names;
use crate::engine::event::{Link, Record};
use crate::engine::time::Millis;

/// A request that has begun: a plain number, safe to keep for any time. A stale one is recognized.
///
/// Holds the decision too, so that a request outlives its place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token(u64);

/// Children of open requests: at most [`CAPACITY`] requests, [`POOL`] held children, [`PER_REQUEST`] of one request.
#[derive(Debug)]
pub(crate) struct OpenRequests {
    slots: Vec<Slot>,
    held: usize,
    held_bytes: usize,
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    state: Option<Open>,
}

/// What is known of an open request.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) head: Head,
    pub(crate) link: Link,
    opened: Millis,
    children: Vec<Held>,
    /// Its fate was decided before its end: no children are held any more.
    decided: bool,
}

/// A child whose fate is not known yet.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) record: Record,
    pub(crate) payload: Box<[u8]>,
}

impl OpenRequests {
    pub(crate) fn new() -> Self {
        Self { slots: Vec::new(), held: 0, held_bytes: 0 }
    }

    /// Children held now.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// Whether another child of `bytes` payload bytes finds the pool full.
    pub(crate) fn is_full(&self, bytes: usize) -> bool {
        self.held == POOL || self.held_bytes + bytes > POOL_BYTES
    }

    /// Enters a request. When the table is full the oldest leaves; its children are returned, undecided.
    pub(crate) fn open(&mut self, head: Head, link: Link, now: Millis) -> (Token, Vec<Held>) {
        let mut left = Vec::new();
        let at = match self.slots.iter().position(|slot| slot.state.is_none()) {
            Some(at) => at,
            None if self.slots.len() < CAPACITY => {
                self.slots.push(Slot { generation: 0, state: None });
                self.slots.len() - 1
            }
            None => {
                let oldest = self.oldest(|_| true).unwrap_or(0);
                left = self.take_children(oldest);
                oldest
            }
        };
        let slot = &mut self.slots[at];
        slot.generation = slot.generation.wrapping_add(1);
        slot.state = Some(Open { head, link, opened: now, children: Vec::new(), decided: false });
        (Token::new(at, slot.generation, head), left)
    }

    /// The request of `token`, if it is still in the table.
    pub(crate) fn get(&self, token: Token) -> Option<&Open> {
        let slot = self.slots.get(token.slot())?;
        slot.state.as_ref().filter(|_| slot.generation == token.generation())
    }

    /// Whether children of `token` may still wait for its end.
    pub(crate) fn is_undecided(&self, token: Token) -> bool {
        self.get(token).is_some_and(|open| !open.decided)
    }

    /// Holds a child of an undecided request; returns the one it replaces: only the first and the last are kept.
    pub(crate) fn hold(&mut self, token: Token, child: Held) -> Option<Held> {
        self.held_bytes += child.payload.len();
        let children = &mut self.slots[token.slot()].state.as_mut()?.children;
        if children.len() == PER_REQUEST {
            let replaced = std::mem::replace(&mut children[PER_REQUEST - 1], child);
            self.held_bytes -= replaced.payload.len();
            return Some(replaced);
        }
        children.push(child);
        self.held += 1;
        None
    }

    /// Removes a request; returns what was known of it and its children.
    pub(crate) fn close(&mut self, token: Token) -> Option<(Head, Link, Vec<Held>)> {
        let Open { head, link, .. } = *self.get(token)?;
        let children = self.take_children(token.slot());
        self.slots[token.slot()].state = None;
        Some((head, link, children))
    }

    /// Decides the oldest request that holds children as it stands; its children.
    pub(crate) fn decide_oldest(&mut self) -> Vec<Held> {
        self.oldest_holding().map_or_else(Vec::new, |at| self.decide(at))
    }

    /// Decides, as they stand, one request that began before `moment` and holds children; `None` when there is none.
    pub(crate) fn decide_before(&mut self, moment: Millis) -> Option<Vec<Held>> {
        (self.oldest_opened()? <= moment).then(|| self.decide_oldest())
    }

    /// When the oldest request that holds children began.
    pub(crate) fn oldest_opened(&self) -> Option<Millis> {
        self.slots[self.oldest_holding()?].state.as_ref().map(|open| open.opened)
    }

    fn oldest_holding(&self) -> Option<usize> {
        if self.held == 0 { None } else { self.oldest(|open| !open.children.is_empty()) }
    }

    fn decide(&mut self, at: usize) -> Vec<Held> {
        if let Some(open) = &mut self.slots[at].state {
            open.decided = true;
        }
        self.take_children(at)
    }

    fn take_children(&mut self, at: usize) -> Vec<Held> {
        let children =
            self.slots[at].state.as_mut().map(|open| std::mem::take(&mut open.children)).unwrap_or_default();
        self.held -= children.len();
        self.held_bytes -= children.iter().map(|child| child.payload.len()).sum::<usize>();
        children
    }

    fn oldest(&self, wanted: impl Fn(&Open) -> bool) -> Option<usize> {
        let open = self.slots.iter().enumerate().filter_map(|(at, slot)| Some((at, slot.state.as_ref()?)));
        let oldest =
            open.filter(|(_, open)| wanted(open)).min_by(|(_, a), (_, b)| a.opened.0.total_cmp(&b.opened.0));
        oldest.map(|(at, _)| at)
    }
}

impl Held {
    /// Gives back the child's references to names: it will not be recorded.
    pub(crate) fn release(&self, names: &mut Names) {
        for id in [self.record.name, self.record.error, self.record.detail] {
            names.release(id);
        }
    }
}

impl Token {
    /// The token of an excluded request, which has no place in the table.
    pub(crate) const EXCLUDED: Self = Self(EXCLUDED);

    fn new(slot: usize, generation: u32, head: Head) -> Self {
        let flags = match head {
            Head::Excluded => EXCLUDED,
            Head::Decided { sampled, .. } => KNOWN | if sampled { SAMPLED } else { 0 },
        };
        Self((u64::from(generation) << GENERATION_SHIFT) | ((slot as u64) << SLOT_SHIFT) | flags)
    }

    /// The token of a number from [`to_number`](Self::to_number); anything else is stale.
    #[must_use]
    pub fn from_number(number: f64) -> Self {
        Self(if (0.0..MAX_NUMBER).contains(&number) { number as u64 } else { 0 })
    }

    /// The token as a whole number below 2⁵³.
    #[must_use]
    pub fn to_number(self) -> f64 {
        self.0 as f64
    }

    /// Whether the request is excluded: neither recorded nor in the statistics.
    #[must_use]
    pub fn is_excluded(self) -> bool {
        self.0 & EXCLUDED != 0
    }

    /// Whether the request was sampled at entry.
    #[must_use]
    pub fn is_sampled(self) -> bool {
        self.0 & SAMPLED != 0
    }

    fn slot(self) -> usize {
        (self.0 >> SLOT_SHIFT) as usize % CAPACITY
    }

    fn generation(self) -> u32 {
        (self.0 >> GENERATION_SHIFT) as u32
    }
}

/// Requests in the table.
const CAPACITY: usize = 1024;
/// Children held in all.
const POOL: usize = 1024;
/// Their payload bytes in all.
const POOL_BYTES: usize = 256 * 1024;
/// Children held of one request: the first 63 and the last.
const PER_REQUEST: usize = 64;
const EXCLUDED: u64 = 1;
const SAMPLED: u64 = 2;
/// Keeps a token from being 0.
const KNOWN: u64 = 4;
const SLOT_SHIFT: u32 = 3;
const GENERATION_SHIFT: u32 = 13;
const MAX_NUMBER: f64 = 9_007_199_254_740_992.0;
