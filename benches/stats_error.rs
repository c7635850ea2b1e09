//! The worst relative error of the percentiles on hostile distributions:
//! `cargo bench --bench stats_error`.

use tidegate::engine::rng::Rng;
use tidegate::engine::stats::{Sample, StatsStore};

const RUNS: u64 = 20;
const EVENTS: usize = 50_000;

type Draw = fn(&mut Rng, f64) -> f64;

/// Each draws a duration in ms; the second argument is one random number of the run.
const DISTRIBUTIONS: [(&str, Draw); 10] = [
    ("constant", |_, run| 10f64.powf(run * 12.0 - 6.0)),
    ("two values", |rng, run| if rng.draw() < 0.5 { 1e-6 } else { 3.6e6 * (run + 1e-9) }),
    (
        "bimodal, 1 % slow",
        |rng, run| if rng.draw() < 0.99 { 1.0 + run + rng.draw() } else { 900.0 + rng.draw() },
    ),
    ("uniform 0 … 1 s", |rng, _| rng.draw() * 1000.0),
    ("uniform-log 1 ns … 1 h", |rng, _| 10f64.powf(rng.draw() * 12.55 - 6.0)),
    ("exponential", |rng, run| -(1.0 - rng.draw()).ln() * (1.0 + run * 50.0)),
    ("lognormal, sigma 2", |rng, _| (2.0 * normal(rng)).exp()),
    ("Pareto, alpha 0.5", |rng, run| ((0.1 + run) / (1.0 - rng.draw()).powi(2)).min(3.6e6)),
    ("bucket bounds", |rng, _| ((rng.draw() * 2624.0).floor() / 64.0).exp2() / 1e6),
    ("just above bucket bounds", |rng, _| {
        ((rng.draw() * 2624.0).floor() / 64.0).exp2() / 1e6 * (1.0 + 1e-15)
    }),
];

fn main() -> Result<(), tidegate::engine::Error> {
    println!("worst relative error in %, {RUNS} runs of {EVENTS} events each");
    println!("{:26}{:>8}{:>8}{:>8}{:>8}{:>8}", "", "p50", "p90", "p95", "p99", "p999");
    for (name, draw) in DISTRIBUTIONS {
        let mut worst = [0.0f64; 5];
        for seed in 0..RUNS {
            let errors = measure(seed, draw)?;
            worst.iter_mut().zip(errors).for_each(|(worst, error)| *worst = worst.max(error));
        }
        let cells: String = worst.iter().map(|error| format!("{:>8.3}", error * 100.0)).collect();
        println!("{name:26}{cells}");
    }
    Ok(())
}

fn measure(seed: u64, draw: Draw) -> Result<[f64; 5], tidegate::engine::Error> {
    let (mut rng, now) = (Rng::from_seed(seed), 1.76e12);
    let run = rng.draw();
    let mut exact: Vec<f64> = (0..EVENTS).map(|_| draw(&mut rng, run)).collect();
    let mut stats = StatsStore::new(900_000.0, 1)?;
    for ms in &exact {
        stats.record(Sample { at: now, duration: Some(*ms), is_error: false }, now, None);
    }
    exact.sort_unstable_by(f64::total_cmp);
    let total = stats.snapshot(now).total;
    let found = [total.p50_ms, total.p90_ms, total.p95_ms, total.p99_ms, total.p999_ms];
    let at = |per_mille: usize| exact[(EVENTS * per_mille).div_ceil(1000) - 1];
    let exact = [500, 900, 950, 990, 999].map(at);
    Ok(std::array::from_fn(|i| (found[i].unwrap_or(f64::NAN) / exact[i] - 1.0).abs()))
}

fn normal(rng: &mut Rng) -> f64 {
    (-2.0 * (1.0 - rng.draw()).ln()).sqrt() * (rng.draw() * std::f64::consts::TAU).cos()
}
