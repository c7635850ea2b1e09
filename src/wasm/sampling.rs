//! The sampling rules without a collector: what is compiled, and the draws.

use super::desk::Desk;
use crate::engine::rng::Rng;
use crate::engine::sampling::{
    CompiledOverrides, CompiledRules, compile_overrides, compile_rules, get_effective_rate,
    should_exclude_route,
};

exports! {
    /// Compiles patterns, in their order. None: one is refused, and the error is the result.
    fn rules_new(desk: &mut Desk) -> Option<Box<CompiledRules>> {
        let mut given = desk.given();
        let patterns: Vec<_> = std::iter::from_fn(|| given.text()).collect();
        let tried = compile_rules(&patterns);
        desk.check(tried).map(Box::new)
    }

    /// Whether any rule matches a path.
    fn rules_match(desk: &mut Desk, rules: &CompiledRules) -> bool {
        should_exclude_route(desk.given().string(), rules)
    }

    /// They are not needed any more.
    fn rules_free(rules: Box<CompiledRules>) {
        drop(rules);
    }

    /// Compiles patterns, each with the rate after it. None: one is refused, and the error is the result.
    fn overrides_new(desk: &mut Desk) -> Option<Box<CompiledOverrides>> {
        let mut given = desk.given();
        let pair = || Some((given.text()?, given.number()?));
        let pairs: Vec<_> = std::iter::from_fn(pair).collect();
        let tried = compile_overrides(&pairs);
        desk.check(tried).map(Box::new)
    }

    /// The rate of the first override that matches a path, else `default_rate`.
    fn overrides_rate(desk: &mut Desk, overrides: &CompiledOverrides, default_rate: f64) -> f64 {
        get_effective_rate(desk.given().string(), overrides, default_rate)
    }

    /// They are not needed any more.
    fn overrides_free(overrides: Box<CompiledOverrides>) {
        drop(overrides);
    }

    /// The draws of a seed of 8 bytes, or those that go on from 32: of the host's randomness, or the state of draws whose
    /// instance is gone, which is what lies at their handle.
    fn draws_new(desk: &mut Desk) -> Box<Rng> {
        let start = desk.given().bytes();
        let seeded = || Rng::from_seed(u64::from_le_bytes(start.try_into().unwrap_or_default()));
        Box::new(start.try_into().map_or_else(|_| seeded(), Rng::from_entropy))
    }

    /// The next draw, in [0, 1).
    fn draws_next(draws: &mut Rng) -> f64 {
        draws.draw()
    }

    /// They are not needed any more.
    fn draws_free(draws: Box<Rng>) {
        drop(draws);
    }
}
