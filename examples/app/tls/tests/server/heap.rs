//! Counts what MbedTLS takes from the heap.

#![allow(unsafe_code, reason = "MbedTLS allocates as C does")]

use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};

use mbedtls_rs::sys::mbedtls_platform_set_calloc_free;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" {
    fn calloc(count: usize, size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
}

/// Before each block stands its size.
const BEFORE: usize = 16;

unsafe extern "C" fn take(count: usize, size: usize) -> *mut c_void {
    let Some(bytes) = count.checked_mul(size) else {
        return std::ptr::null_mut();
    };
    // SAFETY: a block of its own, whose first bytes are ours.
    unsafe {
        let block = calloc(1, bytes + BEFORE);
        if block.is_null() {
            return block;
        }
        block.cast::<usize>().write(bytes);
        let now = NOW.fetch_add(bytes, Ordering::Relaxed) + bytes;
        MOST.fetch_max(now, Ordering::Relaxed);
        block.byte_add(BEFORE)
    }
}

unsafe extern "C" fn give_back(block: *mut c_void) {
    if block.is_null() {
        return;
    }
    // SAFETY: every block that comes here was made by `take`.
    unsafe {
        let block = block.byte_sub(BEFORE);
        NOW.fetch_sub(block.cast::<usize>().read(), Ordering::Relaxed);
        free(block);
    }
}

/// From now on everything is counted, from nothing.
pub(crate) fn install() {
    // SAFETY: both are there for the whole program.
    unsafe {
        mbedtls_platform_set_calloc_free(Some(take), Some(give_back));
    }
    NOW.store(0, Ordering::Relaxed);
    MOST.store(0, Ordering::Relaxed);
}

/// Bytes in use.
pub(crate) fn now() -> usize {
    NOW.load(Ordering::Relaxed)
}

/// The most there were in use.
pub(crate) fn most() -> usize {
    MOST.load(Ordering::Relaxed)
}
