//! `meter ade7753 read` and `watch`.

use std::time::{Duration, Instant};

use ade7753::{LineCycles, Measurement};
use meter_sim::ade7753::Load;
use meter_sim::random::Random;
use serde::Serialize;

use super::cli::{ChipOptions, WatchWindows, WindowOptions};
use super::meter::{HOUSE, Meter};
use crate::commands::{print, print_json};
use crate::error::Problem;
use crate::report::unix_ms;

/// A window as a JSON line.
#[derive(Debug, Serialize)]
struct Reading {
    unix_ms: u64,
    voltage_mv: Option<u32>,
    current_ma: Option<u32>,
    power_mw: i32,
    reactive_mvar: Option<i32>,
    apparent_mva: u32,
    power_factor_milli: i16,
    frequency_mhz: u32,
    /// Net energy since the command was started.
    energy_mwh: i64,
    window_ms: u32,
    power_step_mw: u32,
}

impl Reading {
    fn new(m: &Measurement, energy_uwh: i64) -> Self {
        Self {
            unix_ms: unix_ms(),
            voltage_mv: m.voltage_mv,
            current_ma: m.current_ua.map(|ua| (ua + 500) / 1_000),
            power_mw: m.active_mw,
            reactive_mvar: m.reactive_mvar,
            apparent_mva: m.apparent_mva,
            power_factor_milli: m.power_factor_milli,
            frequency_mhz: m.frequency_mhz,
            energy_mwh: energy_uwh / 1_000,
            window_ms: m.duration_us / 1_000,
            power_step_mw: m.resolution_mw,
        }
    }

    /// Name, value and unit of everything there is.
    fn rows(&self) -> Vec<(&'static str, String, &'static str)> {
        let unit = |value: i64, decimals| signed(value, 1_000, decimals);
        let mut rows = Vec::new();
        let mut row = |name, value: Option<String>, unit| {
            rows.extend(value.map(|value| (name, value, unit)));
        };
        row("voltage", self.voltage_mv.map(|mv| unit(mv.into(), 2)), "V");
        row("current", self.current_ma.map(|ma| unit(ma.into(), 3)), "A");
        row("power", Some(unit(self.power_mw.into(), 1)), "W");
        row(
            "reactive",
            self.reactive_mvar.map(|mvar| unit(mvar.into(), 1)),
            "var",
        );
        row("apparent", Some(unit(self.apparent_mva.into(), 1)), "VA");
        row(
            "power factor",
            Some(unit(self.power_factor_milli.into(), 3)),
            "",
        );
        row("frequency", Some(unit(self.frequency_mhz.into(), 2)), "Hz");
        row("energy", Some(signed(self.energy_mwh, 1_000, 3)), "Wh");
        rows
    }
}

/// `value / one` with decimals and sign.
fn signed(value: i64, one: u64, decimals: u32) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!(
        "{sign}{}",
        crate::report::fixed(value.unsigned_abs(), one, decimals)
    )
}

fn length(options: &ChipOptions, window: WindowOptions) -> LineCycles {
    let ms = u32::try_from(window.window.as_millis()).unwrap_or(u32::MAX);
    LineCycles::from_ms(ms, options.mains)
}

pub(crate) fn read(options: &ChipOptions, window: WindowOptions) -> Result<(), Problem> {
    let mut meter = Meter::open(options)?;
    meter.driver.start_windows(length(options, window))?;
    let window = meter.window()?;
    let m = meter.driver.config().calibration().scale.measure(&window);
    let reading = Reading::new(&m, m.active_uwh);
    if options.json {
        return print_json(&reading);
    }
    for (name, value, unit) in reading.rows() {
        print(format!("{name:<13}{value:>12} {unit}").trim_end())?;
    }
    let step = signed(reading.power_step_mw.into(), 1_000, 1);
    print(&format!("one step of power in this window is {step} W"))?;
    if options.calibration.is_none() {
        print("not calibrated: good to a few percent; `meter ade7753 calibrate` makes it right")?;
    }
    Ok(())
}

pub(crate) fn watch(options: &ChipOptions, watch: WatchWindows) -> Result<(), Problem> {
    let mut meter = Meter::open(options)?;
    meter.driver.start_windows(length(options, watch.window))?;
    let (started, mut count, mut energy_uwh) = (Instant::now(), 0, 0);
    let mut random = Random::new(options.seed);
    while watch.count.is_none_or(|limit| count < limit) {
        let window = meter.window()?;
        count += 1;
        let m = meter.driver.config().calibration().scale.measure(&window);
        energy_uwh += m.active_uwh;
        let reading = Reading::new(&m, energy_uwh);
        if let Some(bench) = &meter.bench {
            // Somebody lives there.
            let amperes = HOUSE.amperes * (0.5 + random.unit());
            let hz = HOUSE.hz * f64::from(options.mains) / 50.0;
            bench.apply(Load {
                amperes,
                hz,
                ..HOUSE
            });
            // A simulated second is over at once; whoever watches expects a real one.
            let due =
                Duration::from_micros(u64::from(m.duration_us)) * u32::try_from(count).unwrap_or(1);
            std::thread::sleep(due.saturating_sub(started.elapsed()));
        }
        if options.json {
            print_json(&reading)?;
        } else {
            let parts = reading
                .rows()
                .into_iter()
                .map(|(name, value, unit)| match name {
                    "power factor" => format!("pf {value}"),
                    _ => format!("{value} {unit}"),
                });
            print(&parts.collect::<Vec<_>>().join("  "))?;
        }
    }
    Ok(())
}
