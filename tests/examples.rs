//! The examples of the engine run.

#[path = "../examples/plain.rs"]
mod plain;

#[test]
fn the_engine_as_a_plain_library() -> Result<(), tidegate::engine::Error> {
    plain::main()
}
