//! A reading through every stage of `meter-core`, and the stored form both ways, linked to be weighed.
#![no_std]
#![no_main]

use meter_core::meter::{Meter, Outputs, Settings, Standard, StandardSettings};
use meter_core::{LocalTime, Reading, Slots, Snapshot};
use on_target::linked::a_panic_is_reachable;

/// What firmware keeps of a meter.
pub struct Kept {
    meter: Meter<Standard<4>>,
    slots: Slots,
}

/// Takes a reading and gives what there is to be stored; without a time of the day it starts from what is
/// stored.
#[unsafe(no_mangle)]
extern "C" fn entry(
    kept: &mut Kept,
    reading: &Reading,
    settings: &Settings<StandardSettings<'_>>,
    flash: &[[u8; Snapshot::BYTES]; 2],
    stored: &mut [u8; Snapshot::BYTES],
    outputs: &mut Outputs,
) -> u8 {
    #[cfg(feature = "provoke-panic")]
    if [0, 1, 2][reading.at_ms as usize] == 1 {
        return 0;
    }
    #[cfg(feature = "provoke-float")]
    if reading.at_ms as f64 * 0.1 > 7.0 {
        return 0;
    }
    let Some(utc_s) = reading.utc_s else {
        let [first, second] = flash;
        let (slots, found) = Slots::open([first, second]);
        kept.slots = slots;
        if let Some(snapshot) = found {
            kept.meter = Meter::restore(Standard::new(900, 1), &snapshot);
        }
        return 0xFF;
    };
    let local = LocalTime::from_unix(utc_s, 3_600);
    kept.meter.push(reading, local, settings, outputs);
    let (place, bytes) = kept.slots.store(kept.meter.snapshot());
    *stored = bytes;
    place
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe { a_panic_is_reachable() }
}
