//! As `meter`, without the crate: what is left is not its weight.
#![no_std]
#![no_main]

use meter_core::Reading;
use on_target::linked::a_panic_is_reachable;

#[unsafe(no_mangle)]
extern "C" fn entry(reading: &Reading) -> u8 {
    core::hint::black_box(reading);
    0
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe { a_panic_is_reachable() }
}
