//! A bounded table of names: a record holds a small id instead of text.
//!
//! While the table is not full, every name enters. Then a name enters when it is seen for the second time, and takes the
//! place of the name that is unused for the longest time. So a flood of names that are seen once neither evicts the names
//! in use nor allocates.

use crate::engine::list::List;
use crate::engine::text::hashed::Hashed;

/// The id of a name. [`NONE`](Self::NONE): there is no name, or it is in the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameId(u16);

impl Default for NameId {
    fn default() -> Self {
        Self::NONE
    }
}

impl NameId {
    pub(crate) const NONE: Self = Self(u16::MAX);

    #[inline(always)]
    pub(crate) fn number(self) -> u64 {
        u64::from(self.0)
    }
}

/// The table. For each [`intern`](Self::intern), [`refer`](Self::refer) and [`retain`](Self::retain) there must be one
/// [`release`](Self::release).
#[derive(Debug)]
pub(crate) struct Names {
    slots: Vec<Slot>,
    heads: Box<[u16]>,
    /// Fingerprints of the texts seen last, by hash: they show that a text is seen again.
    seen: Box<[u32]>,
    /// Names without references, the one unused for the longest time first.
    idle: List,
    /// How often an id was given to another name.
    renamings: u64,
}

#[derive(Debug)]
struct Slot {
    text: String,
    hash: u64,
    refs: u32,
    next: u16,
}

impl Names {
    /// The most names in the table. Every id is smaller.
    pub(crate) const CAPACITY: usize = CAPACITY;

    /// The bytes of the full table.
    pub(crate) const MEMORY_BYTES: usize =
        CAPACITY * (size_of::<Slot>() + MAX_TEXT + List::MEMBER_BYTES + size_of::<u16>() + size_of::<u32>());

    pub(crate) fn new() -> Self {
        Self {
            slots: Vec::with_capacity(CAPACITY),
            heads: vec![END; CAPACITY].into_boxed_slice(),
            seen: vec![0; CAPACITY].into_boxed_slice(),
            idle: List::new(),
            renamings: 0,
        }
    }

    /// The id of `text`, with one reference more. [`NameId::NONE`] if it has no place in the table.
    pub(crate) fn intern(&mut self, text: Hashed<'_>) -> NameId {
        if text.text.len() > MAX_TEXT {
            return NameId::NONE;
        }
        if let Some(at) = self.find(text) {
            self.refer(NameId(at));
            return NameId(at);
        }
        match self.free_slot(text.hash) {
            Some(at) => {
                self.insert(at, text);
                NameId(at)
            }
            None => NameId::NONE,
        }
    }

    /// Interns `text` without adding a reference.
    pub(crate) fn touch(&mut self, text: Hashed<'_>) -> NameId {
        let id = self.intern(text);
        self.release(id);
        id
    }

    /// The id of `text` if it is in the table. Adds no reference.
    pub(crate) fn lookup(&self, text: &str) -> Option<NameId> {
        self.find(Hashed::new(text)).map(NameId)
    }

    /// Adds a reference to `id`, which is in the table and may be unused.
    pub(crate) fn refer(&mut self, id: NameId) {
        let slot = &mut self.slots[usize::from(id.0)];
        slot.refs += 1;
        if slot.refs == 1 {
            self.idle.remove(id.0);
        }
    }

    /// Adds a reference to `id`, which has one already.
    #[inline(always)]
    pub(crate) fn retain(&mut self, id: NameId) {
        if id != NameId::NONE {
            self.slots[usize::from(id.0)].refs += 1;
        }
    }

    /// Drops one reference to `id`.
    #[inline(always)]
    pub(crate) fn release(&mut self, id: NameId) {
        if id == NameId::NONE {
            return;
        }
        let slot = &mut self.slots[usize::from(id.0)];
        slot.refs -= 1;
        if slot.refs == 0 {
            self.idle.push(id.0);
        }
    }

    /// The text of `id`; empty for [`NameId::NONE`].
    pub(crate) fn text(&self, id: NameId) -> &str {
        self.slots.get(usize::from(id.0)).map_or("", |slot| &slot.text)
    }

    /// How often an id was given to another name. While this is unchanged, every id means the same name.
    pub(crate) fn renamings(&self) -> u64 {
        self.renamings
    }

    /// All references: 0 when no record exists.
    pub(crate) fn references(&self) -> usize {
        self.slots.iter().map(|slot| slot.refs as usize).sum()
    }

    /// Whether `text`, which need not be a name, was seen recently. From now on it was.
    pub(crate) fn was_seen(&mut self, text: &str) -> bool {
        self.was_hash_seen(Hashed::new(text).hash)
    }

    fn was_hash_seen(&mut self, hash: u64) -> bool {
        let fingerprint = (hash >> 32) as u32 | 1;
        std::mem::replace(&mut self.seen[bucket(hash)], fingerprint) == fingerprint
    }

    fn find(&self, Hashed { text, hash }: Hashed<'_>) -> Option<u16> {
        let mut at = self.heads[bucket(hash)];
        while at != END {
            let slot = &self.slots[usize::from(at)];
            if slot.hash == hash && slot.text == text {
                return Some(at);
            }
            at = slot.next;
        }
        None
    }

    /// A free slot for a name of `hash`, if the name may enter.
    fn free_slot(&mut self, hash: u64) -> Option<u16> {
        if self.slots.len() < CAPACITY {
            let slot = Slot { text: String::with_capacity(MAX_TEXT), hash: 0, refs: 0, next: END };
            self.slots.push(slot);
            return Some((self.slots.len() - 1) as u16);
        }
        if !self.was_hash_seen(hash) {
            return None;
        }
        let at = self.idle.first()?;
        self.idle.remove(at);
        self.unlink(at);
        self.renamings += 1;
        Some(at)
    }

    fn insert(&mut self, at: u16, Hashed { text, hash }: Hashed<'_>) {
        let head = &mut self.heads[bucket(hash)];
        let slot = &mut self.slots[usize::from(at)];
        slot.text.clear();
        slot.text.push_str(text);
        (slot.hash, slot.refs, slot.next) = (hash, 1, *head);
        *head = at;
    }

    fn unlink(&mut self, gone: u16) {
        let Slot { hash, next, .. } = self.slots[usize::from(gone)];
        let mut at = self.heads[bucket(hash)];
        if at == gone {
            self.heads[bucket(hash)] = next;
            return;
        }
        while self.slots[usize::from(at)].next != gone {
            at = self.slots[usize::from(at)].next;
        }
        self.slots[usize::from(at)].next = next;
    }
}

fn bucket(hash: u64) -> usize {
    hash as usize % CAPACITY
}

const CAPACITY: usize = 1024;
/// The most bytes of a name in the table. The whole table takes at most 144 KiB.
const MAX_TEXT: usize = 96;
const END: u16 = u16::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    fn intern(names: &mut Names, text: &str) -> NameId {
        names.intern(Hashed::new(text))
    }

    #[test]
    fn a_flood_of_names_leaves_those_in_use_alone() {
        let mut names = Names::new();
        let kept = intern(&mut names, "/orders");
        for n in 0..100_000 {
            names.touch(Hashed::new(&format!("/flood/{n}")));
        }
        assert_eq!(names.text(kept), "/orders");
        assert_eq!(intern(&mut names, "/orders"), kept);
        assert!(names.slots.len() <= CAPACITY);
    }

    #[test]
    fn a_name_seen_twice_takes_the_place_of_an_unused_one() {
        let mut names = Names::new();
        let ids: Vec<_> = (0..CAPACITY).map(|n| intern(&mut names, &format!("/{n}"))).collect();
        assert_eq!(intern(&mut names, "/new"), NameId::NONE);
        assert_eq!(intern(&mut names, "/new"), NameId::NONE, "every place is taken");
        names.release(ids[7]);
        assert_eq!(intern(&mut names, "/other"), NameId::NONE, "seen for the first time");
        let id = intern(&mut names, "/other");
        assert_eq!(names.text(id), "/other");
        assert!(ids.iter().enumerate().all(|(n, &id)| n == 7 || names.text(id) == format!("/{n}")));
    }

    #[test]
    fn the_name_unused_for_the_longest_time_is_replaced() {
        let mut names = Names::new();
        let ids: Vec<_> = (0..CAPACITY).map(|n| intern(&mut names, &format!("/{n}"))).collect();
        for &n in &[5, 9, 2] {
            names.release(ids[n]);
        }
        assert_eq!(intern(&mut names, "/5"), ids[5], "it is still there, and in use again");
        names.release(ids[5]);
        for (n, gone) in [9, 2, 5].into_iter().enumerate() {
            intern(&mut names, &format!("/new{n}"));
            assert_eq!(intern(&mut names, &format!("/new{n}")), ids[gone]);
        }
        assert_eq!(names.references(), CAPACITY);
    }

    #[test]
    fn a_long_name_has_no_place() {
        let mut names = Names::new();
        assert_ne!(intern(&mut names, &"x".repeat(MAX_TEXT)), NameId::NONE);
        assert_eq!(intern(&mut names, &"x".repeat(MAX_TEXT + 1)), NameId::NONE);
    }

    #[test]
    fn every_name_is_found_again_after_churn() {
        let mut names = Names::new();
        for round in 0..3 {
            for n in 0..4 * CAPACITY {
                for _ in 0..2 {
                    let text = format!("/{}", n * 31 + round);
                    let id = intern(&mut names, &text);
                    assert!(id == NameId::NONE || names.text(id) == text);
                    names.release(id);
                }
            }
        }
    }
}
