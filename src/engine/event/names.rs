//! A bounded table of names, so that a record holds a small id instead of text.
//!
//! A name enters while there is room, or when it is seen a second time: a flood of names that never return
//! cannot drive out those that do, and costs no allocation. Names nobody refers to any more make room, the one
//! longest out of use first.

use crate::engine::list::List;

/// The id of a name; [`NONE`](Self::NONE) where there is no name, or where it stands in the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameId(u16);

impl NameId {
    pub(crate) const NONE: Self = Self(u16::MAX);

    #[inline(always)]
    pub(crate) fn number(self) -> u64 {
        u64::from(self.0)
    }
}

/// The table. Each [`intern`](Self::intern) and [`retain`](Self::retain) is matched by one [`release`](Self::release).
#[derive(Debug)]
pub(crate) struct Names {
    slots: Vec<Slot>,
    heads: Box<[u16]>,
    /// Fingerprints of texts seen once, by hash: the proof that a text returns.
    seen: Box<[u32]>,
    /// Names nobody refers to, longest out of use first.
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
    /// The names it holds at most: their ids are below this.
    pub(crate) const CAPACITY: usize = CAPACITY;

    /// The bytes of a full table.
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

    /// The id of `text`, referred to once more; [`NameId::NONE`] if it has no place in the table.
    pub(crate) fn intern(&mut self, text: &str) -> NameId {
        if text.len() > MAX_TEXT {
            return NameId::NONE;
        }
        let hash = hash(text.as_bytes());
        if let Some(at) = self.find(text, hash) {
            self.refer(NameId(at));
            return NameId(at);
        }
        match self.vacate(hash) {
            Some(at) => {
                self.insert(at, text, hash);
                NameId(at)
            }
            None => NameId::NONE,
        }
    }

    /// The id of `text` if it has one, without referring to it.
    pub(crate) fn lookup(&self, text: &str) -> Option<NameId> {
        self.find(text, hash(text.as_bytes())).map(NameId)
    }

    /// Refers once more to `id`, which is in the table, whether or not anybody refers to it.
    pub(crate) fn refer(&mut self, id: NameId) {
        let slot = &mut self.slots[usize::from(id.0)];
        slot.refs += 1;
        if slot.refs == 1 {
            self.idle.remove(id.0);
        }
    }

    /// Refers once more to `id`, which somebody refers to.
    #[inline(always)]
    pub(crate) fn retain(&mut self, id: NameId) {
        if id != NameId::NONE {
            self.slots[usize::from(id.0)].refs += 1;
        }
    }

    /// Refers to `id` once less.
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

    /// Moves on whenever an id was given to another name: until then each means the same.
    pub(crate) fn renamings(&self) -> u64 {
        self.renamings
    }

    /// References in all: 0 when no event is held anywhere.
    pub(crate) fn references(&self) -> usize {
        self.slots.iter().map(|slot| slot.refs as usize).sum()
    }

    /// Whether `text`, which may be no name itself, has come before, of late; from now on it has.
    pub(crate) fn returns(&mut self, text: &str) -> bool {
        self.is_return(hash(text.as_bytes()))
    }

    fn is_return(&mut self, hash: u64) -> bool {
        let fingerprint = (hash >> 32) as u32 | 1;
        std::mem::replace(&mut self.seen[bucket(hash)], fingerprint) == fingerprint
    }

    fn find(&self, text: &str, hash: u64) -> Option<u16> {
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

    /// A free place for a name of `hash`, if it has earned one.
    fn vacate(&mut self, hash: u64) -> Option<u16> {
        if self.slots.len() < CAPACITY {
            let slot = Slot { text: String::with_capacity(MAX_TEXT), hash: 0, refs: 0, next: END };
            self.slots.push(slot);
            return Some((self.slots.len() - 1) as u16);
        }
        if !self.is_return(hash) {
            return None;
        }
        let at = self.idle.first()?;
        self.idle.remove(at);
        self.unlink(at);
        self.renamings += 1;
        Some(at)
    }

    fn insert(&mut self, at: u16, text: &str, hash: u64) {
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

/// A fast 64-bit hash of short texts; no defense against chosen collisions, so every use of it is bounded.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    const K: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut state = K ^ bytes.len() as u64;
    let (chunks, rest) = bytes.as_chunks();
    for chunk in chunks {
        state = (state ^ u64::from_le_bytes(*chunk)).wrapping_mul(K).rotate_left(29);
    }
    let mut tail = 0;
    for &byte in rest {
        tail = tail << 8 | u64::from(byte);
    }
    state = (state ^ tail).wrapping_mul(K);
    state ^= state >> 32;
    state.wrapping_mul(K) ^ state >> 29
}

fn bucket(hash: u64) -> usize {
    hash as usize % CAPACITY
}

const CAPACITY: usize = 1024;
/// The longest name that has a place, in bytes: the whole table takes 144 KiB at most.
const MAX_TEXT: usize = 96;
const END: u16 = u16::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_names_leaves_those_in_use_alone() {
        let mut names = Names::new();
        let kept = names.intern("/orders");
        for n in 0..100_000 {
            let id = names.intern(&format!("/flood/{n}"));
            names.release(id);
        }
        assert_eq!(names.text(kept), "/orders");
        assert_eq!(names.intern("/orders"), kept);
        assert!(names.slots.len() <= CAPACITY);
    }

    #[test]
    fn a_name_that_returns_takes_the_place_of_one_nobody_refers_to() {
        let mut names = Names::new();
        let held: Vec<_> = (0..CAPACITY).map(|n| names.intern(&format!("/{n}"))).collect();
        assert_eq!(names.intern("/new"), NameId::NONE);
        assert_eq!(names.intern("/new"), NameId::NONE, "every place is taken");
        names.release(held[7]);
        assert_eq!(names.intern("/other"), NameId::NONE, "seen for the first time");
        let id = names.intern("/other");
        assert_eq!(names.text(id), "/other");
        assert!(held.iter().enumerate().all(|(n, &id)| n == 7 || names.text(id) == format!("/{n}")));
    }

    #[test]
    fn the_name_longest_out_of_use_makes_room() {
        let mut names = Names::new();
        let held: Vec<_> = (0..CAPACITY).map(|n| names.intern(&format!("/{n}"))).collect();
        for &n in &[5, 9, 2] {
            names.release(held[n]);
        }
        assert_eq!(names.intern("/5"), held[5], "it is still there, and in use again");
        names.release(held[5]);
        for (n, gone) in [9, 2, 5].into_iter().enumerate() {
            names.intern(&format!("/new{n}"));
            assert_eq!(names.intern(&format!("/new{n}")), held[gone]);
        }
        assert_eq!(names.references(), CAPACITY);
    }

    #[test]
    fn a_long_name_has_no_place() {
        let mut names = Names::new();
        assert_ne!(names.intern(&"x".repeat(MAX_TEXT)), NameId::NONE);
        assert_eq!(names.intern(&"x".repeat(MAX_TEXT + 1)), NameId::NONE);
    }

    #[test]
    fn every_name_is_found_again_after_churn() {
        let mut names = Names::new();
        for round in 0..3 {
            for n in 0..4 * CAPACITY {
                for _ in 0..2 {
                    let text = format!("/{}", n * 31 + round);
                    let id = names.intern(&text);
                    assert!(id == NameId::NONE || names.text(id) == text);
                    names.release(id);
                }
            }
        }
    }
}
