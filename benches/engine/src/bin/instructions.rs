//! Plays a number of requests, under a tool that counts instructions: `instructions CASE REQUESTS`.

use std::process::ExitCode;
use tidegate_engine_bench::{CASES, Case, Host};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let case = args.next().and_then(|name| Case::named(&name));
    let count = args.next().and_then(|count| count.parse().ok());
    let (Some(case), Some(count)) = (case, count) else {
        eprintln!("usage: instructions CASE REQUESTS, one of {:?}", CASES.map(|case| case.name));
        return ExitCode::FAILURE;
    };
    let mut host = Host::new(case);
    host.play(count);
    if host.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
