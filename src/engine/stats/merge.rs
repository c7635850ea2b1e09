//! The binary form of a store: writing it, and merging it into another store.

use super::bytes::{Header, KIND_MAX, KIND_TOTAL, Reader, RowHeader, Writer};
use super::histogram::PAGES;
use super::sample::SeriesKind;
use super::series::{OTHER, TOTAL};
use super::store::StatsStore;
use super::window::{SHOWN, SLOTS, second_of};
use crate::engine::error::{Error, ErrorKind};

impl StatsStore {
    /// Appends the binary form of the whole window to `out`, as of the last time that was passed.
    pub fn to_bytes(&mut self, out: &mut Vec<u8>) {
        self.write(0, out);
    }

    /// As [`to_bytes`](Self::to_bytes), with histograms of series at least `shift` steps coarser than scale 6.
    pub(super) fn write(&mut self, shift: u8, out: &mut Vec<u8>) {
        let rows = self.table.with_events(TOTAL);
        let mut writer = Writer::new(out);
        writer.header(&Header {
            window_ms: self.window.window_ms(),
            now: self.window.now(),
            first: self.window.first(),
            refused: self.refused,
            seconds: self.seconds.newest_last(),
            rows: rows.len() as u64,
        });
        for number in rows {
            self.write_row(&mut writer, number, if number == TOTAL { 0 } else { shift });
        }
        writer.finish();
    }

    fn write_row(&mut self, writer: &mut Writer<'_>, number: usize, shift: u8) {
        let (row, arena) = self.table.row_mut(number);
        let kind = match number {
            TOTAL => KIND_TOTAL,
            OTHER => KIND_MAX,
            _ => row.kind as u8 + 1,
        };
        let slots = row.slots().iter().filter(|slot| slot.count > 0).count() as u8;
        writer.row(&RowHeader { kind, name: &row.name, slots });
        for age in (0..SLOTS).rev() {
            let position = (self.window.open() + SLOTS - age) % SLOTS;
            if row.slot(position).count > 0 {
                row.copy_slot(arena, position, age == 0, shift);
                let scratch = &arena.scratch;
                writer.slot(age, row.slot(position), scratch.shift(), scratch.entries());
            }
        }
        let open = self.window.open();
        let usage = row.usage.known().map_or(&[][..], |slots| slots);
        let by_age = usage.iter().enumerate().map(|(at, rows)| ((open + SLOTS - at) % SLOTS, *rows));
        // One of them at least, so that the sums are known there too.
        writer.usage(&by_age.filter(|(age, rows)| *age == 0 || *rows != [0.0; 2]).collect::<Vec<_>>());
    }

    /// Adds the counts of another store, given in its binary form.
    ///
    /// Slots are aligned by their time since the epoch; the later of the two clocks is used. Merging is associative and
    /// commutative: counts and buckets exactly, as long as no row was evicted or became coarser, sums to 1e-12.
    ///
    /// # Errors
    /// - [`ErrorKind::StatsBytes`] for bytes that are damaged, of another version or of another window, and for more than
    ///   2³² events in all
    /// - [`ErrorKind::StatsClock`] for a clock more than a minute later than the latest time that was passed to this store
    ///   itself; a store that only merges has no such time, and takes any clock
    ///
    /// The store is unchanged then.
    ///
    /// # Examples
    /// ```
    /// use tidegate::engine::stats::{Sample, StatsStore};
    ///
    /// let (mut one, mut two) = (StatsStore::new(900_000.0, 8)?, StatsStore::new(900_000.0, 8)?);
    /// let now = 1_767_225_600_000.0;
    /// for store in [&mut one, &mut two] {
    ///     store.record(Sample { at: now, duration: Some(5.0), is_error: false }, now, None);
    /// }
    /// let mut bytes = Vec::new();
    /// two.to_bytes(&mut bytes);
    /// one.merge(&bytes)?;
    /// assert_eq!(one.snapshot(now).total.count, 2);
    /// # Ok::<(), tidegate::engine::Error>(())
    /// ```
    pub fn merge(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let refuse = |why: &str| Error::new(ErrorKind::StatsBytes, &[why]);
        let Some((reader, header, events)) = check(bytes) else {
            return Err(refuse("damaged, or of another version; send the bytes whole, as toBytes gave them"));
        };
        if header.window_ms.to_bits() != self.window.window_ms().to_bits() {
            return Err(refuse("the form has a window of another length; merge stores of the same window"));
        }
        if self.own_clock > 0.0 && header.now > self.own_clock + MAX_AHEAD_MS {
            let why = "the clock of the form is more than a minute ahead; if it is right, take a snapshot at its time first";
            return Err(Error::new(ErrorKind::StatsClock, &[why]));
        }
        if !self.table.can_count(events) {
            return Err(refuse("more than 2^32 events in the window; merge fewer stores"));
        }
        // It takes the same steps as the check, so it does not end early.
        _ = self.apply(reader, &header);
        Ok(())
    }

    /// Adds a form. `reader` is after its header.
    fn apply(&mut self, mut reader: Reader<'_>, header: &Header) -> Option<()> {
        self.advance_window(header.now);
        self.window.observe(header.first);
        self.refused = self.refused.saturating_add(header.refused);
        let newest = second_of(header.now);
        for (i, count) in header.seconds.iter().enumerate() {
            self.seconds.add(newest - (SHOWN - 1 - i) as i64, *count);
        }
        let lag = self.window.slot() - self.window.slot_of(header.now);
        for _ in 0..header.rows {
            self.apply_row(&mut reader, lag)?;
        }
        Some(())
    }

    /// Adds a row. Its slots are `lag` slots older than the form says, since this store's clock is later.
    fn apply_row(&mut self, reader: &mut Reader<'_>, lag: i64) -> Option<()> {
        let row = reader.row()?;
        let events = self.events_ahead(reader.clone(), row.slots, lag)?;
        let number = match kind_of(row.kind) {
            _ if events == 0 => TOTAL,
            Some(kind) => self.table.row_for_history(kind, row.name, events),
            None if row.kind == KIND_TOTAL => TOTAL,
            None => OTHER,
        };
        for _ in 0..row.slots {
            let form = reader.slot()?;
            let entries = reader.entries(&form);
            if let Some(position) = self.window.position_of_age(lag + i64::from(form.age)) {
                self.table.reserve(blocks_for(form.entries as usize), number);
                let is_open = position == self.window.open();
                let (row, arena) = self.table.row_mut(number);
                row.merge_slot(arena, (position, is_open), (&form.slot, form.shift), entries);
            } else {
                entries.for_each(drop);
            }
        }
        reader.usage(|age, rows| {
            if let Some(position) = self.window.position_of_age(lag + i64::from(age)).filter(|_| events > 0) {
                self.table.row_mut(number).0.usage.add(position, rows);
            }
        })?;
        self.table.note_merged(events);
        Some(())
    }

    /// The number of events in the next `slots` slots that lie in the window.
    fn events_ahead(&self, mut reader: Reader<'_>, slots: u8, lag: i64) -> Option<u64> {
        let mut events = 0;
        for _ in 0..slots {
            let form = reader.slot()?;
            reader.entries(&form).for_each(drop);
            if self.window.position_of_age(lag + i64::from(form.age)).is_some() {
                events += u64::from(form.slot.count);
            }
        }
        Some(events)
    }
}

/// Reads a whole form without applying it. Returns a reader after the header, the header, and the number of events.
fn check(bytes: &[u8]) -> Option<(Reader<'_>, Header, u64)> {
    let mut reader = Reader::new(bytes)?;
    let header = reader.header()?;
    let rows = reader.clone();
    let mut events = 0u64;
    for _ in 0..header.rows {
        let row = reader.row()?;
        let mut last = SLOTS as u8;
        for _ in 0..row.slots {
            let form = reader.slot()?;
            if form.age >= last || !form.agrees_with(reader.entries(&form)) {
                return None;
            }
            last = form.age;
            events = events.saturating_add(u64::from(form.slot.count));
        }
        reader.usage(|_, _| {})?;
    }
    reader.is_at_end().then_some((rows, header, events))
}

/// How far the clock of a form may be ahead of this store's own: what the clocks of two machines may differ by.
const MAX_AHEAD_MS: f64 = 60_000.0;

/// The most blocks that a slot takes: pages of the live and of the open histogram, or about eight bytes per entry if it is
/// packed.
fn blocks_for(entries: usize) -> usize {
    2 * entries.min(PAGES) + entries / 7 + 4
}

fn kind_of(byte: u8) -> Option<SeriesKind> {
    SeriesKind::ALL.into_iter().find(|kind| *kind as u8 + 1 == byte)
}

#[cfg(test)]
mod tests {
    use super::super::slot::Slot;
    use super::*;

    type Entry = (usize, u32);

    /// A form with the row of all requests, and these slots.
    fn form(slots: &[(usize, Slot, u8, &[Entry])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        let (window_ms, now, first) = (900_000.0, 1e12, 1e12);
        writer.header(&Header { window_ms, now, first, refused: 0, seconds: [0; SHOWN], rows: 1 });
        writer.row(&RowHeader { kind: KIND_TOTAL, name: "", slots: slots.len() as u8 });
        for (age, slot, shift, entries) in slots {
            writer.slot(*age, slot, *shift, entries.iter().copied());
        }
        writer.usage(&[]);
        writer.finish();
        bytes
    }

    fn is_accepted(slots: &[(usize, Slot, u8, &[Entry])]) -> bool {
        StatsStore::with_pool(900_000.0, 1, 500).merge(&form(slots)).is_ok()
    }

    #[test]
    fn a_form_that_contradicts_itself_is_refused() {
        let slot = Slot::from_figures;
        let good = slot(3, 1, 5.0, 4.0);
        assert!(is_accepted(&[(1, good, 0, &[(9, 1), (2733, 1)]), (0, good, 5, &[(85, 3)])]));
        let none = slot(3, 0, 0.0, -1.0);
        assert!(is_accepted(&[(60, none, 0, &[])]));
        assert!(!is_accepted(&[(61, none, 0, &[])]), "age");
        assert!(!is_accepted(&[(0, good, 0, &[]), (1, good, 0, &[])]), "order of ages");
        assert!(!is_accepted(&[(0, none, 0, &[]), (0, none, 0, &[])]), "one age twice");
        assert!(!is_accepted(&[(0, good, 0, &[(9, 4)])]), "more durations than events");
        assert!(!is_accepted(&[(0, good, 0, &[(9, 0)])]), "an empty bucket");
        assert!(!is_accepted(&[(0, good, 0, &[(2734, 1)])]), "bucket out of range");
        assert!(!is_accepted(&[(0, good, 5, &[(86, 1)])]), "coarse bucket out of range");
        assert!(!is_accepted(&[(0, good, 13, &[(0, 1)])]), "scale out of range");
        assert!(!is_accepted(&[(0, slot(3, 4, 5.0, 4.0), 0, &[(9, 1)])]), "more errors than events");
        for (sum, max) in [(3.0, 4.0), (f64::NAN, 4.0), (5.0, f64::NAN), (f64::INFINITY, 4.0), (5.0, -1.0)] {
            assert!(!is_accepted(&[(0, slot(3, 1, sum, max), 0, &[(9, 1)])]), "sum {sum}, max {max}");
        }
        assert!(!is_accepted(&[(0, good, 0, &[])]), "a sum of no durations");
    }
}
