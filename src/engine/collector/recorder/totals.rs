//! Requests and their durations since the start, for Prometheus.

use crate::engine::config::Config;
use crate::engine::event::Event;
use crate::engine::metrics::{Classic, Observation, Point, Sets, Split};
use crate::engine::stats::RowHint;

/// Requests and their durations by attribute set.
///
/// Counting costs a tenth of a request. So it stops after [`MAX_UNREAD`] requests, unless the host says that somebody reads
/// the totals.
pub(super) struct Totals {
    /// The requests that were counted while nobody was known to read them.
    unread: u32,
    is_read: bool,
    sets: Sets<Classic>,
    split: Split,
    label_values: Vec<u8>,
}

/// What is remembered of a route, so that its next request is not looked up.
#[derive(Debug)]
pub(super) struct Hint {
    pub(super) row: RowHint,
    /// The id of the method; [`NO_METHOD`]: nothing is remembered.
    pub(super) method: u16,
    /// The points of the last statuses, by method.
    points: [PointHint; 4],
}

#[derive(Clone, Copy, Debug)]
struct PointHint {
    /// Method and status.
    key: u32,
    at: u32,
}

impl Totals {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            unread: 0,
            is_read: false,
            sets: Sets::new(),
            split: Split { labels: config.labels.clone(), methods: config.methods.clone() },
            label_values: Vec::new(),
        }
    }

    /// Counts a request.
    #[inline(always)]
    pub(super) fn count(&mut self, event: &Event<'_>, name: &str, hint: &mut Hint) {
        if self.unread == MAX_UNREAD {
            return;
        }
        self.unread += u32::from(!self.is_read);
        let key = u32::from(hint.method) << 16 | u32::from(event.status.unwrap_or(0));
        let point = hint.points[usize::from(hint.method) % 4];
        if point.key == key
            && let Some(point) = self.sets.points_mut().get_mut(point.at as usize)
        {
            point.measure.add(event.duration.unwrap_or(f64::NAN));
        } else {
            self.look_up(event, name, hint, key);
        }
    }

    #[inline(never)]
    fn look_up(&mut self, event: &Event<'_>, name: &str, hint: &mut Hint, key: u32) {
        let Self { sets, split, label_values, .. } = self;
        let Some(observation) = Observation::of(event, name, split, label_values) else { return };
        let at = sets.record(&observation) as u32;
        if hint.method != NO_METHOD {
            hint.points[usize::from(hint.method) % 4] = PointHint { key, at };
        }
    }

    /// Counts every request from now on.
    pub(super) fn count_all(&mut self) {
        (self.unread, self.is_read) = (0, true);
    }

    pub(super) fn points(&self) -> &[Point<Classic>] {
        self.sets.points()
    }
}

impl Default for Hint {
    fn default() -> Self {
        Self { row: RowHint::default(), method: NO_METHOD, points: [PointHint { key: u32::MAX, at: 0 }; 4] }
    }
}

const NO_METHOD: u16 = u16::MAX;
/// So many requests are counted for nobody.
const MAX_UNREAD: u32 = 16_384;
