//! From the chip's units to volts, amperes, watts and hours.

use crate::factor::Factor;
use crate::window::{Rms, Window};

/// Codes at full scale (data sheet Rev. C, pages 25, 26, 28, 30 and figure 73). They disagree among each
/// other by about 1 %: a scale made of them alone is that good, calibration makes it right.
pub mod full_scale {
    /// IRMS of a sine.
    pub const IRMS: u32 = 1_868_467;
    /// VRMS of a sine.
    pub const VRMS: u32 = 1_561_400;
    /// Active power behind LPF2.
    pub const ACTIVE: u32 = 838_861;
    /// Apparent power.
    pub const APPARENT: u32 = 708_693;
}

/// PERIOD times this corner frequency of LPF1 over the mains frequency: CLKIN/(8 * 140 Hz) with the
/// CLKIN of the data sheet, with which the corner goes along (140 Hz: page 26).
const LPF1: u64 = 3_196;

/// What one step of each register stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Scale {
    /// Frequency at CLKIN in hertz.
    pub clkin_hz: u32,
    /// Microvolts a step of VRMS, at [`period`](Self::period).
    pub voltage: Factor,
    /// Microamperes a step of IRMS.
    pub current: Factor,
    /// Microwatts a code of LPF2.
    pub active: Factor,
    /// Microvoltamperes a code of apparent power, at [`period`](Self::period).
    pub apparent: Factor,
    /// Microvars a code of reactive power, at [`period`](Self::period).
    pub reactive: Factor,
    /// PERIOD at which voltage, apparent and reactive power are right as they come.
    pub period: u16,
    /// Whether the integrator of channel 1 is on, which turns the frequency response of reactive
    /// power around.
    pub integrator: bool,
    /// Whether the current transformer sits the wrong way round: the signs are exchanged.
    pub reversed: bool,
}

impl Scale {
    /// The scale for known full-scale values: the rms of a sine whose peak is full scale.
    ///
    /// `None` when one of them is 0 or far beyond mains metering.
    #[must_use]
    pub const fn nominal(
        clkin_hz: u32,
        full_scale_mv: u32,
        full_scale_ma: u32,
        mains_hz: u8,
        integrator: bool,
    ) -> Option<Self> {
        let period = (clkin_hz / 4).checked_div(mains_hz as u32);
        let Some(twice) = period else {
            return None;
        };
        let period = twice.div_ceil(2);
        // Millivolts times milliamperes are microwatts.
        let power = full_scale_mv as u64 * full_scale_ma as u64;
        if power == 0 || period > 0x7FFF {
            return None;
        }
        let voltage = Factor::ratio(full_scale_mv as u64 * 1_000, full_scale::VRMS as u64);
        let current = Factor::ratio(full_scale_ma as u64 * 1_000, full_scale::IRMS as u64);
        let active = Factor::ratio(power, full_scale::ACTIVE as u64);
        let apparent = Factor::ratio(power, full_scale::APPARENT as u64);
        let (Some(voltage), Some(current), Some(active), Some(apparent)) =
            (voltage, current, active, apparent)
        else {
            return None;
        };
        // Reactive codes are 17.35/f of active ones with the integrator off, 0.01438*f with it on
        // (table 10, page 48).
        let reactive = if integrator {
            active.scaled(100_000, 1_438 * mains_hz as u64)
        } else {
            active.scaled(100 * mains_hz as u64, 1_735)
        };
        let Some(reactive) = reactive else {
            return None;
        };
        Some(Self {
            clkin_hz,
            voltage,
            current,
            active,
            apparent,
            reactive,
            period: period as u16,
            integrator,
            reversed: false,
        })
    }

    /// The same with the current transformer the other way round.
    #[must_use]
    pub const fn with_reversed(self, reversed: bool) -> Self {
        Self { reversed, ..self }
    }

    /// Microwatt-hours a step of AENERGY and LAENERGY: 2^25 codes, one in 4/CLKIN (page 30).
    #[must_use]
    pub const fn energy(&self) -> Factor {
        match self.active.scaled(1 << 27, self.clkin_hz as u64 * 3_600) {
            Some(factor) => factor,
            None => Factor::ZERO,
        }
    }

    /// Energy of so many steps of AENERGY in microwatt-hours.
    #[must_use]
    pub const fn energy_uwh(&self, steps: i64) -> i64 {
        self.signed(self.energy().times(steps, 0))
    }

    /// What a window says.
    #[must_use]
    pub fn measure(&self, window: &Window) -> Measurement {
        let hours = (
            u64::from(self.clkin_hz) * 900,
            u64::from(window.additions()),
        );
        let code = |steps: i64| code(steps, window);
        let active_uw = self.active_uw(code(window.active.into()), CODE_BITS);
        let apparent_uva =
            self.apparent_uva(code(window.apparent.into()), CODE_BITS, window.period);
        let reactive_uvar = window
            .reactive
            .map(|steps| self.reactive_uvar(code(steps.into()), CODE_BITS, window.period));
        let resolution_uw = self.active.times(code(1), CODE_BITS);
        let energy =
            |uw: i64| Factor::ratio(hours.1, hours.0).map_or(0, |hours| hours.times(uw, 0));
        Measurement {
            voltage_mv: window
                .rms
                .map(|rms| thousandth(self.voltage_uv(rms.voltage, window.period))),
            current_ua: window.rms.map(|rms| positive(self.current_ua(rms.current))),
            active_mw: milli(active_uw),
            reactive_mvar: reactive_uvar.map(milli),
            apparent_mva: thousandth(apparent_uva),
            power_factor_milli: power_factor(active_uw, apparent_uva),
            frequency_mhz: self.frequency_mhz(window.period),
            active_uwh: self.energy_uwh(window.active.into()),
            reactive_uvarh: reactive_uvar.map(energy),
            apparent_uvah: energy(apparent_uva),
            resolution_mw: positive(resolution_uw.saturating_add(999) / 1_000),
            duration_us: window.duration_us(self.clkin_hz),
        }
    }

    /// Rms values in millivolts and microamperes.
    #[must_use]
    pub fn measure_rms(&self, rms: Rms, period: u16) -> (u32, u32) {
        (
            thousandth(self.voltage_uv(rms.voltage, period)),
            positive(self.current_ua(rms.current)),
        )
    }

    /// Mains frequency in millihertz: CLKIN/8 over PERIOD (page 37, Eq. 38).
    #[must_use]
    pub const fn frequency_mhz(&self, period: u16) -> u32 {
        match (self.clkin_hz as u64 * 125 + period as u64 / 2).checked_div(period as u64) {
            Some(mhz) if mhz <= u32::MAX as u64 => mhz as u32,
            _ => 0,
        }
    }

    pub(crate) const fn active_uw(&self, code: i64, fraction_bits: u32) -> i64 {
        self.signed(self.active.times(code, fraction_bits))
    }

    pub(crate) fn apparent_uva(&self, code: i64, fraction_bits: u32, period: u16) -> i64 {
        let uva = self.apparent.times(code, fraction_bits);
        self.voltage_response(period).times(uva, 0)
    }

    pub(crate) fn reactive_uvar(&self, code: i64, fraction_bits: u32, period: u16) -> i64 {
        let uvar = self.reactive.times(code, fraction_bits);
        self.signed(self.reactive_response(period).times(uvar, 0))
    }

    fn voltage_uv(&self, vrms: u32, period: u16) -> i64 {
        let uv = self.voltage.times(vrms.into(), 0);
        self.voltage_response(period).times(uv, 0)
    }

    fn current_ua(&self, irms: u32) -> i64 {
        self.current.times(irms.into(), 0)
    }

    const fn signed(&self, value: i64) -> i64 {
        if self.reversed { -value } else { value }
    }

    /// LPF1 in front of VRMS is a single pole: what it takes away at `period` beyond what it took
    /// away at calibration, sqrt((1 + (f/140)^2) / (1 + (fcal/140)^2)).
    fn voltage_response(&self, period: u16) -> Factor {
        let loss = |period: u16| match ((LPF1 * LPF1) << 40).checked_div(u64::from(period).pow(2)) {
            Some(square) => (1 << 40) + square.min(1 << 44),
            None => 1 << 40,
        };
        // 2^22 times the root of 1 + (f/140)^2 each, in which 2^40 goes by as 2^20 and the rest adds
        // precision.
        let root = |period| (loss(period) << 4).isqrt();
        Factor::ratio(root(period), root(self.period)).unwrap_or(Factor::ZERO)
    }

    /// The 90 degree shift of reactive power goes with 1/f, with the integrator on with f (table 10,
    /// page 48; Eq. 75 to 77 treat the first case only).
    fn reactive_response(&self, period: u16) -> Factor {
        let (now, calibrated) = (u64::from(period), u64::from(self.period));
        if self.integrator {
            Factor::ratio(now, calibrated)
        } else {
            Factor::ratio(calibrated, now)
        }
        .unwrap_or(Factor::ZERO)
    }
}

/// Bits behind the point of [`code`].
pub(crate) const CODE_BITS: u32 = 13;

/// The mean power code of a window: its steps are 2^25 codes each, and there was one addition in
/// 4/CLKIN.
fn code(steps: i64, window: &Window) -> i64 {
    (steps << (25 + CODE_BITS))
        .checked_div(window.additions().into())
        .unwrap_or_default()
}

/// What a window says in everyday units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Measurement {
    /// Voltage in millivolts; `None` when the window was read too late for rms values. The chip
    /// takes the mean absolute value: right for a sine.
    pub voltage_mv: Option<u32>,
    /// Current in microamperes; `None` as for the voltage.
    pub current_ua: Option<u32>,
    /// Mean active power in milliwatts, negative when it flows back.
    pub active_mw: i32,
    /// Mean reactive power in millivars, positive when the current lags; `None` from an ADE7763.
    pub reactive_mvar: Option<i32>,
    /// Mean apparent power in millivoltamperes.
    pub apparent_mva: u32,
    /// Active over apparent power in thousandths, with the sign of the active power; 0 without
    /// apparent power.
    pub power_factor_milli: i16,
    /// Mains frequency in millihertz.
    pub frequency_mhz: u32,
    /// Active energy of the window in microwatt-hours.
    pub active_uwh: i64,
    /// Reactive energy of the window in microvar-hours.
    pub reactive_uvarh: Option<i64>,
    /// Apparent energy of the window in microvoltampere-hours.
    pub apparent_uvah: i64,
    /// The smallest step of the active power: the chip counts whole steps in a window, and longer
    /// windows have finer ones.
    pub resolution_mw: u32,
    /// Length of the window in microseconds.
    pub duration_us: u32,
}

const fn milli(micro: i64) -> i32 {
    let half = if micro < 0 { -500 } else { 500 };
    let rounded = micro.saturating_add(half) / 1_000;
    if rounded > i32::MAX as i64 {
        i32::MAX
    } else if rounded < i32::MIN as i64 {
        i32::MIN
    } else {
        rounded as i32
    }
}

const fn positive(value: i64) -> u32 {
    if value < 0 {
        0
    } else if value > u32::MAX as i64 {
        u32::MAX
    } else {
        value as u32
    }
}

const fn thousandth(micro: i64) -> u32 {
    positive(micro.saturating_add(500) / 1_000)
}

const fn power_factor(active_uw: i64, apparent_uva: i64) -> i16 {
    let (active, apparent) = (active_uw / 16, apparent_uva / 16);
    match (active.saturating_mul(1_000)).checked_div(apparent) {
        Some(milli) if milli > 1_000 => 1_000,
        Some(milli) if milli < -1_000 => -1_000,
        Some(milli) => milli as i16,
        None => 0,
    }
}
