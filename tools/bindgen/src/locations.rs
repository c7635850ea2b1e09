//! Where in the source a panic would be is known to nobody: a panic is a trap without a text. So each
//! `core::panic::Location` becomes zeros, and so does the path that it names. `wasm-opt` leaves zeros out.

use anyhow::{Result, ensure};
use std::ops::Range;
use walrus::ir::Value;
use walrus::{ConstExpr, DataKind, Module};

/// Address and length of a path, line, column: four words, at an address that is a multiple of four.
const LOCATION: usize = 16;
const WORD: usize = 4;

/// Overwrites all locations, and their paths.
pub fn erase(module: &mut Module) -> Result<()> {
    let mut erased = 0;
    let segments: Vec<_> = module.data.iter().map(|data| data.id()).collect();
    for segment in segments {
        let data = module.data.get_mut(segment);
        let DataKind::Active { offset: ConstExpr::Value(Value::I32(start)), .. } = data.kind else {
            continue;
        };
        let found = locations(&data.value, start as usize);
        erased += found.len();
        for (location, path) in found {
            data.value[location].fill(0);
            data.value[path].fill(0);
        }
    }
    ensure!(erased > 0, "no location of a panic has the known form: see {}", file!());
    Ok(())
}

/// Where each location and its path are in `bytes`, whose address is `start`.
fn locations(bytes: &[u8], start: usize) -> Vec<(Range<usize>, Range<usize>)> {
    let places = (0..bytes.len().saturating_sub(LOCATION)).step_by(WORD).map(|at| at..at + LOCATION);
    places.filter_map(|place| path(bytes, place.clone(), start).map(|path| (place, path))).collect()
}

/// Where the path is that the location at `place` names. `None`: there is no location.
fn path(bytes: &[u8], place: Range<usize>, start: usize) -> Option<Range<usize>> {
    let (words, _) = bytes[place].as_chunks::<WORD>();
    let [address, length, line, column] = [0, 1, 2, 3].map(|at| u32::from_le_bytes(words[at]) as usize);
    let from = address.checked_sub(start)?;
    let path = from..from.checked_add(length)?;
    let is_source = bytes.get(path.clone())?.ends_with(b".rs");
    (is_source && line > 0 && column > 0).then_some(path)
}
