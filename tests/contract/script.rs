//! The steps of random scripts. Each event has a number, from which all its values follow.

use proptest::prelude::*;
use tidegate::engine::{Attributes, Event, EventKind, EventView, Value};

#[derive(Clone, Debug)]
pub enum Step {
    Emit(u8),
    Open(Path),
    /// A child of an open or an ended request.
    Child(u8),
    /// A request ends, or ends again.
    End(u8, Ending),
    Abandon(u8),
    Tick(f64),
    Drain,
    /// Settles one of the outstanding batches. The flag says whether the sink has got it.
    Settle(u8, Answer, bool),
    /// The owner of a batch dies: nobody settles it.
    Orphan(u8),
    Flush(f64),
    SetClock(f64),
    Close,
    Finish,
}

#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Ok,
    Rejected(u32),
    Retry,
    RetryAfter(f64),
    Fatal,
    TooLarge,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Path {
    Excluded,
    All,
    Default,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    Fine,
    Failed,
    Invalid,
}

pub const RATE: f64 = 0.4;

pub fn step() -> impl Strategy<Value = Step> {
    let answer = prop_oneof![
        4 => Just(Answer::Ok),
        1 => (0u32..20).prop_map(Answer::Rejected),
        3 => Just(Answer::Retry),
        1 => prop_oneof![Just(0.0), Just(f64::NAN), Just(-1.0), 0.0..1e6].prop_map(Answer::RetryAfter),
        1 => Just(Answer::Fatal),
        2 => Just(Answer::TooLarge),
    ];
    let path = prop_oneof![1 => Just(Path::Excluded), 1 => Just(Path::All), 4 => Just(Path::Default)];
    let ending = prop_oneof![4 => Just(Ending::Fine), 4 => Just(Ending::Failed), 1 => Just(Ending::Invalid)];
    let clock = prop_oneof![
        Just(0.0),
        Just(f64::NAN),
        Just(-1e6),
        Just(1e9),
        Just(-2_000.0),
        Just(-4_000.0),
        Just(f64::INFINITY)
    ];
    prop_oneof![
        8 => (1u8..20).prop_map(Step::Emit),
        5 => path.prop_map(Step::Open),
        10 => any::<u8>().prop_map(Step::Child),
        4 => (any::<u8>(), ending).prop_map(|(which, ending)| Step::End(which, ending)),
        1 => any::<u8>().prop_map(Step::Abandon),
        6 => prop_oneof![Just(0.0), 0.0..600.0, 0.0..40_000.0].prop_map(Step::Tick),
        6 => Just(Step::Drain),
        8 => (any::<u8>(), answer, any::<bool>()).prop_map(|(which, answer, got)| Step::Settle(which, answer, got)),
        2 => any::<u8>().prop_map(Step::Orphan),
        2 => prop_oneof![8 => 0.0..5_000.0, 1 => Just(f64::NAN), 1 => Just(-1.0)].prop_map(Step::Flush),
        2 => clock.prop_map(Step::SetClock),
        1 => Just(Step::Close),
        1 => Just(Step::Finish),
    ]
}

/// The values of the event with number `id`.
pub struct EventInput {
    kind: EventKind,
    text: String,
    error: Option<String>,
    attributes: Attributes,
}

impl EventInput {
    pub fn new(id: usize, kind: EventKind) -> Self {
        let name = name(id);
        let text = if kind == EventKind::Db { format!("SELECT a FROM {name}") } else { name };
        let mut attributes = Attributes::default();
        if let Some(blob) = blob(id) {
            attributes.push("id", Value::Number(id as f64));
            attributes.push("blob", Value::Text(&blob));
        }
        let error = (id % 13 == 5).then(|| format!("Error{id}"));
        Self { kind, text, error, attributes }
    }

    pub fn event(&self, start: f64, ending: Ending) -> Event<'_> {
        Event {
            duration: Some(1.5),
            error: self.error.as_deref().filter(|_| self.kind != EventKind::Req),
            method: "GET",
            status: Some(if ending == Ending::Failed { 503 } else { 200 }),
            attributes: &self.attributes,
            ..Event::new(self.kind, &self.text, if ending == Ending::Invalid { f64::NAN } else { start })
        }
    }
}

pub fn kind(id: usize) -> EventKind {
    EventKind::ALL[id % EventKind::ALL.len()]
}

/// The number of an event by its name.
pub fn id(name: &str) -> usize {
    name[name.find('n').unwrap() + 1..][..6].parse().unwrap()
}

/// Checks that an event has the values of its number.
pub fn check(event: &EventView<'_>) {
    let id = id(event.name);
    assert!(event.name.ends_with(&name(id)), "{}", event.name);
    assert!(event.p == 1.0 || event.p == RATE, "p is {}", event.p);
    assert!(event.ids.trace_id != [0; 16] && event.ids.span_id != [0; 8]);
    let wanted = blob(id);
    let mut wanted_values =
        wanted.iter().flat_map(|blob| [("id", Value::Number(id as f64)), ("blob", Value::Text(blob))]);
    assert!(event.attributes().all(|value| Some(value) == wanted_values.next()));
    assert_eq!(wanted_values.next(), None);
    if event.kind != EventKind::Req {
        assert_eq!(event.error.map(str::to_owned), (id % 13 == 5).then(|| format!("Error{id}")));
    }
}

fn name(id: usize) -> String {
    // Some names are too long for the table of names.
    format!("n{id:06}{}", "x".repeat(if id % 7 == 3 { 120 } else { 0 }))
}

/// An attribute text, from none to almost the most that an event can have.
fn blob(id: usize) -> Option<String> {
    let length = [None, None, Some(0), Some(30), Some(700), Some(4000)][id * 5 % 6]?;
    Some(char::from(b'a' + (id % 26) as u8).to_string().repeat(length))
}
