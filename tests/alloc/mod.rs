//! An allocator that counts its calls and its bytes by thread, since the tests of a file run in parallel.
#![allow(unsafe_code)] // GlobalAlloc is an unsafe trait. It only forwards.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    /// Allocations and reallocations of this thread.
    pub static CALLS: Cell<usize> = const { Cell::new(0) };
    /// Bytes that are allocated, and were not freed.
    static BYTES: Cell<isize> = const { Cell::new(0) };
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.with(|calls| calls.set(calls.get() + 1));
        BYTES.with(|bytes| bytes.set(bytes.get() + layout.size() as isize));
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        BYTES.with(|bytes| bytes.set(bytes.get() - layout.size() as isize));
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        CALLS.with(|calls| calls.set(calls.get() + 1));
        BYTES.with(|bytes| bytes.set(bytes.get() + size as isize - layout.size() as isize));
        unsafe { System.realloc(block, layout, size) }
    }
}

/// What `make` makes, and the bytes that it holds.
#[allow(dead_code)] // Not every test asks for bytes.
pub fn bytes_of<T>(make: impl FnOnce() -> T) -> (T, isize) {
    let before = BYTES.get();
    let made = make();
    (made, BYTES.get() - before)
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
