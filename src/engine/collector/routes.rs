//! Routes that return, by number: what is known of one is looked up once, not with every request.
//!
//! The host keeps the numbers by text and gives them instead of text. Only a route that has proven to return gets
//! one, as in the table of names. The numbers hold until [`RouteNumber::renewed`] says that all were given anew.

use super::recording::Origin;
use super::{Collector, Signal};
use crate::engine::event::names::{self, NameId};
use crate::engine::event::seen::Seen;
use crate::engine::event::{Event, EventKind, path};
use crate::engine::stats::RowHint;
use crate::engine::time::Millis;

/// A request that is over, told with many others. Times are wall-clock ms.
#[derive(Clone, Copy, Debug)]
pub struct StagedRequest<'a> {
    /// What it goes by.
    pub route: StagedRoute<'a>,
    /// The method's number, as [`Collector::number_method`] gave it.
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
    /// One that has a number, as [`Collector::number`] gave it.
    Known(u16),
    /// One that has none, and whether it is a raw path, to be shown as its template.
    New(&'a str, bool),
}

/// The number of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteNumber {
    /// It stands for the route, or for all paths of one template.
    pub route: u16,
    /// All earlier numbers are void.
    pub renewed: bool,
}

/// The name an event goes by, and what is known of it from before.
pub(super) struct Named<'a> {
    pub(super) text: &'a str,
    pub(super) known: Option<Known<'a>>,
    /// Since when it has waited; `None`: it is told of at once.
    pub(super) since: Option<Millis>,
}

/// What spares the lookups.
pub(super) struct Known<'a> {
    /// The route's name and the method's.
    pub(super) ids: [NameId; 2],
    pub(super) row: &'a mut RowHint,
}

/// The numbered routes and methods. Each holds one reference to its name.
#[derive(Debug)]
pub(super) struct Routes {
    routes: Vec<Route>,
    methods: Vec<Method>,
    /// The routes' numbers by their names' ids; [`NONE`] where there is none.
    by_name: Vec<u16>,
    /// Raw paths, which most often are seen once.
    paths: Seen,
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
        Self { text, known: None, since: None }
    }
}

impl Routes {
    pub(super) fn new() -> Self {
        let (routes, methods, by_name) = (Vec::new(), Vec::new(), Vec::new());
        Self { routes, methods, by_name, paths: Seen::new(), turned_away: 0 }
    }

    /// References to names that the numbers hold.
    pub(super) fn references(&self) -> usize {
        self.routes.len() + self.methods.len()
    }

    fn find(&self, id: NameId) -> Option<u16> {
        self.by_name.get(id.number() as usize).copied().filter(|&number| number != NONE)
    }

    fn push(&mut self, route: Route) -> u16 {
        let (number, name) = (self.routes.len() as u16, route.id.number() as usize);
        if self.by_name.len() <= name {
            self.by_name.resize(name + 1, NONE);
        }
        self.by_name[name] = number;
        self.routes.push(route);
        number
    }
}

impl Collector {
    /// The number of a route, or of a raw path's template, if it has earned one: for [`StagedRoute::Known`].
    pub fn number(&mut self, route: &str, is_path: bool) -> Option<RouteNumber> {
        if is_path { self.number_path(route) } else { self.number_route(path::without_query(route)) }
    }

    /// The number of a method, if it has earned one.
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

    fn number_route(&mut self, text: &str) -> Option<RouteNumber> {
        let id = self.names.lookup(text)?;
        if let Some(route) = self.routes.find(id) {
            return Some(RouteNumber { route, renewed: false });
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
        let rate = self.policy.rate_of(text);
        let route = Route { text: text.into(), id, rate, row: RowHint::default() };
        Some(RouteNumber { route: self.routes.push(route), renewed })
    }

    /// The number of a path's template, if the path has come before and the same rate governs both.
    fn number_path(&mut self, path: &str) -> Option<RouteNumber> {
        if !self.routes.paths.again(names::hash(path.as_bytes())) {
            return None;
        }
        let mut template = std::mem::take(&mut self.name);
        template.clear();
        path::template(path, &mut template);
        // Rules are about the path as received: what they say of its template may be something else.
        let is_known = self.names.lookup(&template).is_some();
        let is_same =
            is_known && self.policy.rate_of(path::without_query(path)) == self.policy.rate_of(&template);
        let number = if is_same { self.number_route(&template) } else { None };
        self.name = template;
        number
    }

    /// Records requests outside any other, each as [`record`](Self::record) does. They have waited at the host since
    /// `since`; now it is `host`.
    pub fn record_staged<'a>(
        &mut self,
        requests: impl Iterator<Item = StagedRequest<'a>>,
        since: f64,
        host: f64,
    ) -> Signal {
        let queued_at = self.observe(since);
        self.observe(host);
        // Taken out, so that a route and the rest can change together.
        let mut routes = std::mem::take(&mut self.routes.routes);
        let methods = std::mem::take(&mut self.routes.methods);
        for request in requests {
            let Some(method) = methods.get(usize::from(request.method)) else {
                self.refuse(1);
                continue;
            };
            match request.route {
                StagedRoute::Known(number) => match routes.get_mut(usize::from(number)) {
                    Some(route) => self.finish_known(&request, route, method, queued_at),
                    None => self.refuse(1),
                },
                StagedRoute::New(text, is_path) => {
                    let event = Event { is_path, ..request.event(text, method) };
                    if self.admits_now(&event) {
                        self.finish_alone(&event, None, Some(queued_at));
                    }
                }
            }
        }
        (self.routes.routes, self.routes.methods) = (routes, methods);
        self.signal()
    }

    #[inline(always)]
    fn finish_known(
        &mut self,
        request: &StagedRequest<'_>,
        route: &mut Route,
        method: &Method,
        queued_at: Millis,
    ) {
        let event = request.event(&route.text, method);
        if !self.admits_now(&event) {
            return;
        }
        let head = self.head(route.rate, false);
        let known = Known { ids: [route.id, method.id], row: &mut route.row };
        let mut named = Named { text: &route.text, known: Some(known), since: Some(queued_at) };
        self.finish_event(&event, &mut named, head, Origin::Root(None));
    }

    fn renumber(&mut self) {
        for route in self.routes.routes.drain(..) {
            self.names.release(route.id);
        }
        self.routes.by_name.clear();
        self.routes.turned_away = 0;
    }
}

impl StagedRequest<'_> {
    #[inline(always)]
    fn event<'b>(&self, route: &'b str, method: &'b Method) -> Event<'b> {
        Event {
            duration: self.duration,
            method: &method.text,
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
