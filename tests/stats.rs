//! The statistics against an exact model: sorted values, events by slot.
//!
//! `TIDEGATE_CASES` sets the number of cases a property.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use tidegate::engine::ErrorKind;
use tidegate::engine::stats::{Figures, Sample, SeriesKind, Snapshot, StatsStore};

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
#[derive(Clone, Default)]
struct Model {
    now: f64,
    accepted: Vec<(f64, Event)>,
    refused: u64,
}

impl Model {
    fn record(&mut self, event: Event) -> (Sample, bool) {
        self.now += event.after;
        let at = self.now - event.late;
        let is_accepted = at.min(self.now) >= self.now - WINDOW;
        if is_accepted {
            self.accepted.push((at.min(self.now), event));
        }
        self.refused += u64::from(!is_accepted);
        (Sample { at, duration: event.duration, is_error: event.is_error }, is_accepted)
    }

    fn in_window(&self, belongs: impl Fn(&Event) -> bool) -> Vec<(f64, Event)> {
        let oldest = (self.now / SLOT).floor() - 60.0;
        let in_window = self.accepted.iter().filter(|(at, e)| (at / SLOT).floor() >= oldest && belongs(e));
        in_window.copied().collect()
    }

    fn counts(&self, events: &[(f64, Event)], unit: f64) -> [u32; 60] {
        let newest = (self.now / unit).floor();
        let mut counts = [0; 60];
        for (at, _) in events {
            let age = newest - (at / unit).floor();
            if age < 60.0 {
                counts[59 - age as usize] += 1;
            }
        }
        counts
    }

    fn observed_s(&self) -> f64 {
        let first = self.accepted.iter().fold(f64::INFINITY, |first, (at, _)| first.min(*at));
        (self.now - first).clamp(1000.0, WINDOW) / 1000.0
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
        let requests = self.in_window(|e| e.series.is_none_or(|s| NAMES[s].0 == SeriesKind::Req));
        self.check(&snapshot.total, &requests, 0.01);
        assert_eq!(snapshot.slots, self.counts(&requests, SLOT));
        let seconds: Vec<_> = requests.iter().copied().filter(|(at, _)| self.now - at < 61_000.0).collect();
        assert_eq!(snapshot.seconds, self.counts(&seconds, 1000.0));
        for (i, (kind, name)) in NAMES.iter().enumerate() {
            let events = self.in_window(|e| e.series == Some(i));
            let row = snapshot.series.iter().find(|row| row.kind == kind.as_str() && row.name == *name);
            assert_eq!(row.is_some(), !events.is_empty());
            if let Some(row) = row {
                self.check(&row.figures, &events, 0.01);
                assert_eq!((row.slots, row.coarse), (self.counts(&events, SLOT), false));
            }
        }
        let order: Vec<_> =
            snapshot.series.iter().map(|s| (u64::MAX - s.figures.count, s.kind, &s.name)).collect();
        assert!(order.is_sorted());
    }
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
        let (mut stats, mut model) = (store(), Model { now: START, ..Model::default() });
        play(&mut stats, &mut model, &events);
        model.check_all(&stats.snapshot(model.now));
        prop_assert_eq!(stats.refused(), model.refused);
        stats.advance(model.now);
        model.now += silence.floor();
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
    fn shifting_moves_the_history_to_the_new_clock(events in events(100), slots in -9_000..9_000i32, rest in 0.0..SLOT) {
        let (mut stats, mut model) = (store(), Model { now: START, ..Model::default() });
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
        let (mut one, mut model) = (store(), Model { now: START, ..Model::default() });
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
    fn hostile_bytes_change_nothing(
        events in events(60), noise in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..4), cut in any::<prop::sample::Index>(),
    ) {
        let (mut stats, mut model) = (store(), Model { now: START, ..Model::default() });
        play(&mut stats, &mut model, &events);
        let good = bytes(&mut stats);
        let mut damaged = good.clone();
        noise.iter().for_each(|(at, byte)| damaged[at.index(good.len())] = *byte);
        for form in [&good[..cut.index(good.len())], &damaged, &[good.clone(), vec![0]].concat(), &[]] {
            let mut other = store();
            other.merge(&good).unwrap();
            let before = bytes(&mut other);
            match other.merge(form) {
                Err(error) => {
                    prop_assert_eq!(error.kind(), ErrorKind::StatsBytes);
                    prop_assert_eq!(bytes(&mut other), before);
                }
                // Some damage gives another valid form. The store must accept it.
                Ok(()) => {
                    let snapshot = other.snapshot(model.now);
                    prop_assert!(snapshot.total.errors <= snapshot.total.count);
                    let now = model.now + SLOT * 7.0;
                    other.record(Sample { at: now, duration: Some(1.0), is_error: true }, now, Some(NAMES[0]));
                    other.advance(1e15);
                    other.advance(8.64e15);
                    prop_assert_eq!(other.snapshot(0.0).total.count, 0);
                }
            }
        }
    }
}

#[test]
fn every_cut_of_a_form_is_refused() {
    let (mut stats, mut model) = (store(), Model { now: START, ..Model::default() });
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
