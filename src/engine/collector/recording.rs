//! Recording: an event's way from the host through sampling and statistics into the queue.

use super::{Collector, Draws, Signal};
use crate::engine::delivery::Delivery;
use crate::engine::event::trace::TraceContext;
use crate::engine::event::{Event, EventKind, Link, Record, path, statement};
use crate::engine::hashed::Hashed;
use crate::engine::ledger::Count;
use crate::engine::rng::Rng;
use crate::engine::sampling::open::{Closed, Token};
use crate::engine::sampling::{Head, KeepSlow, should_sample_request};
use crate::engine::stats::{RowHint, Sample, SeriesKind};

impl Collector {
    /// Records an event outside a request. A REQ runs the whole sampling order, all else is kept with p = 1.
    pub fn record(&mut self, event: &Event<'_>, parent: Option<TraceContext>, host: f64) -> Signal {
        if self.admits(event, host) {
            let mut scratch = std::mem::take(&mut self.name);
            let name = name_of(event, &mut scratch);
            let head = match event.kind {
                EventKind::Req => self.decide(name_or(event, name), parent),
                EventKind::Fn | EventKind::Db | EventKind::Evt => KEPT,
            };
            self.finish_event(event, Hashed::new(name), head, Origin::Root(parent));
            self.name = scratch;
        }
        self.signal()
    }

    /// A request begins: decides on `path` (the route if known, else the path without query).
    pub fn open(&mut self, path: &str, parent: Option<TraceContext>, host: f64) -> Token {
        self.observe(host);
        let head = self.decide(path::without_query(path), parent);
        self.enter(head, parent)
    }

    /// A handler that is not a request begins: the global rate applies.
    pub fn open_root(&mut self, host: f64) -> Token {
        self.observe(host);
        let rate = self.policy.rate();
        let sampled = should_sample_request(rate, &mut || match &mut self.draws {
            Draws::Host(draw) => draw.take().unwrap_or(1.0),
            Draws::Own => self.policy.draw(),
        });
        self.enter(Head::Decided { sampled, rate, forced: false }, None)
    }

    /// Records a child of an open request: at once if the request is sampled, else when its fate is known.
    pub fn record_in(&mut self, event: &Event<'_>, token: Token, host: f64) -> Signal {
        if !self.admits(event, host) {
            return self.signal();
        }
        if token.is_excluded() {
            self.ledger.add(Count::Excluded, 1);
            return self.signal();
        }
        let mut scratch = std::mem::take(&mut self.name);
        let name = Hashed::new(name_of(event, &mut scratch));
        self.observe_stats(event, name, &mut RowHint::default());
        let link = match self.open.get(token).map(|open| open.link) {
            Some(parent) => self.child_link(parent),
            None => self.root_link(None),
        };
        let link = told(link, event);
        if token.is_sampled() {
            let p = self.open.head(token).map_or(1.0, entry_p);
            let mut record = self.write(event, name, link, p);
            record.queued_at = self.clock.now();
            if let Some(place) = self.accept(&record, None) {
                self.open.queued(token, place);
            }
        } else if self.open.is_undecided(token) {
            let record = self.write(event, name, link, 1.0);
            self.hold(token, record);
        } else {
            self.ledger.add(Count::SampledOut, 1);
        }
        self.name = scratch;
        self.signal()
    }

    /// A request ends with `event`, which tells its outcome.
    pub fn end(&mut self, event: &Event<'_>, token: Token, host: f64) -> Signal {
        let closed = self.open.close(token);
        if !self.admits(event, host) {
            if let Some(closed) = closed {
                self.let_go(closed.children);
            }
            return self.signal();
        }
        if token.is_excluded() {
            self.ledger.add(Count::Excluded, 1);
            return self.signal();
        }
        // One that no table knows was not sampled: it is recorded for its outcome, or not at all.
        let unknown = Head::Decided { sampled: false, rate: self.policy.rate(), forced: false };
        let head = self.open.head(token).unwrap_or(unknown);
        let origin = closed.map_or(Origin::Root(None), Origin::Request);
        let mut scratch = std::mem::take(&mut self.name);
        let name = Hashed::new(name_of(event, &mut scratch));
        self.finish_event(event, name, head, origin);
        self.name = scratch;
        self.signal()
    }

    /// A request will never end: its held children are decided as it stands.
    pub fn abandon(&mut self, token: Token) {
        if let Some(closed) = self.open.close(token) {
            self.let_go(closed.children);
        }
    }

    /// Counts `count` events that the host could not even give.
    pub fn refuse(&mut self, count: usize) {
        self.ledger.add(Count::Emitted, count);
        self.ledger.add(Count::Refused, count);
    }

    /// As time passes to `host`, counts an event as emitted; whether it can be taken.
    fn admits(&mut self, event: &Event<'_>, host: f64) -> bool {
        self.observe(host);
        self.admits_now(event)
    }

    #[inline(always)]
    pub(super) fn admits_now(&mut self, event: &Event<'_>) -> bool {
        self.ledger.add(Count::Emitted, 1);
        let admits = !self.closed && event.is_usable() && self.rng.is_some();
        if !admits {
            self.ledger.add(Count::Refused, 1);
        }
        admits
    }

    /// What the host should know now.
    #[must_use]
    pub fn signal(&self) -> Signal {
        let now = self.clock.now();
        let room = self.sinks.iter().filter_map(|sink| sink.room(now)).min();
        Signal {
            due: room == Some(0),
            room,
            waiting: self.open.pool.held() > 0 || self.sinks.iter().any(Delivery::has_work),
            renewed: false,
        }
    }

    /// The decision on a request of `path`, which has no query.
    fn decide(&mut self, path: &str, parent: Option<TraceContext>) -> Head {
        let parent_sampled = parent.is_some_and(|parent| parent.sampled);
        let rate = self.policy.rate_of(path);
        self.head(rate, parent_sampled)
    }

    /// The decision on a request whose rate is known; `None`: excluded.
    #[inline(always)]
    pub(super) fn head(&mut self, rate: Option<f64>, parent_sampled: bool) -> Head {
        match &mut self.draws {
            Draws::Own => self.policy.head(rate, parent_sampled),
            // A host that supplied no draw gets no sample rather than one it did not ask for.
            Draws::Host(draw) => {
                self.policy.head_with(rate, parent_sampled, &mut || draw.take().unwrap_or(1.0))
            }
        }
    }

    fn enter(&mut self, head: Head, parent: Option<TraceContext>) -> Token {
        if head == Head::Excluded {
            return Token::EXCLUDED;
        }
        let link = self.root_link(parent);
        let is_random = parent.is_none_or(|parent| parent.random);
        let (token, evicted) = self.open.open(head, link, is_random, self.clock.now());
        self.let_go(evicted);
        token
    }

    /// Statistics, then the record of a finished event and of the children held for it, if it is kept.
    #[inline(never)]
    fn finish_event(&mut self, event: &Event<'_>, name: Hashed<'_>, head: Head, origin: Origin) {
        if head == Head::Excluded {
            self.ledger.add(Count::Excluded, 1);
            return;
        }
        let p = self.judge(event, name, &mut RowHint::default(), head);
        let link = match origin {
            // Ids are made for what is kept only.
            Origin::Root(parent) if p.is_some() => told(self.root_link(parent), event),
            Origin::Root(_) => Link::default(),
            Origin::Request(closed) => self.finish_children(closed, p, entry_p(head)),
        };
        let Some(p) = p else {
            self.ledger.add(Count::SampledOut, 1);
            return;
        };
        let mut record = self.write(event, name, link, p);
        record.queued_at = self.clock.now();
        self.accept(&record, None);
    }

    /// The fate of a request's children, now that its own is known; returns where it stands.
    fn finish_children(&mut self, closed: Closed, p: Option<f64>, entry_p: f64) -> Link {
        let Closed { link, children, queued } = closed;
        let Some(p) = p else {
            self.let_go(children);
            return link;
        };
        if p != entry_p {
            // Its children that wait still can be told what became of it.
            self.queue.reprice(queued.first, queued.count, link.span_id, p);
        }
        self.keep(children, p);
        link
    }

    /// The record of an event that is kept or held.
    #[inline(always)]
    fn write(&mut self, event: &Event<'_>, name: Hashed<'_>, link: Link, p: f64) -> Record {
        self.ledger.add(Count::Truncated, event.attributes.truncated() as usize);
        self.writer.write(event, name, link, p, &mut self.names)
    }

    /// Counts a finished event that is not excluded, and decides on it: the probability to keep it with, if it is kept.
    #[inline(always)]
    pub(super) fn judge(
        &mut self,
        event: &Event<'_>,
        name: Hashed<'_>,
        row: &mut RowHint,
        head: Head,
    ) -> Option<f64> {
        let slow = self.is_slow(event, name.text);
        self.observe_stats(event, name, row);
        self.policy.outcome(head, event.status, event.error.is_some(), slow)
    }

    #[inline(always)]
    fn observe_stats(&mut self, event: &Event<'_>, name: Hashed<'_>, row: &mut RowHint) {
        self.measure(event, name.text);
        let kind = match event.kind {
            EventKind::Req => SeriesKind::Req,
            EventKind::Fn => SeriesKind::Fn,
            EventKind::Db => SeriesKind::Db,
            EventKind::Evt => return,
        };
        let is_error = self.policy.is_error(event.status, event.error.is_some());
        let sample = Sample { at: event.end(), duration: event.duration, is_error };
        self.stats.record_by(&sample, self.clock.wall(), Some((kind, name)), row);
    }

    #[inline(always)]
    fn is_slow(&self, event: &Event<'_>, name: &str) -> bool {
        let p99 = match self.config.sampling.keep_slow {
            None => return false,
            Some(KeepSlow::P99) if event.kind == EventKind::Req => self.stats.p99(SeriesKind::Req, name),
            Some(_) => None,
        };
        self.policy.is_slow(event.duration, p99)
    }

    #[inline(always)]
    pub(super) fn root_link(&mut self, parent: Option<TraceContext>) -> Link {
        let Some(rng) = &mut self.rng else { return Link::default() };
        Link {
            trace_id: match parent {
                Some(TraceContext { trace_id, .. }) => trace_id,
                None => rng.id(),
            },
            span_id: rng.id(),
            parent_id: match parent {
                Some(TraceContext { parent_id, .. }) => parent_id,
                None => [0; 8],
            },
        }
    }

    fn child_link(&mut self, parent: Link) -> Link {
        let span_id = self.rng.as_mut().map_or([0; 8], Rng::id);
        Link { trace_id: parent.trace_id, span_id, parent_id: parent.span_id }
    }
}

/// Where a finished event stands.
enum Origin {
    /// By itself, under a parent from elsewhere or none.
    Root(Option<TraceContext>),
    /// It ends a request that was open.
    Request(Closed),
}

/// Where `event` stands: as was told before it was recorded, if it was.
fn told(mut link: Link, event: &Event<'_>) -> Link {
    if let Some(span) = &event.span {
        (link.trace_id, link.span_id) = (span.trace_id, span.parent_id);
    }
    link
}

/// The name an event goes by: a statement's summary, a path's template, else its own; it may lie in `scratch`.
fn name_of<'a>(event: &Event<'a>, scratch: &'a mut String) -> &'a str {
    scratch.clear();
    match event.kind {
        EventKind::Db => {
            statement::summary(event.name, scratch);
            if scratch.is_empty() { statement::UNKNOWN } else { scratch }
        }
        EventKind::Req if event.is_path => {
            path::template(event.name, scratch);
            scratch
        }
        EventKind::Req => path::without_query(event.name),
        EventKind::Fn | EventKind::Evt => event.name,
    }
}

/// The text that sampling rules match: the path as received, even where its template is what is kept.
fn name_or<'a>(event: &Event<'a>, name: &'a str) -> &'a str {
    if event.is_path { path::without_query(event.name) } else { name }
}

/// The probability that a sampled request is recorded, as far as is known before its end.
fn entry_p(head: Head) -> f64 {
    match head {
        Head::Decided { rate, forced: false, .. } => rate,
        Head::Decided { forced: true, .. } | Head::Excluded => 1.0,
    }
}

/// The head of what is always kept: FN, DB and EVT outside a request.
const KEPT: Head = Head::Decided { sampled: true, rate: 1.0, forced: false };
