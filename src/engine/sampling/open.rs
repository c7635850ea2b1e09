//! Open requests: what was decided at entry, and the children held until their request's fate is known.

use super::Head;
use super::children::{Children, Pool};
use crate::engine::event::{Link, Record};
use crate::engine::list::List;
use crate::engine::time::Millis;

/// A request that has begun: a plain number, safe to keep for any time. A stale one is recognized.
///
/// Holds the decision too, so that a request outlives its place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token(u64);

/// Open requests, at most 1024, and the children held for them: at most 1024, of one request its first 63 and the last.
///
/// Whatever is done takes constant time, but that of a request's first held child: it looks past the holding
/// requests that began later.
#[derive(Debug)]
pub(crate) struct OpenRequests {
    slots: Vec<Slot>,
    free: Vec<u16>,
    /// All that are open, and those that hold children: both in the order in which they began.
    open: List,
    holding: List,
    pub(crate) pool: Pool,
    /// The rates that tokens name by index.
    rates: Vec<f64>,
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    state: Option<Open>,
}

/// What is known of an open request.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) link: Link,
    /// Whether its trace id is known to be random.
    pub(crate) is_random: bool,
    opened: Millis,
    /// Its place among all ever opened.
    order: u64,
    children: Children,
    queued: Queued,
    /// Its fate was decided before its end: no children are held any more.
    decided: bool,
}

/// Children of a sampled request that went into the queue at once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Queued {
    /// The place of the first in the queue.
    pub(crate) first: u64,
    pub(crate) count: usize,
}

/// What is left of a request that has ended.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) link: Link,
    pub(crate) children: Children,
    pub(crate) queued: Queued,
}

impl OpenRequests {
    pub(crate) fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            open: List::new(),
            holding: List::new(),
            pool: Pool::new(),
            rates: Vec::new(),
        }
    }

    /// Enters a request. When the table is full the oldest leaves; its children are returned, undecided.
    pub(crate) fn open(&mut self, head: Head, link: Link, is_random: bool, now: Millis) -> (Token, Children) {
        let Head::Decided { sampled, rate, forced } = head else {
            return (Token::EXCLUDED, Children::NONE);
        };
        let order = self.open.last().and_then(|at| self.state(at)).map_or(0, |last| last.order + 1);
        let left = match self.open.first() {
            Some(oldest) if self.free.is_empty() && self.slots.len() == CAPACITY => self.leave(oldest),
            _ => Children::NONE,
        };
        let at = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, state: None });
            (self.slots.len() - 1) as u16
        });
        let slot = &mut self.slots[usize::from(at)];
        slot.generation = (slot.generation + 1) % GENERATIONS;
        let (children, queued) = (Children::NONE, Queued::default());
        slot.state = Some(Open { link, is_random, opened: now, order, children, queued, decided: false });
        let generation = slot.generation;
        self.open.push(at);
        let flags = KNOWN | (u64::from(sampled) * SAMPLED) | (u64::from(forced) * FORCED);
        (Token::new(at, generation, self.number_of(rate), flags), left)
    }

    /// The request of `token`, if it is still in the table.
    pub(crate) fn get(&self, token: Token) -> Option<&Open> {
        let slot = self.slots.get(token.slot())?;
        slot.state.as_ref().filter(|_| slot.generation == token.generation())
    }

    /// What was decided at the entry of `token`'s request; `None` for a number that no request had.
    pub(crate) fn head(&self, token: Token) -> Option<Head> {
        if token.is_excluded() {
            return Some(Head::Excluded);
        }
        let rate = *self.rates.get(token.rate()).filter(|_| token.0 & KNOWN != 0)?;
        Some(Head::Decided { sampled: token.is_sampled(), rate, forced: token.0 & FORCED != 0 })
    }

    /// Whether children of `token` may still wait for its end.
    pub(crate) fn is_undecided(&self, token: Token) -> bool {
        self.get(token).is_some_and(|open| !open.decided)
    }

    /// Notes that a child of a sampled request is in the queue, at `place`.
    pub(crate) fn queued(&mut self, token: Token, place: u64) {
        if self.get(token).is_none() {
            return;
        }
        if let Some(Open { queued, .. }) = &mut self.slots[token.slot()].state {
            if queued.count == 0 {
                queued.first = place;
            }
            queued.count += 1;
        }
    }

    /// Whether a child of `token`'s request with `bytes` of payload finds a place.
    pub(crate) fn has_room(&self, token: Token, bytes: usize) -> bool {
        match self.get(token) {
            Some(open) if open.children.count() == PER_REQUEST => {
                self.pool.has_room_in_place_of_last(&open.children, bytes)
            }
            _ => self.pool.has_room(bytes),
        }
    }

    /// Holds a child, for which there is room, of an undecided request; returns the one it replaces: only the first
    /// and the last are kept.
    pub(crate) fn hold(&mut self, token: Token, record: Record, payload: &[u8]) -> Option<Record> {
        let at = token.slot();
        let open = self.slots.get_mut(at)?.state.as_mut()?;
        if open.children.count() == PER_REQUEST {
            return Some(self.pool.replace_last(&open.children, record, payload));
        }
        self.pool.push(&mut open.children, record, payload);
        if open.children.count() == 1 {
            let order = open.order;
            self.start_holding(at as u16, order);
        }
        None
    }

    /// Removes a request; returns what is left of it.
    pub(crate) fn close(&mut self, token: Token) -> Option<Closed> {
        let Open { link, queued, .. } = *self.get(token)?;
        let children = self.leave(token.slot() as u16);
        Some(Closed { link, children, queued })
    }

    /// Decides the oldest request that holds children as it stands; its children.
    pub(crate) fn decide_oldest(&mut self) -> Option<Children> {
        let at = self.holding.first()?;
        if let Some(open) = &mut self.slots[usize::from(at)].state {
            open.decided = true;
        }
        Some(self.take_children(at))
    }

    /// Decides, as it stands, one request that holds children and began before `moment`; its children.
    pub(crate) fn decide_before(&mut self, moment: Millis) -> Option<Children> {
        self.oldest_opened().filter(|&opened| opened <= moment).and_then(|_| self.decide_oldest())
    }

    /// When the oldest request that holds children began.
    pub(crate) fn oldest_opened(&self) -> Option<Millis> {
        self.state(self.holding.first()?).map(|open| open.opened)
    }

    fn state(&self, at: u16) -> Option<&Open> {
        self.slots[usize::from(at)].state.as_ref()
    }

    fn start_holding(&mut self, at: u16, order: u64) {
        let mut before = self.holding.last();
        while let Some(other) = before
            && self.state(other).is_some_and(|open| open.order > order)
        {
            before = self.holding.before(other);
        }
        self.holding.insert(at, before);
    }

    fn leave(&mut self, at: u16) -> Children {
        let children = self.take_children(at);
        self.slots[usize::from(at)].state = None;
        self.open.remove(at);
        self.free.push(at);
        children
    }

    fn take_children(&mut self, at: u16) -> Children {
        let Some(open) = &mut self.slots[usize::from(at)].state else { return Children::NONE };
        if open.children.count() > 0 {
            self.holding.remove(at);
        }
        std::mem::replace(&mut open.children, Children::NONE)
    }

    /// The number of a rate; there are no more of them than rules.
    fn number_of(&mut self, rate: f64) -> usize {
        let known = self.rates.iter().position(|&known| known == rate);
        known.unwrap_or_else(|| {
            if self.rates.len() < RATES {
                self.rates.push(rate);
            }
            self.rates.len() - 1
        })
    }
}

impl Token {
    /// The token of an excluded request, which has no place in the table.
    pub(crate) const EXCLUDED: Self = Self(EXCLUDED);

    fn new(slot: u16, generation: u32, rate: usize, flags: u64) -> Self {
        let (generation, rate) = (u64::from(generation) << GENERATION_SHIFT, (rate as u64) << RATE_SHIFT);
        Self(generation | rate | u64::from(slot) << SLOT_SHIFT | flags)
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

    fn rate(self) -> usize {
        (self.0 >> RATE_SHIFT) as usize % RATES
    }

    fn generation(self) -> u32 {
        (self.0 >> GENERATION_SHIFT) as u32
    }
}

/// Requests in the table.
const CAPACITY: usize = 1024;
/// Children held of one request: the first 63 and the last.
const PER_REQUEST: usize = 64;
/// A token's bits: 4 flags, 10 of the slot, 16 of the rate, 23 of the generation.
const EXCLUDED: u64 = 1;
const SAMPLED: u64 = 2;
/// Keeps a token from being 0.
const KNOWN: u64 = 4;
const FORCED: u64 = 8;
const SLOT_SHIFT: u32 = 4;
const RATE_SHIFT: u32 = 14;
const GENERATION_SHIFT: u32 = 30;
const RATES: usize = 1 << 16;
const GENERATIONS: u32 = 1 << 23;
const MAX_NUMBER: f64 = 9_007_199_254_740_992.0;
