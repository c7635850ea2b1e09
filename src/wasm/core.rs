//! One collector, the requests that the host has written for it, and its encoders. All times are host wall-clock
//! milliseconds.

use super::convert::{self, known, numbers, object, outcome, status};
use super::desk::{Desk, Given};
use super::handle::Marked;
use super::options::Options;
use super::snapshot;
use super::stage::{REQUESTS, Stage};
use crate::encode::Encoder;
#[cfg(feature = "full")]
use crate::encode::prometheus;
use crate::engine::event::trace::{self, TraceContext};
use crate::engine::sampling::open::Token;
use crate::engine::{Attributes, Collector, Error, Event, EventKind, Outcome, Signal, Totals};

/// What the host knows as one core.
struct Core {
    collector: Collector,
    encoders: Vec<Encoder>,
    /// Those of the event being recorded, kept for their room.
    attributes: Attributes,
    stage: Stage,
}

exports! {
    /// A collector of the options that were set. None: they are refused, and the error is the result.
    fn core_new(desk: &mut Desk) -> Option<Box<Marked<Core>>> {
        let tried = Core::new(std::mem::take(&mut desk.options));
        desk.check(tried).map(Marked::boxed)
    }

    /// It is not needed any more.
    fn core_free(core: Box<Marked<Core>>) {
        drop(core);
    }

    /// Takes 64 bytes of the host's randomness. Needed once, before the first event.
    fn core_seed(desk: &mut Desk, core: &mut Marked<Core>) {
        if let Ok(entropy) = desk.given().bytes().try_into() {
            core.change().collector.seed_entropy(entropy);
        }
    }

    /// The value in force of a numeric option; NaN if there is none of that name.
    fn core_option(desk: &mut Desk, core: &Marked<Core>) -> f64 {
        core.collector.config().get_by_name(desk.given().string()).unwrap_or(f64::NAN)
    }

    /// Records a request that is no more than its name, its method and, if it failed, its error. `is_path`: the name is
    /// a raw path, to be shown as its template. `duration` NaN: unknown. Returns flags, and 2¹⁶ times the number that
    /// requests of its method are staged by, plus 1; 0: it has none.
    fn core_req(
        desk: &mut Desk,
        core: &mut Marked<Core>,
        now: f64,
        status_code: f64,
        start: f64,
        duration: f64,
        is_path: bool,
    ) -> u32 {
        let core = &mut *core.change();
        let mut given = desk.given();
        let (route, method, error) = (given.string(), given.string(), given.text());
        let event = Event {
            duration: known(duration),
            error,
            method,
            status: status(status_code),
            is_path,
            ..Event::new(EventKind::Req, route, start)
        };
        let flags = flags(core.collector.record(&event, None, now));
        match core.collector.number_method(method) {
            Some(number) => flags | (u32::from(number) + 1) << 16,
            None => flags,
        }
    }

    /// Where the host writes requests, as [`Stage`] says.
    fn core_stage(core: &Marked<Core>) -> *const f64 {
        core.stage.words()
    }

    /// Where it writes their texts.
    fn core_texts(core: &Marked<Core>) -> *const u8 {
        core.stage.texts()
    }

    /// Records the `count` requests that the host has written, with `text_bytes` of texts. Returns flags.
    fn core_staged(core: &mut Marked<Core>, count: usize, text_bytes: usize, now: f64) -> u32 {
        let Core { collector, stage, .. } = &mut *core.change();
        flags(stage.record(count, text_bytes, collector, now))
    }

    /// Records any event: within an open `request`, as its end, or (NaN) outside of all. `what` is 0 REQ, 1 FN, 2 DB,
    /// 3 EVT; plus 4 if its name is a raw path, 8 if it ends the request. `number` is a REQ's status, a DB's rows. Given
    /// are name, error, method or system, parent, span; then keys and values of attributes. Returns flags.
    fn core_event(
        desk: &mut Desk,
        core: &mut Marked<Core>,
        what: u32,
        now: f64,
        request: f64,
        start: f64,
        duration: f64,
        number: f64,
    ) -> u32 {
        let core = &mut *core.change();
        let mut given = desk.given();
        let (name, error, detail) = (given.string(), given.text(), given.text());
        let [parent, span] = [given.text(), given.text()].map(|header| header.and_then(TraceContext::parse));
        read_attributes(&mut core.attributes, given);
        let kind = EventKind::ALL[what as usize % EventKind::ALL.len()];
        let event = Event {
            is_path: what & PATH != 0,
            duration: known(duration),
            error,
            attributes: &core.attributes,
            span,
            ..Event::new(kind, name, start)
        };
        let event = match kind {
            EventKind::Req => Event { method: detail.unwrap_or_default(), status: status(number), ..event },
            EventKind::Db => Event { system: detail, rows: known(number), ..event },
            _ => event,
        };
        let token = known(request).map(Token::from_number);
        flags(match token {
            None => core.collector.record(&event, parent, now),
            Some(token) if what & ENDS != 0 => core.collector.end(&event, token, now),
            Some(token) => core.collector.record_in(&event, token, now),
        })
    }

    /// A request begins, of a path and perhaps with a `traceparent`; without a path a handler that is no request. Returns
    /// its token.
    fn core_open(desk: &mut Desk, core: &mut Marked<Core>, now: f64) -> f64 {
        let core = &mut *core.change();
        let mut given = desk.given();
        let token = match given.text() {
            Some(path) => core.collector.open(path, given.text().and_then(TraceContext::parse), now),
            None => core.collector.open_root(now),
        };
        token.to_number()
    }

    /// The rate that governs a path, or all that has none; -1: it is excluded.
    fn core_rate(desk: &mut Desk, core: &Marked<Core>) -> f64 {
        match desk.given().text() {
            Some(path) => core.collector.effective_rate(path).unwrap_or(-1.0),
            None => core.collector.config().sampling.rate,
        }
    }

    /// The next decision's draw, where the host draws.
    fn core_draw(core: &mut Marked<Core>, draw: f64) {
        core.change().collector.supply_draw(draw);
    }

    /// The `traceparent` of a call about to be made, within an open request or (NaN) not; after a blank the `tracestate` to
    /// go with it, if the one given is valid. Empty: none is to be sent.
    fn core_outgoing(desk: &mut Desk, core: &mut Marked<Core>, request: f64) {
        let (mut given, result) = desk.open();
        let request = known(request).map(Token::from_number);
        let Some(context) = core.change().collector.outgoing(request) else { return };
        let mut headers = String::new();
        context.format(&mut headers);
        if let Some(state) = given.text().and_then(trace::tracestate) {
            headers.push(' ');
            headers.push_str(state);
        }
        *result = headers.into_bytes();
    }

    /// Counts an event that could not even be given.
    fn core_refuse(core: &mut Marked<Core>) {
        core.change().collector.refuse(1);
    }

    /// Milliseconds until the next tick is wanted; NaN: nothing waits.
    fn core_tick(core: &mut Marked<Core>, now: f64) -> f64 {
        core.change().collector.tick(now).unwrap_or(f64::NAN)
    }

    /// As `core_tick` answers, without ticking.
    fn core_deadline(core: &mut Marked<Core>) -> f64 {
        core.change().collector.next_deadline().unwrap_or(f64::NAN)
    }

    /// Whether there is a batch to send now: its sink, its lease, its events and the length of its id, then the id and
    /// the bytes.
    fn core_poll(desk: &mut Desk, core: &mut Marked<Core>, now: f64) -> bool {
        let core = &mut *core.change();
        while let Some(send) = core.collector.poll_send(now) {
            let batch = core.collector.batch(send);
            let id = batch.id();
            let id = id.as_str();
            let (_, result) = desk.open();
            numbers(result, &[send.sink as f64, send.lease as f64, batch.count() as f64, id.len() as f64]);
            result.extend_from_slice(id.as_bytes());
            let head = result.len();
            core.encoders[send.sink].encode(&batch, result);
            let max_bytes = core.collector.config().sinks()[send.sink].max_bytes;
            if max_bytes.is_none_or(|max| result.len() - head <= max as usize) {
                return true;
            }
            core.collector.settle(send.lease, Outcome::TooLarge, now);
        }
        false
    }

    /// A sink has answered: 0 ok (`value`: rejected), 1 retry (`value`: after ms, or NaN), 2 fatal, 3 too large.
    fn core_settle(core: &mut Marked<Core>, now: f64, lease: f64, answer: u32, value: f64) {
        core.change().collector.settle(lease as u64, outcome(answer, value), now);
    }

    /// What is queued now is due until `deadline_ms` from now.
    fn core_flush(core: &mut Marked<Core>, now: f64, deadline_ms: f64) {
        core.change().collector.flush(deadline_ms, now);
    }

    /// Whether the flush still has something to wait for.
    fn core_flushing(core: &mut Marked<Core>, now: f64) -> bool {
        core.change().collector.is_flushing(now)
    }

    /// Refuses new events from now on.
    fn core_close(core: &mut Marked<Core>, now: f64) {
        core.change().collector.close(now);
    }

    /// The end of closing: what is queued counts as closed.
    fn core_finish(core: &mut Marked<Core>) {
        core.change().collector.finish();
    }

    /// Events in the queue.
    fn core_depth(core: &Marked<Core>) -> usize {
        core.collector.queue_depth()
    }

    /// Of all sinks together, what was delivered, what remains and what was dropped: three numbers.
    fn core_totals(desk: &mut Desk, core: &Marked<Core>) {
        let Totals { delivered, remaining, dropped } = core.collector.totals();
        numbers(desk.open().1, &[delivered, remaining, dropped]);
    }

    /// What became of every event, as JSON.
    fn core_counters(desk: &mut Desk, core: &Marked<Core>) {
        object(desk.open().1, |object| convert::counters(&core.collector.counters(), object));
    }

    /// The window's statistics.
    fn core_stats(desk: &mut Desk, core: &mut Marked<Core>, now: f64) {
        snapshot::write(&core.change().collector.stats(now), desk.open().1);
    }

    /// Whether a notice waited: as JSON.
    fn core_notice(desk: &mut Desk, core: &mut Marked<Core>) -> bool {
        let notice = core.change().collector.poll_notice();
        notice.map(|notice| object(desk.open().1, |object| convert::notice(&notice, object))).is_some()
    }

    /// Forgets what waits: nobody listens.
    fn core_forget(core: &mut Marked<Core>) {
        while core.change().collector.poll_notice().is_some() {}
    }

    /// Where the counters lie.
    fn core_ledger(core: &Marked<Core>) -> *const f64 {
        core.collector.ledger_block().as_ptr()
    }

    /// How many counters there are.
    fn core_ledger_length(core: &Marked<Core>) -> usize {
        core.collector.ledger_block().len()
    }

    /// Goes on from the counters of a dead instance.
    fn core_restore(desk: &mut Desk, core: &mut Marked<Core>) {
        let counters = desk.given().bytes().as_chunks().0.iter();
        let ledger: Vec<_> = counters.map(|counter| f64::from_le_bytes(*counter)).collect();
        core.change().collector.restore(&ledger);
    }
}

#[cfg(feature = "full")]
exports! {
    /// Totals and the window's figures as Prometheus text.
    fn core_metrics(desk: &mut Desk, core: &mut Marked<Core>, now: f64) {
        let collector = &mut core.change().collector;
        prometheus::encode(&collector.counters(), &collector.stats(now), desk.open().1);
    }
}

impl Core {
    fn new(Options { config, host_rng }: Options) -> Result<Self, Error> {
        let mut collector = Collector::new(config)?;
        if host_rng {
            collector.use_host_draws();
        }
        let sinks = collector.config().sinks();
        let encoders = sinks.iter().map(|sink| Encoder::new(sink.format)).collect();
        Ok(Self { collector, encoders, attributes: Attributes::default(), stage: Stage::new() })
    }
}

fn read_attributes(attributes: &mut Attributes, mut given: Given<'_>) {
    attributes.clear();
    while let Some(key) = given.text() {
        if let Some(value) = given.value() {
            attributes.push(key, value);
        }
    }
}

/// Bit 0: all numbers of routes are void. Bit 1: a send is due now. Bit 2: something waits for a tick. From bit 3: how
/// many requests the host may write before it tells, so that no batch is found full too late.
fn flags(Signal { due, room, waiting, renewed }: Signal) -> u32 {
    let room = room.unwrap_or(REQUESTS).clamp(1, REQUESTS) as u32;
    u32::from(renewed) | u32::from(due) << 1 | u32::from(waiting) << 2 | room << 3
}

const PATH: u32 = 4;
const ENDS: u32 = 8;
