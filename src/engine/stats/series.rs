//! The table of rows: which series has one, which loses it, and what happens when the pool runs out.

use super::admission::{PROOF, Sketch};
use super::bucket::MAX_SHIFT;
use super::index::{Index, key};
use super::pool::Pool;
use super::row::{Arena, Row};
use super::sample::SeriesKind;
use super::scratch::Scratch;
use super::slot::Placed;
use super::window::SLOTS;
use crate::engine::text::hashed::Hashed;
use crate::engine::text::split::prefix;

/// The row of all requests.
pub(super) const TOTAL: usize = 0;

/// The row of all series without a row of their own.
pub(super) const OTHER: usize = 1;

/// The most bytes of a name. Longer names are cut.
pub(super) const NAME_BYTES: usize = 256;

/// The row that a series had last. Another series may have it now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RowHint {
    row: usize,
    renamings: u64,
}

/// All rows, and the memory they share.
pub(super) struct Table {
    rows: Box<[Row]>,
    /// The number of rows in use, with `TOTAL` and `OTHER`.
    used: usize,
    arena: Arena,
    index: Index,
    sketch: Sketch,
    /// No row has a lower rank than this; 0 is unknown.
    floor: u64,
    /// How often a row got a name. A [`RowHint`] with the same number is still valid.
    renamings: u64,
    /// The events in all rows. They never exceed `u32::MAX`, so no counter overflows.
    events: u64,
}

impl Table {
    /// A table of `series` rows, `TOTAL` and `OTHER`, with a pool of `blocks`.
    pub(super) fn new(series: usize, blocks: usize) -> Self {
        Self {
            rows: (0..series + 2).map(|_| Row::new()).collect(),
            used: 2,
            arena: Arena { pool: Pool::new(blocks), scratch: Scratch::new() },
            index: Index::new(series),
            sketch: Sketch::new(series),
            floor: 0,
            renamings: 0,
            events: 0,
        }
    }

    /// Records one event in the row `first`, and in the row `last` if it is another one. [`reserve`](Self::reserve) must be
    /// called before.
    #[inline(always)]
    pub(super) fn record(&mut self, first: usize, last: usize, event: &Placed) {
        let mut row = first;
        loop {
            self.rows[row].record(&mut self.arena, event);
            self.events += 1;
            if row == last {
                return;
            }
            row = last;
        }
    }

    /// Whether `count` events more can be counted.
    #[inline(always)]
    pub(super) fn can_count(&self, count: u64) -> bool {
        self.events.saturating_add(count) <= u64::from(u32::MAX)
    }

    /// Removes all counts. Rows keep their names.
    pub(super) fn clear(&mut self) {
        self.rows[..self.used].iter_mut().for_each(|row| row.clear(&mut self.arena));
        (self.floor, self.events) = (0, 0);
    }

    /// Closes the slot at `open` and opens the next `steps`.
    pub(super) fn advance(&mut self, open: usize, steps: usize) {
        let halvings = self.sketch.advance(steps);
        // Before the rows choose their scales by what is free.
        if self.arena.pool.is_tight() {
            self.pack_late();
        }
        for row in &mut self.rows[..self.used] {
            if steps >= SLOTS {
                row.clear(&mut self.arena);
            } else if row.count > 0 {
                row.advance(&mut self.arena, open, steps);
            }
            row.credit >>= halvings;
        }
        self.floor = 0;
        self.events = self.rows.iter().map(|row| u64::from(row.count)).sum();
    }

    /// Opens an earlier slot again, `later` slots before the one at `open`. What later slots have counts in it.
    pub(super) fn set_back(&mut self, open: usize, later: usize) {
        for row in &mut self.rows[..self.used] {
            row.set_back(&mut self.arena, open, later);
        }
    }

    /// Updates the cached p99 of every row.
    pub(super) fn refresh(&mut self) {
        self.rows[..self.used].iter_mut().for_each(|row| row.refresh(&self.arena.pool));
    }

    /// The row of a series, if it has one.
    pub(super) fn find(&self, kind: SeriesKind, name: &str) -> Option<usize> {
        let name = cut(Hashed::new(name));
        self.find_by(key(kind, name), kind, name.text)
    }

    /// The row for an event of a series: its own, an unused one, one that it takes from another series, or `OTHER`.
    pub(super) fn row_for(&mut self, kind: SeriesKind, name: Hashed<'_>) -> usize {
        let name = cut(name);
        let (key, name) = (key(kind, name), name.text);
        if let Some(row) = self.find_by(key, kind, name) {
            return row;
        }
        if self.used < self.rows.len() {
            return self.name_row(self.used, kind, name, key);
        }
        let estimate = self.sketch.count(key);
        self.admit(kind, name, key, estimate)
    }

    /// As [`row_for`](Self::row_for). A valid `hint` is the answer; else the answer is stored in `hint`.
    #[inline(always)]
    pub(super) fn row_by(&mut self, hint: &mut RowHint, kind: SeriesKind, name: Hashed<'_>) -> usize {
        if hint.row > OTHER && hint.renamings == self.renamings {
            return hint.row;
        }
        let row = self.row_for(kind, name);
        *hint = RowHint { row, renamings: self.renamings };
        row
    }

    /// The row for a series of another store with `count` events.
    pub(super) fn row_for_history(&mut self, kind: SeriesKind, name: &str, count: u64) -> usize {
        let key = key(kind, Hashed::new(name));
        if let Some(row) = self.find_by(key, kind, name) {
            return row;
        }
        if self.used < self.rows.len() {
            return self.name_row(self.used, kind, name, key);
        }
        self.admit(kind, name, key, count)
    }

    fn find_by(&self, key: u64, kind: SeriesKind, name: &str) -> Option<usize> {
        self.index.find(key, |row| self.rows[row].kind == kind && self.rows[row].name == name)
    }

    /// A row of a full table, for a series with an estimated number of events; or `OTHER`.
    fn admit(&mut self, kind: SeriesKind, name: &str, key: u64, estimate: u64) -> usize {
        if self.floor > 0 && !beats(estimate, self.floor) {
            return OTHER;
        }
        let mut least = (u64::MAX, OTHER);
        for (number, row) in self.rows.iter().enumerate().skip(OTHER + 1) {
            if row.count == 0 {
                return self.name_row(number, kind, name, key);
            }
            least = least.min((row.rank(), number));
        }
        let (rank, number) = least;
        self.floor = rank;
        if !beats(estimate, rank) {
            return OTHER;
        }
        self.fold(number);
        self.name_row(number, kind, name, key);
        self.rows[number].credit = estimate.min(u64::from(u32::MAX)) as u32;
        number
    }

    /// Gives an empty row to a series.
    fn name_row(&mut self, number: usize, kind: SeriesKind, name: &str, key: u64) -> usize {
        self.floor = 0;
        self.renamings += 1;
        self.rows[number].rename(&mut self.arena, kind, name, key);
        if number == self.used {
            self.used += 1;
            self.index.insert(key, number);
        } else {
            let named = self.rows.iter().enumerate().skip(OTHER + 1);
            self.index.rebuild(named.map(|(number, row)| (row.key, number)));
        }
        number
    }

    fn fold(&mut self, number: usize) {
        let (head, tail) = self.rows.split_at_mut(OTHER + 1);
        tail[number - OTHER - 1].fold_into(&mut head[OTHER], &mut self.arena);
        self.floor = 0;
    }

    /// Makes sure that `blocks` blocks are free. The row `keep` is not folded. No count is lost.
    #[inline]
    pub(super) fn reserve(&mut self, blocks: usize, keep: usize) {
        if self.arena.pool.free() < blocks {
            self.make_room(blocks, keep);
        }
    }

    /// As [`reserve`](Self::reserve), for an event in a closed slot.
    pub(super) fn reserve_late(&mut self, blocks: usize, keep: usize) {
        if self.arena.pool.has_much_late() {
            self.pack_late();
        }
        self.reserve(blocks, keep);
    }

    #[cold]
    fn make_room(&mut self, blocks: usize, keep: usize) {
        self.pack_late();
        // 64 more, so that not every following event folds a row.
        while self.arena.pool.free() < blocks + 64 && self.reclaim(keep) {}
    }

    /// Packs the late durations of all rows. It loses nothing, not even precision.
    fn pack_late(&mut self) {
        self.arena.pool.reset_late();
        self.rows[..self.used].iter_mut().for_each(|row| row.pack_late(&mut self.arena));
    }

    /// Frees blocks in one step. Returns false if no step is left. It takes the first of these that is possible:
    ///
    /// 1. make the row coarser that has the fewest events, of those at scale 6 that would free blocks
    /// 2. fold the row with the fewest events into `OTHER`
    /// 3. make the largest row coarser by one step
    ///
    /// The steps end: each leaves fewer rows at scale 6, fewer rows with events, or fewer scales. At the last scale a row
    /// takes at most 63 blocks.
    fn reclaim(&mut self, keep: usize) -> bool {
        let rows = || self.rows[..self.used].iter().enumerate().filter(|(_, row)| row.count > 0);
        let fine = rows().filter(|(_, row)| row.gains_by_coarsening());
        let coldest_fine = fine.min_by_key(|(_, row)| row.count).map(|(number, _)| number);
        let series = rows().filter(|(number, _)| *number > OTHER && *number != keep);
        let coldest = series.min_by_key(|(_, row)| row.count).map(|(number, _)| number);
        let scaled = rows().filter(|(_, row)| row.live().shift() < MAX_SHIFT);
        let largest = scaled.max_by_key(|(_, row)| row.live().page_count());
        let largest = largest.map(|(number, row)| (number, row.live().shift() + 1));
        if let Some(number) = coldest_fine {
            self.rows[number].coarsen(&mut self.arena, 1);
        } else if let Some(number) = coldest {
            self.fold(number);
        } else if let Some((number, shift)) = largest {
            self.rows[number].coarsen(&mut self.arena, shift);
        } else {
            return false;
        }
        true
    }

    /// A row, and the memory of its histograms.
    pub(super) fn row_mut(&mut self, number: usize) -> (&mut Row, &mut Arena) {
        (&mut self.rows[number], &mut self.arena)
    }

    pub(super) fn row(&self, number: usize) -> &Row {
        &self.rows[number]
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.arena.pool
    }

    /// Notes that `count` events of another store were added.
    pub(super) fn note_merged(&mut self, count: u64) {
        self.events += count;
        self.floor = 0;
    }

    /// The number of rows in use, with `TOTAL` and `OTHER`.
    #[cfg(test)]
    pub(super) fn used(&self) -> usize {
        self.used
    }

    /// The rows with events in the window, from row `first` on.
    pub(super) fn with_events(&self, first: usize) -> Vec<usize> {
        let mut numbers = Vec::with_capacity(self.used);
        for number in first..self.used {
            if self.rows[number].count > 0 {
                numbers.push(number);
            }
        }
        numbers
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let of_row = |row: &Row| row.name.capacity() + row.usage.memory_bytes();
        let names: usize = self.rows.iter().map(of_row).sum();
        let shared = self.arena.pool.memory_bytes() + self.arena.scratch.memory_bytes();
        size_of_val(&*self.rows) + names + shared + self.index.memory_bytes() + self.sketch.memory_bytes()
    }
}

/// Whether a series takes the row of another one with `rank`. It must be ahead by an eighth, so that two equal series do
/// not take the row from each other again and again.
fn beats(estimate: u64, rank: u64) -> bool {
    estimate >= PROOF && estimate > rank + rank / 8
}

/// The name of the row of a series.
fn cut(name: Hashed<'_>) -> Hashed<'_> {
    if name.text.len() <= NAME_BYTES {
        return name;
    }
    Hashed::new(prefix(name.text, NAME_BYTES))
}
