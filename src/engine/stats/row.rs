//! One row: the slots of one series, and the histogram over all of them.

use super::chain::{self, Durations};
use super::histogram::{Histogram, PAGES};
use super::pool::Pool;
use super::sample::SeriesKind;
use super::scratch::Scratch;
use super::slot::{Placed, Slot};
use super::usage::Usage;
use super::window::SLOTS;

/// The memory that all rows share.
pub(super) struct Arena {
    pub(super) pool: Pool,
    pub(super) scratch: Scratch,
}

/// The row of a series.
///
/// Invariant: the live histogram is the sum of the packed slots and the open one, and is at least as coarse as each.
pub(super) struct Row {
    pub(super) kind: SeriesKind,
    pub(super) name: String,
    pub(super) key: u64,
    /// Events in the window.
    pub(super) count: u32,
    /// The estimate by which the series took the row. It decays while events are counted.
    pub(super) credit: u32,
    pub(super) p99_ms: Option<f64>,
    pub(super) usage: Usage,
    is_stale: bool,
    live: Histogram,
    open: Histogram,
    slots: [Slot; SLOTS],
}

impl Row {
    pub(super) fn new() -> Self {
        Self {
            kind: SeriesKind::Req,
            name: String::new(),
            key: 0,
            count: 0,
            credit: 0,
            p99_ms: None,
            usage: Usage::default(),
            is_stale: false,
            live: Histogram::new(),
            open: Histogram::new(),
            slots: [Slot::EMPTY; SLOTS],
        }
    }

    /// Records one event.
    #[inline(always)]
    pub(super) fn record(&mut self, arena: &mut Arena, event: &Placed) {
        self.slots[event.position].record(event);
        self.count += 1;
        self.is_stale = true;
        let Some((_, bucket)) = event.duration else { return };
        if event.is_open {
            self.open.add_one(&mut arena.pool, bucket);
        } else {
            self.add_late(arena, event.position, bucket);
        }
        self.live.add_one(&mut arena.pool, bucket);
    }

    /// Adds a duration to a closed slot.
    #[inline(never)]
    fn add_late(&mut self, arena: &mut Arena, position: usize, bucket: usize) {
        let slot = &mut self.slots[position];
        if slot.head == 0 {
            slot.shift = self.open.shift();
        }
        if let Some(head) = chain::add_late(&mut arena.pool, slot.head, bucket >> slot.shift) {
            slot.head = head;
        } else {
            self.unpack(arena, position, 0);
            arena.scratch.add(bucket, 0, 1);
            self.pack(arena, position);
        }
    }

    /// Packs the late durations of all slots, to free their blocks.
    pub(super) fn pack_late(&mut self, arena: &mut Arena) {
        for position in 0..SLOTS {
            if chain::has_late(&arena.pool, self.slots[position].head) {
                self.unpack(arena, position, 0);
                self.pack(arena, position);
            }
        }
    }

    /// Adds a slot of another store. Its durations have scale `6 - shift`.
    pub(super) fn merge_slot(
        &mut self,
        arena: &mut Arena,
        (position, is_open): (usize, bool),
        (slot, shift): (&Slot, u8),
        entries: impl Iterator<Item = (usize, u32)>,
    ) {
        self.slots[position].absorb(slot);
        self.count += slot.count;
        self.is_stale = true;
        let mut entries = entries.peekable();
        if entries.peek().is_none() {
            return;
        }
        self.live.coarsen_to(&mut arena.pool, shift);
        if is_open {
            self.open.coarsen_to(&mut arena.pool, shift);
        } else {
            self.unpack(arena, position, shift);
        }
        for (bucket, n) in entries {
            self.live.add(&mut arena.pool, bucket, shift, n);
            if is_open {
                self.open.add(&mut arena.pool, bucket, shift, n);
            } else {
                arena.scratch.add(bucket, shift, n);
            }
        }
        if is_open {
            self.live.coarsen_to(&mut arena.pool, self.open.shift());
        } else {
            self.pack(arena, position);
        }
    }

    /// Closes the slot at `open` and opens the next `steps`. Their old contents leave the window.
    pub(super) fn advance(&mut self, arena: &mut Arena, open: usize, steps: usize) {
        if self.open.total() > 0 {
            arena.scratch.start(self.open.shift());
            self.open.copy_to(&arena.pool, &mut arena.scratch);
            self.open.clear(&mut arena.pool);
            self.pack(arena, open);
        }
        for step in 1..=steps {
            let gone = std::mem::replace(&mut self.slots[(open + step) % SLOTS], Slot::EMPTY);
            self.live.subtract(&mut arena.pool, gone.head, gone.shift);
            arena.pool.give_chain(gone.head);
            self.count -= gone.count;
            self.usage.take((open + step) % SLOTS);
        }
        self.is_stale = true;
        self.reset_scale(&mut arena.pool);
    }

    /// Opens an earlier slot again, `later` slots before the one at `open`. What later slots have counts in it.
    pub(super) fn set_back(&mut self, arena: &mut Arena, open: usize, later: usize) {
        let Arena { pool, scratch } = arena;
        let positions = (0..=later).map(|age| (open + SLOTS - age) % SLOTS);
        let coarsest = positions.clone().map(|at| self.slots[at].shift).max();
        let shift = self.open.shift().max(coarsest.unwrap_or(0));
        scratch.start(shift);
        self.open.copy_to(pool, scratch);
        self.open.clear(pool);
        let mut sum = Slot::EMPTY;
        let to = (open + SLOTS - later) % SLOTS;
        for position in positions {
            if self.usage.known().is_some() {
                let rows = self.usage.take(position);
                self.usage.add(to, rows);
            }
            let slot = std::mem::replace(&mut self.slots[position], Slot::EMPTY);
            scratch.add_chain(pool, slot.head, slot.shift);
            pool.give_chain(slot.head);
            sum.absorb(&slot);
        }
        self.slots[to] = sum;
        self.open.set_shift(shift);
        for (bucket, count) in scratch.entries() {
            self.open.add(pool, bucket, shift, count);
        }
        self.live.coarsen_to(pool, self.open.shift());
        self.is_stale = true;
    }

    /// Sets the scale of the slot that was opened last, and that of the live histogram when no coarse slot is left.
    fn reset_scale(&mut self, pool: &mut Pool) {
        let shift = if pool.is_tight() && self.live.total() > 0 { self.live.shift() } else { 0 };
        self.open.set_shift(shift);
        let coarse = self.live.shift();
        if coarse == 0 || shift > 0 || self.slots.iter().any(|slot| slot.head != 0 && slot.shift > 0) {
            return;
        }
        if pool.free() >= (self.live.page_count() << coarse).min(PAGES) {
            self.live.clear(pool);
            self.live.set_shift(0);
            for slot in &self.slots {
                let mut entries = Durations::new(pool, slot.head);
                while let Some((bucket, count)) = entries.next(pool) {
                    self.live.add(pool, bucket, 0, count);
                }
            }
        }
    }

    /// Makes all histograms at least `shift` steps coarser than scale 6.
    pub(super) fn coarsen(&mut self, arena: &mut Arena, shift: u8) {
        self.open.coarsen_to(&mut arena.pool, shift);
        self.live.coarsen_to(&mut arena.pool, shift);
        for position in 0..SLOTS {
            if self.slots[position].head != 0 && self.slots[position].shift < shift {
                self.unpack(arena, position, shift);
                self.pack(arena, position);
            }
        }
        self.is_stale = true;
    }

    /// Moves all counts into another row, slot by slot.
    pub(super) fn fold_into(&mut self, other: &mut Self, arena: &mut Arena) {
        for (mine, theirs) in [(&mut self.live, &mut other.live), (&mut self.open, &mut other.open)] {
            mine.coarsen_to(&mut arena.pool, theirs.shift());
            theirs.coarsen_to(&mut arena.pool, mine.shift());
            theirs.absorb(&mut arena.pool, mine);
        }
        for position in 0..SLOTS {
            let slot = std::mem::replace(&mut self.slots[position], Slot::EMPTY);
            other.slots[position].absorb(&slot);
            if slot.head != 0 {
                other.unpack(arena, position, slot.shift);
                arena.scratch.add_chain(&arena.pool, slot.head, slot.shift);
                arena.pool.give_chain(slot.head);
                other.pack(arena, position);
            }
        }
        self.usage.fold_into(&mut other.usage);
        other.count += self.count;
        other.is_stale = true;
        self.clear(arena);
    }

    /// Removes all counts.
    pub(super) fn clear(&mut self, arena: &mut Arena) {
        for slot in &mut self.slots {
            arena.pool.give_chain(slot.head);
            *slot = Slot::EMPTY;
        }
        for histogram in [&mut self.live, &mut self.open] {
            histogram.clear(&mut arena.pool);
            histogram.set_shift(0);
        }
        self.usage.clear();
        (self.count, self.credit, self.p99_ms, self.is_stale) = (0, 0, None, false);
    }

    /// Gives the row to another series. Its own counts are removed.
    pub(super) fn rename(&mut self, arena: &mut Arena, kind: SeriesKind, name: &str, key: u64) {
        self.clear(arena);
        self.name.clear();
        self.name.push_str(name);
        (self.kind, self.key) = (kind, key);
    }

    /// The number that another series must exceed to take the row.
    pub(super) fn rank(&self) -> u64 {
        u64::from(self.count) + u64::from(self.credit)
    }

    /// Updates the cached p99.
    pub(super) fn refresh(&mut self, pool: &Pool) {
        if std::mem::take(&mut self.is_stale) {
            let known = u64::from(self.live.total());
            let mut p99 = [0.0];
            self.live.ranks_from_top(pool, &[known / 100 + 1], &mut p99);
            self.p99_ms = (known > 0).then(|| p99[0].min(self.max_ms()));
        }
    }

    /// The longest duration in the window in ms; -1 if none is known.
    pub(super) fn max_ms(&self) -> f64 {
        self.slots.iter().fold(-1.0, |max, slot| slot.max.max(max))
    }

    /// The histogram of all durations in the window.
    pub(super) fn live(&self) -> &Histogram {
        &self.live
    }

    /// Whether new events have scale 6 and a coarser scale would free blocks.
    pub(super) fn gains_by_coarsening(&self) -> bool {
        self.open.shift() == 0 && (self.live.shift() > 0 || self.live.coarsening_gain() > 0)
    }

    /// The slot at a position of the ring.
    pub(super) fn slot(&self, position: usize) -> &Slot {
        &self.slots[position]
    }

    /// All slots, in no order of time.
    pub(super) fn slots(&self) -> &[Slot; SLOTS] {
        &self.slots
    }

    /// Copies the durations of one slot to the scratch histogram, which then has their scale, or one that is `shift` steps
    /// coarser than 6.
    pub(super) fn copy_slot(&self, arena: &mut Arena, position: usize, is_open: bool, shift: u8) {
        arena.scratch.start(self.slot_shift(position, is_open).max(shift));
        self.add_slot(arena, position, is_open);
    }

    /// Adds the durations of one slot to the scratch histogram, whose scale must be the same or coarser.
    pub(super) fn add_slot(&self, arena: &mut Arena, position: usize, is_open: bool) {
        if is_open {
            self.open.copy_to(&arena.pool, &mut arena.scratch);
        } else {
            let slot = &self.slots[position];
            arena.scratch.add_chain(&arena.pool, slot.head, slot.shift);
        }
    }

    /// How many steps the scale of one slot is coarser than 6.
    pub(super) fn slot_shift(&self, position: usize, is_open: bool) -> u8 {
        if is_open { self.open.shift() } else { self.slots[position].shift }
    }

    /// The number of its blocks.
    #[cfg(test)]
    pub(super) fn blocks(&self, pool: &Pool) -> usize {
        let chain = |head| std::iter::successors(Some(head), |id| Some(pool.next(*id)));
        let packed = self.slots.iter().map(|slot| chain(slot.head).take_while(|id| *id != 0).count());
        self.live.page_count() + self.open.page_count() + packed.sum::<usize>()
    }

    /// Moves the durations of a closed slot to the scratch histogram, at least `shift` steps coarser than scale 6.
    fn unpack(&mut self, arena: &mut Arena, position: usize, shift: u8) {
        let slot = &mut self.slots[position];
        let own = if slot.head == 0 { self.open.shift() } else { slot.shift };
        arena.scratch.start(own.max(shift));
        arena.scratch.add_chain(&arena.pool, slot.head, slot.shift);
        arena.pool.give_chain(std::mem::take(&mut slot.head));
    }

    /// Packs the scratch histogram into a closed slot.
    fn pack(&mut self, arena: &mut Arena, position: usize) {
        self.slots[position].head = arena.scratch.pack(&mut arena.pool);
        self.slots[position].shift = arena.scratch.shift();
        self.live.coarsen_to(&mut arena.pool, arena.scratch.shift());
    }
}
