//! Plays a number of requests, under a tool that counts instructions: `instructions CASE REQUESTS`.

use std::process::ExitCode;
use tidegate_engine_bench::{CASES, Host};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let case = args.next().and_then(|name| CASES.into_iter().find(|(case, ..)| *case == name));
    let count = args.next().and_then(|count| count.parse().ok());
    let (Some((_, sink, flood)), Some(count)) = (case, count) else {
        eprintln!(
            "usage: instructions <statistics | ndjson | ndjson-new-routes | otlp-protobuf | otlp-json> REQUESTS"
        );
        return ExitCode::FAILURE;
    };
    let mut host = Host::new(sink, flood);
    host.play(count);
    if host.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
