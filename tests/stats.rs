//! The statistics against an exact model: sorted values, events by slot.
//!
//! `TIDEGATE_CASES` sets the number of cases a property.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use tidegate::engine::ErrorKind;
use tidegate::engine::stats::{Figures, Sample, SeriesKind, Snapshot, StatsStore, Timeline};

const WINDOW: f64 = 900_000.0;
const SLOT: f64 = 15_000.0;
const START: f64 = 1_760_000_000_123.0;
const NAMES: [(SeriesKind, &str); 4] = [
    (SeriesKind::Req, "/a"),
    (SeriesKind::Req, "/b/:id"),
    (SeriesKind::Fn, "/a"),
    (SeriesKind::Db, "SELECT t"),
];

#[derive(Clone, Copy, Debug)]
struct Event {
    after: f64,
    late: f64,
    duration: Option<f64>,
    is_error: bool,
    series: Option<usize>,
}

/// The events that should be counted, as pairs of time and event.
#[derive(Clone)]
struct Model {
    now: f64,
    accepted: Vec<(f64, Event)>,
    /// The times of the requests of the last 60 seconds.
    seconds: Vec<f64>,
    first: f64,
    refused: u64,
}

impl Model {
    fn new() -> Self {
        Self { now: START, accepted: Vec::new(), seconds: Vec::new(), first: f64::INFINITY, refused: 0 }
    }

    fn record(&mut self, event: Event) -> (Sample, bool) {
        self.advance(event.after);
        let at = self.now - event.late;
        let is_accepted = at.min(self.now) >= self.now - WINDOW;
        if is_accepted {
            let ended = at.min(self.now);
            self.accepted.push((ended, event));
            self.first = self.first.min(ended);
            if is_request(&event) {
                self.seconds.push(ended);
            }
            self.advance(0.0);
        }
        self.refused += u64::from(!is_accepted);
        (Sample { at, duration: event.duration, is_error: event.is_error }, is_accepted)
    }

    /// Forgets what has left the window, for good.
    fn advance(&mut self, ms: f64) {
        self.now += ms;
        let oldest = (self.now / SLOT).floor() - 60.0;
        self.accepted.retain(|(at, _)| (at / SLOT).floor() >= oldest);
        let second = (self.now / 1000.0).floor() - 60.0;
        self.seconds.retain(|at| (at / 1000.0).floor() > second);
    }

    /// What a snapshot at an earlier time does: later events count as events at that time.
    fn set_back(&mut self, ms: f64) {
        self.now -= ms;
        let now = self.now;
        self.accepted.iter_mut().for_each(|(at, _)| *at = at.min(now));
        self.seconds.iter_mut().for_each(|at| *at = at.min(now));
        if self.first.is_finite() {
            self.first = self.first.min(now);
        }
    }

    fn in_window(&self, belongs: impl Fn(&Event) -> bool) -> Vec<(f64, Event)> {
        self.accepted.iter().filter(|(_, e)| belongs(e)).copied().collect()
    }

    fn counts(&self, times: impl Iterator<Item = f64>, unit: f64) -> [u32; 60] {
        let newest = (self.now / unit).floor();
        let mut counts = [0; 60];
        for at in times {
            let age = newest - (at / unit).floor();
            if age < 60.0 {
                counts[59 - age as usize] += 1;
            }
        }
        counts
    }

    /// Checks a timeline of `events` in steps of `slots` slots.
    fn check_timeline(&self, timeline: &Timeline, slots: usize, events: &[(f64, Event)]) {
        let step_ms = SLOT * slots as f64;
        let newest = (self.now / step_ms).floor();
        assert_eq!((timeline.step_ms, timeline.steps.len()), (step_ms, 60 / slots));
        assert_eq!(timeline.start_ms, (newest + 1.0 - timeline.steps.len() as f64) * step_ms);
        for (i, step) in timeline.steps.iter().enumerate() {
            let start = timeline.start_ms + i as f64 * step_ms;
            let of_step = |(at, _): &&(f64, Event)| (start..start + step_ms).contains(at);
            let events: Vec<_> = events.iter().filter(of_step).map(|(_, event)| event).collect();
            assert_eq!(step.count as usize, events.len(), "step {i}");
            assert_eq!(step.errors as usize, events.iter().filter(|event| event.is_error).count());
            let mut known: Vec<f64> = events.iter().filter_map(|event| event.duration).collect();
            known.sort_unstable_by(f64::total_cmp);
            for (per_mille, value) in [(500, step.p50_ms), (950, step.p95_ms), (990, step.p99_ms)] {
                assert_eq!(value.is_some(), !known.is_empty());
                if let Some(value) = value {
                    let exact = known[(known.len() * per_mille).div_ceil(1000) - 1].clamp(1e-6, 3.6e6);
                    assert!((value - exact).abs() <= exact * 0.01, "p{per_mille} {value} is {exact}");
                }
            }
        }
    }

    fn check_timelines(&self, stats: &mut StatsStore) {
        for slots in [1, 2, 4, 60] {
            let requests = self.in_window(is_request);
            self.check_timeline(&stats.timeline(self.now, None, slots), slots, &requests);
            for (i, (kind, name)) in NAMES.into_iter().enumerate() {
                let events = self.in_window(|e| e.series == Some(i));
                let timeline = stats.timeline(self.now, Some((kind.as_str(), name)), slots);
                self.check_timeline(&timeline, slots, &events);
            }
            self.check_timeline(&stats.timeline(self.now, Some(("_OTHER", "_OTHER")), slots), slots, &[]);
            self.check_timeline(&stats.timeline(self.now, Some(("EVT", "/a")), slots), slots, &[]);
        }
    }

    fn observed_s(&self) -> f64 {
        (self.now - self.first).clamp(1000.0, WINDOW) / 1000.0
    }

    fn check(&self, figures: &Figures, events: &[(f64, Event)], tolerance: f64) {
        assert_eq!(figures.count, events.len() as u64);
        assert_eq!(figures.errors, events.iter().filter(|(_, e)| e.is_error).count() as u64);
        let rps = if events.is_empty() { 0.0 } else { events.len() as f64 / self.observed_s() };
        assert!((figures.rps - rps).abs() <= rps * 1e-12, "rps {} is {rps}", figures.rps);
        let error_pct = figures.errors as f64 * 100.0 / figures.count.max(1) as f64;
        assert!((figures.error_pct - error_pct).abs() < 1e-9);
        let mut known: Vec<f64> = events.iter().filter_map(|(_, e)| e.duration).collect();
        known.sort_unstable_by(f64::total_cmp);
        let reported = quantiles(figures);
        for (per_mille, value) in reported {
            assert_eq!(value.is_some(), !known.is_empty());
            if let Some(value) = value {
                // Outside 1 ns to 1 h the histogram holds the bound; maximum and mean stay exact.
                let exact = known[(known.len() * per_mille).div_ceil(1000) - 1].clamp(1e-6, 3.6e6);
                assert!((value - exact).abs() <= exact * tolerance, "p{per_mille} {value} is {exact}");
                assert!(value <= figures.max_ms.unwrap());
            }
        }
        assert!(reported.windows(2).all(|pair| pair[0].1 <= pair[1].1));
        assert_eq!(figures.max_ms, known.last().copied());
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        assert!(figures.mean_ms.is_none_or(|found| (found - mean).abs() <= mean * 1e-12));
    }

    fn check_all(&self, snapshot: &Snapshot) {
        let times = |events: &[(f64, Event)]| events.iter().map(|(at, _)| *at).collect::<Vec<_>>();
        let requests = self.in_window(is_request);
        self.check(&snapshot.total, &requests, 0.01);
        assert_eq!(snapshot.slots, self.counts(times(&requests).into_iter(), SLOT));
        assert_eq!(snapshot.seconds, self.counts(self.seconds.iter().copied(), 1000.0));
        for (i, (kind, name)) in NAMES.iter().enumerate() {
            let events = self.in_window(|e| e.series == Some(i));
            let row = snapshot.series.iter().find(|row| row.kind == kind.as_str() && row.name == *name);
            assert_eq!(row.is_some(), !events.is_empty());
            if let Some(row) = row {
                self.check(&row.figures, &events, 0.01);
                assert_eq!((row.slots, row.coarse), (self.counts(times(&events).into_iter(), SLOT), false));
            }
        }
        let order: Vec<_> =
            snapshot.series.iter().map(|s| (u64::MAX - s.figures.count, s.kind, &s.name)).collect();
        assert!(order.is_sorted());
    }
}

fn is_request(event: &Event) -> bool {
    event.series.is_none_or(|series| NAMES[series].0 == SeriesKind::Req)
}

fn quantiles(figures: &Figures) -> [(usize, Option<f64>); 5] {
    let Figures { p50_ms, p90_ms, p95_ms, p99_ms, p999_ms, .. } = *figures;
    [(500, p50_ms), (900, p90_ms), (950, p95_ms), (990, p99_ms), (999, p999_ms)]
}

fn store() -> StatsStore {
    StatsStore::new(WINDOW, 8).unwrap()
}

fn play(stats: &mut StatsStore, model: &mut Model, events: &[Event]) {
    for event in events {
        let (sample, is_accepted) = model.record(*event);
        assert_eq!(stats.record(sample, model.now, event.series.map(|s| NAMES[s])), is_accepted);
    }
}

/// A distribution of durations that is difficult for some histogram.
fn durations() -> impl Strategy<Value = BoxedStrategy<f64>> {
    let any = || (-6.0..6.55f64).prop_map(|log| 10f64.powf(log)).boxed();
    prop_oneof![
        Just(any()),
        any().prop_map(|value| Just(value).boxed()),
        (any(), any()).prop_map(|(a, b)| prop_oneof![Just(a), Just(b)].boxed()),
        (any(), any()).prop_map(|(a, b)| prop_oneof![99 => a..a * 1.1, 1 => b..b * 1.1].boxed()),
        Just((0.0001..1.0f64).prop_map(|u| (1.0 / u).powi(3).min(3.6e6)).boxed()),
        (0..41i32).prop_map(|k| (0..64i32)
            .prop_map(move |i| f64::from(k * 64 + i) / 64.0)
            .prop_map(|l| l.exp2() / 1e6)
            .boxed()),
    ]
}

fn events(most: usize) -> impl Strategy<Value = Vec<Event>> {
    let after = prop_oneof![8 => 0.0..300.0, 4 => Just(0.0), 1 => 0.0..60_000.0, 1 => 0.0..0.02 * WINDOW];
    let silent = prop_oneof![30 => after, 1 => 0.0..3.0 * WINDOW, 1 => Just(1e11)];
    let late = prop_oneof![6 => Just(0.0), 2 => 0.0..30_000.0, 1 => 0.0..1.1 * WINDOW, 1 => -1e5..0.0];
    durations().prop_flat_map(move |duration| {
        let event = (silent.clone(), late.clone(), prop::option::weighted(0.9, duration), any::<bool>());
        let event = (event, prop::option::weighted(0.8, 0..NAMES.len()));
        let event = event.prop_map(|((after, late, duration, is_error), series)| {
            // Whole milliseconds: slots and seconds of the model are then exact.
            Event { after: f64::floor(after), late: f64::floor(late), duration, is_error, series }
        });
        prop::collection::vec(event, 1..most)
    })
}

/// How far a clock is set back: within a slot, within the window, and far beyond it.
fn back() -> impl Strategy<Value = f64> {
    let back = prop_oneof![2 => 1.0..1000.0, 3 => 0.0..4.0 * SLOT, 2 => 0.0..WINDOW, 1 => 0.0..1e11];
    back.prop_map(f64::floor)
}

fn cases(default: u32) -> ProptestConfig {
    let cases = std::env::var("TIDEGATE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Equal but for the rounding of means.
fn assert_same(one: &Snapshot, two: &Snapshot) {
    let (mut one, mut two) = (one.clone(), two.clone());
    let pairs = one.series.iter_mut().zip(&mut two.series).map(|(a, b)| (&mut a.figures, &mut b.figures));
    for (a, b) in pairs.chain([(&mut one.total, &mut two.total)]) {
        let (mean, other) = (a.mean_ms.take(), b.mean_ms.take());
        assert!(mean.zip(other).is_none_or(|(a, b)| (a - b).abs() <= a * 1e-12), "{mean:?} {other:?}");
    }
    assert_eq!(one, two);
}

fn bytes(stats: &mut StatsStore) -> Vec<u8> {
    let mut bytes = Vec::new();
    stats.to_bytes(&mut bytes);
    bytes
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn agrees_with_the_model(events in events(400), silence in 0.0..1.2 * WINDOW) {
        let (mut stats, mut model) = (store(), Model::new());
        play(&mut stats, &mut model, &events);
        model.check_all(&stats.snapshot(model.now));
        prop_assert_eq!(stats.refused(), model.refused);
        stats.advance(model.now);
        model.advance(silence.floor());
        stats.advance(model.now);
        let snapshot = stats.snapshot(model.now);
        model.check_all(&snapshot);
        for row in &snapshot.series {
            let kind = SeriesKind::ALL.into_iter().find(|kind| kind.as_str() == row.kind).unwrap();
            prop_assert_eq!(stats.p99(kind, &row.name), row.figures.p99_ms);
        }
        stats.advance(model.now);
        prop_assert_eq!(stats.snapshot(model.now), snapshot);
    }

    #[test]
    fn timelines_agree_with_the_model(events in events(400), late in events(100), silence in 0.0..1.2 * WINDOW) {
        let (mut stats, mut model) = (store(), Model::new());
        play(&mut stats, &mut model, &events);
        model.check_timelines(&mut stats);
        for event in late {
            play(&mut stats, &mut model, &[Event { after: 0.0, late: event.late.abs(), ..event }]);
        }
        model.check_timelines(&mut stats);
        // Of a merged form too; and reading changes nothing.
        let mut merged = store();
        merged.merge(&bytes(&mut stats)).unwrap();
        model.check_timelines(&mut merged);
        model.check_all(&stats.snapshot(model.now));
        model.advance(silence.floor());
        model.check_timelines(&mut stats);
    }

    /// Many late events of few slots: their durations are packed again and again.
    #[test]
    fn late_events_agree_with_the_model(
        events in events(900), slots in 1..4usize, names in 1..=NAMES.len(), moves in any::<bool>(),
    ) {
        let (mut stats, mut model) = (store(), Model::new());
        for (i, event) in events.iter().enumerate() {
            let late = SLOT * (1 + i % slots) as f64 + event.late.abs() % 1000.0;
            let after = if moves { event.after % 500.0 } else { 0.0 };
            let event = Event { after, late, series: event.series.map(|series| series % names), ..*event };
            play(&mut stats, &mut model, &[event]);
            if i % 300 == 299 {
                model.check_all(&stats.snapshot(model.now));
            }
        }
        model.check_all(&stats.snapshot(model.now));
        // The form has them too, and they leave the window like all others.
        let mut merged = store();
        merged.merge(&bytes(&mut stats)).unwrap();
        assert_same(&merged.snapshot(model.now), &stats.snapshot(model.now));
        model.advance(58.0 * SLOT);
        model.check_all(&stats.snapshot(model.now));
        model.advance(5.0 * SLOT);
        model.check_all(&stats.snapshot(model.now));
    }

    #[test]
    fn a_snapshot_at_an_earlier_time_moves_the_clock_back(
        parts in prop::collection::vec((events(60), back()), 1..6),
    ) {
        let (mut stats, mut model) = (store(), Model::new());
        for (events, back) in parts {
            play(&mut stats, &mut model, &events);
            model.check_all(&stats.snapshot(model.now));
            // No other call moves it.
            stats.advance(model.now - back);
            let early = Sample { at: model.now - WINDOW - 1.0, duration: None, is_error: false };
            prop_assert!(!stats.record(early, model.now - back - 1.0, None));
            model.refused += 1;
            model.check_all(&stats.snapshot(f64::NAN));
            model.set_back(back);
            model.check_all(&stats.snapshot(model.now));
            stats.advance(model.now);
            model.check_all(&stats.snapshot(model.now));
        }
        prop_assert_eq!(stats.refused(), model.refused);
    }

    #[test]
    fn shifting_moves_the_history_to_the_new_clock(events in events(100), slots in -9_000..9_000i32, rest in 0.0..SLOT) {
        let (mut stats, mut model) = (store(), Model::new());
        play(&mut stats, &mut model, &events);
        let before = stats.snapshot(model.now);
        let delta = f64::from(slots) * SLOT + rest.floor();
        stats.shift(delta);
        assert_same(&stats.snapshot(model.now + delta), &before);
        let later = stats.snapshot(model.now + delta + 61.0 * SLOT);
        prop_assert_eq!((later.total.count, later.series.len()), (0, 0));
        stats.shift(f64::NAN);
        let at = model.now + delta + 61.0 * SLOT;
        let sample = Sample { at, duration: None, is_error: false };
        prop_assert!(stats.record(sample, at, None));
        prop_assert_eq!(stats.snapshot(at).slots[59], 1);
    }

    #[test]
    fn merging_gives_what_one_would_have_seen(events in events(300), owners in prop::collection::vec(0..3usize, 300)) {
        let (mut one, mut model) = (store(), Model::new());
        let mut parts = [store(), store(), store()];
        for (event, owner) in events.iter().zip(&owners) {
            let (sample, _) = model.record(*event);
            let series = event.series.map(|s| NAMES[s]);
            one.record(sample, model.now, series);
            parts[*owner].record(sample, model.now, series);
        }
        let forms = parts.map(|mut part| bytes(&mut part));
        let expected = one.snapshot(model.now);
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut merged = store();
            order.iter().for_each(|i| merged.merge(&forms[*i]).unwrap());
            assert_same(&merged.snapshot(model.now), &expected);
            prop_assert_eq!(merged.refused(), one.refused());
        }
        let (mut left, mut right) = (store(), store());
        [1, 2].iter().for_each(|i: &usize| right.merge(&forms[*i]).unwrap());
        left.merge(&forms[0]).unwrap();
        left.merge(&bytes(&mut right)).unwrap();
        assert_same(&left.snapshot(model.now), &expected);
        // Merged events leave the window like recorded ones.
        prop_assert_eq!(left.snapshot(model.now + 61.0 * SLOT).series.len(), 0);
    }

    #[test]
    fn damaged_bytes_change_nothing(
        events in events(60), noise in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..4), cut in any::<prop::sample::Index>(),
    ) {
        let (mut stats, mut model) = (store(), Model::new());
        play(&mut stats, &mut model, &events);
        let good = bytes(&mut stats);
        let mut damaged = good.clone();
        noise.iter().for_each(|(at, byte)| damaged[at.index(good.len())] = *byte);
        prop_assume!(damaged != good);
        let mut other = store();
        other.merge(&good).unwrap();
        let before = bytes(&mut other);
        for form in [&good[..cut.index(good.len())], &damaged, &[good.clone(), vec![0]].concat(), &[]] {
            prop_assert_eq!(other.merge(form).unwrap_err().kind(), ErrorKind::StatsBytes);
            prop_assert_eq!(bytes(&mut other), before.clone());
        }
    }

    /// Who writes a form on purpose can write a right checksum too.
    #[test]
    fn hostile_forms_are_refused_or_harmless(
        events in events(60), noise in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..4),
    ) {
        let (mut stats, mut model) = (store(), Model::new());
        play(&mut stats, &mut model, &events);
        let good = bytes(&mut stats);
        let mut hostile = good[..good.len() - 4].to_vec();
        noise.iter().for_each(|(at, byte)| { let at = at.index(hostile.len()); hostile[at] = *byte; });
        hostile.extend(crc32(&hostile).to_le_bytes());
        let mut other = store();
        other.merge(&good).unwrap();
        other.snapshot(model.now);
        let before = bytes(&mut other);
        match other.merge(&hostile) {
            Err(error) => {
                prop_assert!(matches!(error.kind(), ErrorKind::StatsBytes | ErrorKind::StatsClock));
                prop_assert_eq!(bytes(&mut other), before);
            }
            // Some other numbers are another valid form. The store must accept it.
            Ok(()) => {
                let snapshot = other.snapshot(model.now);
                prop_assert!(snapshot.total.errors <= snapshot.total.count);
                let now = model.now + SLOT * 7.0;
                let sample = Sample { at: now, duration: Some(1.0), is_error: true };
                prop_assert!(other.record(sample, now, Some(NAMES[0])));
                other.advance(1e15);
                other.advance(8.64e15);
                prop_assert_eq!(other.snapshot(0.0).total.count, 0);
            }
        }
    }
}

/// CRC-32 as RFC 1952 defines it, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
        }
    }
    !crc
}

/// Stores of all kinds, as forms: empty, of one event, with rows evicted, with late events, and merged.
fn forms() -> Vec<Vec<u8>> {
    let event = Event { after: 9_000.0, late: 0.0, duration: Some(3.0), is_error: false, series: Some(0) };
    let late = Event { after: 1.0, late: 40_000.0, series: None, ..event };
    let unknown = Event { duration: None, is_error: true, series: Some(3), ..event };
    let mut forms = vec![bytes(&mut store())];
    for events in [vec![event], vec![event, unknown, late, unknown], [event, late].repeat(40)] {
        let (mut stats, mut model) = (store(), Model::new());
        play(&mut stats, &mut model, &events);
        stats.record(Sample { at: f64::NAN, duration: None, is_error: true }, model.now, None);
        forms.push(bytes(&mut stats));
    }
    let mut flooded = StatsStore::new(WINDOW, 2).unwrap();
    for i in 0..60 {
        let (at, name) = (START + f64::from(i), format!("/größe/{i}"));
        let sample = Sample { at, duration: Some(f64::from(i * i) / 7.0), is_error: false };
        flooded.record(sample, at, Some((SeriesKind::Req, &name)));
    }
    forms.push(bytes(&mut flooded));
    let mut merged = store();
    forms.iter().for_each(|form| merged.merge(form).unwrap());
    forms.push(bytes(&mut merged));
    forms
}

#[test]
fn every_single_bit_flip_is_refused_and_changes_nothing() {
    let mut target = store();
    target.merge(&forms()[2]).unwrap();
    target.snapshot(START + 60_000.0);
    let before = bytes(&mut target);
    for mut form in forms() {
        assert!(store().merge(&form).is_ok());
        for bit in 0..form.len() * 8 {
            form[bit / 8] ^= 1 << (bit % 8);
            let error = target.merge(&form).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StatsBytes, "bit {bit} of {}", form.len() * 8);
            form[bit / 8] ^= 1 << (bit % 8);
        }
    }
    assert_eq!(bytes(&mut target), before);
}

#[test]
fn a_form_without_its_checksum_or_of_another_version_is_refused() {
    for form in forms() {
        let body = &form[..form.len() - 4];
        let mut first = [body, &crc32(body).to_le_bytes()].concat();
        assert_eq!(first, form, "the checksum is that of RFC 1952");
        assert!(store().merge(body).is_err());
        for version in [0, 1, 2, 255] {
            first.truncate(body.len());
            first[3] = version;
            let checksum = crc32(&first).to_le_bytes();
            first.extend(checksum);
            assert_eq!(store().merge(&first).unwrap_err().kind(), ErrorKind::StatsBytes, "version {version}");
        }
    }
}

fn at(ms: f64) -> Sample {
    Sample { at: ms, duration: Some(5.0), is_error: false }
}

/// A store as a program has it that passes no clock but the time of each event.
fn record(stats: &mut StatsStore, ms: f64) -> bool {
    stats.record(at(ms), ms, Some(NAMES[0]))
}

#[test]
fn a_peer_whose_clock_is_ahead_is_refused_and_not_adopted() {
    for ahead in [60_001.0, 61_000.0, 3_600_000.0, 1e12, START * 999.0, 8.64e15 - START] {
        let (mut own, mut peer) = (store(), store());
        assert!(record(&mut own, START) && record(&mut peer, START + ahead));
        let before = bytes(&mut own);
        assert_eq!(own.merge(&bytes(&mut peer)).unwrap_err().kind(), ErrorKind::StatsClock, "{ahead}");
        assert_eq!(bytes(&mut own), before);
        assert!(record(&mut own, START - 800_000.0), "the clock is its own");
        // A store that knows the time, but has counted nothing.
        let mut reader = store();
        reader.snapshot(START);
        assert_eq!(reader.merge(&bytes(&mut peer)).unwrap_err().kind(), ErrorKind::StatsClock);
        reader.snapshot(START + ahead);
        assert_eq!(reader.merge(&bytes(&mut peer)), Ok(()), "its time has come");
        assert_eq!(reader.snapshot(START + ahead).total.count, 1);
    }
}

#[test]
fn peers_a_little_ahead_are_taken_and_do_not_drag_the_clock_along() {
    let mut own = store();
    assert!(record(&mut own, START));
    for ahead in [0.0, 1.0, 59_000.0, 60_000.0] {
        let mut peer = store();
        assert!(record(&mut peer, START + ahead));
        assert_eq!(own.merge(&bytes(&mut peer)), Ok(()), "{ahead}");
    }
    assert_eq!(own.snapshot(START + 60_000.0).total.count, 5);
    assert_eq!(own.snapshot(START).total.count, 5);
    // Its own clock counts, not that of the last peer: else each peer could be a minute ahead of the one before.
    let mut chain = store();
    assert!(record(&mut chain, START));
    for (ahead, is_taken) in [(50_000.0, true), (100_000.0, false), (1.0, true), (60_001.0, false)] {
        let mut peer = store();
        assert!(record(&mut peer, START + ahead));
        assert_eq!(chain.merge(&bytes(&mut peer)).is_ok(), is_taken, "{ahead}");
    }
    // Time passes for the store, though a peer was ahead of it.
    assert!(record(&mut chain, START + 45_000.0));
    let mut peer = store();
    assert!(record(&mut peer, START + 100_000.0));
    assert_eq!(chain.merge(&bytes(&mut peer)), Ok(()));
}

#[test]
fn one_wrong_time_does_no_lasting_harm() {
    for wrong in [START * 1000.0, 8.64e15, START + 1e9, START + WINDOW + SLOT * 2.0] {
        let mut stats = store();
        assert!(record(&mut stats, START) && record(&mut stats, wrong));
        assert!(!record(&mut stats, START + 1.0), "it is older than the window");
        stats.advance(START + 2.0);
        assert!(!record(&mut stats, START + 2.0), "only a snapshot moves the clock back");
        assert_eq!(stats.snapshot(f64::NAN).total.count, 1);
        // The wrong event counts as one of now: nothing later than now is known.
        let snapshot = stats.snapshot(START + 3.0);
        assert_eq!((snapshot.total.count, snapshot.slots[59], snapshot.seconds[59]), (1, 1, 1));
        for i in 0..100 {
            assert!(record(&mut stats, START + 4.0 + f64::from(i)), "{wrong}");
        }
        assert!(record(&mut stats, START - WINDOW + 60_000.0), "the whole window is open again");
        let snapshot = stats.snapshot(START + 200.0);
        assert_eq!((snapshot.total.count, snapshot.total.rps <= 102.0), (102, true));
        assert_eq!(stats.snapshot(START + 62.0 * SLOT + WINDOW).total.count, 0);
    }
    // A wrong time of a snapshot is made good in the same way.
    let mut stats = store();
    stats.snapshot(START * 1000.0);
    assert!(!record(&mut stats, START));
    stats.snapshot(START);
    assert!(record(&mut stats, START));
    for none in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 8.65e15] {
        assert_eq!(stats.snapshot(none).total.count, 1, "{none} is no time");
        assert!(!record(&mut stats, START - WINDOW - 1.0));
    }
}

#[test]
fn every_cut_of_a_form_is_refused() {
    let (mut stats, mut model) = (store(), Model::new());
    let event = Event { after: 9_000.0, late: 0.0, duration: Some(3.0), is_error: false, series: Some(0) };
    play(&mut stats, &mut model, &[event; 9]);
    let good = bytes(&mut stats);
    for cut in 0..good.len() {
        assert!(store().merge(&good[..cut]).is_err(), "cut at {cut}");
    }
    assert!(store().merge(&[&good[..], &[0]].concat()).is_err(), "one byte more");
    let mut narrow = StatsStore::new(60_000.0, 8).unwrap();
    assert!(narrow.merge(&good).unwrap_err().message().contains("a window of another length"));
}

#[test]
fn a_million_names_seen_once_leave_a_real_route_its_row() {
    let mut stats = StatsStore::new(WINDOW, 128).unwrap();
    let (memory, mut now, mut real) = (stats.memory_bytes(), START, 0);
    let ok = |at| Sample { at, duration: Some(5.0), is_error: false };
    for i in 0..1_000_000u32 {
        now += 0.5;
        let name = format!("/{:08x}", i.wrapping_mul(0x9E37_79B1));
        stats.record(ok(now), now, Some((SeriesKind::Req, &name)));
        if i % 400 == 0 {
            real += 1;
            stats.record(ok(now), now, Some((SeriesKind::Req, "/real")));
        }
    }
    let snapshot = stats.snapshot(now);
    let row = snapshot.series.iter().find(|row| row.name == "/real").unwrap();
    assert!(row.figures.count + 20 >= real, "{} of {real}", row.figures.count);
    assert_eq!(snapshot.total.count, 1_000_000 + real);
    assert_eq!(snapshot.series.iter().map(|row| row.figures.count).sum::<u64>(), 1_000_000 + real);
    assert_eq!(snapshot.series.last().map(|row| (row.kind, row.name.as_str())), Some(("_OTHER", "_OTHER")));
    assert!(stats.memory_bytes() <= memory + 129 * 64 && stats.memory_bytes() <= 2 << 20);
}

#[test]
fn equal_series_do_not_swap_rows_and_a_busier_one_takes_one() {
    let mut stats = StatsStore::new(WINDOW, 4).unwrap();
    let mut now = START;
    let mut play = |stats: &mut StatsStore, names: &[&str], rounds: usize| {
        for _ in 0..rounds {
            now += 100.0;
            for name in names {
                stats.record(
                    Sample { at: now, duration: None, is_error: false },
                    now,
                    Some((SeriesKind::Fn, name)),
                );
            }
        }
        let rows = stats.snapshot(now).series;
        let mut names: Vec<_> = rows.into_iter().map(|row| row.name).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(play(&mut stats, &["a", "b", "c", "d", "e", "f"], 4000), ["_OTHER", "a", "b", "c", "d"]);
    assert_eq!(play(&mut stats, &["a", "b", "c", "new"], 8000), ["_OTHER", "a", "b", "c", "new"]);
}

#[test]
fn a_row_is_not_lost_to_a_slightly_busier_series() {
    let mut stats = StatsStore::new(WINDOW, 1).unwrap();
    let mut record = |name: &str, times: usize| {
        for _ in 0..times {
            let sample = Sample { at: START, duration: None, is_error: false };
            stats.record(sample, START, Some((SeriesKind::Db, name)));
        }
        stats.snapshot(START).series.into_iter().map(|row| (row.name, row.figures.count)).collect::<Vec<_>>()
    };
    record("first", 20);
    for _ in 0..400 {
        record("first", 10);
        record("second", 11);
    }
    assert_eq!(record("first", 0).iter().find(|row| row.0 == "first").map(|row| row.1), Some(4020));
    // A series keeps the estimate by which it took the row: an equal one does not take it back.
    record("third", 4500);
    for _ in 0..4600 {
        record("third", 1);
        record("fourth", 1);
    }
    assert!(record("third", 0).iter().any(|row| row.0 == "third" && row.1 >= 4500));
}

#[test]
fn a_row_without_events_is_given_at_once() {
    let mut stats = StatsStore::new(WINDOW, 1).unwrap();
    let sample = |at| Sample { at, duration: Some(1.0), is_error: false };
    stats.record(sample(START), START, Some((SeriesKind::Db, "old")));
    let later = START + 62.0 * SLOT;
    stats.record(sample(later), later, Some((SeriesKind::Db, "new")));
    let snapshot = stats.snapshot(later);
    assert_eq!(snapshot.series.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["new"]);
    assert_eq!(snapshot.total.count, 0);
}

#[test]
fn unusable_events_are_refused_and_counted() {
    let mut stats = store();
    let refused = [
        (START, Some(f64::NAN)),
        (START, Some(-1e-9)),
        (START, Some(f64::INFINITY)),
        (f64::NAN, None),
        (f64::NEG_INFINITY, None),
        (START - WINDOW - 1.0, None),
    ];
    for (at, duration) in refused {
        assert!(!stats.record(Sample { at, duration, is_error: false }, START, Some(NAMES[0])));
    }
    assert!(stats.record(Sample { at: START, duration: Some(0.0), is_error: false }, f64::NAN, None));
    assert_eq!((stats.refused(), stats.snapshot(START).total.count), (6, 1));
}

#[test]
fn an_empty_store_reads_zero() {
    let Snapshot { total, series, .. } = store().snapshot(START);
    assert_eq!((total.count, total.rps, total.error_pct, series.len()), (0, 0.0, 0.0, 0));
    assert!(quantiles(&total).iter().all(|(_, value)| value.is_none()));
    assert_eq!((total.max_ms, total.mean_ms), (None, None));
}

#[test]
fn options_out_of_range_name_themselves() {
    for series in [0, 1025] {
        let error = StatsStore::new(WINDOW, series).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::OutOfRange("series"));
    }
    for window in [0.0, f64::NAN, f64::INFINITY, -1.0] {
        let error = StatsStore::new(window, 1).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::OutOfRange("window_ms"));
    }
    assert!(StatsStore::new(WINDOW, 128).unwrap().memory_bytes() <= 2 << 20);
}
