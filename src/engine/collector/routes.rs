//! Routes that return, by number: what is known of one is looked up once, not with every request.
//!
//! The host keeps the numbers by text and gives them instead of text. Only a route that has proven to return gets
//! one, as in the table of names. The numbers hold until [`Signal::renewed`] says that they are void.

use super::{Collector, Signal};
use crate::engine::event::names::{NameId, Names};
use crate::engine::event::{Event, EventKind, path};
use crate::engine::hashed::{Hashed, hash};
use crate::engine::ledger::Count;
use crate::engine::sampling::Head;
use crate::engine::stats::RowHint;
use crate::engine::time::Millis;

/// A request that is over, told with many others. Times are wall-clock ms.
#[derive(Clone, Copy, Debug)]
pub struct StagedRequest<'a> {
    /// What it goes by.
    pub route: StagedRoute<'a>,
    /// The method's number: [`Collector::number_method`]'s.
    pub method: u16,
    /// The response status, if known.
    pub status: Option<u16>,
    /// When it started, in ms since the epoch.
    pub start: f64,
    /// How long it took in ms; `None`: unknown.
    pub duration: Option<f64>,
}

/// The route of a [`StagedRequest`].
#[derive(Clone, Copy, Debug)]
pub enum StagedRoute<'a> {
    /// One by the number that an earlier request earned.
    Known(u16),
    /// One that has none, and whether it is a raw path, to be shown as its template.
    New(&'a str, bool),
}

/// The numbered routes and methods. Each holds one reference to its name.
#[derive(Debug, Default)]
pub(super) struct Routes {
    routes: Vec<Route>,
    methods: Vec<Method>,
    /// The routes' numbers by their names' ids; [`NONE`] where there is none.
    by_name: Box<[u16]>,
    /// Routes that would have had a number, had there been room.
    turned_away: u32,
    /// The one that came last without a number.
    stranger: Route,
}

/// What is known of a route.
#[derive(Debug, Default)]
struct Route {
    text: String,
    hash: u64,
    /// [`NameId::NONE`] of a stranger.
    id: NameId,
    /// The sampling rate; `None`: excluded.
    rate: Option<f64>,
    row: RowHint,
}

#[derive(Debug)]
struct Method {
    text: String,
    id: NameId,
}

impl Routes {
    pub(super) fn new() -> Self {
        let by_name = vec![NONE; Names::CAPACITY].into_boxed_slice();
        Self { by_name, ..Self::default() }
    }

    /// References to names that the numbers hold.
    pub(super) fn references(&self) -> usize {
        self.routes.len() + self.methods.len()
    }

    /// The number for requests that come as `text`, a raw path or not, like the stranger, which was recorded as `id`.
    fn number(
        &mut self,
        id: NameId,
        text: &str,
        is_path: bool,
        Collector { names, policy, .. }: &mut Collector,
    ) -> Option<u16> {
        if id == NameId::NONE {
            return None;
        }
        let Route { text: name, hash, rate, .. } = &self.stranger;
        // Most paths never return. And rules are about the path as received: what they say of its template may be
        // something else.
        if is_path && !(names.returns(text) && policy.rate_of(name) == *rate) {
            return None;
        }
        let number = &mut self.by_name[id.number() as usize];
        if *number == NONE {
            if self.routes.len() == MAX_ROUTES {
                self.turned_away += 1;
                return None;
            }
            names.refer(id);
            *number = self.routes.len() as u16;
            let (text, hash, rate) = (name.as_str().into(), *hash, *rate);
            self.routes.push(Route { text, hash, id, rate, row: RowHint::default() });
        }
        Some(*number)
    }

    /// Whether the routes that have a number were too long in the way of others. Then none has one any more.
    fn renew(&mut self, names: &mut Names) -> bool {
        if self.turned_away < PATIENCE {
            return false;
        }
        for route in self.routes.drain(..) {
            names.release(route.id);
        }
        self.by_name.fill(NONE);
        self.turned_away = 0;
        true
    }
}

impl Collector {
    /// The number of a method, if it has earned one: for [`StagedRequest::method`].
    pub fn number_method(&mut self, text: &str) -> Option<u16> {
        let methods = &mut self.routes.methods;
        if let Some(number) = methods.iter().position(|method| method.text == text) {
            return Some(number as u16);
        }
        if methods.len() == MAX_METHODS {
            return None;
        }
        let id = self.names.lookup(text)?;
        self.names.refer(id);
        methods.push(Method { text: text.into(), id });
        Some((methods.len() - 1) as u16)
    }

    /// Records requests outside any other, each as [`record`](Self::record) does. They have waited at the host since
    /// `since`; now it is `host`. `answer` is told, for each one of a new route, where it stands among them and by which
    /// number the next like it may be told: for [`StagedRoute::Known`].
    pub fn record_staged<'a>(
        &mut self,
        requests: impl Iterator<Item = StagedRequest<'a>>,
        mut answer: impl FnMut(usize, Option<u16>),
        since: f64,
        host: f64,
    ) -> Signal {
        let queued_at = self.observe(since);
        self.observe(host);
        let mut routes = std::mem::take(&mut self.routes);
        for (at, request) in requests.enumerate() {
            let route = match request.route {
                StagedRoute::Known(number) => routes.routes.get_mut(usize::from(number)),
                StagedRoute::New(text, is_path) => {
                    self.meet(text, is_path, &mut routes.stranger);
                    Some(&mut routes.stranger)
                }
            };
            let id = match (route, routes.methods.get(usize::from(request.method))) {
                (Some(route), Some(method)) => self.finish_plain(&request, route, method, queued_at),
                _ => {
                    self.refuse(1);
                    NameId::NONE
                }
            };
            if let StagedRoute::New(text, is_path) = request.route {
                answer(at, routes.number(id, text, is_path, self));
            }
        }
        let renewed = routes.renew(&mut self.names);
        self.routes = routes;
        Signal { renewed, ..self.signal() }
    }

    /// Finds out about a route, or a raw path, that has no number.
    #[inline(never)]
    fn meet(&self, text: &str, is_path: bool, stranger: &mut Route) {
        let path = path::without_query(text);
        stranger.rate = self.policy.rate_of(path);
        stranger.row = RowHint::default();
        stranger.text.clear();
        if is_path {
            path::template(path, &mut stranger.text);
        } else {
            stranger.text.push_str(path);
        }
        stranger.hash = hash(&stranger.text);
    }

    /// Of a request that has no more to it than its route, what `finish_event` does of any: the id of its name.
    #[inline(always)]
    fn finish_plain(
        &mut self,
        request: &StagedRequest<'_>,
        route: &mut Route,
        method: &Method,
        queued_at: Millis,
    ) -> NameId {
        let name = Hashed { text: &route.text, hash: route.hash };
        let event = request.event(name.text, &method.text);
        if !self.admits_now(&event) {
            return NameId::NONE;
        }
        let head = self.head(route.rate, false);
        if head == Head::Excluded {
            self.ledger.add(Count::Excluded, 1);
            return NameId::NONE;
        }
        let Some(p) = self.judge(&event, name, &mut route.row, head) else {
            self.ledger.add(Count::SampledOut, 1);
            return NameId::NONE;
        };
        // What nobody reads has neither ids nor a record.
        if !self.queues {
            self.ledger.add(Count::Accepted, 1);
            return if route.id == NameId::NONE { self.names.touch(name) } else { route.id };
        }
        let link = self.root_link(None);
        let names = (name, route.id, method.id);
        let mut record = self.writer.write_plain(&event, names, link, p, &mut self.names);
        record.queued_at = queued_at;
        self.accept(&record, None);
        record.name
    }
}

impl StagedRequest<'_> {
    #[inline(always)]
    fn event<'b>(&self, route: &'b str, method: &'b str) -> Event<'b> {
        Event {
            duration: self.duration,
            method,
            status: self.status,
            ..Event::new(EventKind::Req, route, self.start)
        }
    }
}

/// No route has this number.
const NONE: u16 = u16::MAX;
/// Half of the table of names, so that the other half can still change.
const MAX_ROUTES: usize = 512;
/// HTTP has nine methods.
const MAX_METHODS: usize = 16;
/// After so many routes in vain those that have a number are taken for a past fashion.
const PATIENCE: u32 = 4096;
