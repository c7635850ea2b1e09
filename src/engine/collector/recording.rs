//! Recording: an event's way from the host through sampling and statistics into the queue.

use super::{Collector, Draws, Signal};
use crate::engine::delivery::Delivery;
use crate::engine::event::trace::TraceContext;
use crate::engine::event::{Event, EventKind, Link, Record, path, statement};
use crate::engine::ledger::{Count, Reason, SinkCount};
use crate::engine::notice::Notice;
use crate::engine::rng::Rng;
use crate::engine::sampling::open::{Held, Token};
use crate::engine::sampling::{Head, KeepSlow};
use crate::engine::stats::{Sample, SeriesKind};

impl Collector {
    /// Records an event outside a request. A REQ runs the whole sampling order, all else is kept with p = 1.
    pub fn record(&mut self, event: &Event<'_>, parent: Option<TraceContext>, host: f64) -> Signal {
        if !self.admits(event, host) {
            return self.signal();
        }
        let name = self.name_of(event);
        let head = match event.kind {
            EventKind::Req => self.decide(name_or(event, &name), parent),
            EventKind::Fn | EventKind::Db | EventKind::Evt => KEPT,
        };
        let link = self.root_link(parent);
        self.finish_event(event, &name, head, link, Vec::new());
        self.name = name;
        self.signal()
    }

    /// A request begins: decides on `path` (the route if known, else the path without query).
    pub fn open(&mut self, path: &str, parent: Option<TraceContext>, host: f64) -> Token {
        self.observe(host);
        let head = self.decide(path, parent);
        self.enter(head, parent)
    }

    /// A handler that is not a request begins: the global rate applies.
    pub fn open_root(&mut self, host: f64) -> Token {
        self.observe(host);
        let rate = self.policy.rate();
        let sampled = match &mut self.draws {
            _ if rate >= 1.0 || rate <= 0.0 => rate >= 1.0,
            Draws::Host(draw) => draw.take().is_some_and(|draw| draw < rate),
            Draws::Own => self.policy.draw() < rate,
        };
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
        let name = self.name_of(event);
        self.observe_stats(event, &name);
        let (link, rate) = match self.open.get(token).map(|open| (open.link, open.head)) {
            Some((parent, Head::Decided { rate, forced, .. })) => {
                (self.child_link(parent), if forced { 1.0 } else { rate })
            }
            _ => (self.root_link(None), self.policy.rate()),
        };
        if token.is_sampled() {
            let record = self.writer.write(event, &name, link, rate, &mut self.names);
            self.accept(record, None);
        } else if self.open.is_undecided(token) {
            let record = self.writer.write(event, &name, link, 1.0, &mut self.names);
            self.hold(token, record);
        } else {
            self.ledger.add(Count::SampledOut, 1);
        }
        self.name = name;
        self.signal()
    }

    /// A request ends with `event`, which tells its outcome.
    pub fn end(&mut self, event: &Event<'_>, token: Token, host: f64) -> Signal {
        let opened = self.open.close(token);
        if !self.admits(event, host) {
            self.let_go(opened.map(|(_, _, children)| children).unwrap_or_default());
            return self.signal();
        }
        if token.is_excluded() {
            self.ledger.add(Count::Excluded, 1);
            return self.signal();
        }
        let name = self.name_of(event);
        let (head, link, children) = opened.unwrap_or_else(|| {
            let rate = self.effective_rate(name_or(event, &name)).unwrap_or(0.0);
            let head = Head::Decided { sampled: token.is_sampled(), rate, forced: false };
            (head, self.root_link(None), Vec::new())
        });
        self.finish_event(event, &name, head, link, children);
        self.name = name;
        self.signal()
    }

    /// A request will never end: its held children are decided as it stands.
    pub fn abandon(&mut self, token: Token) {
        if let Some((_, _, children)) = self.open.close(token) {
            self.let_go(children);
        }
    }

    /// Counts `count` events that the host could not even give.
    pub fn refuse(&mut self, count: usize) {
        self.ledger.add(Count::Emitted, count);
        self.ledger.add(Count::Refused, count);
    }

    /// Counts an event as emitted; whether it can be taken.
    fn admits(&mut self, event: &Event<'_>, host: f64) -> bool {
        self.observe(host);
        self.ledger.add(Count::Emitted, 1);
        let admits = !self.closed && event.is_usable();
        if !admits {
            self.ledger.add(Count::Refused, 1);
        }
        admits
    }

    fn signal(&self) -> Signal {
        let now = self.clock.now();
        Signal {
            due: self.sinks.iter().any(|sink| sink.is_full(now)),
            waiting: self.open.held() > 0 || self.sinks.iter().any(Delivery::has_work),
        }
    }

    /// The name an event goes by, in the scratch buffer: a statement's summary, a path's template, else its own.
    fn name_of(&mut self, event: &Event<'_>) -> String {
        let mut name = std::mem::take(&mut self.name);
        name.clear();
        match event.kind {
            EventKind::Db => statement::summary(event.name, &mut name),
            EventKind::Req if event.is_path => path::template(event.name, &mut name),
            EventKind::Req => name.push_str(path::without_query(event.name)),
            EventKind::Fn | EventKind::Evt => name.push_str(event.name),
        }
        name
    }

    fn decide(&mut self, path: &str, parent: Option<TraceContext>) -> Head {
        let parent_sampled = parent.is_some_and(|parent| parent.sampled);
        match &mut self.draws {
            Draws::Own => self.policy.decide(path, parent_sampled),
            // A host that supplied no draw gets no sample rather than one it did not ask for.
            Draws::Host(draw) => {
                self.policy.decide_with(path, parent_sampled, &mut || draw.take().unwrap_or(1.0))
            }
        }
    }

    fn enter(&mut self, head: Head, parent: Option<TraceContext>) -> Token {
        if head == Head::Excluded {
            return Token::EXCLUDED;
        }
        let link = self.root_link(parent);
        let (token, evicted) = self.open.open(head, link, self.clock.now());
        self.let_go(evicted);
        token
    }

    /// Statistics, then the record of a finished event and of the children held for it, if it is kept.
    fn finish_event(&mut self, event: &Event<'_>, name: &str, head: Head, link: Link, children: Vec<Held>) {
        if head == Head::Excluded {
            self.ledger.add(Count::Excluded, 1);
            return;
        }
        let slow = self.is_slow(event, name);
        self.observe_stats(event, name);
        let Some(p) = self.policy.outcome(head, event.status, event.error.is_some(), slow) else {
            self.ledger.add(Count::SampledOut, 1);
            self.let_go(children);
            return;
        };
        for Held { mut record, payload } in children {
            record.p = p;
            self.accept(record, Some(&payload));
        }
        let record = self.writer.write(event, name, link, p, &mut self.names);
        self.ledger.add(Count::Truncated, event.attributes.truncated() as usize);
        self.accept(record, None);
    }

    fn observe_stats(&mut self, event: &Event<'_>, name: &str) {
        self.measure(event, name);
        let kind = match event.kind {
            EventKind::Req => SeriesKind::Req,
            EventKind::Fn => SeriesKind::Fn,
            EventKind::Db => SeriesKind::Db,
            EventKind::Evt => return,
        };
        let is_error = self.policy.is_error(event.status, event.error.is_some());
        let sample = Sample { at: event.end(), duration: event.duration, is_error };
        self.stats.record(sample, self.clock.wall(), Some((kind, name)));
    }

    fn is_slow(&self, event: &Event<'_>, name: &str) -> bool {
        let p99 = match (event.kind, self.config.sampling.keep_slow) {
            (EventKind::Req, Some(KeepSlow::P99)) => self.stats.p99(SeriesKind::Req, name),
            _ => None,
        };
        self.policy.is_slow(event.duration, p99)
    }

    fn root_link(&mut self, parent: Option<TraceContext>) -> Link {
        let Some(rng) = &mut self.rng else { return Link::default() };
        Link {
            trace_id: parent.map_or_else(|| rng.id(), |parent| parent.trace_id),
            span_id: rng.id(),
            parent_id: parent.map_or([0; 8], |parent| parent.parent_id),
        }
    }

    fn child_link(&mut self, parent: Link) -> Link {
        let span_id = self.rng.as_mut().map_or([0; 8], Rng::id);
        Link { trace_id: parent.trace_id, span_id, parent_id: parent.span_id }
    }

    /// Holds the record just written until the fate of its request is known.
    fn hold(&mut self, token: Token, record: Record) {
        while self.open.is_full(self.writer.payload().len()) {
            let children = self.open.decide_oldest();
            self.let_go(children);
        }
        let child = Held { record, payload: self.writer.payload().into() };
        if !self.open.is_undecided(token) {
            self.let_go(vec![child]);
        } else if let Some(replaced) = self.open.hold(token, child) {
            self.let_go(vec![replaced]);
        }
    }

    /// Children of a request that is not kept.
    pub(super) fn let_go(&mut self, children: Vec<Held>) {
        self.ledger.add(Count::SampledOut, children.len());
        for child in children {
            child.release(&mut self.names);
        }
    }

    /// Puts a record into the queue; its payload is `held`, or else that of the record just written.
    fn accept(&mut self, record: Record, held: Option<&[u8]>) {
        self.ledger.add(Count::Accepted, 1);
        let len = usize::from(record.payload_len);
        let wanted = self.sinks.iter().any(|sink| sink.takes(record.kind));
        while wanted && self.queue.is_full(len) {
            self.evict();
        }
        for (at, sink) in self.sinks.iter_mut().enumerate() {
            if !sink.accepts(record.kind) {
                continue;
            }
            self.ledger.add_sink(at, SinkCount::Accepted, 1);
            if !sink.enqueued(record.kind) {
                self.ledger.drop(at, Reason::Disabled, 1);
                self.notices.push(Notice::Drop { sink: at, reason: Reason::Disabled, count: 1 });
            }
        }
        let record = Record { queued_at: self.clock.now(), ..record };
        if wanted {
            self.queue.push(record, held.unwrap_or(self.writer.payload()));
        } else {
            for id in [record.name, record.error, record.detail] {
                self.names.release(id);
            }
        }
    }

    /// The oldest event leaves the queue; every sink that still needed it loses it.
    fn evict(&mut self) {
        let first = self.queue.first();
        let kind = self.queue.get(first).0.kind;
        for at in 0..self.sinks.len() {
            if self.sinks[at].evicted(first, kind) {
                self.lose(at, Reason::Overflow, 1);
            }
        }
        self.queue.pop(&mut self.names);
    }
}

/// The text that sampling rules match: the path as received, even where its template is what is kept.
fn name_or<'a>(event: &Event<'a>, name: &'a str) -> &'a str {
    if event.is_path { event.name } else { name }
}

/// The head of what is always kept: FN, DB and EVT outside a request.
const KEPT: Head = Head::Decided { sampled: true, rate: 1.0, forced: false };
