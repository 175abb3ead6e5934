//! An ADE7753 from its reset to watts, with everything that takes, linked to be weighed.
#![no_std]
#![no_main]

use ade7753::{LineCycles, Measurement};
use on_target::linked::{Ade7753, a_panic_is_reachable};

/// Starts the chip when told to, else takes the window that has ended.
#[unsafe(no_mangle)]
extern "C" fn entry(meter: &mut Ade7753, start: bool, now_us: u32, kept: &mut Measurement) -> bool {
    #[cfg(feature = "provoke-panic")]
    if [0, 1, 2][kept.apparent_mva as usize] == 1 {
        return false;
    }
    let result = if start {
        meter
            .init()
            .and_then(|_| meter.start_windows(LineCycles::from_ms(1_000, 50)))
            .map(|()| None)
    } else {
        meter.poll_window(now_us)
    };
    match result {
        Ok(Some(window)) => {
            *kept = meter.config().calibration().scale.measure(&window);
            true
        }
        Ok(None) => false,
        Err(error) => {
            // Firmware looks at the error, so nothing of it may be optimised away.
            core::hint::black_box(error);
            false
        }
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe { a_panic_is_reachable() }
}
