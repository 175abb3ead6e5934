//! How far the stack has reached: what lies below is painted at the start and looked at later.

/// Nothing the program writes by chance.
const PAINT: u32 = 0x5AFE_57AC;
/// Left alone below: the guard word that the chip watches. Left alone above: what is in use while it is painted.
const GUARD: usize = 4_096 + 64;
const IN_USE: usize = 1_024;

unsafe extern "C" {
    // The ends of the main stack, by the linker scripts of `esp-hal`.
    static _stack_start_cpu0: u32;
    static _stack_end_cpu0: u32;
}

fn bottom() -> usize {
    &raw const _stack_end_cpu0 as usize + GUARD
}

fn top() -> usize {
    &raw const _stack_start_cpu0 as usize
}

/// Paints what is free; to be called once, early, from the main task.
#[inline(never)]
pub fn paint() {
    let here = 0_u32;
    let end = (&raw const here as usize).saturating_sub(IN_USE);
    for address in (bottom()..end).step_by(4) {
        // SAFETY: below the stack pointer, above the end of the stack; interrupts have a stack of their own or
        // use less than what is left alone.
        unsafe { (address as *mut u32).write_volatile(PAINT) };
    }
}

/// Bytes of stack that were used at most since then, and those there are.
#[must_use]
pub fn used() -> (u32, u32) {
    let first_used = (bottom()..top()).step_by(4).find(|address| {
        // SAFETY: within the stack.
        unsafe { (*address as *const u32).read_volatile() != PAINT }
    });
    let used = top() - first_used.unwrap_or_else(top);
    (used as u32, (top() + GUARD - bottom()) as u32)
}
