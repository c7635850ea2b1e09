//! `tidegate-bindgen <module.wasm> <folder>`: what `wasm-bindgen --target web` does, with the options that the package
//! needs, without the texts of panics, and without what its JavaScript repeats. It builds in a third of the time that the
//! CLI of wasm-bindgen takes.

mod glue;
mod locations;
mod panics;

use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let module = args.next().context("which module?")?;
    let folder = args.next().context("which folder?")?;
    let mut output = Bindgen::new()
        .input_path(module)
        .out_name("tidegate")
        .web(true)?
        .typescript(true)
        // The entries give the module: no default place to fetch it from, which would need import.meta.url.
        .omit_default_module_path(true)
        // Takes a new instance after a trap.
        .reset_state_function(true)
        .keep_debug(true)
        .remove_producers_section(true)
        .generate_output()?;
    panics::without_texts(output.wasm_mut())?;
    locations::erase(output.wasm_mut())?;
    output.emit(&folder)?;
    let glue = Path::new(&folder).join("tidegate.js");
    let js = fs::read_to_string(&glue)?;
    Ok(fs::write(glue, glue::with_shared_parts(&js)?)?)
}
