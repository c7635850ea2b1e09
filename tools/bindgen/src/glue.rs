//! Each method checks that its object is of the present instance, in the same three lines of JavaScript. They become a
//! call of one function: a host reads a seventh less before it runs anything. The same for what else is repeated.

use anyhow::{Result, ensure};

/// A module that could ask for a new instance itself would need it. Ours cannot, so the guard never does anything.
const GUARD: &str = "__wbg_call_guard();";
const CHECK: &str = "if (this.__wbg_inst !== undefined && this.__wbg_inst !== __wbg_instance_id) {";
const SHARED: &str = "
function assertAlive(object) {
    if (object.__wbg_inst !== undefined && object.__wbg_inst !== __wbg_instance_id) {
        throw new Error('Invalid stale object from previous Wasm instance');
    }
}
";

/// What stands there, and what stands there instead.
const REPLACED: [(&str, &str); 4] = [
    // Every call passes the same allocator.
    (", wasm.__wbindgen_malloc, wasm.__wbindgen_realloc)", ")"),
    (
        "function passStringToWasm0(arg, malloc, realloc) {",
        "function passStringToWasm0(arg, malloc = wasm.__wbindgen_malloc, realloc = wasm.__wbindgen_realloc) {",
    ),
    // The imports: wrangler names each function of a property by a call, and no method.
    (": function(", "("),
    // Bundlers drop a class that a program does not use, and keep its registry unless they are told that it does nothing.
    (": new FinalizationRegistry(", ": /* @__PURE__ */ new FinalizationRegistry("),
];

/// The same JavaScript with what it repeats said once, and without the guards.
pub fn with_shared_parts(js: &str) -> Result<String> {
    REPLACED.iter().try_fold(with_shared_checks(js)?, |js, (before, after)| {
        ensure!(js.contains(before), "it has no {before}: see {}", file!());
        Ok(js.replace(before, after))
    })
}

fn with_shared_checks(js: &str) -> Result<String> {
    ensure!(js.contains(CHECK), "no method has the known check: see {}", file!());
    ensure!(!js.contains("__wbg_reinit_scheduled = true"), "the guards are needed: see {}", file!());
    let mut shared = String::new();
    let mut lines = js.lines();
    while let Some(line) = lines.next() {
        match line.trim() {
            GUARD => continue,
            CHECK => {
                // The error and the brace.
                lines.nth(1);
                shared.push_str(&line.replace(CHECK, "assertAlive(this);"));
            }
            _ => shared.push_str(line),
        }
        shared.push('\n');
    }
    Ok(shared + SHARED)
}
