//! The fence between the layers: reads every import in `src` and fails on one that points the wrong way.
//!
//! `wasm → encode → engine`, and inside the engine `collector → parts → base`; parts of one level do not
//! import each other. A new module of the engine must be entered in `LEVELS`.
#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The modules of the engine by level; each may import from the levels below its own only.
const LEVELS: &[&[&str]] = &[
    &["hashed", "split"],
    // Text for numbers, also in the messages of what stands next.
    &["decimal"],
    // What even the base stands on: no behavior, no imports.
    &["batch_id", "error", "list", "time"],
    &["config", "event", "rng"],
    &["delivery", "ledger", "notice", "queue", "sampling", "stats"],
    &["collector"],
];

/// Imports that a level forbids and that are right all the same, each with its reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("config", "event", "a sink's options name its format, and a format is a set of event kinds"),
    ("delivery", "ledger", "a lost batch carries its reason, and a cut batch the counters of that moment"),
    ("delivery", "queue", "a sink's cursor reads the ring that all sinks share, by reference and never kept"),
    ("delivery", "stats", "a metrics sink stages an accumulator where the others stage records"),
    ("notice", "ledger", "a notice of a loss carries its reason"),
];

/// What lies outside the crate and must not be seen inside a layer, by the path's beginning.
const HOST: &[&str] = &["js_sys", "wasm_bindgen", "serde_wasm_bindgen", "web_sys", "getrandom"];
const MACHINE: &[&str] = &["std::time", "std::env", "std::thread", "std::net", "std::fs", "std::process"];

#[test]
fn imports_point_one_way() -> io::Result<()> {
    let found = violations(&sources(Path::new(env!("CARGO_MANIFEST_DIR")))?);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    Ok(())
}

#[test]
fn every_exception_is_used() -> io::Result<()> {
    let sources = sources(Path::new(env!("CARGO_MANIFEST_DIR")))?;
    let tree = Tree::of(&sources);
    let edges: Vec<_> = sources.iter().flat_map(|source| tree.level_edges(source)).collect();
    for (from, to, _) in EXCEPTIONS {
        assert!(edges.iter().any(|(a, b)| a == from && b == to), "{from} → {to} is no longer needed");
    }
    Ok(())
}

#[test]
fn planted_violations_are_caught() {
    let planted = [
        ("src/engine/queue.rs", "use crate::encode::Format;", "engine must not see encode"),
        ("src/engine/queue.rs", "fn f() { crate::wasm::now() }", "engine must not see wasm"),
        ("src/engine/stats/window.rs", "use std::time::Instant;", "engine must not see std::time"),
        ("src/engine/queue.rs", "use std::{fmt, env};", "engine must not see std::env"),
        ("src/engine/rng.rs", "fn f() { getrandom::fill(&mut []) }", "engine must not see getrandom"),
        ("src/encode/ndjson.rs", "use crate::wasm::convert;", "encode must not see wasm"),
        ("src/encode/ndjson.rs", "use js_sys::Date;", "encode must not see js_sys"),
        ("src/encode/mod.rs", "use std::time::Duration;", "encode must not see std::time"),
        ("src/engine/event/names.rs", "use crate::engine::{time, queue::Queue};", "event must not see queue"),
        (
            "src/engine/event/names.rs",
            "use super::super::collector::Collector;",
            "event must not see collector",
        ),
        ("src/engine/stats/mod.rs", "use super::queue::Queue;", "stats must not see queue"),
        ("src/engine/config.rs", "use super::rng;", "config must not see rng"),
        (
            "src/engine/queue.rs",
            "mod inner { use super::super::ledger::Ledger; }",
            "queue must not see ledger",
        ),
        // Through the engine's re-exports the direction is the same.
        ("src/engine/queue.rs", "use crate::engine::Collector;", "queue must not see collector"),
        ("src/engine/queue.rs", "use super::*;", "name the module"),
        ("src/engine/newcomer.rs", "use super::error::Error;", "newcomer is in no level"),
    ];
    for (path, text, message) in planted {
        let found = violations(&[engine_root(), source(path, text)]);
        assert!(found.len() == 1 && found[0].contains(message), "{path}: {text}\n  gave {found:?}");
    }
}

#[test]
fn what_is_allowed_is_left_alone() {
    let allowed = [
        ("src/engine/queue.rs", "use super::event::Record; use crate::engine::error::{Error, ErrorKind};"),
        (
            "src/engine/queue.rs",
            "#[cfg(test)] mod tests { use super::*; use crate::engine::ledger::Ledger; }",
        ),
        ("src/engine/collector.rs", "use super::{queue::Queue, stats, time::Millis};"),
        (
            "src/engine/queue.rs",
            "// use crate::encode::Format;\n/* std::env */ const TEXT: &str = \"std::env::var\";",
        ),
        ("src/engine/queue.rs", "fn f<'a>(c: char) -> bool { c == '\"' } use super::event::Record;"),
        (
            "src/engine/stats/mod.rs",
            "use super::Error; mod window; use window::Window; use self::window::Slot;",
        ),
        ("src/encode/ndjson.rs", "use crate::engine::event::Record;"),
        ("src/wasm/mod.rs", "use crate::{encode, engine::Collector}; use js_sys::Date;"),
    ];
    for (path, text) in allowed {
        let found = violations(&[engine_root(), source(path, text)]);
        assert!(found.is_empty(), "{path}: {text}\n  gave {found:?}");
    }
}

/// One file: its path from the root, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// `src/engine/stats/window.rs` is `engine::stats::window`; `mod.rs` and `lib.rs` are their folder.
    fn module(&self) -> Vec<String> {
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        inner.split('/').filter(|part| !matches!(*part, "mod" | "lib")).map(String::from).collect()
    }
}

fn source(path: &str, text: &str) -> Source {
    Source { path: path.into(), text: text.into() }
}

fn engine_root() -> Source {
    source("src/engine/mod.rs", "pub use collector::{Collector}; pub use error::{Error, ErrorKind};")
}

fn sources(root: &Path) -> io::Result<Vec<Source>> {
    let mut found = Vec::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path: PathBuf = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                found.push(Source { path: name, text: fs::read_to_string(&path)? });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn violations(sources: &[Source]) -> Vec<String> {
    let tree = Tree::of(sources);
    let mut found = Vec::new();
    for source in sources {
        let module = source.module();
        let Some(layer) = module.first() else { continue };
        let mut report = |message: String| found.push(format!("{}: {message}", source.path));
        for import in tree.imports(source) {
            if let Some(name) = forbidden(layer, &import.path) {
                report(format!("{layer} must not see {name}"));
            }
        }
        if layer != "engine" || module.len() < 2 {
            continue;
        }
        if level(&module[1]).is_none() {
            report(format!("{} is in no level", module[1]));
            continue;
        }
        for (from, to) in tree.level_edges(source) {
            let excepted = EXCEPTIONS.iter().any(|(a, b, _)| *a == from && *b == to);
            if to == "*" {
                report("name the module instead of importing all of the engine".into());
            } else if level(&to) >= level(&from) && !excepted {
                report(format!("{from} must not see {to}"));
            }
        }
    }
    found
}

fn level(module: &str) -> Option<usize> {
    LEVELS.iter().position(|modules| modules.contains(&module))
}

/// The forbidden thing that `path` begins with, seen from `layer`.
fn forbidden(layer: &str, path: &[String]) -> Option<&'static str> {
    let layers: &[&'static str] = match layer {
        "engine" => &["encode", "wasm"],
        "encode" => &["wasm"],
        _ => return None,
    };
    let joined = path.join("::");
    if path[0] == "crate" {
        return layers.iter().find(|name| path.get(1).is_some_and(|part| part == *name)).copied();
    }
    let outside = HOST.iter().chain(MACHINE);
    outside.copied().find(|name| joined == *name || joined.starts_with(&format!("{name}::")))
}

/// An absolute path (`crate::…` or `std::…`), and whether test code says it.
struct Import {
    path: Vec<String>,
    in_tests: bool,
}

/// Which modules exist, and what the engine's root re-exports from where.
struct Tree {
    modules: Vec<Vec<String>>,
    reexports: Vec<(String, String)>,
}

impl Tree {
    fn of(sources: &[Source]) -> Self {
        let modules = sources.iter().map(Source::module).collect();
        let mut tree = Self { modules, reexports: Vec::new() };
        // The root says `pub use collector::Collector` of modules that a planted tree need not hold.
        tree.modules.extend(
            LEVELS.iter().flat_map(|level| level.iter()).map(|name| vec!["engine".into(), (*name).into()]),
        );
        let root = sources.iter().find(|source| source.module() == ["engine"]);
        let imports = root.map(|root| tree.imports(root)).unwrap_or_default();
        let named = imports.iter().filter(|import| import.path.len() > 3 && import.path[1] == "engine");
        tree.reexports = named
            .map(|import| (import.path[import.path.len() - 1].clone(), import.path[2].clone()))
            .collect();
        tree
    }

    /// What a module of the engine imports of the other modules of the engine, by their first name.
    fn level_edges(&self, source: &Source) -> Vec<(String, String)> {
        let module = source.module();
        if module.len() < 2 || module[0] != "engine" {
            return Vec::new();
        }
        let imports = self.imports(source).into_iter();
        let shipped =
            imports.filter(|import| !import.in_tests && import.path.len() > 2 && import.path[1] == "engine");
        let targets = shipped.map(|import| {
            let name = &import.path[2];
            let origin = self.reexports.iter().find(|(reexported, _)| reexported == name);
            origin.map_or_else(|| name.clone(), |(_, module)| module.clone())
        });
        targets.filter(|target| *target != module[1]).map(|target| (module[1].clone(), target)).collect()
    }

    fn imports(&self, source: &Source) -> Vec<Import> {
        Reader { tokens: tokens(&source.text), at: 0, scope: source.module(), opened: Vec::new(), tree: self }
            .read()
    }
}

/// Walks the tokens of one file, keeps track of inline modules, and resolves every path it meets.
struct Reader<'a> {
    tokens: Vec<String>,
    at: usize,
    scope: Vec<String>,
    /// One entry an open brace: whether it opened an inline module.
    opened: Vec<bool>,
    tree: &'a Tree,
}

impl Reader<'_> {
    fn read(mut self) -> Vec<Import> {
        let mut found = Vec::new();
        while let Some(token) = self.token(0).map(String::from) {
            let before = self.at.checked_sub(1).map(|at| self.tokens[at].as_str());
            if token == "mod" && self.token(2) == Some("{") {
                self.scope.extend(self.token(1).map(String::from));
                self.opened.push(true);
                self.at += 3;
            } else if token == "{" || token == "}" {
                self.brace(&token);
                self.at += 1;
            } else if before != Some("::")
                && is_name(&token)
                && (before == Some("use") || self.token(1) == Some("::"))
            {
                let mut paths = Vec::new();
                self.paths(Vec::new(), &mut paths);
                found.extend(paths.into_iter().map(|path| self.resolve(path)));
            } else {
                self.at += 1;
            }
        }
        found
    }

    fn brace(&mut self, token: &str) {
        if token == "{" {
            self.opened.push(false);
        } else if self.opened.pop() == Some(true) {
            self.scope.pop();
        }
    }

    /// Reads `a::b::{c, d::*}` from here on into its single paths.
    fn paths(&mut self, mut prefix: Vec<String>, found: &mut Vec<Vec<String>>) {
        loop {
            match self.token(0) {
                Some("{") => {
                    self.at += 1;
                    while self.token(0).is_some_and(|token| token != "}") {
                        let before = self.at;
                        self.paths(prefix.clone(), found);
                        // `as other` and commas carry no path.
                        while self.token(0).is_some_and(|token| token != "}" && token != ",") {
                            self.at += 1;
                        }
                        if self.token(0) == Some(",") || self.at == before {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                Some(token) if is_name(token) || token == "*" => prefix.push(token.into()),
                _ => break,
            }
            self.at += 1;
            if self.token(0) != Some("::") {
                break;
            }
            self.at += 1;
        }
        found.push(prefix);
    }

    /// Turns `self::`, `super::` and paths from a child module into `crate::…`.
    fn resolve(&self, path: Vec<String>) -> Import {
        let in_tests = self.scope.iter().any(|name| name == "tests");
        let ups = path.iter().take_while(|part| *part == "super" || *part == "self").count();
        let supers = path[..ups].iter().filter(|part| *part == "super").count();
        let here = &self.scope[..self.scope.len().saturating_sub(supers)];
        let child = path.first().map(|name| [here, std::slice::from_ref(name)].concat());
        let relative = ups > 0 || child.is_some_and(|child| self.tree.modules.contains(&child));
        let start = if relative { [&["crate".to_string()], here].concat() } else { Vec::new() };
        Import { path: [&start, &path[ups..]].concat(), in_tests }
    }

    fn token(&self, ahead: usize) -> Option<&str> {
        self.tokens.get(self.at + ahead).map(String::as_str)
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Names, `::` and single punctuation marks; comments, strings, characters and lifetimes are left out.
fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = skipped(rest).unwrap_or_else(|| {
            let length = match first {
                ':' if rest.starts_with("::") => 2,
                _ if is_name(rest) => name_length(rest),
                _ => first.len_utf8(),
            };
            if !first.is_whitespace() {
                found.push(rest[..length].to_string());
            }
            length
        });
        rest = &rest[length.min(rest.len())..];
    }
    found
}

fn name_length(text: &str) -> usize {
    text.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(text.len())
}

/// The length of the comment or literal at the beginning of `text`, if there is one.
fn skipped(text: &str) -> Option<usize> {
    let to_end = |found: Option<usize>, extra: usize| found.map_or(text.len(), |at| at + extra);
    if text.starts_with("//") {
        return Some(to_end(text.find('\n'), 0));
    }
    if text.starts_with("/*") {
        return Some(to_end(text.find("*/"), 2));
    }
    if text.starts_with('"') {
        return Some(quoted(text));
    }
    if let Some(hashes) = raw_string(text) {
        let close = format!("\"{}", "#".repeat(hashes));
        let open = hashes + 2;
        return Some(text[open..].find(&close).map_or(text.len(), |at| open + at + close.len()));
    }
    if text.starts_with('\'') {
        return Some(character_or_lifetime(text));
    }
    None
}

/// How many `#` a raw string opens with, if `text` begins with one.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, next) in text.char_indices().skip(1) {
        match next {
            '"' if !escaped => return at + 1,
            _ => escaped = next == '\\' && !escaped,
        }
    }
    text.len()
}

/// `'x'` and `'\n'` are characters; `'a` is a lifetime, whose name alone is no path.
fn character_or_lifetime(text: &str) -> usize {
    let mut inner = text[1..].chars();
    match (inner.next(), inner.next()) {
        (Some('\\'), _) => text[3..].find('\'').map_or(text.len(), |at| at + 4),
        (Some(only), Some('\'')) => 2 + only.len_utf8(),
        _ => 1 + name_length(&text[1..]),
    }
}
