//! A panic is a trap: nobody could read its text. So the functions that write it trap at once, and `wasm-opt` drops what
//! only they use. The same for `{:?}`, which the lints keep out of all other texts.

use anyhow::{Result, ensure};
use walrus::{FunctionBuilder, FunctionId, FunctionKind, Module};

/// How the names of these functions begin.
const PANICS: [&str; 9] = [
    "<core::fmt::builders::",
    "core::cell::panic_",
    "core::option::expect_failed",
    "core::option::unwrap_failed",
    "core::panicking::",
    "core::result::unwrap_failed",
    "core::slice::index::slice_index_fail",
    "core::str::slice_error_fail",
    "std::panicking::",
];

/// Makes each of them a trap.
pub fn without_texts(module: &mut Module) -> Result<()> {
    let panics = panics(module);
    ensure!(!panics.is_empty(), "no function that panics has a known name: see {}", file!());
    for function in panics {
        let kind = trap(module, function);
        module.funcs.get_mut(function).kind = kind;
    }
    Ok(())
}

fn panics(module: &Module) -> Vec<FunctionId> {
    let named = module.funcs.iter().filter_map(|function| Some((function.id(), function.name.as_deref()?)));
    named.filter(|(_, name)| is_panic(&plain(name))).map(|(id, _)| id).collect()
}

fn is_panic(name: &str) -> bool {
    PANICS.iter().any(|panic| name.starts_with(panic)) || name.contains(" as core::fmt::Debug>::fmt")
}

/// `core[5bd1]::panicking::panic` as `core::panicking::panic`.
fn plain(name: &str) -> String {
    name.split('[').map(|part| part.split_once(']').map_or(part, |(_, rest)| rest)).collect()
}

/// A function of the same type that only traps.
fn trap(module: &mut Module, function: FunctionId) -> FunctionKind {
    let (params, results) = module.types.params_results(module.funcs.get(function).ty());
    let (params, results) = (params.to_vec(), results.to_vec());
    let args = params.iter().map(|param| module.locals.add(*param)).collect();
    let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
    builder.func_body().unreachable();
    FunctionKind::Local(builder.local_func(args))
}
