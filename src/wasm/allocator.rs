//! Memory of the heap: little is allocated after construction, so a list of what is free does, in a quarter of the bytes
//! that std's allocator takes.

use lol_alloc::{AssumeSingleThreaded, FreeListAllocator};

#[global_allocator]
// SAFETY: an instance has one thread. A lock would do as well, but a call that a full stack breaks off would leave it
// locked, and the next one would wait for ever.
#[allow(unsafe_code)]
static HEAP: AssumeSingleThreaded<FreeListAllocator> =
    unsafe { AssumeSingleThreaded::new(FreeListAllocator::new()) };
