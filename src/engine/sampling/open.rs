//! Open requests: what was decided at entry, and the children held until their request's fate is known.

use super::Head;
use super::children::{Children, Pool};
pub use super::token::Token;
use super::token::{GENERATIONS, RATES, SLOTS};
use crate::engine::event::{Link, Record};
use crate::engine::list::List;
use crate::engine::time::Millis;

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
            Some(oldest) if self.free.is_empty() && self.slots.len() == SLOTS => self.leave(oldest),
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
        (Token::new(at, generation, self.number_of(rate), sampled, forced), left)
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
        let rate = *self.rates.get(token.rate()).filter(|_| token.is_known())?;
        Some(Head::Decided { sampled: token.is_sampled(), rate, forced: token.is_forced() })
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

/// Children held of one request: the first 63 and the last.
const PER_REQUEST: usize = 64;
