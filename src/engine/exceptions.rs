//! The exceptions that were recorded last.

use super::event::{Event, Exception, path};
use super::text::split::{prefix, split_once};

/// An exception that was recorded. A text that is unknown or not shown is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecentException {
    /// When it was recorded, in ms since the epoch.
    pub at: f64,
    /// The type of the error.
    pub error: String,
    /// The message.
    pub message: String,
    /// The frames of the stack.
    pub stack: String,
    /// The route of its request, or the name of its handler, once that has ended.
    pub route: String,
    /// The method of its request.
    pub method: String,
    /// The trace; all zeros are none.
    pub trace_id: [u8; 16],
    /// Whether the program has dealt with it.
    pub handled: bool,
    /// The span of the open request that it belongs to; all zeros are none.
    request: [u8; 8],
}

/// The last 20 exceptions, whether they were sampled or not. The first one takes memory; all take at most 160 KiB.
#[derive(Debug, Default)]
pub(crate) struct Exceptions {
    ring: Vec<RecentException>,
    /// The number of exceptions so far.
    noted: u64,
}

impl Exceptions {
    /// Notes an event that is an exception. `request` is the span of the open request that it belongs to.
    #[cold]
    pub(crate) fn note(&mut self, event: &Event<'_>, trace_id: [u8; 16], request: [u8; 8]) {
        let at = (self.noted % MOST as u64) as usize;
        self.noted += 1;
        if at == self.ring.len() {
            self.ring.push(RecentException::default());
        }
        let Some(entry) = self.ring.get_mut(at) else { return };
        let Exception { message, stack, handled, ended, .. } = event.exception.unwrap_or_default();
        (entry.at, entry.trace_id, entry.request, entry.handled) = (event.start, trace_id, request, handled);
        set(&mut entry.error, event.error.unwrap_or_default(), Exception::MAX_TEXT);
        set(&mut entry.message, message, Exception::MAX_TEXT);
        set(&mut entry.stack, stack, Exception::MAX_STACK);
        let ended = ended.unwrap_or_default();
        entry.name_request(ended.route, ended.method);
        if ended.is_path {
            entry.route.clear();
            path::template(ended.route, &mut entry.route);
        }
    }

    /// Notes the name of a request that has ended, with its span.
    pub(crate) fn name_request(&mut self, request: [u8; 8], route: &str, method: &str) {
        let of_request = self.ring.iter_mut().filter(|entry| entry.request == request && request != [0; 8]);
        of_request.for_each(|entry| entry.name_request(route, method));
    }

    /// The number of exceptions so far.
    pub(crate) fn noted(&self) -> u64 {
        self.noted
    }

    /// The last exceptions, newest last, without the first `before` of all.
    pub(crate) fn since(&self, before: u64) -> impl Iterator<Item = &RecentException> + Clone {
        let first = before.max(self.noted - self.ring.len() as u64);
        (first..self.noted).map(|number| &self.ring[(number % MOST as u64) as usize])
    }
}

impl RecentException {
    fn name_request(&mut self, route: &str, method: &str) {
        // An origin may follow the method.
        let method = split_once(method, b' ').map_or(method, |(method, _)| method);
        set(&mut self.route, route, Exception::MAX_TEXT);
        set(&mut self.method, method, Exception::MAX_TEXT);
    }
}

#[inline(never)]
fn set(text: &mut String, value: &str, max: usize) {
    text.clear();
    text.push_str(prefix(value, max));
}

/// The exceptions that are kept.
const MOST: usize = 20;
