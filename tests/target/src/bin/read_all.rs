//! The reading of all ten registers with everything it needs, linked to be weighed.
#![no_std]
#![no_main]

use on_target::linked::{Pzem, a_panic_is_reachable};

/// Reads through the general address, as a single module is wired.
#[unsafe(no_mangle)]
extern "C" fn entry(pzem: &mut Pzem, kept: &mut pzem::Measurement) -> bool {
    #[cfg(feature = "provoke-panic")]
    if [0, 1, 2][kept.voltage_dv as usize] == 1 {
        return false;
    }
    match pzem.read(pzem::Target::General) {
        Ok(measurement) => {
            *kept = measurement;
            true
        }
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
