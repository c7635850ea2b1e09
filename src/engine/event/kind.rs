//! The kinds of event.

/// The kind of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum EventKind {
    /// A request that was served.
    Req = 0,
    /// A function call, or a handler that is not a request: `scheduled`, `queue`, ….
    Fn = 1,
    /// A database statement.
    Db = 2,
    /// A custom event: a name and attributes.
    Evt = 3,
}

impl EventKind {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 4] = [Self::Req, Self::Fn, Self::Db, Self::Evt];

    /// The name on the wire: `REQ`, `FN`, `DB` or `EVT`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Req => "REQ",
            Self::Fn => "FN",
            Self::Db => "DB",
            Self::Evt => "EVT",
        }
    }
}
