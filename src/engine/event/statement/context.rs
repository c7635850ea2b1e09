//! The context of a token: what a text in double quotes may be there, and whether the rest of the text is hidden.

use super::token::{Kind, Token};

#[derive(Clone, Copy, Default)]
pub(super) struct Context {
    depth: u32,
    place: Place,
    statement: Statement,
    last: Option<Kind>,
    after_escape: bool,
    /// The depth of the innermost SELECT.
    select: Option<u32>,
    /// The depth of a SELECT whose list is open.
    list: Option<u32>,
    /// Whether the innermost SELECT has FROM, once that is known.
    pub has_from: Option<bool>,
    /// The depth of a BETWEEN whose AND is to come.
    between: Option<u32>,
    /// Whether all that follows is hidden: it may hold a secret without quotes, or a string whose end is not sure.
    pub hides_rest: bool,
}

/// What a text in double quotes is, in a dialect that may read it as a name or as a string.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Place {
    /// A name.
    Name,
    /// A name if the SELECT has FROM, or left of a comparison.
    Item,
    /// A name left of a comparison.
    #[default]
    Left,
    /// A string.
    Value,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Statement {
    #[default]
    Start,
    /// It may have a column called `password`.
    Query,
    Pragma,
    Other,
}

impl Context {
    pub fn advance(&mut self, token: &Token<'_>) {
        self.after_escape = false;
        self.place = match token.kind {
            Kind::Word => self.place_after_word(token),
            Kind::Punct => self.place_after_punct(token.text),
            Kind::Name | Kind::Literal | Kind::Param => Place::Value,
        };
        self.last = Some(token.kind);
    }

    pub fn place(&self) -> Place {
        self.place
    }

    pub fn is_after_word(&self) -> bool {
        self.last == Some(Kind::Word)
    }

    /// Whether the last token is ESCAPE. A single backslash is a whole string there.
    pub fn is_after_escape(&self) -> bool {
        self.after_escape
    }

    fn place_after_punct(&mut self, text: &str) -> Place {
        match text {
            "(" => self.depth = self.depth.saturating_add(1),
            ")" => {
                self.depth = self.depth.saturating_sub(1);
                self.select = self.select.filter(|&at| at <= self.depth);
                self.list = self.list.filter(|&at| at <= self.depth);
            }
            "," if self.list == Some(self.depth) => return Place::Item,
            "," => {}
            ";" => *self = Self::default(),
            "." if matches!(self.last, Some(Kind::Word | Kind::Name)) => return Place::Name,
            _ => {}
        }
        if self.statement == Statement::Pragma && matches!(text, "=" | "(") {
            self.hides_rest = true;
        }
        if matches!(text, "(" | "," | ";") { Place::Left } else { Place::Value }
    }

    fn place_after_word(&mut self, token: &Token<'_>) -> Place {
        self.learn_statement(token);
        self.after_escape = token.is_word(&["ESCAPE"]);
        let (in_list, in_select) = (self.list == Some(self.depth), self.select == Some(self.depth));
        if token.is_word(&["SELECT"]) {
            (self.select, self.list, self.has_from) = (Some(self.depth), Some(self.depth), None);
            return Place::Item;
        }
        if token.is_word(LIST_ENDS) {
            self.list = self.list.filter(|_| !in_list);
        }
        if token.is_word(&["BETWEEN"]) {
            self.between = Some(self.depth);
        } else if token.is_word(&["AND"]) && self.between == Some(self.depth) {
            self.between = None;
        } else if token.is_word(&["DISTINCT", "ALL", "AS"]) && in_list {
            return Place::Item;
        } else if token.is_word(&["JOIN", "INTO", "UPDATE", "TABLE"])
            // FROM is also a word of functions, such as `trim("x" FROM "y")`.
            || (token.is_word(&["FROM"]) && (in_select || self.depth == 0))
        {
            return Place::Name;
        } else if token.is_word(&["WHERE", "AND", "OR", "NOT", "ON", "HAVING", "SET", "WHEN"]) {
            return Place::Left;
        }
        Place::Value
    }

    fn learn_statement(&mut self, token: &Token<'_>) {
        if self.statement == Statement::Start {
            self.statement = if token.is_word(QUERIES) {
                Statement::Query
            } else if token.is_word(&["PRAGMA"]) {
                Statement::Pragma
            } else {
                self.hides_rest = token.is_word(&["CONNECT", "CONN"]);
                Statement::Other
            };
        }
        // Inline data follows STDIN.
        let hides = token.is_word(&["IDENTIFIED", "STDIN"])
            || (self.statement == Statement::Other && names_secret(token.text));
        self.hides_rest |= hides;
    }
}

/// Whether `word` names a secret: `PASSWORD`, `OLD_PASSWORD`, `passwd`, `SECRET`, `pwd`.
fn names_secret(word: &str) -> bool {
    let has =
        |part: &str| word.as_bytes().windows(part.len()).any(|w| w.eq_ignore_ascii_case(part.as_bytes()));
    has("passw") || has("passphrase") || has("secret") || has("pwd")
}

/// Words that end the list of a SELECT.
pub(super) const LIST_ENDS: &[&str] =
    &["FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "UNION", "INTERSECT", "EXCEPT", "MINUS", "INTO"];
const QUERIES: &[&str] =
    &["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "VALUES", "WITH", "EXPLAIN"];
