//! The window: the ring of slots and the ring of seconds.

/// The slots of a row: the 60 of the window and one more, so that no event leaves the window early.
pub(super) const SLOTS: usize = 61;

/// The slots, and seconds, of a snapshot.
pub(super) const SHOWN: usize = 60;

/// The latest time that is valid, in ms since the epoch: the last date of JavaScript.
pub(super) const LATEST_MS: f64 = 8.64e15;

/// The window. Slots begin at multiples of their length since the epoch.
pub(super) struct Window {
    window_ms: f64,
    slot_ms: f64,
    now: f64,
    slot: i64,
    /// The bounds of the open slot. With them most events need no division.
    slot_from: f64,
    slot_until: f64,
    open: usize,
    first: f64,
}

impl Window {
    pub(super) fn new(window_ms: f64) -> Self {
        let slot_ms = window_ms / SHOWN as f64;
        Self {
            window_ms,
            slot_ms,
            now: 0.0,
            slot: 0,
            slot_from: 0.0,
            slot_until: slot_ms,
            open: 0,
            first: f64::INFINITY,
        }
    }

    /// Advances to `now`. Ignores a time that is not valid or not later.
    ///
    /// Returns the number of slots that were opened, at most [`SLOTS`]: that many empty the ring.
    pub(super) fn advance(&mut self, now: f64) -> usize {
        if !(now > self.now && now <= LATEST_MS) {
            return 0;
        }
        self.now = now;
        if now < self.slot_until {
            return 0;
        }
        let entered = (self.slot_of(now) - self.slot).max(0);
        self.enter(self.slot + entered);
        let entered = entered.min(SLOTS as i64) as usize;
        self.open = (self.open + entered) % SLOTS;
        entered
    }

    /// The position in the ring of an event at `at`, and whether that slot is the open one. `None`: the event is older than
    /// the window. `at` is not later than now.
    #[inline(always)]
    pub(super) fn position(&self, at: f64) -> Option<(usize, bool)> {
        if at >= self.slot_from { Some((self.open, true)) } else { self.earlier(at) }
    }

    fn earlier(&self, at: f64) -> Option<(usize, bool)> {
        let age = self.slot - self.slot_of(at);
        if at < self.now - self.window_ms {
            return None;
        }
        self.position_of_age(age).map(|position| (position, age == 0))
    }

    /// The position of the slot that is `age` slots old.
    pub(super) fn position_of_age(&self, age: i64) -> Option<usize> {
        let age = usize::try_from(age).ok().filter(|age| *age < SLOTS)?;
        Some((self.open + SLOTS - age) % SLOTS)
    }

    /// Moves the clock by `delta_ms`. Slots keep their age.
    pub(super) fn shift(&mut self, delta_ms: f64) {
        self.now = (self.now + delta_ms).clamp(0.0, LATEST_MS);
        self.enter(self.slot_of(self.now));
        if self.first.is_finite() {
            self.first = (self.first + delta_ms).min(self.now);
        }
    }

    /// Moves the clock back to `now`, to an earlier slot of the ring if that is one. Slots keep their time. Returns the number of slots
    /// that are too late now; if there are more than the ring has, all but one.
    pub(super) fn set_back(&mut self, now: f64) -> usize {
        let slot = self.slot_of(now);
        let later = (self.slot - slot).clamp(0, SLOTS as i64 - 1) as usize;
        self.now = now;
        self.enter(slot);
        self.open = (self.open + SLOTS - later) % SLOTS;
        if self.first.is_finite() {
            self.first = self.first.min(now);
        }
        later
    }

    fn enter(&mut self, slot: i64) {
        self.slot = slot;
        self.slot_from = slot as f64 * self.slot_ms;
        self.slot_until = (slot + 1) as f64 * self.slot_ms;
    }

    /// Notes an event at `at`.
    #[inline(always)]
    pub(super) fn observe(&mut self, at: f64) {
        if at < self.first {
            self.first = at;
        }
    }

    /// Forgets what was observed.
    pub(super) fn forget(&mut self) {
        self.first = f64::INFINITY;
    }

    /// The observed time in seconds: at least 1, at most the window.
    pub(super) fn observed_s(&self) -> f64 {
        (self.now - self.first).min(self.window_ms).max(1000.0) / 1000.0
    }

    /// The number of the slot of `at`, counted from the epoch.
    pub(super) fn slot_of(&self, at: f64) -> i64 {
        (at / self.slot_ms).floor() as i64
    }

    /// The position of the open slot in the ring.
    pub(super) fn open(&self) -> usize {
        self.open
    }

    /// The number of the open slot, counted from the epoch.
    pub(super) fn slot(&self) -> i64 {
        self.slot
    }

    pub(super) fn now(&self) -> f64 {
        self.now
    }

    pub(super) fn window_ms(&self) -> f64 {
        self.window_ms
    }

    /// When the first event ended; infinite if there was none.
    pub(super) fn first(&self) -> f64 {
        self.first
    }
}

/// The counts of the last 60 seconds.
pub(super) struct Seconds {
    counts: [u32; SHOWN],
    second: i64,
    /// When the newest second began.
    from: f64,
    newest: usize,
}

impl Seconds {
    pub(super) fn new() -> Self {
        Self { counts: [0; SHOWN], second: 0, from: 0.0, newest: 0 }
    }

    /// Advances to the second of `now`.
    pub(super) fn advance(&mut self, now: f64) {
        if now - self.from < 1000.0 {
            return;
        }
        let second = second_of(now);
        for _ in 0..(second - self.second).clamp(0, SHOWN as i64) {
            self.newest = (self.newest + 1) % SHOWN;
            self.counts[self.newest] = 0;
        }
        self.enter(self.second.max(second));
    }

    fn enter(&mut self, second: i64) {
        self.second = second;
        self.from = second as f64 * 1000.0;
    }

    /// Counts an event at `at`, which is not later than now.
    #[inline(always)]
    pub(super) fn record(&mut self, at: f64) {
        if at < self.from {
            self.add(second_of(at), 1);
        } else if let Some(newest) = self.counts.get_mut(self.newest) {
            *newest = newest.saturating_add(1);
        }
    }

    /// Counts `count` events of a second. A second outside the ring is ignored.
    pub(super) fn add(&mut self, second: i64, count: u32) {
        if let Ok(age) = usize::try_from(self.second - second)
            && age < SHOWN
        {
            let at = (self.newest + SHOWN - age) % SHOWN;
            self.counts[at] = self.counts[at].saturating_add(count);
        }
    }

    /// Removes all counts.
    pub(super) fn clear(&mut self) {
        self.counts = [0; SHOWN];
    }

    /// Moves the clock back to `now`. What was counted in later seconds counts in the second of `now`.
    pub(super) fn set_back(&mut self, now: f64) {
        let second = second_of(now);
        for _ in 0..(self.second - second).clamp(0, SHOWN as i64 - 1) {
            let count = std::mem::take(&mut self.counts[self.newest]);
            self.newest = (self.newest + SHOWN - 1) % SHOWN;
            self.counts[self.newest] = self.counts[self.newest].saturating_add(count);
        }
        self.enter(second);
    }

    /// Moves the clock to `now`. Seconds keep their age.
    pub(super) fn shift_to(&mut self, now: f64) {
        self.enter(second_of(now));
    }

    pub(super) fn newest_last(&self) -> [u32; SHOWN] {
        std::array::from_fn(|i| self.counts[(self.newest + 1 + i) % SHOWN])
    }
}

/// The number of the second of `at`, counted from the epoch.
pub(super) fn second_of(at: f64) -> i64 {
    (at / 1000.0).floor() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_begin_at_multiples_of_their_length() {
        let mut window = Window::new(900_000.0);
        assert_eq!(window.advance(1_000_000_000_000.0), SLOTS);
        let open = window.open;
        assert_eq!(window.advance(1_000_000_004_999.0), 0);
        assert_eq!(window.advance(1_000_000_005_000.0), 1);
        assert_eq!(window.position(1_000_000_004_999.0), Some((open, false)));
        assert_eq!(window.position(1_000_000_005_000.0 - 900_000.0).map(|(_, open)| open), Some(false));
        assert_eq!(window.position(1_000_000_005_000.0 - 900_001.0), None);
    }

    #[test]
    fn invalid_and_earlier_times_change_nothing() {
        let mut window = Window::new(900_000.0);
        window.advance(5e12);
        for now in [f64::NAN, 0.0, -1.0, f64::INFINITY, 1e300, 4e12, 5e12] {
            assert_eq!((window.advance(now), window.now()), (0, 5e12));
        }
    }

    #[test]
    fn seconds_forget_after_a_minute() {
        let mut seconds = Seconds::new();
        seconds.advance(1e12);
        seconds.add(second_of(1e12), 2);
        seconds.add(second_of(1e12) - 59, 3);
        seconds.add(second_of(1e12) - 60, 9);
        seconds.add(second_of(1e12) + 1, 9);
        assert_eq!((seconds.newest_last()[0], seconds.newest_last()[59]), (3, 2));
        seconds.advance(1e12 + 1000.0);
        assert_eq!((seconds.newest_last()[0], seconds.newest_last()[58]), (0, 2));
        seconds.advance(1e15);
        assert_eq!(seconds.newest_last(), [0; 60]);
    }
}
