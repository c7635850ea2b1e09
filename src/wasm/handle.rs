//! What the host holds of ours, and the functions that take it.

use std::ops::{Deref, DerefMut};

/// Functions for the host. `&T` and `&mut T` are handles, `Box<T>` is one that is made or given back, `None` is 0.
macro_rules! exports {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block)*) => {$(
        $(#[$doc])*
        // SAFETY: the names are ours alone. A reference or a box has the form of a pointer; our shim, the only caller,
        // gives what a function here has returned as a box of that type, once at a time since nothing is called back,
        // and never again after it was given back as a box.
        #[allow(unsafe_code)]
        #[unsafe(no_mangle)]
        extern "C" fn $name($($arg: $type),*) $(-> $result)? $body
    )*};
}

/// An object that knows whether it is being changed: a host whose stack is full leaves a call in the middle, and nobody
/// knows what that left undone.
pub(super) struct Marked<T> {
    value: T,
    is_changing: bool,
}

impl<T> Marked<T> {
    pub(super) fn boxed(value: T) -> Box<Self> {
        Box::new(Self { value, is_changing: false })
    }

    /// Traps if an earlier change never came to its end.
    #[inline(always)]
    pub(super) fn change(&mut self) -> Change<'_, T> {
        assert!(!self.is_changing);
        self.is_changing = true;
        Change(self)
    }
}

impl<T> Deref for Marked<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.value
    }
}

/// A change that ends when this is dropped.
pub(super) struct Change<'a, T>(&'a mut Marked<T>);

impl<T> Deref for Change<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T> DerefMut for Change<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0.value
    }
}

impl<T> Drop for Change<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.is_changing = false;
    }
}
