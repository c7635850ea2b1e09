//! The rules of STYLE on imports: this test reads every import in `src` and fails on one that breaks a rule.
//!
//! - `wasm → encode → engine`
//! - in the engine, a module imports only from the levels below its own
//! - the engine sees no clock, no randomness and no machine; each layer sees only its own crates
//! - no circle of files, and none that only a test or a constant ties
//! - no folder of 20 files
//!
//! A new module of the engine must be entered in `LEVELS`.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The modules of the engine by level. Each may import only from lower levels.
const LEVELS: &[&[&str]] = &[
    &["buckets", "list", "text"],
    &["batch_id", "error", "rng", "time"],
    &["config", "event"],
    &["exceptions", "ledger", "metrics", "notice", "queue", "requests", "sampling", "stats"],
    &["delivery"],
    &["collector"],
];

/// Imports that the levels forbid, each with the reason why it is allowed.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("config", "event", "the options of a sink name its format, and a format is a set of event kinds"),
    ("notice", "ledger", "a notice of a drop has its reason"),
    ("requests", "sampling", "an open request has the sampling decision that was made when it began"),
];

/// The crates that a layer may use, beside std.
const CRATES: &[(&str, &[&str])] =
    &[("engine", &["itoa", "rand_xoshiro", "regex_lite", "zmij"]), ("encode", &[])];

/// Paths outside the crate that engine and encode must not use, by their beginning.
const HOST: &[&str] = &["js_sys", "wasm_bindgen", "serde_wasm_bindgen", "web_sys", "getrandom"];
const MACHINE: &[&str] = &["std::time", "std::env", "std::thread", "std::net", "std::fs", "std::process"];

/// A folder with this many files must be split.
const MAX_FILES: usize = 20;

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
fn there_is_no_circle_of_files() -> io::Result<()> {
    let found = circles(&sources(Path::new(env!("CARGO_MANIFEST_DIR")))?);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    Ok(())
}

#[test]
fn no_folder_is_too_full() -> io::Result<()> {
    let mut files = BTreeMap::<String, usize>::new();
    for source in sources(Path::new(env!("CARGO_MANIFEST_DIR")))? {
        let folder = source.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        *files.entry(folder.into()).or_default() += 1;
    }
    let full: Vec<_> = files.iter().filter(|(_, files)| **files >= MAX_FILES).collect();
    assert!(full.is_empty(), "{full:?}");
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
        ("src/engine/rng.rs", "use serde::Serialize;", "engine must not use serde"),
        ("src/encode/json.rs", "use zmij::Buffer;", "encode must not use zmij"),
        ("src/encode/ndjson.rs", "use crate::wasm::convert;", "encode must not see wasm"),
        ("src/encode/ndjson.rs", "fn f() { js_sys::Date::now() }", "encode must not see js_sys"),
        ("src/encode/mod.rs", "use std::time::Duration;", "encode must not see std::time"),
        ("src/engine/event/names.rs", "use crate::engine::{time, queue::Queue};", "event must not see queue"),
        (
            "src/engine/event/names.rs",
            "use super::super::collector::Collector;",
            "event must not see collector",
        ),
        ("src/engine/stats/mod.rs", "use super::queue::Queue;", "stats must not see queue"),
        ("src/engine/ledger.rs", "use super::notice;", "ledger must not see notice"),
        (
            "src/engine/sampling/policy.rs",
            "use crate::engine::requests::Token;",
            "sampling must not see requests",
        ),
        (
            "src/engine/queue.rs",
            "mod inner { use super::super::ledger::Ledger; }",
            "queue must not see ledger",
        ),
        // A re-export of the engine counts as its module.
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
fn what_is_allowed_is_not_reported() {
    let allowed = [
        ("src/engine/queue.rs", "use super::event::Record; use crate::engine::error::{Error, ErrorKind};"),
        (
            "src/engine/queue.rs",
            "#[cfg(test)] mod tests { use super::*; use crate::engine::ledger::Ledger; use proptest::prelude::*; }",
        ),
        ("src/engine/collector.rs", "use super::{queue::Queue, stats, time::Millis};"),
        (
            "src/engine/queue.rs",
            "// use crate::encode::Format;\n/* std::env */ const TEXT: &str = \"std::env::var\";",
        ),
        ("src/engine/queue.rs", "fn f<'a>(c: char) -> bool { c == '\"' } use super::event::Record;"),
        ("src/engine/stats/mod.rs", "use super::Error; mod window; use self::window::{Slot, Window};"),
        ("src/encode/ndjson.rs", "use crate::engine::event::Record;"),
        ("src/wasm/mod.rs", "use crate::{encode, engine::Collector}; use js_sys::Date;"),
    ];
    for (path, text) in allowed {
        let found = violations(&[engine_root(), source(path, text)]);
        assert!(found.is_empty(), "{path}: {text}\n  gave {found:?}");
    }
}

#[test]
fn planted_circles_are_caught() {
    let leaf = source("src/engine/stats/window.rs", "pub struct Window;");
    let with_type_in_mod = [
        source("src/engine/stats/mod.rs", "mod row; pub enum Kind { A } use row::Row;"),
        source("src/engine/stats/row.rs", "use super::Kind; use super::window::Window;"),
    ];
    let by_test = [
        source("src/engine/stats/row.rs", "use super::window::Window;"),
        source("src/engine/stats/window.rs", "#[cfg(test)] mod tests { use super::super::row::Row; }"),
    ];
    let open = [
        source("src/engine/stats/mod.rs", "mod row; mod window; pub use row::Row; pub use window::Window;"),
        source("src/engine/stats/row.rs", "use super::window::{self, Window}; fn f() { window::g() }"),
    ];
    assert_eq!(circles(&[&with_type_in_mod[..], std::slice::from_ref(&leaf)].concat()).len(), 1);
    assert_eq!(circles(&by_test).len(), 1);
    assert!(circles(&[&open[..], &[leaf]].concat()).is_empty());
}

/// One file: its path from the root, and its text.
#[derive(Clone)]
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
            } else if let Some(name) = foreign_crate(layer, &import) {
                report(format!("{layer} must not use {name}"));
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

/// The circles of files, each as the list of its files with what ties them.
fn circles(sources: &[Source]) -> Vec<String> {
    let tree = Tree::of(sources);
    let files: BTreeMap<_, _> = sources.iter().map(|source| (source.module(), source.path.clone())).collect();
    let mut edges = BTreeMap::<&str, BTreeSet<&str>>::new();
    for source in sources {
        for import in tree.imports(source).iter().filter(|import| import.path[0] == "crate") {
            let target = (1..=import.path.len()).rev().find_map(|end| files.get(&import.path[1..end]));
            if let Some(target) = target.filter(|target| **target != source.path) {
                edges.entry(&source.path).or_default().insert(target);
            }
        }
    }
    let reach: BTreeMap<_, _> = edges.keys().map(|file| (*file, reachable(file, &edges))).collect();
    let mut found = BTreeSet::new();
    for (file, reached) in &reach {
        let circle = reached.iter().filter(|other| reach.get(*other).is_some_and(|back| back.contains(file)));
        let circle: Vec<_> = circle.copied().collect();
        if !circle.is_empty() {
            found.insert(format!("circle: {}", circle.join(", ")));
        }
    }
    found.into_iter().collect()
}

/// The files that `file` imports, directly or through others.
fn reachable<'a>(file: &str, edges: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&str> = edges.get(file).into_iter().flatten().copied().collect();
    while let Some(file) = next.pop() {
        if found.insert(file) {
            next.extend(edges.get(file).into_iter().flatten());
        }
    }
    found
}

fn level(module: &str) -> Option<usize> {
    LEVELS.iter().position(|modules| modules.contains(&module))
}

/// What `path` begins with, if `layer` must not see it.
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

/// The crate of an import, if `layer` may not use it.
fn foreign_crate<'a>(layer: &str, import: &'a Import) -> Option<&'a str> {
    let (_, allowed) = CRATES.iter().find(|(name, _)| *name == layer)?;
    let name = import.path[0].as_str();
    let is_crate =
        import.is_use && import.path.len() > 1 && !import.in_tests && name.starts_with(char::is_lowercase);
    let is_known = matches!(name, "crate" | "std" | "self" | "super") || allowed.contains(&name);
    (is_crate && !is_known).then_some(name)
}

/// An absolute path (`crate::…` or `std::…`).
struct Import {
    path: Vec<String>,
    /// Whether it is in a module `tests`.
    in_tests: bool,
    /// Whether it is in a `use`.
    is_use: bool,
}

/// The modules, and the names that the root of the engine re-exports, each with its module.
struct Tree {
    modules: Vec<Vec<String>>,
    reexports: Vec<(String, String)>,
}

impl Tree {
    fn of(sources: &[Source]) -> Self {
        let modules = sources.iter().map(Source::module).collect();
        let mut tree = Self { modules, reexports: Vec::new() };
        // The root re-exports from modules that a planted tree need not have.
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

    /// The other modules of the engine that a file of the engine imports, by their first name.
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

/// Reads the tokens of one file, follows inline modules, and resolves every path.
struct Reader<'a> {
    tokens: Vec<String>,
    at: usize,
    scope: Vec<String>,
    /// For each open brace: whether it opened an inline module.
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
                && !self.is_visibility()
                && (before == Some("use") || self.token(1) == Some("::"))
            {
                let is_use = before == Some("use");
                let mut paths = Vec::new();
                self.paths(Vec::new(), &mut paths);
                found.extend(paths.into_iter().map(|path| self.resolve(path, is_use)));
            } else {
                self.at += 1;
            }
        }
        found
    }

    /// Whether the path here is that of `pub(in path)`.
    fn is_visibility(&self) -> bool {
        self.tokens[..self.at].ends_with(&["pub", "(", "in"].map(String::from))
    }

    fn brace(&mut self, token: &str) {
        if token == "{" {
            self.opened.push(false);
        } else if self.opened.pop() == Some(true) {
            self.scope.pop();
        }
    }

    /// Reads `a::b::{c, d::*}` into single paths.
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
    fn resolve(&self, path: Vec<String>, is_use: bool) -> Import {
        let in_tests = self.scope.iter().any(|name| name == "tests");
        let ups = path.iter().take_while(|part| *part == "super" || *part == "self").count();
        let supers = path[..ups].iter().filter(|part| *part == "super").count();
        let here = &self.scope[..self.scope.len().saturating_sub(supers)];
        let child = path.first().map(|name| [here, std::slice::from_ref(name)].concat());
        let relative = ups > 0 || child.is_some_and(|child| self.tree.modules.contains(&child));
        let start = if relative { [&["crate".to_string()], here].concat() } else { Vec::new() };
        Import { path: [&start, &path[ups..]].concat(), in_tests, is_use }
    }

    fn token(&self, ahead: usize) -> Option<&str> {
        self.tokens.get(self.at + ahead).map(String::as_str)
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Names, `::` and single punctuation marks, without comments, strings, characters and lifetimes.
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

/// The number of `#` of a raw string, if `text` begins with one.
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

/// `'x'` and `'\n'` are characters, `'a` is a lifetime.
fn character_or_lifetime(text: &str) -> usize {
    let mut inner = text[1..].chars();
    match (inner.next(), inner.next()) {
        (Some('\\'), _) => text[3..].find('\'').map_or(text.len(), |at| at + 4),
        (Some(only), Some('\'')) => 2 + only.len_utf8(),
        _ => 1 + name_length(&text[1..]),
    }
}
