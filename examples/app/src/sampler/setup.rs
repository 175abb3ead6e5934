//! What the settings mean for `meter-core`.

use meter_core::detect::{DropLimits, Limit, Naive};
use meter_core::energy::Config;
use meter_core::meter::{Limits, Rules, StandardSettings};
use meter_core::{Calibration, Reading, Source, Tariff};

use crate::settings::Settings;

/// Current at which the naive rule for theft speaks, in milliamperes, and power of that for high usage in
/// milliwatts: the rules of common backends.
const THEFT_MA: u32 = 100;
const HIGH_USAGE_MW: u32 = 5_000_000;

/// What the meter is to do with a reading.
pub(super) fn meter_settings(
    settings: &Settings,
    source: &Source,
    reading: &Reading,
) -> meter_core::Settings<StandardSettings<'static>> {
    let [voltage, current, power] = settings.gains_ppm;
    let calibration = Calibration::gains(voltage, current, power);
    // What is calibrated counts right, too.
    let source = if reading.is_calibrated {
        *source
    } else {
        calibration.source(source)
    };
    let mut energy = Config::new(source);
    // One reading that is missing is a gap.
    energy.gap_ms = settings
        .interval_ms
        .saturating_add(settings.interval_ms / 2);
    let stages = StandardSettings {
        tariff: Tariff::FLAT,
        limits: Limits::new(settings.nominal_v.into(), settings.nominal_hz.into()),
        rules: rules(settings),
        drop: DropLimits::new(),
    };
    meter_core::Settings {
        calibration,
        ..meter_core::Settings::new(energy, stages)
    }
}

fn rules(settings: &Settings) -> Rules {
    let limit_mw = settings.overload_w.saturating_mul(1_000);
    let mut rules = Rules::new();
    if settings.overload_w > 0 {
        rules.overload = Some(Limit::overload(limit_mw));
    }
    if settings.over_current_ma > 0 {
        rules.over_current = Some(Limit::over_current(settings.over_current_ma));
    }
    if settings.naive_rules {
        rules.theft = Some(Naive::theft_suspicion(THEFT_MA, false));
        rules.high_usage = Some(Naive::high_usage(HIGH_USAGE_MW));
    }
    rules
}
