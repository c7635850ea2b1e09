//! The exceptions that were recorded last, against a plain list.

use crate::sim::{START, Sim, end};
use proptest::prelude::*;
use tidegate::engine::requests::RequestAnswer;
use tidegate::engine::{
    Attributes, Collector, Config, EndedRequest, Event, EventKind, Exception, RecentException, Token,
};

fn sim(rate: f64) -> Sim {
    let mut config = Config::default();
    config.sampling.rate = rate;
    config.sampling.seed = Some(7);
    config.sampling.exclude = vec!["/health".into()];
    Sim::new(config, 1)
}

fn exception(error: &str, exception: Exception<'static>, record: impl FnOnce(&Event<'_>)) {
    let event = Event {
        error: Some(error),
        exception: Some(exception),
        ..Event::new(EventKind::Evt, Exception::NAME, START)
    };
    record(&event);
}

/// Type, route, method and whether it is handled.
type Shown = (String, String, String, bool);

fn shown(collector: &Collector) -> Vec<Shown> {
    let of = |e: &RecentException| (e.error.clone(), e.route.clone(), e.method.clone(), e.handled);
    collector.exceptions().map(of).collect()
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Alone,
    Open(bool),
    Within(usize),
    End(usize),
    Late(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        1 => Just(Step::Alone),
        2 => any::<bool>().prop_map(Step::Open),
        4 => any::<usize>().prop_map(Step::Within),
        2 => any::<usize>().prop_map(Step::End),
        2 => any::<usize>().prop_map(Step::Late),
    ];
    prop::collection::vec(step, 1..120)
}

/// What a test knows of the requests.
#[derive(Default)]
struct Requests {
    /// With the path; `None`: it is excluded.
    open: Vec<(usize, Option<String>, Token)>,
    over: Vec<(Option<String>, RequestAnswer)>,
}

/// The exceptions, each with the number of its open request.
#[derive(Default)]
struct Model(Vec<(Option<usize>, Shown)>);

impl Model {
    fn add(&mut self, request: Option<usize>, error: &str, route: &str, handled: bool) {
        let method = if route.is_empty() { "" } else { "GET" };
        self.0.push((request, (error.into(), route.into(), method.into(), handled)));
    }

    fn name(&mut self, request: usize, route: &str) {
        for (of, (_, shown, method, _)) in &mut self.0 {
            if *of == Some(request) {
                (*shown, *method) = (route.into(), "GET".into());
            }
        }
    }

    fn last(&self) -> Vec<Shown> {
        self.0.iter().skip(self.0.len().saturating_sub(20)).map(|(_, shown)| shown.clone()).collect()
    }
}

fn play(sim: &mut Sim, steps: &[Step]) {
    let (mut requests, mut model) = (Requests::default(), Model::default());
    for (n, step) in steps.iter().enumerate() {
        let (error, handled) = (format!("Error{n}"), n % 3 == 0);
        let texts = Exception { handled, ..Exception::default() };
        match *step {
            Step::Alone => {
                exception(&error, texts, |event| _ = sim.collector.record(event, None, START));
                model.add(None, &error, "", handled);
            }
            Step::Open(excluded) => {
                let path = if excluded { "/health".into() } else { format!("/{n}") };
                let token = sim.collector.open(&path, None, START);
                requests.open.push((n, (!excluded).then_some(path), token));
            }
            Step::Within(at) if !requests.open.is_empty() => {
                let (number, path, token) = &requests.open[at % requests.open.len()];
                exception(&error, texts, |event| _ = sim.collector.record_in(event, *token, START));
                if path.is_some() {
                    model.add(Some(*number), &error, "", handled);
                }
            }
            Step::End(at) if !requests.open.is_empty() => {
                let (number, path, token) = requests.open.swap_remove(at % requests.open.len());
                end(sim, token, path.as_deref().unwrap_or("/health"), 200);
                if let Some(path) = &path {
                    model.name(number, path);
                }
                requests.over.push((path, sim.collector.answer()));
            }
            Step::Late(at) if !requests.over.is_empty() => {
                let count = requests.over.len();
                let (path, answer) = &mut requests.over[at % count];
                let ended = EndedRequest { route: "/late/123", is_path: n % 2 == 0, method: "GET" };
                let texts = Exception { ended: Some(ended), ..texts };
                exception(&error, texts, |event| _ = sim.collector.record_late(event, answer, START));
                if path.is_some() {
                    model.add(None, &error, if n % 2 == 0 { "/late/:id" } else { "/late/123" }, handled);
                }
            }
            _ => {}
        }
        assert_eq!(shown(&sim.collector), model.last(), "step {n}: {step:?}");
        sim.check();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_last_20_are_shown_with_the_names_of_their_requests(steps in steps(), rate in prop_oneof![Just(0.0), Just(0.5), Just(1.0)]) {
        play(&mut sim(rate), &steps);
    }
}

#[test]
fn an_exception_has_its_texts_its_trace_and_its_time() {
    let mut sim = sim(1.0);
    let token = sim.collector.open("/a", None, START);
    let trace_id = sim.collector.trace_of(token).unwrap().trace_id;
    let texts = Exception { message: "it broke", cause: "Inner: why", stack: "at f", ..Exception::default() };
    exception("Error", texts, |event| _ = sim.collector.record_in(event, token, START));
    let attributes = Attributes::default();
    let request = Event {
        method: "GET https://example.com:8443",
        attributes: &attributes,
        ..Event::new(EventKind::Req, "/a", START)
    };
    sim.collector.end(&request, token, START);
    let found: Vec<_> = sim.collector.exceptions().cloned().collect();
    let [RecentException { at, error, message, stack, route, method, trace_id: trace, handled, .. }] =
        &found[..]
    else {
        panic!("{found:?}");
    };
    assert_eq!((*at, *trace, *handled), (START, trace_id, false));
    assert_eq!([&error[..], message, stack, route, method], ["Error", "it broke", "at f", "/a", "GET"]);
}

#[test]
fn what_is_no_exception_is_not_shown() {
    let mut sim = sim(1.0);
    let texts = Some(Exception { message: "m", ..Exception::default() });
    for (kind, name, error) in [
        (EventKind::Evt, "other", Some("Error")),
        (EventKind::Evt, Exception::NAME, None),
        (EventKind::Fn, Exception::NAME, Some("Error")),
        (EventKind::Req, "/a", Some("Error")),
    ] {
        let event = Event { error, exception: texts, ..Event::new(kind, name, START) };
        sim.collector.record(&event, None, START);
    }
    assert_eq!(shown(&sim.collector), []);
    sim.collector.close(START);
    exception("Error", Exception::default(), |event| _ = sim.collector.record(event, None, START));
    assert_eq!(shown(&sim.collector), [], "refused");
}

#[test]
fn texts_are_cut_where_those_of_events_are() {
    let mut sim = sim(1.0);
    let long: &'static str = "é".repeat(4000).leak();
    let texts = Exception { message: long, stack: long, ..Exception::default() };
    exception(long, texts, |event| _ = sim.collector.record(event, None, START));
    let found = sim.collector.exceptions().next().unwrap();
    assert_eq!((found.error.len(), found.message.len(), found.stack.len()), (1024, 1024, 4096));
}
