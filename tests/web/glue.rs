//! Calls the boundary as JavaScript does: through the generated glue, by the names it exports.

use js_sys::{Array, Error, Float64Array, Function, JSON, Object, Reflect, Uint8Array, WebAssembly};
use tidegate::wasm::{Engine, EngineOptions, Overrides, Rng, Rules, StatsStore};
use wasm_bindgen::{JsCast, JsValue};

/// The arguments of a call, each converted to a value of JavaScript.
macro_rules! args {
    ($($value:expr),* $(,)?) => {
        &[$(wasm_bindgen::JsValue::from($value)),*] as &[wasm_bindgen::JsValue]
    };
}
pub(crate) use args;

/// `null`, to stand beside `JsValue::UNDEFINED` among arguments.
pub const NULL: JsValue = JsValue::NULL;
pub const UNDEFINED: JsValue = JsValue::UNDEFINED;

/// An exported class. Classes are not global: each is the `constructor` of its objects.
pub fn class(name: &str) -> JsValue {
    let object = match name {
        "Engine" => Engine::new(EngineOptions::new()).unwrap().into(),
        "EngineOptions" => EngineOptions::new().into(),
        "Overrides" => Overrides::new(Vec::new(), Vec::new()).unwrap().into(),
        "Rng" => Rng::from_seed(0).into(),
        "Rules" => Rules::new(Vec::new()).unwrap().into(),
        "StatsStore" => StatsStore::new(None, None).unwrap().into(),
        _ => panic!("no class is called {name}"),
    };
    let constructor = get(&object, "constructor");
    // At once: garbage is not collected while tests run, and an engine is large.
    get(&object, "free").unchecked_ref::<Function>().call0(&object).unwrap();
    constructor
}

/// `new name(...args)`.
pub fn construct(name: &str, args: &[JsValue]) -> JsValue {
    try_construct(name, args).unwrap_or_else(|thrown| panic!("new {name}: {}", message(&thrown)))
}

/// The error that `new name(...args)` throws.
pub fn construct_throws(name: &str, args: &[JsValue]) -> Thrown {
    Thrown::new(name, try_construct(name, args))
}

/// `target.method(...args)`, where `method` is given with its class: "Engine.tick".
pub fn call(target: &JsValue, method: &str, args: &[JsValue]) -> JsValue {
    try_call(target, method, args).unwrap_or_else(|thrown| panic!("{method}: {}", message(&thrown)))
}

/// The error that `target.method(...args)` throws.
pub fn throws(target: &JsValue, method: &str, args: &[JsValue]) -> Thrown {
    Thrown::new(method, try_call(target, method, args))
}

/// `target.method(...args)`, which returns a number.
pub fn number(target: &JsValue, method: &str, args: &[JsValue]) -> f64 {
    let value = call(target, method, args);
    value.as_f64().unwrap_or_else(|| panic!("{method} returned {value:?}"))
}

/// `target.method(...args)`, which returns a string.
pub fn text(target: &JsValue, method: &str, args: &[JsValue]) -> String {
    let value = call(target, method, args);
    value.as_string().unwrap_or_else(|| panic!("{method} returned {value:?}"))
}

/// `target.method(...args)`, which returns a boolean.
pub fn flag(target: &JsValue, method: &str, args: &[JsValue]) -> bool {
    let value = call(target, method, args);
    value.as_bool().unwrap_or_else(|| panic!("{method} returned {value:?}"))
}

/// `target.method(...args)`, whose object is read as JSON.
pub fn view(target: &JsValue, method: &str, args: &[JsValue]) -> serde_json::Value {
    json(&call(target, method, args))
}

/// A thrown error, as JavaScript sees it.
#[derive(Debug, PartialEq)]
pub struct Thrown {
    pub message: String,
    /// Its `code`; empty: it has none.
    pub code: String,
}

impl Thrown {
    fn new(what: &str, result: Result<JsValue, JsValue>) -> Self {
        let Err(thrown) = result else { panic!("{what} threw nothing") };
        assert!(thrown.is_instance_of::<Error>(), "{what} threw {thrown:?}");
        Self { message: message(&thrown), code: get(&thrown, "code").as_string().unwrap_or_default() }
    }
}

pub fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap()
}

pub fn keys(object: &JsValue) -> Vec<String> {
    Object::keys(object.unchecked_ref::<Object>()).iter().map(|key| key.as_string().unwrap()).collect()
}

/// What `JSON.stringify` makes of a value: a Map or a BigInt in it would not come through.
pub fn json(value: &JsValue) -> serde_json::Value {
    let text: String = JSON::stringify(value).unwrap().into();
    serde_json::from_str(&text).unwrap()
}

/// A copy of `len` bytes of wasm memory, taken in JavaScript: memory that grows leaves a view empty.
pub fn read_bytes(address: f64, len: f64) -> Vec<u8> {
    let view = Uint8Array::new_with_byte_offset_and_length(&memory(), address as u32, len as u32);
    view.slice(0, len as u32).to_vec()
}

pub fn write_bytes(address: f64, bytes: &[u8]) {
    let source = Uint8Array::from(bytes);
    Uint8Array::new_with_byte_offset(&memory(), address as u32).set(&source, 0);
}

pub fn read_words(address: f64, len: f64) -> Vec<f64> {
    let view = Float64Array::new_with_byte_offset_and_length(&memory(), address as u32, len as u32);
    view.slice(0, len as u32).to_vec()
}

pub fn write_words(address: f64, words: &[f64]) {
    let source = Float64Array::from(words);
    Float64Array::new_with_byte_offset(&memory(), address as u32).set(&source, 0);
}

fn memory() -> JsValue {
    wasm_bindgen::memory().unchecked_into::<WebAssembly::Memory>().buffer()
}

fn try_construct(name: &str, args: &[JsValue]) -> Result<JsValue, JsValue> {
    Reflect::construct(class(name).unchecked_ref::<Function>(), &args.iter().collect::<Array>())
}

fn try_call(target: &JsValue, method: &str, args: &[JsValue]) -> Result<JsValue, JsValue> {
    let (class, name) = method.split_once('.').unwrap();
    assert_eq!(class_name(target), class, "{method}");
    let function = get(target, name);
    assert!(function.is_function(), "there is no {method}");
    Reflect::apply(function.unchecked_ref::<Function>(), target, &args.iter().collect::<Array>())
}

/// The class of an object, or the name of the class itself, for its static methods.
fn class_name(target: &JsValue) -> String {
    let constructor = if target.is_function() { target.clone() } else { get(target, "constructor") };
    constructor.unchecked_ref::<Function>().name().into()
}

fn message(thrown: &JsValue) -> String {
    get(thrown, "message").as_string().unwrap_or_default()
}
