//! What the PC is for the application besides: random bits, an address, a watchdog without teeth.

use meter_core::health::ResetCause;
use smart_meter::platform::{Machine, Watchdog};

/// This process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process;

impl Machine for Process {
    fn random(&mut self) -> u32 {
        getrandom::u32().unwrap_or_default()
    }

    /// A locally administered one: it is nobody's.
    fn mac(&self) -> [u8; 6] {
        [0x02, 0, 0, 0, 0, 1]
    }

    fn reset_cause(&self) -> ResetCause {
        ResetCause::PowerOn
    }

    fn restart(&mut self) -> ! {
        std::process::exit(0)
    }
}

/// Nothing is restarted: a station that hangs is seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoTeeth;

impl Watchdog for NoTeeth {
    fn feed(&mut self) {}
}
