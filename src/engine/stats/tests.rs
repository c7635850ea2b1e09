//! The invariants of a store, above all when its pool runs out.

use super::bytes::append_checksum;
use super::sample::{Sample, SeriesKind};
use super::series::{OTHER, TOTAL};
use super::store::StatsStore;
use super::{bucket, window};
use crate::engine::rng::Rng;

const START: f64 = 1_760_000_000_000.0;

/// The figures of what was recorded.
#[derive(Default)]
struct Totals {
    count: u64,
    errors: u64,
    sum: f64,
    max: f64,
}

/// Records `rounds` slots of `events` events, over `series` names and all durations.
fn flood(stats: &mut StatsStore, rng: &mut Rng, rounds: usize, events: usize, series: usize) -> Totals {
    let mut totals = Totals::default();
    let start = stats.window.now().max(START);
    for i in 0..rounds * events {
        let now = start + i as f64 * 15_000.0 / events as f64;
        let ms = 10f64.powf(rng.draw() * 12.0 - 6.0);
        let name = format!("/{}", (rng.draw().powi(2) * series as f64) as usize);
        let at = now - if i % 16 == 0 { rng.draw() * 60_000.0 } else { 0.0 };
        let sample = Sample { at, duration: Some(ms), is_error: i % 3 == 0 };
        assert!(stats.record(sample, now, Some((SeriesKind::Req, &name))));
        totals.count += 1;
        totals.errors += u64::from(sample.is_error);
        totals.sum += ms;
        totals.max = totals.max.max(ms);
    }
    totals
}

/// Asserts that the live histogram of each row is the sum of its slots, and that each block has one owner.
fn check_invariants(stats: &mut StatsStore) {
    let mut blocks = stats.table.pool().free();
    for number in 0..stats.table.used() {
        let (row, arena) = stats.table.row_mut(number);
        blocks += row.blocks(&arena.pool);
        assert_eq!(row.count, row.slots().iter().map(|slot| slot.count).sum::<u32>());
        let mut sum = vec![0u64; bucket::BUCKETS];
        for position in 0..window::SLOTS {
            row.copy_slot(arena, position, position == stats.window.open(), 0);
            let steps = row.live().shift() - arena.scratch.shift();
            arena.scratch.entries().for_each(|(bucket, n)| sum[bucket >> steps] += u64::from(n));
        }
        arena.scratch.start(row.live().shift());
        row.live().copy_to(&arena.pool, &mut arena.scratch);
        arena.scratch.entries().for_each(|(bucket, n)| sum[bucket] -= u64::from(n));
        assert!(sum.iter().all(|count| *count == 0), "row {number}");
        arena.scratch.start(0);
    }
    assert_eq!(blocks, stats.table.pool().capacity());
}

fn check_totals(stats: &mut StatsStore, expected: &Totals) {
    let snapshot = stats.snapshot(0.0);
    let rows = snapshot.series.iter().map(|row| &row.figures);
    let (mut count, mut errors, mut known, mut max) = (0, 0, 0.0, 0.0f64);
    for row in rows {
        (count, errors) = (count + row.count, errors + row.errors);
        known += row.mean_ms.unwrap_or(0.0) * row.count as f64;
        max = max.max(row.max_ms.unwrap_or(0.0));
    }
    assert_eq!((count, errors), (expected.count, expected.errors));
    assert_eq!((snapshot.total.count, snapshot.total.errors), (expected.count, expected.errors));
    assert_eq!((max, snapshot.total.max_ms), (expected.max, Some(expected.max)));
    assert!((known / expected.sum - 1.0).abs() < 1e-9);
    assert_eq!(stats.table.row(TOTAL).live().total(), expected.count as u32);
}

#[test]
fn a_pool_run_dry_coarsens_and_loses_nothing() {
    let mut stats = StatsStore::with_pool(900_000.0, 16, 3700);
    let totals = flood(&mut stats, &mut Rng::from_seed(1), 55, 600, 16);
    check_invariants(&mut stats);
    check_totals(&mut stats, &totals);
    let rows = stats.snapshot(0.0).series;
    assert!(rows.iter().any(|row| row.coarse) && rows.iter().any(|row| !row.coarse));
    let (hottest, coldest) = (rows.first(), rows.last());
    assert!(hottest.zip(coldest).is_some_and(|(hot, cold)| !hot.coarse && cold.coarse), "coldest first");
    assert_eq!(rows.len(), 16);
    // While blocks are short, rows stay coarse. A window later the last coarse slot has left.
    let now = stats.window.now() + 5.0 * 15_000.0;
    stats.advance(now);
    for step in 0..125 {
        let now = now + f64::from(step) * 15_000.0;
        let sample = Sample { at: now, duration: Some(3.0), is_error: false };
        (0..16).for_each(|i| _ = stats.record(sample, now, Some((SeriesKind::Req, &format!("/{i}")))));
        if step % 9 == 0 {
            check_invariants(&mut stats);
        }
    }
    assert!(stats.snapshot(0.0).series.iter().all(|row| !row.coarse));
}

#[test]
fn a_pool_far_too_small_folds_rows_and_loses_nothing() {
    for blocks in [300, 700] {
        let mut stats = StatsStore::with_pool(900_000.0, 16, blocks);
        let mut rng = Rng::from_seed(2);
        let totals = flood(&mut stats, &mut rng, 30, 300, 24);
        check_invariants(&mut stats);
        check_totals(&mut stats, &totals);
        assert!(stats.table.row(OTHER).count > 0);
        flood(&mut stats, &mut rng, 66, 30, 24);
        check_invariants(&mut stats);
        stats.advance(9e14);
        assert_eq!(stats.table.pool().free(), blocks);
    }
}

#[test]
fn merging_into_a_small_pool_loses_nothing() {
    let mut large = StatsStore::with_pool(900_000.0, 16, 9000);
    let totals = flood(&mut large, &mut Rng::from_seed(3), 40, 500, 16);
    let mut bytes = Vec::new();
    large.to_bytes(&mut bytes);
    let mut small = StatsStore::with_pool(900_000.0, 8, 900);
    assert_eq!(small.merge(&bytes), Ok(()));
    check_invariants(&mut small);
    check_totals(&mut small, &totals);
    bytes.clear();
    small.to_bytes(&mut bytes);
    assert_eq!(large.merge(&bytes), Ok(()));
    check_invariants(&mut large);
    let twice =
        Totals { count: 2 * totals.count, errors: 2 * totals.errors, sum: 2.0 * totals.sum, ..totals };
    check_totals(&mut large, &twice);
}

#[test]
fn eviction_folds_the_history_slot_by_slot() {
    let mut stats = StatsStore::with_pool(900_000.0, 2, 3000);
    let mut record = |name: &str, slot: usize, ms: f64| {
        let now = START + slot as f64 * 15_000.0;
        stats.record(
            Sample { at: now, duration: Some(ms), is_error: false },
            now,
            Some((SeriesKind::Db, name)),
        );
    };
    (0..3).for_each(|slot| record("cold", slot, 100.0));
    (0..9).for_each(|_| record("warm", 3, 1.0));
    (0..9).for_each(|_| record("newcomer", 3, 1.0));
    check_invariants(&mut stats);
    let rows = stats.snapshot(0.0).series;
    let names: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.figures.count)).collect();
    // The first three events of the new series had no row yet.
    assert_eq!(names, [("warm", 9), ("newcomer", 6), ("_OTHER", 6)]);
    assert_eq!((rows[2].slots[56..].to_vec(), rows[2].figures.max_ms), (vec![1, 1, 1, 3], Some(100.0)));
}

#[test]
fn counters_cannot_overflow() {
    let mut bytes = Vec::new();
    let mut stats = StatsStore::with_pool(900_000.0, 1, 500);
    stats.record(Sample { at: START, duration: None, is_error: false }, START, None);
    stats.to_bytes(&mut bytes);
    let at = bytes.windows(4).position(|four| four == [0, 0, 1, 0]).map(|at| at + 4);
    // The row has kind 0, no name and one slot of age 0. Its count of 1 becomes 2^32 - 2.
    let Some(at) = at else { panic!("the form has one row") };
    assert_eq!(bytes[at], 1);
    bytes.truncate(bytes.len() - 4);
    bytes.splice(at..=at, [0xFE, 0xFF, 0xFF, 0xFF, 0x0F]);
    append_checksum(&mut bytes, 0);
    let mut full = StatsStore::with_pool(900_000.0, 1, 500);
    assert_eq!(full.merge(&bytes), Ok(()));
    assert!(full.merge(&bytes).is_err() && stats.merge(&bytes).is_ok());
    assert!(!full.record(Sample { at: START, duration: None, is_error: true }, START, None));
    assert_eq!((full.snapshot(0.0).total.count, full.refused()), (u64::from(u32::MAX) - 1, 1));
}

#[test]
fn late_events_that_fill_the_pool_are_packed_before_anything_becomes_coarse() {
    for blocks in [1400, 1600, 3000] {
        let mut stats = StatsStore::with_pool(900_000.0, 16, blocks);
        let mut expected = Totals::default();
        stats.advance(START);
        for i in 0..40_000 {
            let (slot, ms) = ((i * 7) % 60, f64::from(1 + i % 40));
            let at = START - f64::from(slot) * 15_000.0;
            let sample = Sample { at, duration: Some(ms), is_error: i % 3 == 0 };
            assert!(stats.record(sample, START, Some((SeriesKind::Req, &format!("/{}", i / 60 % 16)))));
            expected.count += 1;
            expected.errors += u64::from(sample.is_error);
            expected.sum += ms;
            expected.max = expected.max.max(ms);
            if i % 1000 == 0 {
                check_invariants(&mut stats);
            }
        }
        check_invariants(&mut stats);
        check_totals(&mut stats, &expected);
        assert!(stats.snapshot(0.0).series.iter().all(|row| !row.coarse), "{blocks} blocks");
        stats.advance(9e14);
        assert_eq!(stats.table.pool().free(), blocks);
    }
}

#[test]
fn a_clock_that_is_set_back_loses_nothing_though_blocks_are_short() {
    for blocks in [300, 700, 3700] {
        let mut stats = StatsStore::with_pool(900_000.0, 16, blocks);
        let mut rng = Rng::from_seed(4);
        let totals = flood(&mut stats, &mut rng, 50, 300, 24);
        for back in [1.0, 15_000.0, 15_001.0, 200_000.0, 1e6, 1e12] {
            let now = stats.window.now() - back;
            assert_eq!(stats.snapshot(now).total.count, totals.count);
            assert_eq!(stats.window.now(), now);
            check_invariants(&mut stats);
            check_totals(&mut stats, &totals);
        }
        let slots = stats.snapshot(0.0).slots;
        assert_eq!(u64::from(slots[59]), totals.count, "all of them are later than now");
        flood(&mut stats, &mut rng, 66, 30, 24);
        check_invariants(&mut stats);
        stats.advance(9e14);
        assert_eq!(stats.table.pool().free(), blocks);
    }
}

fn query(stats: &mut StatsStore, at: f64, name: &str, usage: Option<[f64; 2]>) {
    let series = (SeriesKind::Db, name);
    assert!(stats.record(Sample { at, duration: Some(1.0), is_error: false }, at, Some(series)));
    if let Some(usage) = usage {
        stats.add_usage(at, series, usage);
    }
}

/// Rows read and written, by series.
fn usage(stats: &mut StatsStore, now: f64) -> Vec<(String, Option<f64>, Option<f64>)> {
    let rows = stats.snapshot(now).series;
    rows.into_iter().map(|row| (row.name, row.rows_read, row.rows_written)).collect()
}

#[test]
fn rows_read_and_written_are_summed_over_the_window() {
    let mut stats = StatsStore::with_pool(900_000.0, 8, 500);
    for n in 0..10 {
        query(&mut stats, START + f64::from(n) * 60_000.0, "a", Some([f64::from(n), 1.0]));
        query(&mut stats, START + f64::from(n) * 60_000.0, "b", None);
    }
    let now = START + 540_000.0;
    let of = |read, written| vec![("a".into(), Some(read), Some(written)), ("b".into(), None, None)];
    assert_eq!(usage(&mut stats, now), of(45.0, 10.0));
    // What later slots have counts in the one of the earlier time.
    assert_eq!(usage(&mut stats, now - 300_000.0), of(45.0, 10.0));
    // The first two minutes have left the window.
    let mut stats = StatsStore::with_pool(900_000.0, 8, 500);
    for n in 0..10 {
        query(&mut stats, START + f64::from(n) * 60_000.0, "a", Some([f64::from(n), 1.0]));
        query(&mut stats, START + f64::from(n) * 60_000.0, "b", None);
    }
    assert_eq!(usage(&mut stats, START + 900_000.0 + 75_000.0), of(44.0, 8.0));
    query(&mut stats, START + 5e6, "a", None);
    assert_eq!(usage(&mut stats, START + 5e6)[0].0, "a");
    assert!(usage(&mut stats, START + 5e6)[0].1.is_none_or(|read| read == 0.0));
}

#[test]
fn rows_read_and_written_are_merged_and_folded() {
    let (mut one, mut two) =
        (StatsStore::with_pool(900_000.0, 8, 500), StatsStore::with_pool(900_000.0, 8, 500));
    query(&mut one, START, "a", Some([7.0, 0.0]));
    query(&mut one, START + 60_000.0, "zero", Some([0.0, 0.0]));
    query(&mut two, START + 30_000.0, "a", Some([1e15, 3.0]));
    query(&mut two, START + 90_000.0, "c", None);
    let mut merged = StatsStore::with_pool(900_000.0, 8, 500);
    for store in [&mut one, &mut two] {
        let mut bytes = Vec::new();
        store.to_bytes(&mut bytes);
        assert_eq!(merged.merge(&bytes), Ok(()));
    }
    let wanted = [
        ("a".to_owned(), Some(1e15 + 7.0), Some(3.0)),
        ("c".to_owned(), None, None),
        ("zero".to_owned(), Some(0.0), Some(0.0)),
    ];
    assert_eq!(usage(&mut merged, START + 90_000.0), wanted);
    // A series that loses its row counts in `_OTHER`, whether anything was known there or not.
    let mut small = StatsStore::with_pool(900_000.0, 1, 500);
    query(&mut small, START, "a", Some([5.0, 1.0]));
    (0..50).for_each(|_| query(&mut small, START, "b", None));
    let folded = [("b".to_owned(), None, None), ("_OTHER".to_owned(), Some(5.0), Some(1.0))];
    assert_eq!(usage(&mut small, START), folded);
    let mut small = StatsStore::with_pool(900_000.0, 1, 500);
    query(&mut small, START, "a", Some([5.0, 1.0]));
    (0..50).for_each(|_| query(&mut small, START, "b", Some([1.0, 0.0])));
    let rows = usage(&mut small, START);
    let sum = rows.iter().map(|(_, read, _)| read.unwrap()).sum::<f64>();
    assert_eq!((sum, rows.len(), rows[1].0.as_str()), (55.0, 2, "_OTHER"));
}
