//! As `read_all`, without the driver: what is left is not the driver's weight.
#![no_std]
#![no_main]

use on_target::linked::{Pzem, a_panic_is_reachable};

#[inline(never)]
fn nothing(pzem: &mut Pzem) -> bool {
    core::hint::black_box(pzem);
    core::hint::black_box(false)
}

#[unsafe(no_mangle)]
extern "C" fn entry(pzem: &mut Pzem, kept: &mut pzem::Measurement) -> bool {
    core::hint::black_box(kept);
    nothing(pzem)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe { a_panic_is_reachable() }
}
