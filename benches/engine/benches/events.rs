//! `cargo bench`: nanoseconds for a batch of 256 requests.

use criterion::{Criterion, criterion_group, criterion_main};
use tidegate_engine_bench::{BATCH, CASES, Host};

fn events(criterion: &mut Criterion) {
    for (name, sink, flood) in CASES {
        let mut host = Host::new(sink, flood);
        criterion.bench_function(name, |bencher| bencher.iter(|| host.play(BATCH)));
        assert!(host.is_whole());
    }
}

criterion_group!(benches, events);
criterion_main!(benches);
