//! The table of open requests.

use super::children::{Children, Pool};
use super::token::{GENERATIONS, RATES, SLOTS, Token};
use crate::engine::event::names::Names;
use crate::engine::event::record::Record;
use crate::engine::event::trace::SpanIds;
use crate::engine::list::List;
use crate::engine::sampling::decision::SamplingDecision;
use crate::engine::time::Millis;

/// The open requests, at most 1024, and their buffered children: at most 1024, of one request the first 63 and the last.
///
/// When the table is full, the oldest request leaves it. Every operation takes constant time, except the first buffered
/// child of a request: it passes the requests with children that began later.
#[derive(Debug)]
pub(crate) struct OpenRequests {
    slots: Vec<Slot>,
    free: Vec<u16>,
    /// All open requests, in the order in which they began.
    open: List,
    /// The requests with buffered children, in the same order.
    with_children: List,
    pool: Pool,
    /// The rates that tokens name by index.
    rates: Vec<f64>,
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    request: Option<OpenRequest>,
}

/// An open request.
#[derive(Debug)]
pub(crate) struct OpenRequest {
    pub(crate) ids: SpanIds,
    /// Whether its trace id is known to be random.
    pub(crate) is_random: bool,
    opened: Millis,
    /// Its number among all requests ever opened.
    order: u64,
    children: Children,
    queued: QueuedChildren,
    /// Its children were decided before its end. No further child is buffered.
    is_decided: bool,
}

/// The children of a sampled request that were queued at once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct QueuedChildren {
    /// The sequence number of the first one in the queue.
    pub(crate) first: u64,
    pub(crate) count: usize,
}

/// What remains of a request when it has ended.
#[derive(Debug)]
pub(crate) struct ClosedRequest {
    pub(crate) ids: SpanIds,
    pub(crate) children: Children,
    pub(crate) queued: QueuedChildren,
}

impl OpenRequests {
    pub(crate) fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            open: List::new(),
            with_children: List::new(),
            pool: Pool::new(),
            rates: Vec::new(),
        }
    }

    /// Adds a request. When the table is full, the oldest one leaves it, and its children are returned.
    pub(crate) fn open(
        &mut self,
        decision: SamplingDecision,
        ids: SpanIds,
        is_random: bool,
        now: Millis,
    ) -> (Token, Children) {
        let SamplingDecision::Decided { sampled, rate, forced } = decision else {
            return (Token::EXCLUDED, Children::NONE);
        };
        let order = self.open.last().and_then(|at| self.request(at)).map_or(0, |last| last.order + 1);
        let evicted = match self.open.first() {
            Some(oldest) if self.free.is_empty() && self.slots.len() == SLOTS => self.remove(oldest),
            _ => Children::NONE,
        };
        let at = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, request: None });
            (self.slots.len() - 1) as u16
        });
        let slot = &mut self.slots[usize::from(at)];
        slot.generation = (slot.generation + 1) % GENERATIONS;
        let (children, queued) = (Children::NONE, QueuedChildren::default());
        slot.request =
            Some(OpenRequest { ids, is_random, opened: now, order, children, queued, is_decided: false });
        let generation = slot.generation;
        self.open.push(at);
        (Token::new(at, generation, self.index_of_rate(rate), sampled, forced), evicted)
    }

    /// The request of `token`, if it is still in the table.
    pub(crate) fn get(&self, token: Token) -> Option<&OpenRequest> {
        let slot = self.slots.get(token.slot())?;
        slot.request.as_ref().filter(|_| slot.generation == token.generation())
    }

    /// The decision made when the request of `token` began. `None`: no request ever had this token.
    pub(crate) fn decision(&self, token: Token) -> Option<SamplingDecision> {
        if token.is_excluded() {
            return Some(SamplingDecision::Excluded);
        }
        let rate = *self.rates.get(token.rate()).filter(|_| token.is_known())?;
        Some(SamplingDecision::Decided { sampled: token.is_sampled(), rate, forced: token.is_forced() })
    }

    /// Whether children of the request can be buffered.
    pub(crate) fn can_buffer(&self, token: Token) -> bool {
        self.get(token).is_some_and(|request| !request.is_decided)
    }

    /// Notes that a child of a sampled request was queued, with sequence number `at`.
    pub(crate) fn note_queued(&mut self, token: Token, at: u64) {
        if self.get(token).is_none() {
            return;
        }
        if let Some(OpenRequest { queued, .. }) = &mut self.slots[token.slot()].request {
            if queued.count == 0 {
                queued.first = at;
            }
            queued.count += 1;
        }
    }

    /// Whether there is room for a child of the request with `bytes` of payload.
    pub(crate) fn has_room(&self, token: Token, bytes: usize) -> bool {
        match self.get(token) {
            Some(request) if request.children.count() == PER_REQUEST => {
                self.pool.has_room_in_place_of_last(&request.children, bytes)
            }
            _ => self.pool.has_room(bytes),
        }
    }

    /// Buffers a child. There must be room for it.
    ///
    /// A request that has 64 children already keeps its first 63: the new child replaces the last one, which is returned.
    pub(crate) fn buffer(&mut self, token: Token, record: Record, payload: &[u8]) -> Option<Record> {
        let at = token.slot();
        let request = self.slots.get_mut(at)?.request.as_mut()?;
        if request.children.count() == PER_REQUEST {
            return Some(self.pool.replace_last(&request.children, record, payload));
        }
        self.pool.push(&mut request.children, record, payload);
        if request.children.count() == 1 {
            let order = request.order;
            self.enter_with_children(at as u16, order);
        }
        None
    }

    /// Removes a request from the table, if it is still there.
    pub(crate) fn close(&mut self, token: Token) -> Option<ClosedRequest> {
        let OpenRequest { ids, queued, .. } = *self.get(token)?;
        let children = self.remove(token.slot() as u16);
        Some(ClosedRequest { ids, children, queued })
    }

    /// Takes the children of the oldest request that has any. No further child of it is buffered.
    pub(crate) fn decide_oldest(&mut self) -> Option<Children> {
        let at = self.with_children.first()?;
        if let Some(request) = &mut self.slots[usize::from(at)].request {
            request.is_decided = true;
        }
        Some(self.take_children(at))
    }

    /// As [`decide_oldest`](Self::decide_oldest), if that request began at `moment` or before.
    pub(crate) fn decide_before(&mut self, moment: Millis) -> Option<Children> {
        self.oldest_opened().filter(|&opened| opened <= moment).and_then(|_| self.decide_oldest())
    }

    /// When the oldest request with buffered children began.
    pub(crate) fn oldest_opened(&self) -> Option<Millis> {
        self.request(self.with_children.first()?).map(|request| request.opened)
    }

    /// How many children are buffered.
    pub(crate) fn buffered(&self) -> usize {
        self.pool.buffered()
    }

    /// Removes the oldest of `children` and copies its payload to `payload`.
    pub(crate) fn pop_child(&mut self, children: &mut Children, payload: &mut Vec<u8>) -> Option<Record> {
        self.pool.pop(children, payload)
    }

    /// Drops `children` and their references to names. Returns how many there were.
    pub(crate) fn discard(&mut self, children: Children, names: &mut Names, scratch: &mut Vec<u8>) -> usize {
        self.pool.clear(children, names, scratch)
    }

    fn request(&self, at: u16) -> Option<&OpenRequest> {
        self.slots[usize::from(at)].request.as_ref()
    }

    fn enter_with_children(&mut self, at: u16, order: u64) {
        let mut before = self.with_children.last();
        while let Some(other) = before
            && self.request(other).is_some_and(|request| request.order > order)
        {
            before = self.with_children.before(other);
        }
        self.with_children.insert(at, before);
    }

    fn remove(&mut self, at: u16) -> Children {
        let children = self.take_children(at);
        self.slots[usize::from(at)].request = None;
        self.open.remove(at);
        self.free.push(at);
        children
    }

    fn take_children(&mut self, at: u16) -> Children {
        let Some(request) = &mut self.slots[usize::from(at)].request else { return Children::NONE };
        if request.children.count() > 0 {
            self.with_children.remove(at);
        }
        std::mem::replace(&mut request.children, Children::NONE)
    }

    /// The index of a rate. There are no more rates than rules.
    fn index_of_rate(&mut self, rate: f64) -> usize {
        let known = self.rates.iter().position(|&known| known == rate);
        known.unwrap_or_else(|| {
            if self.rates.len() < RATES {
                self.rates.push(rate);
            }
            self.rates.len() - 1
        })
    }
}

/// The most buffered children of one request: the first 63 and the last.
const PER_REQUEST: usize = 64;
