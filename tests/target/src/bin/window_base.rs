//! As `window`, without the driver: what is left is not the driver's weight.
#![no_std]
#![no_main]

use ade7753::Measurement;
use on_target::linked::{Ade7753, a_panic_is_reachable};

#[unsafe(no_mangle)]
extern "C" fn entry(meter: &mut Ade7753, start: bool, now_us: u32, kept: &mut Measurement) -> bool {
    core::hint::black_box((meter, now_us, kept));
    start
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe { a_panic_is_reachable() }
}
