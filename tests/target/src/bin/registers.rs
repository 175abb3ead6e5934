//! Energy registers, load profile, demand and the stored form, linked to be weighed.
#![no_std]
#![no_main]

use meter_core::{Demand, EnergyMeter, Profile, Reading, Record, Slots, Snapshot};
use on_target::linked::a_panic_is_reachable;

/// What firmware keeps of a meter.
pub struct Meter {
    energy: EnergyMeter,
    profile: Profile,
    demand: Demand<15>,
    slots: Slots,
}

/// Takes a reading; gives what there is to be stored.
#[unsafe(no_mangle)]
extern "C" fn entry(
    meter: &mut Meter,
    reading: &Reading,
    flash: &[[u8; Snapshot::BYTES]; 2],
    stored: &mut [u8; Snapshot::BYTES],
    record: &mut Option<Record>,
) -> u8 {
    #[cfg(feature = "provoke-panic")]
    if [0, 1, 2][reading.at_ms as usize] == 1 {
        return 0;
    }
    let Some(utc_s) = reading.utc_s else {
        let [first, second] = flash;
        let (slots, found) = Slots::open([first, second]);
        meter.slots = slots;
        if let Some(snapshot) = found {
            meter.energy =
                EnergyMeter::restore(*meter.energy.source(), meter_core::Config::new(), &snapshot);
        }
        return 0xFF;
    };
    let step = meter.energy.push(reading);
    *record = meter
        .profile
        .push(utc_s, reading, &step, meter.energy.registers());
    core::hint::black_box(meter.demand.push(utc_s, meter.energy.registers()));
    let (place, bytes) = meter.slots.store(&meter.energy);
    *stored = bytes;
    place
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe { a_panic_is_reachable() }
}
