//! Plays requests on demand and prints how long they took: `turns CASE`, then one number of requests per line.
//!
//! It prints `"ready"` first, then the nanoseconds per request for each line. At the end it prints `{}` if nothing was lost.

use std::io::{self, BufRead};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tidegate_engine_bench::{BATCH, CASES, Case, Host};

fn main() -> ExitCode {
    let case = std::env::args().nth(1).and_then(|name| Case::named(&name));
    let Some(case) = case else {
        eprintln!("usage: turns CASE, one of {:?}", CASES.map(|case| case.name));
        return ExitCode::FAILURE;
    };
    let mut host = Host::new(case);
    let start = Instant::now();
    while start.elapsed() < WARM_UP {
        host.play(10 * BATCH);
    }
    println!("\"ready\"");
    for line in io::stdin().lock().lines() {
        let Some(count) = line.ok().and_then(|line| line.trim().parse().ok()) else {
            return ExitCode::FAILURE;
        };
        let start = Instant::now();
        host.play(count);
        println!("{}", start.elapsed().as_nanos() as f64 / count as f64);
    }
    if !host.is_whole() {
        return ExitCode::FAILURE;
    }
    println!("{{}}");
    ExitCode::SUCCESS
}

const WARM_UP: Duration = Duration::from_millis(500);
