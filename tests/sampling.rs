//! The sampling rules beyond the shared vectors: refusals, `p`, draws, defaults.

#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::rc::Rc;

use tidegate::engine::ErrorKind;
use tidegate::engine::sampling::*;

fn policy(change: impl FnOnce(&mut SamplingOptions)) -> Policy {
    let mut options = SamplingOptions::default();
    change(&mut options);
    Policy::new(&options).unwrap()
}

#[test]
fn defaults() {
    let options = SamplingOptions::default();
    assert_eq!(options.rate, 1.0);
    assert!(options.exclude.is_empty() && options.overrides.is_empty());
    assert!(options.always_sample_errors);
    assert_eq!(options.error_threshold, 500);
    assert_eq!(options.keep_slow, None);
    assert!(!options.respect_parent);
    assert_eq!(options.seed, None);
    assert_eq!(DEFAULT_ERROR_THRESHOLD, 500);
}

#[test]
fn a_bad_rate_is_refused_not_clamped() {
    for (rate, shown) in [
        (-0.1, "rate -0.1 "),
        (-f64::MIN_POSITIVE, "rate -2.2250738585072014e-308 "),
        (1.000_000_000_000_000_2, "rate 1.0000000000000002 "),
        (2.0, "rate 2 "),
        (f64::NAN, "rate NaN "),
        (f64::INFINITY, "rate inf "),
    ] {
        let error = clamp_sampling_rate(rate).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SamplingRate);
        assert!(error.message().contains(shown), "{error}");
        assert!(Policy::new(&SamplingOptions { rate, ..SamplingOptions::default() }).is_err());
    }
}

#[test]
fn a_draw_equal_to_the_rate_is_not_sampled() {
    assert!(!should_sample_request(0.3, &mut || 0.3));
    assert!(should_sample_request(0.3, &mut || 0.299_999));
    assert!(!should_sample_request(0.3, &mut || f64::NAN));
}

#[test]
fn a_rate_that_is_no_number_takes_one_draw_and_is_not_sampled() {
    for rate in [f64::NAN, -f64::NAN, f64::INFINITY - f64::INFINITY] {
        for draw in [0.0, 0.5, f64::NAN] {
            let mut draws = 0;
            let sampled = should_sample_request(rate, &mut || {
                draws += 1;
                draw
            });
            assert_eq!((sampled, draws), (false, 1));
        }
    }
    for rate in [f64::NEG_INFINITY, -1.0, -0.0, 0.0] {
        assert!(!should_sample_request(rate, &mut || unreachable!()));
    }
    for rate in [1.0, 1.5, f64::INFINITY] {
        assert!(should_sample_request(rate, &mut || unreachable!()));
    }
}

#[test]
fn exclusion_beats_errors_parents_and_draws() {
    let policy = policy(|o| (o.exclude, o.respect_parent, o.rate) = (vec!["/health".into()], true, 0.5));
    let decision = policy.decide_head_with("/health", true, &mut || unreachable!());
    assert_eq!(decision, SamplingDecision::Excluded);
    assert_eq!(policy.decide_outcome(decision, Some(500), true, true), None);
}

#[test]
fn p_is_the_probability_of_the_outcome() {
    let rate = 0.25;
    let lucky = SamplingDecision::Decided { sampled: true, rate, forced: false };
    let unlucky = SamplingDecision::Decided { sampled: false, rate, forced: false };
    let plain = policy(|o| o.rate = rate);
    assert_eq!(plain.decide_outcome(lucky, Some(200), false, false), Some(rate));
    assert_eq!(plain.decide_outcome(unlucky, Some(200), false, false), None);
    for decision in [lucky, unlucky] {
        assert_eq!(plain.decide_outcome(decision, Some(500), false, false), Some(1.0));
        assert_eq!(plain.decide_outcome(decision, None, true, false), Some(1.0));
    }
    assert_eq!(plain.decide_outcome(unlucky, Some(200), false, true), None, "slow ones are not kept");
    assert_eq!(plain.decide_outcome(lucky, Some(200), false, true), Some(rate));

    let indifferent = policy(|o| o.always_sample_errors = false);
    assert_eq!(indifferent.decide_outcome(lucky, Some(500), true, false), Some(rate));
    assert_eq!(indifferent.decide_outcome(unlucky, Some(500), true, false), None);
    assert!(indifferent.is_error(Some(500), false), "still an error to the statistics");

    let keeps = policy(|o| o.keep_slow = Some(KeepSlow::P99));
    assert_eq!(keeps.decide_outcome(unlucky, Some(200), false, true), Some(1.0));
}

#[test]
fn a_parent_forces_only_if_respected() {
    let strict = policy(|o| o.rate = 0.0);
    assert_eq!(
        strict.decide_head_with("/", true, &mut || unreachable!()),
        SamplingDecision::Decided { sampled: false, rate: 0.0, forced: false }
    );
    let trusting = policy(|o| (o.rate, o.respect_parent) = (0.1, true));
    let decision = trusting.decide_head_with("/", true, &mut || unreachable!("forced requests draw nothing"));
    assert_eq!(decision, SamplingDecision::Decided { sampled: true, rate: 0.1, forced: true });
    assert_eq!(trusting.decide_outcome(decision, Some(200), false, false), Some(1.0));
    assert_eq!(
        trusting.decide_head_with("/", false, &mut || 0.5),
        SamplingDecision::Decided { sampled: false, rate: 0.1, forced: false }
    );
}

#[test]
fn slow_is_slower_than_the_limit() {
    let fixed = policy(|o| o.keep_slow = Some(KeepSlow::Ms(100.0)));
    assert!(fixed.is_slow(Some(100.5), None));
    assert!(!fixed.is_slow(Some(100.0), None) && !fixed.is_slow(None, None));
    let p99 = policy(|o| o.keep_slow = Some(KeepSlow::P99));
    assert!(p99.is_slow(Some(3.0), Some(2.0)));
    assert!(!p99.is_slow(Some(3.0), None), "no percentile yet");
    assert!(!policy(|_| ()).is_slow(Some(1e9), Some(1.0)));
    for ms in [-1.0, f64::NAN, f64::INFINITY] {
        let options = SamplingOptions { keep_slow: Some(KeepSlow::Ms(ms)), ..SamplingOptions::default() };
        assert_eq!(Policy::new(&options).unwrap_err().kind(), ErrorKind::KeepSlow);
    }
}

#[test]
fn entropy_is_needed_only_for_draws_without_a_seed() {
    assert!(!policy(|_| ()).needs_entropy(), "rate 1 never draws");
    assert!(!policy(|o| (o.rate, o.seed) = (0.5, Some(7))).needs_entropy());
    assert!(policy(|o| o.overrides = vec![("/a".into(), 0.5)]).needs_entropy());
    let mut lazy = policy(|o| o.rate = 0.5);
    assert!(lazy.needs_entropy());
    lazy.seed_entropy([9; 32]);
    assert!(!lazy.needs_entropy());
}

#[test]
fn a_seed_repeats_and_entropy_does_not_replace_it() {
    let run = |entropy: [u8; 32]| {
        let mut policy = policy(|o| (o.rate, o.seed) = (0.5, Some(7)));
        policy.seed_entropy(entropy);
        (0..64).map(|_| policy.decide_head("/", false)).collect::<Vec<_>>()
    };
    assert_eq!(run([1; 32]), run([2; 32]));
    // Seed 7 draws 0.055, 0.172, 0.717, ….
    let sampled: Vec<_> = run([1; 32])
        .iter()
        .map(|decision| matches!(decision, SamplingDecision::Decided { sampled: true, .. }))
        .collect();
    assert_eq!(sampled[..4], [true, true, false, true]);
}

#[test]
fn make_rng_prefers_yours_then_the_seed_then_late_entropy() {
    let mut mine = make_rng(RngOptions { seed: Some(1), rng: Some(Box::new(|| 0.125)) }, || unreachable!());
    assert_eq!(mine(), 0.125);
    let asked = Rc::new(Cell::new(0));
    let count = Rc::clone(&asked);
    let mut lazy = make_rng(RngOptions::default(), move || {
        count.set(count.get() + 1);
        [3; 32]
    });
    assert_eq!(asked.get(), 0);
    assert!((0.0..1.0).contains(&lazy()) && lazy() != lazy());
    assert_eq!(asked.get(), 1);
}

#[test]
fn the_sampled_share_is_the_rate_and_p_upscales() {
    let mut policy = policy(|o| (o.rate, o.seed) = (0.1, Some(42)));
    let mut total = 0.0;
    for n in 0..100_000 {
        let decision = policy.decide_head("/", false);
        let failed = n % 100 == 0;
        total += policy
            .decide_outcome(decision, Some(if failed { 500 } else { 200 }), false, false)
            .map_or(0.0, |p| 1.0 / p);
    }
    assert!((total - 100_000.0).abs() < 4_000.0, "{total}");
}
