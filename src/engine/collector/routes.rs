//! Routes that return, by number: what is known of one is looked up once, not with every request.
//!
//! The host keeps the numbers by text and gives them instead of text. Only a route that has proven to return gets
//! one, as in the table of names. The numbers hold until [`Numbers::renewed`] says that all were given anew.

use super::recording::Origin;
use super::{Collector, Signal};
use crate::engine::event::names::NameId;
use crate::engine::event::{Event, EventKind, path};
use crate::engine::stats::RowHint;
use crate::engine::time::Millis;

/// A request that is over, by the numbers of its route and method. Times are wall-clock ms.
#[derive(Clone, Copy, Debug)]
pub struct KnownRequest {
    /// The route's number, as [`Collector::number`] gave it.
    pub route: u16,
    /// The method's.
    pub method: u16,
    /// The response status, if known.
    pub status: Option<u16>,
    /// When it started, in ms since the epoch.
    pub start: f64,
    /// How long it took in ms; `None`: unknown.
    pub duration: Option<f64>,
}

/// The numbers of a route and a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// The route's.
    pub route: u16,
    /// The method's.
    pub method: u16,
    /// All earlier numbers are void.
    pub renewed: bool,
}

/// The name an event goes by, and what is known of it from before.
pub(super) struct Named<'a> {
    pub(super) text: &'a str,
    pub(super) known: Option<Known<'a>>,
}

/// What spares the lookups.
pub(super) struct Known<'a> {
    /// The route's name and the method's.
    pub(super) ids: [NameId; 2],
    pub(super) row: &'a mut RowHint,
    pub(super) queued_at: Millis,
}

/// The numbered routes and methods. Each holds one reference to its name.
#[derive(Debug, Default)]
pub(super) struct Routes {
    routes: Vec<Route>,
    methods: Vec<Method>,
    /// Routes that would have had a number, had there been room.
    turned_away: u32,
}

#[derive(Debug)]
struct Route {
    text: String,
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

impl<'a> Named<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, known: None }
    }
}

impl Routes {
    /// References to names that the numbers hold.
    pub(super) fn references(&self) -> usize {
        self.routes.len() + self.methods.len()
    }
}

impl Collector {
    /// The numbers of `route` and `method`, if they have earned them: for [`record_known`](Self::record_known).
    pub fn number(&mut self, route: &str, method: &str) -> Option<Numbers> {
        let method = self.method(method)?;
        let id = self.names.lookup(path::without_query(route))?;
        if let Some(known) = self.routes.routes.iter().position(|route| route.id == id) {
            return Some(Numbers { route: known as u16, method, renewed: false });
        }
        let renewed = self.routes.routes.len() == MAX_ROUTES;
        if renewed {
            self.routes.turned_away += 1;
            if self.routes.turned_away < PATIENCE {
                return None;
            }
            self.renumber();
        }
        self.names.refer(id);
        let text = String::from(path::without_query(route));
        let rate = self.policy.rate_of(&text);
        self.routes.routes.push(Route { text, id, rate, row: RowHint::default() });
        Some(Numbers { route: (self.routes.routes.len() - 1) as u16, method, renewed })
    }

    /// As [`number`](Self::number), for a raw path: the number of its template, if the same rate governs both.
    pub fn number_path(&mut self, path: &str, method: &str) -> Option<Numbers> {
        let mut template = std::mem::take(&mut self.name);
        template.clear();
        path::template(path, &mut template);
        // Rules are about the path as received: what they say of its template may be something else.
        let is_known = self.names.lookup(&template).is_some();
        let is_same =
            is_known && self.policy.rate_of(path::without_query(path)) == self.policy.rate_of(&template);
        let numbers = if is_same { self.number(&template, method) } else { None };
        self.name = template;
        numbers
    }

    /// Records requests outside any other, each as [`record`](Self::record) does. They have waited at the host since
    /// `since`; now it is `host`.
    pub fn record_known(
        &mut self,
        requests: impl Iterator<Item = KnownRequest>,
        since: f64,
        host: f64,
    ) -> Signal {
        let queued_at = self.observe(since);
        self.observe(host);
        let mut routes = std::mem::take(&mut self.routes);
        for request in requests {
            let (route, method) = (usize::from(request.route), usize::from(request.method));
            match (routes.routes.get_mut(route), routes.methods.get(method)) {
                (Some(route), Some(method)) => self.finish_known(&request, route, method, queued_at),
                _ => self.refuse(1),
            }
        }
        self.routes = routes;
        self.signal()
    }

    #[inline(always)]
    fn finish_known(
        &mut self,
        request: &KnownRequest,
        route: &mut Route,
        method: &Method,
        queued_at: Millis,
    ) {
        let event = Event {
            duration: request.duration,
            method: &method.text,
            status: request.status,
            ..Event::new(EventKind::Req, &route.text, request.start)
        };
        if !self.admits_now(&event) {
            return;
        }
        let head = self.head(route.rate, false);
        let known = Known { ids: [route.id, method.id], row: &mut route.row, queued_at };
        let mut named = Named { text: &route.text, known: Some(known) };
        self.finish_event(&event, &mut named, head, Origin::Root(None));
    }

    fn method(&mut self, text: &str) -> Option<u16> {
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

    fn renumber(&mut self) {
        for route in self.routes.routes.drain(..) {
            self.names.release(route.id);
        }
        self.routes.turned_away = 0;
    }
}

/// Half of the table of names, so that the other half can still change.
const MAX_ROUTES: usize = 512;
/// HTTP has nine methods.
const MAX_METHODS: usize = 16;
/// After so many routes in vain those that have a number are taken for a past fashion.
const PATIENCE: u32 = 4096;
