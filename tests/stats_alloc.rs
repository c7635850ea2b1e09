//! In the steady state recording allocates nothing.
#![cfg(not(target_arch = "wasm32"))]

mod alloc;

use alloc::CALLS;
use tidegate::engine::stats::{Sample, SeriesKind, StatsStore};

/// Records events of 40 series, of which 8 have rows. Some events are late.
fn run(stats: &mut StatsStore, names: &[String], start: f64, events: usize) {
    for i in 0..events {
        let now = start + i as f64 * 20.0;
        let at = if i % 50 == 0 { now - 100_000.0 } else { now };
        let duration = Some(0.01 * (1.0 + (i * 7919 % 100_003) as f64));
        let name = if i % 10 < 8 { i % 8 } else { i % names.len() };
        stats.record(Sample { at, duration, is_error: false }, now, Some((SeriesKind::Req, &names[name])));
        if i % 25 == 0 {
            stats.advance(now);
        }
    }
}

#[test]
fn steady_state_recording_allocates_nothing() {
    let names: Vec<String> = (0..40).map(|i| format!("/route/of/some/length/{i:02}")).collect();
    let Ok(mut stats) = StatsStore::new(900_000.0, 8) else { panic!("the options are good") };
    run(&mut stats, &names, 1e12, 30_000);
    let before = CALLS.get();
    run(&mut stats, &names, 1e12 + 6e5, 60_000);
    stats.advance(1e12 + 1e9);
    assert_eq!(CALLS.get() - before, 0);
    drop(std::hint::black_box(vec![0u8; 9]));
    assert_ne!(CALLS.get() - before, 0, "the allocator does not count");
    assert_eq!(stats.snapshot(0.0).total.count, 0);
}
