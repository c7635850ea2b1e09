//! `cargo bench`: nanoseconds for a batch of 256 requests.

use criterion::{Criterion, criterion_group, criterion_main};
use tidegate_engine_bench::{BATCH, CASES, Host};

fn events(criterion: &mut Criterion) {
    for case in CASES {
        let mut host = Host::new(case);
        criterion.bench_function(case.name, |bencher| bencher.iter(|| host.play(BATCH)));
        assert!(host.is_whole());
    }
}

criterion_group!(benches, events);
criterion_main!(benches);
