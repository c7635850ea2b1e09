//! Rows read and written, by slot. Few series have them, so they lie apart from the slots.

use super::window::SLOTS;

/// The sums of rows read and rows written.
pub(super) type Rows = [f64; 2];

/// The rows of each slot of one series. The memory is taken with the first sum, and kept.
#[derive(Default)]
pub(super) struct Usage {
    slots: Option<Box<[Rows; SLOTS]>>,
    /// Whether a sum is known, also one of 0.
    is_known: bool,
}

impl Usage {
    pub(super) fn add(&mut self, position: usize, [read, written]: Rows) {
        let slot = &mut self.slots.get_or_insert_with(|| Box::new([[0.0; 2]; SLOTS]))[position];
        *slot = [slot[0] + read, slot[1] + written];
        self.is_known = true;
    }

    /// The sums over the window. `None`: nothing is known.
    pub(super) fn total(&self) -> Option<Rows> {
        let slots = self.known()?;
        Some(slots.iter().fold([0.0; 2], |sum, rows| [sum[0] + rows[0], sum[1] + rows[1]]))
    }

    pub(super) fn known(&self) -> Option<&[Rows; SLOTS]> {
        self.slots.as_deref().filter(|_| self.is_known)
    }

    /// Removes the sums of one slot, and returns them.
    pub(super) fn take(&mut self, position: usize) -> Rows {
        self.slots.as_mut().map_or([0.0; 2], |slots| std::mem::take(&mut slots[position]))
    }

    pub(super) fn clear(&mut self) {
        self.is_known = false;
        if let Some(slots) = &mut self.slots {
            slots.fill([0.0; 2]);
        }
    }

    /// Moves all sums into those of another series. It takes no memory.
    pub(super) fn fold_into(&mut self, other: &mut Self) {
        if self.is_known && other.slots.is_none() {
            std::mem::swap(self, other);
        } else if let Some(slots) = self.known() {
            slots.iter().enumerate().for_each(|(position, rows)| other.add(position, *rows));
        }
        self.clear();
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.slots.as_deref().map_or(0, size_of_val)
    }
}
