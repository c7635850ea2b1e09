//! What is known of an error beside its type.

use crate::engine::text::split::prefix;

/// What may be shown of the error of an event, beside its type. A text that is unknown or not shown is empty; one that is
/// too long is cut, and counted as truncated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exception<'a> {
    /// The message, at most 1 KiB. Of a DB event, [values](super::statement::hide_values) in it are hidden.
    pub message: &'a str,
    /// The types and messages of what caused it, one a line, at most 1 KiB. Values are hidden as in the message.
    pub cause: &'a str,
    /// The frames of its stack, at most 4 KiB.
    pub stack: &'a str,
    /// Whether the program has dealt with it. Only [`Collector::exceptions`](crate::engine::Collector::exceptions) says so.
    pub handled: bool,
    /// The request that it belongs to, if that is over: nothing else knows its name any more.
    pub ended: Option<EndedRequest<'a>>,
}

/// A request that is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EndedRequest<'a> {
    /// The route, or the name of a handler that is no request.
    pub route: &'a str,
    /// Whether `route` is a raw path. It is shown as its [template](super::path::template).
    pub is_path: bool,
    /// The method.
    pub method: &'a str,
}

impl<'a> Exception<'a> {
    /// The name of an EVT that is an exception.
    pub const NAME: &'static str = "exception";
    /// The most bytes of the message, and of the causes.
    pub const MAX_TEXT: usize = 1024;
    /// The most bytes of the stack.
    pub const MAX_STACK: usize = 4096;

    /// How many of its texts are too long.
    pub(crate) fn truncated(&self) -> u32 {
        let texts = [self.message, self.cause];
        let long = texts.iter().filter(|text| text.len() > Self::MAX_TEXT).count();
        long as u32 + u32::from(self.stack.len() > Self::MAX_STACK)
    }

    /// The parts that are there, each with the name that OpenTelemetry has for it, or would have.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&'static str, &'a str)> {
        let all = [
            ("exception.message", self.message),
            ("exception.cause", self.cause),
            ("exception.stacktrace", self.stack),
        ];
        all.into_iter().filter(|(_, text)| !text.is_empty())
    }
}

/// `text` within the limit of a message.
pub(super) fn within_limit(text: &str) -> &str {
    prefix(text, Exception::MAX_TEXT)
}
