//! What is connected behind a module.

use crate::random::Random;

/// An AC load as the module sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Voltage in 0.1 V.
    pub voltage_dv: u16,
    /// Current in mA.
    pub current_ma: u32,
    /// Power factor in 0.01; the register may differ by the rounding of the power register.
    pub power_factor_percent: u16,
    /// Frequency in 0.1 Hz.
    pub frequency_dhz: u16,
}

impl Load {
    /// 230.0 V, 50.0 Hz and no current.
    pub const NONE: Self = Self {
        voltage_dv: 2_300,
        current_ma: 0,
        power_factor_percent: 100,
        frequency_dhz: 500,
    };

    /// Active power in 0.1 W, rounded.
    #[must_use]
    pub fn power_dw(&self) -> u32 {
        // 0.1 V times 0.001 A times 0.01 is 1e-6 W, a hundred thousandth of a register step.
        let fine = u64::from(self.voltage_dv)
            * u64::from(self.current_ma)
            * u64::from(self.power_factor_percent);
        ((fine + 50_000) / 100_000) as u32
    }

    /// Power factor register: `round(100 · P / (V · I))` of the registers, exactly as in all
    /// captured frames with current; 0 without current.
    #[must_use]
    pub fn power_factor_register(&self) -> u16 {
        let apparent = u64::from(self.voltage_dv) * u64::from(self.current_ma);
        let scaled = u64::from(self.power_dw()) * 100_000;
        (scaled + apparent / 2).checked_div(apparent).unwrap_or(0) as u16
    }
}

/// A household that lives: small loads that change slowly, a kettle now and then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Household {
    random: Random,
    base: Load,
    kettle_s: u32,
    second: u64,
}

impl Household {
    pub(crate) const fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            base: Load {
                voltage_dv: 2_315,
                current_ma: 1_250,
                power_factor_percent: 87,
                frequency_dhz: 500,
            },
            kettle_s: 0,
            second: 0,
        }
    }

    /// The load at `now_ns`, one step a second.
    pub(crate) fn at(&mut self, now_ns: u64) -> Load {
        let second = now_ns / 1_000_000_000;
        // A long pause is not lived through second by second.
        self.second = self.second.max(second.saturating_sub(600));
        while self.second < second {
            self.second += 1;
            self.step();
        }
        let mut load = self.base;
        if self.kettle_s > 0 {
            // A resistive 2.1 kW load beside the rest pulls the power factor up and the voltage
            // down.
            load.current_ma += 9_100;
            load.power_factor_percent = 98;
            load.voltage_dv -= 24;
        }
        load
    }

    fn step(&mut self) {
        let drift =
            |random: &mut Random, span: u64| random.below(2 * span + 1) as i64 - span as i64;
        let voltage = i64::from(self.base.voltage_dv) + drift(&mut self.random, 4);
        self.base.voltage_dv = voltage.clamp(2_260, 2_360) as u16;
        let current = i64::from(self.base.current_ma) + drift(&mut self.random, 35);
        self.base.current_ma = current.clamp(300, 3_200) as u32;
        self.base.frequency_dhz = (500 + drift(&mut self.random, 1)) as u16;
        let factor = i64::from(self.base.power_factor_percent) + drift(&mut self.random, 1);
        self.base.power_factor_percent = factor.clamp(78, 95) as u16;
        self.kettle_s = match self.kettle_s {
            0 if self.random.below(90) == 0 => 60 + self.random.below(90) as u32,
            seconds => seconds.saturating_sub(1),
        };
    }
}
