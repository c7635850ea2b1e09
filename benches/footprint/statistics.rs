//! Statistics under realistic load: their memory, and which rows coarsen.
//!
//! 128 series, requests spread over them by Zipf's law, lognormal durations, 15 minutes simulated.

use std::time::Instant;
use tidegate::engine::rng::Rng;
use tidegate::engine::stats::{Sample, SeriesKind, StatsStore};

/// Prints one paragraph for each load.
pub fn print() -> Result<(), tidegate::engine::Error> {
    for (per_second, sigma) in [(100, 0.5), (100, 1.0), (1000, 1.0), (5000, 0.5), (5000, 1.0), (5000, 2.0)] {
        simulate(per_second, sigma)?;
    }
    Ok(())
}

fn simulate(per_second: usize, sigma: f64) -> Result<(), tidegate::engine::Error> {
    let mut stats = StatsStore::new(900_000.0, 128)?;
    let mut rng = Rng::from_seed(1);
    let names: Vec<String> = (0..128).map(|i| format!("/route/{i}")).collect();
    let mut sums = vec![0.0];
    names.iter().enumerate().for_each(|(i, _)| sums.push(sums[i] + 1.0 / (i as f64 + 1.0)));
    let events: Vec<(usize, f64)> = (0..1_000_000)
        .map(|_| {
            let share = rng.draw() * sums[128];
            let route = sums.partition_point(|sum| *sum <= share) - 1;
            let normal = (-2.0 * (1.0 - rng.draw()).ln()).sqrt() * (rng.draw() * std::f64::consts::TAU).cos();
            let typical = 2.0 * (1.0 + (route % 10) as f64 * 5.0);
            (route.min(127), typical * (sigma * normal).exp())
        })
        .collect();
    let (seconds, mut now, mut advancing) = (960, 1.76e12, 0.0f64);
    let started = Instant::now();
    for second in 0..seconds {
        let tick = Instant::now();
        stats.advance(now);
        advancing = advancing.max(tick.elapsed().as_secs_f64());
        for i in 0..per_second {
            let at = now + i as f64 * 1000.0 / per_second as f64;
            let (route, ms) = events[(second * per_second + i) % events.len()];
            let sample = Sample { at, duration: Some(ms), is_error: ms > 1000.0 };
            stats.record(sample, at, Some((SeriesKind::Req, &names[route])));
        }
        now += 1000.0;
    }
    let per_event = started.elapsed().as_nanos() as usize / (seconds * per_second);
    let mut bytes = Vec::new();
    stats.to_bytes(&mut bytes);
    let started = Instant::now();
    let snapshot = stats.snapshot(now);
    let took = started.elapsed().as_micros();
    let coarse: Vec<&str> =
        snapshot.series.iter().filter(|s| s.coarse).map(|s| s.name.trim_start_matches("/route/")).collect();
    println!(
        "{per_second}/s, sigma {sigma}: {} KiB, {} rows, {} coarse, bytes {} KiB",
        stats.memory_bytes() / 1024,
        snapshot.series.len(),
        coarse.len(),
        bytes.len() / 1024
    );
    println!("  record {per_event} ns, longest advance {:.0} us, snapshot {took} us", advancing * 1e6);
    if !coarse.is_empty() {
        println!("  coarse routes, most events first: {}", coarse.join(" "));
    }
    Ok(())
}
