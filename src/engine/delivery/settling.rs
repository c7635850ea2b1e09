//! What becomes of a sink when a batch is settled: backoff, halving, disabling, recovery, and the end.

use super::{Delivery, Outcome, Settings, Settled, State};
use crate::engine::event::names::Names;
use crate::engine::ledger::Reason;
use crate::engine::queue::Queue;
use crate::engine::time::Millis;

impl Delivery {
    /// Settles the batch handed out; `draw` in [0, 1) spreads the backoff.
    pub(crate) fn settle(
        &mut self,
        outcome: Outcome,
        now: Millis,
        draw: f64,
        names: &mut Names,
        settings: &Settings,
    ) -> Settled {
        self.staged.lease = None;
        match outcome {
            Outcome::Ok { rejected } => self.succeed(rejected as usize, names),
            Outcome::Fatal => {
                let lost = self.staged.count();
                self.staged.resolve(names);
                let settled = Settled { lost: Some((Reason::Rejected, lost)), ..Settled::default() };
                self.fail(None, now, draw, settings, settled)
            }
            Outcome::Retry { after_ms } => self.fail(after_ms, now, draw, settings, Settled::default()),
            Outcome::TooLarge if self.staged.window == 1 => {
                let lost = self.staged.count();
                self.staged.resolve(names);
                Settled { lost: Some((Reason::TooLarge, lost)), ..Settled::default() }
            }
            Outcome::TooLarge => {
                self.limit = (self.staged.window / 2).max(1);
                self.staged.window = 0;
                Settled::default()
            }
        }
    }

    /// After [`die`](Self::die): drops the batch that was handed out then and has come back; how many events it held.
    pub(crate) fn bury(&mut self, names: &mut Names) -> usize {
        if !self.is_dead() || self.staged.lease.is_some() {
            return 0;
        }
        let lost = self.queued();
        self.staged.window = 0;
        self.staged.truncate(names);
        lost
    }

    /// Gives up everything that waits, and all that comes later: how many events wait no more. `disabled`: its
    /// failures are why.
    pub(crate) fn die(&mut self, disabled: bool, queue: &Queue, names: &mut Names) -> usize {
        let lost = self.queued();
        if self.staged.lease.is_none() {
            self.staged.window = 0;
        }
        self.staged.truncate(names);
        self.state = State::Dead { disabled: disabled || self.is_disabled() };
        self.waiting = 0;
        self.cursor = queue.next();
        lost
    }

    fn succeed(&mut self, rejected: usize, names: &mut Names) -> Settled {
        let sent = self.staged.count();
        let rejected = self.staged.load.refused(self.staged.batch(), rejected);
        self.staged.resolve(names);
        self.failures = 0;
        self.limit = (self.limit + 1).min(self.batch_max);
        let recovered = matches!(self.state, State::Disabled { .. });
        if recovered {
            self.state = State::Live;
        }
        let lost = (rejected > 0).then_some((Reason::Rejected, rejected));
        Settled { delivered: sent - rejected, lost, recovered, disabled: false }
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
        self.failures += 1;
        let wait =
            after.filter(|ms| ms.is_finite() && *ms >= 0.0).map_or(draw * backoff, |ms| ms.min(MAX_WAIT_MS));
        self.not_before = now + wait;
        match self.state {
            State::Disabled { wait } => self.rest(now, (wait * 2.0).min(MAX_WAIT_MS.max(settings.probe))),
            State::Live if self.failures >= settings.max_failures => {
                self.rest(now, settings.probe);
                settled.disabled = true;
            }
            State::Live | State::Dead { .. } => {}
        }
        settled
    }

    fn rest(&mut self, now: Millis, wait: f64) {
        self.state = State::Disabled { wait };
        self.not_before = self.not_before.max(now + wait);
        self.flush = None;
    }
}

/// The longest `Retry-After` honored and the longest rest between probes: 10 minutes.
const MAX_WAIT_MS: f64 = 600_000.0;
