//! Method ids.

use crate::engine::event::names::{NameId, Names};

/// The HTTP methods that have ids, each with the origin that may follow it. Each holds one reference to its name. An id is valid for ever.
#[derive(Debug, Default)]
pub(super) struct Methods(Vec<Method>);

#[derive(Debug)]
pub(super) struct Method {
    pub(super) text: String,
    pub(super) name_id: NameId,
}

impl Methods {
    #[inline(always)]
    pub(super) fn get(&self, id: u16) -> Option<&Method> {
        self.0.get(usize::from(id))
    }

    /// The id of a method. `None`: it was not recorded yet, or there are too many methods.
    pub(super) fn id_of(&mut self, text: &str, names: &mut Names) -> Option<u16> {
        if let Some(id) = self.0.iter().position(|method| method.text == text) {
            return Some(id as u16);
        }
        if self.0.len() == MAX_METHODS {
            return None;
        }
        let name_id = names.lookup(text)?;
        names.refer(name_id);
        self.0.push(Method { text: text.into(), name_id });
        Some((self.0.len() - 1) as u16)
    }

    /// The number of references to names.
    pub(super) fn references(&self) -> usize {
        self.0.len()
    }
}

/// The most method ids: JavaScript names at most 48 pairs of a method and an origin.
const MAX_METHODS: usize = 64;
