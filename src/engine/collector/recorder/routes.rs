//! Route ids.
//!
//! What sampling and statistics know of a route is looked up once, not with every request. The host stores the ids by
//! text and passes them instead of texts. Only a route that was seen again gets an id. Ids are valid until
//! [`Signal::ids_reset`](crate::engine::Signal::ids_reset).

use super::totals::Hint;
use crate::engine::event::names::{NameId, Names};
use crate::engine::event::path;
use crate::engine::sampling::Policy;
use crate::engine::text::hashed::hash;

/// The route of a [`BufferedRequest`](crate::engine::BufferedRequest).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteRef<'a> {
    /// The id that an earlier request of the same route got.
    Id(u16),
    /// The id that an earlier request of the same raw path got.
    PathId(u16),
    /// A route.
    Text(&'a str),
    /// A raw path, recorded as its [template](crate::engine::event::path::template).
    Path(&'a str),
}

/// The routes that have ids. Each holds one reference to its name.
#[derive(Debug, Default)]
pub(super) struct Routes {
    routes: Vec<Route>,
    /// Route ids by the id of the name; [`NONE`] for a name without a route id.
    by_name: Box<[u16]>,
    /// How many routes got no id because the table was full.
    turned_away: u32,
    /// The route of the last request that came by text.
    unregistered: Route,
}

/// What is known of a route.
#[derive(Debug, Default)]
pub(super) struct Route {
    pub(super) text: String,
    pub(super) hash: u64,
    /// [`NameId::NONE`] for the unregistered route.
    pub(super) name_id: NameId,
    /// The sampling rate; `None`: the route is excluded.
    pub(super) rate: Option<f64>,
    pub(super) hint: Hint,
}

impl Routes {
    pub(super) fn new() -> Self {
        let by_name = vec![NONE; Names::CAPACITY].into_boxed_slice();
        Self { by_name, ..Self::default() }
    }

    /// The number of references to names.
    pub(super) fn references(&self) -> usize {
        self.routes.len()
    }

    /// The route with this id, or the unregistered route of this text. `None`: there is no such id.
    #[inline(always)]
    pub(super) fn look_up(&mut self, route: RouteRef<'_>, policy: &Policy) -> Option<&mut Route> {
        match route {
            RouteRef::Id(id) | RouteRef::PathId(id) => self.routes.get_mut(usize::from(id)),
            RouteRef::Text(text) => Some(self.unregistered.set(text, false, policy)),
            RouteRef::Path(text) => Some(self.unregistered.set(text, true, policy)),
        }
    }

    /// The id for requests with `text`, the text that was looked up last. Its request was recorded under `name_id`.
    pub(super) fn register(
        &mut self,
        name_id: NameId,
        text: &str,
        is_path: bool,
        policy: &Policy,
        names: &mut Names,
    ) -> Option<u16> {
        if name_id == NameId::NONE {
            return None;
        }
        let Route { text: name, hash, rate, .. } = &self.unregistered;
        // Most paths are seen once. And rules match the raw path: for its template they may say something else.
        if is_path && !(names.was_seen(text) && policy.rate_of(name) == *rate) {
            return None;
        }
        let id = &mut self.by_name[name_id.number() as usize];
        if *id == NONE {
            if self.routes.len() == MAX_ROUTES {
                self.turned_away += 1;
                return None;
            }
            names.refer(name_id);
            *id = self.routes.len() as u16;
            let (text, hash, rate) = (name.as_str().into(), *hash, *rate);
            self.routes.push(Route { text, hash, name_id, rate, hint: Hint::default() });
        }
        Some(*id)
    }

    /// Makes all route ids invalid if too many routes got none. Returns whether it did.
    pub(super) fn reset_if_outdated(&mut self, names: &mut Names) -> bool {
        if self.turned_away < MAX_TURNED_AWAY {
            return false;
        }
        for route in self.routes.drain(..) {
            names.release(route.name_id);
        }
        self.by_name.fill(NONE);
        self.turned_away = 0;
        true
    }
}

impl Route {
    /// Makes this the route of `text`, which may be a raw path.
    #[inline(never)]
    fn set(&mut self, text: &str, is_path: bool, policy: &Policy) -> &mut Self {
        let path = path::public_part(text);
        self.rate = policy.rate_of(path);
        self.hint = Hint::default();
        self.text.clear();
        if is_path {
            path::template(path, &mut self.text);
        } else {
            self.text.push_str(path);
        }
        self.hash = hash(&self.text);
        self
    }
}

/// No route id.
const NONE: u16 = u16::MAX;
/// The most route ids: half of the table of names. The other half can still change.
const MAX_ROUTES: usize = 512;
/// After so many routes without an id, the routes with an id count as outdated.
const MAX_TURNED_AWAY: u32 = 4096;
