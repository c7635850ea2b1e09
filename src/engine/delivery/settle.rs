//! What an outcome changes: backoff, the size of a batch, disabling and recovery. And the end of a sink.

use super::outcome::{Outcome, Settled};
use super::settings::Settings;
use super::sink::{Sink, State};
use crate::engine::event::names::Names;
use crate::engine::ledger::Reason;
use crate::engine::queue::Queue;
use crate::engine::time::Millis;

impl Sink {
    /// Settles the leased batch. `draw`, in [0, 1), spreads the backoff.
    pub(crate) fn settle(
        &mut self,
        outcome: Outcome,
        now: Millis,
        draw: f64,
        names: &mut Names,
        settings: &Settings,
    ) -> Settled {
        self.batch.lease = None;
        match outcome {
            Outcome::Ok { rejected } => self.succeed(rejected as usize, now, names),
            Outcome::Fatal => {
                let settled = self.drop_batch(Reason::Rejected, now, names);
                self.fail(None, now, draw, settings, settled)
            }
            Outcome::Retry { after_ms } => self.fail(after_ms, now, draw, settings, Settled::default()),
            Outcome::TooLarge if self.batch.len == 1 => {
                let settled = self.drop_batch(Reason::TooLarge, now, names);
                self.lone_too_large += 1;
                if self.lone_too_large < LONE_TOO_LARGE_MAX && self.state == State::Live {
                    return settled;
                }
                // A receiver that refuses everything is not one for which single events are too large.
                self.lone_too_large = 0;
                self.fail(None, now, draw, settings, settled)
            }
            Outcome::TooLarge => {
                self.limit = (self.batch.len / 2).max(1);
                self.batch.len = 0;
                Settled::default()
            }
        }
    }

    /// Shuts the sink down: it drops everything that waits, and takes nothing more. Returns the number of events dropped.
    ///
    /// A leased batch stays in flight. `disabled` says why the sink is shut down.
    pub(crate) fn shut_down(&mut self, disabled: bool, queue: &Queue, names: &mut Names) -> usize {
        let dropped = self.queued();
        if self.batch.lease.is_none() {
            self.batch.len = 0;
        }
        self.batch.truncate(names);
        self.state = State::ShutDown { disabled: disabled || self.is_disabled() };
        self.waiting = 0;
        self.cursor = queue.next();
        dropped
    }

    /// Drops a batch that was in flight when the sink was shut down, and that came back undelivered. Returns the number of
    /// events dropped.
    pub(crate) fn drop_returned_batch(&mut self, names: &mut Names) -> usize {
        if !self.is_shut_down() || self.batch.lease.is_some() {
            return 0;
        }
        let dropped = self.queued();
        self.batch.len = 0;
        self.batch.truncate(names);
        dropped
    }

    fn drop_batch(&mut self, reason: Reason, now: Millis, names: &mut Names) -> Settled {
        self.give_back(usize::MAX, now);
        let dropped = self.batch.count();
        self.batch.resolve(names);
        Settled { dropped: Some((reason, dropped)), ..Settled::default() }
    }

    /// A batch of cumulative measurements loses nothing when `rejected` of its items are dropped: the next one has them too.
    /// Which items the receiver did not take is not known, so the last ones are meant.
    fn give_back(&mut self, rejected: usize, now: Millis) {
        if !self.is_shut_down() {
            let items = self.batch.items();
            let last = items.end - rejected.min(items.len())..items.end;
            self.waiting += self.batch.payload.give_back(last, now, self.waiting == 0);
        }
    }

    fn succeed(&mut self, rejected: usize, now: Millis, names: &mut Names) -> Settled {
        self.give_back(rejected, now);
        let sent = self.batch.count();
        let rejected = self.batch.payload.rejected(self.batch.items(), rejected, self.is_shut_down());
        self.batch.resolve(names);
        self.failures = 0;
        self.lone_too_large = 0;
        self.limit = (self.limit + 1).min(self.batch_max);
        let recovered = matches!(self.state, State::Disabled { .. });
        if recovered {
            self.state = State::Live;
        }
        let dropped = (rejected > 0).then_some((Reason::Rejected, rejected));
        Settled { delivered: sent - rejected, dropped, recovered, disabled: false }
    }

    fn fail(
        &mut self,
        after: Option<f64>,
        now: Millis,
        draw: f64,
        settings: &Settings,
        mut settled: Settled,
    ) -> Settled {
        let backoff = (settings.retry_base * 2f64.powi(self.failures.min(64) as i32)).min(settings.retry_max);
        self.failures = self.failures.saturating_add(1);
        let wait =
            after.filter(|ms| ms.is_finite() && *ms > 0.0).map_or(draw * backoff, |ms| ms.min(MAX_WAIT_MS));
        self.not_before = now + wait.max(MIN_WAIT_MS);
        match self.state {
            State::Disabled { wait } => {
                self.disable_until(now, (wait * 2.0).min(MAX_WAIT_MS.max(settings.probe)));
            }
            State::Live if self.failures >= settings.max_failures => {
                self.disable_until(now, settings.probe);
                settled.disabled = true;
            }
            State::Live | State::ShutDown { .. } => {}
        }
        settled
    }

    /// Disables the sink until `wait` from now, when one batch probes it.
    fn disable_until(&mut self, now: Millis, wait: f64) {
        self.state = State::Disabled { wait };
        self.not_before = self.not_before.max(now + wait);
        self.flush = None;
    }
}

/// The shortest wait after a failure. Without any a sink that fails at once would be sent to again in the same round.
const MIN_WAIT_MS: f64 = 1.0;
/// The longest `Retry-After`, and the longest wait between two probes: 10 minutes.
const MAX_WAIT_MS: f64 = 600_000.0;
/// So many lone events that are too large in a row count as one failure.
const LONE_TOO_LARGE_MAX: u32 = 3;
