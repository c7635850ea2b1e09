//! A linked list over the slots of a table. Adding, removing and finding the first member take constant time.

/// Slots of a table in an order, linked by index. A slot is a member at most once. The list grows with the table only.
#[derive(Debug)]
pub(crate) struct List {
    links: Vec<Link>,
    first: u16,
    last: u16,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    before: u16,
    after: u16,
}

impl List {
    /// The bytes per slot.
    pub(crate) const MEMBER_BYTES: usize = size_of::<Link>();

    pub(crate) const fn new() -> Self {
        Self { links: Vec::new(), first: END, last: END }
    }

    /// Adds slot `at` at the end. It must not be a member.
    pub(crate) fn push(&mut self, at: u16) {
        self.insert(at, self.last());
    }

    /// Adds slot `at` behind the member `before`; `None` adds it in front. It must not be a member.
    pub(crate) fn insert(&mut self, at: u16, before: Option<u16>) {
        let missing = (usize::from(at) + 1).saturating_sub(self.links.len());
        self.links.extend(std::iter::repeat_n(Link { before: END, after: END }, missing));
        let after = match before {
            Some(before) => std::mem::replace(&mut self.links[usize::from(before)].after, at),
            None => std::mem::replace(&mut self.first, at),
        };
        match after {
            END => self.last = at,
            after => self.links[usize::from(after)].before = at,
        }
        self.links[usize::from(at)] = Link { before: before.unwrap_or(END), after };
    }

    /// Removes the member `at`.
    pub(crate) fn remove(&mut self, at: u16) {
        let Link { before, after } = self.links[usize::from(at)];
        match before {
            END => self.first = after,
            before => self.links[usize::from(before)].after = after,
        }
        match after {
            END => self.last = before,
            after => self.links[usize::from(after)].before = before,
        }
    }

    pub(crate) fn first(&self) -> Option<u16> {
        (self.first != END).then_some(self.first)
    }

    pub(crate) fn last(&self) -> Option<u16> {
        (self.last != END).then_some(self.last)
    }

    /// The member before the member `at`.
    pub(crate) fn before(&self, at: u16) -> Option<u16> {
        let before = self.links[usize::from(at)].before;
        (before != END).then_some(before)
    }
}

/// No slot. Tables are smaller.
const END: u16 = u16::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    fn members(list: &List) -> Vec<u16> {
        let mut backwards: Vec<_> = std::iter::successors(list.last(), |&at| list.before(at)).collect();
        backwards.reverse();
        assert_eq!(backwards.first().copied(), list.first());
        backwards
    }

    #[test]
    fn members_are_added_and_removed_anywhere() {
        let mut list = List::new();
        assert_eq!((list.first(), list.last()), (None, None));
        list.push(5);
        list.push(2);
        list.insert(9, Some(5));
        list.insert(0, None);
        assert_eq!(members(&list), [0, 5, 9, 2]);
        list.remove(9);
        assert_eq!(members(&list), [0, 5, 2]);
        list.remove(0);
        list.remove(2);
        assert_eq!(members(&list), [5]);
        list.remove(5);
        assert!(members(&list).is_empty());
        list.push(2);
        assert_eq!(members(&list), [2]);
    }
}
