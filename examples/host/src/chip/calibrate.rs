//! `meter ade7753 calibrate`: the guided procedure, against the simulated bench or a real source.

use std::io::{self, Write};

use ade7753::calibration::{Point, Procedure, Reference, Registers, Step};
use ade7753::{Calibration, LineCycles};
use indicatif::ProgressBar;
use meter_sim::ade7753::Load;
use serde::Serialize;

use super::cli::{CalibrateOptions, ChipOptions};
use super::meter::Meter;
use crate::commands::{print, print_json};
use crate::error::Problem;

pub(crate) fn run(options: &ChipOptions, calibrate: &CalibrateOptions) -> Result<(), Problem> {
    if !(0.001..=4_000.0).contains(&calibrate.current) || !(10..=1_000).contains(&calibrate.voltage)
    {
        return Err(Problem::Usage(
            "--voltage is 10 to 1000 V, --current 0.001 to 4000 A".to_owned(),
        ));
    }
    let mut meter = Meter::open(options)?;
    let talk = Talk { json: options.json };
    let nominal = meter.front_end.nominal_calibration();
    let full_scale = (
        meter.front_end.full_scale_mv(),
        meter.front_end.full_scale_ma(),
    );
    talk.say(&format!(
        "front end: full scale {:.1} V and {:.2} A; {}",
        f64::from(full_scale.0) / 1e3,
        f64::from(full_scale.1) / 1e3,
        meter.front_end.phase_budget()
    ))?;
    let current_ma = (calibrate.current * 1e3).round() as u32;
    let mut procedure = Procedure::new(
        nominal,
        calibrate.voltage * 1_000,
        current_ma,
        options.mains,
    )
    .with_tolerated_phase((calibrate.tolerate_phase.clamp(0.0, 90.0) * 1e6) as u32);
    let before = errors(&mut meter, &nominal, calibrate, options)?;
    loop {
        let (name, point) = match procedure.step() {
            Step::Gain(point) => ("gain", point),
            Step::Phase(point) => ("phase", point),
            Step::Offset(point) => ("offset", point),
            Step::VoltageOffset(point) => ("voltage offset", point),
            Step::Done => break,
        };
        meter.driver.set_calibration(*procedure.calibration())?;
        let Some(reference) = apply(&meter, name, &point, calibrate, talk)? else {
            procedure
                .skip()
                .map_err(|error| Problem::Refused(error.to_string()))?;
            continue;
        };
        let bar = if options.json {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(point.windows.into())
        };
        let average = meter.average(point.length, point.windows, || bar.inc(1))?;
        bar.finish_and_clear();
        match procedure.record(&average, &reference) {
            Ok(()) => talk.say(&format!("{name}: done"))?,
            // A person can mend the load and try again; the bench would do the same once more.
            Err(error) if meter.bench.is_none() => talk.say(&format!("{name}: {error}"))?,
            Err(error) => return Err(Problem::Refused(format!("{name}: {error}"))),
        }
    }
    let calibration = *procedure.calibration();
    meter.driver.set_calibration(calibration)?;
    let after = errors(&mut meter, &calibration, calibrate, options)?;
    report(&calibration.registers, &before, &after, talk)?;
    if let Some(path) = &calibrate.output {
        std::fs::write(path, calibration.to_bytes()).map_err(|error| {
            Problem::Refused(format!("{} can not be written: {error}", path.display()))
        })?;
        talk.say(&format!("stored in {}", path.display()))?;
    }
    Ok(())
}

/// Words for people; none where a program reads.
#[derive(Clone, Copy)]
struct Talk {
    json: bool,
}

impl Talk {
    fn say(self, text: &str) -> Result<(), Problem> {
        if self.json { Ok(()) } else { print(text) }
    }
}

/// Puts a load on the bench, or asks a person for it; gives what really flows, or nothing when the
/// step is to be left out.
fn apply(
    meter: &Meter,
    name: &str,
    point: &Point,
    calibrate: &CalibrateOptions,
    talk: Talk,
) -> Result<Option<Reference>, Problem> {
    let (volts, amperes) = (
        f64::from(point.voltage_mv) / 1e3,
        f64::from(point.current_ma) / 1e3,
    );
    let factor = if point.lag_deg == 0 {
        "1"
    } else {
        "0.5, current lagging"
    };
    let seconds = f64::from(point.windows) * f64::from(point.length.half_cycles()) / 100.0;
    talk.say(&format!(
        "{name}: {volts} V, {amperes} A, power factor {factor}, {seconds:.0} s"
    ))?;
    if let Some(bench) = &meter.bench {
        bench.apply(Load {
            volts,
            amperes,
            lag_deg: point.lag_deg.into(),
            hz: f64::from(meter.front_end.mains_hz()),
        });
        bench.board().advance_us(2_000_000);
        return Ok(Some(point.reference()));
    }
    if calibrate.reference_meter {
        return ask_reference();
    }
    let answer = ask("apply it and press Enter, or type `skip`: ")?;
    Ok((answer != "skip").then(|| point.reference()))
}

fn ask(question: &str) -> Result<String, Problem> {
    let mut err = io::stderr();
    write!(err, "{question}")?;
    err.flush()?;
    let mut answer = String::new();
    if io::stdin().read_line(&mut answer)? == 0 {
        return Err(Problem::Usage(
            "calibration of a real chip needs somebody to answer".to_owned(),
        ));
    }
    Ok(answer.trim().to_owned())
}

/// What a reference meter shows at a load like that.
fn ask_reference() -> Result<Option<Reference>, Problem> {
    loop {
        let answer =
            ask("apply it and type V A W var as the reference meter shows them, or `skip`: ")?;
        if answer == "skip" {
            return Ok(None);
        }
        let numbers: Vec<f64> = answer.split_whitespace().flat_map(str::parse).collect();
        match numbers.as_slice() {
            [v, a, w, var] if (0.0..4e6).contains(v) && (0.0..4_000.0).contains(a) => {
                return Ok(Some(Reference {
                    voltage_mv: (v * 1e3).round() as u32,
                    current_ua: (a * 1e6).round() as u32,
                    active_mw: (w * 1e3).round() as i64,
                    reactive_mvar: (var * 1e3).round() as i64,
                }));
            }
            _ => print("four numbers, such as 229.8 9.97 1145.6 1982.0")?,
        }
    }
}

/// Errors at one load, in thousandths of a percent.
#[derive(Clone, Copy, Debug, Serialize)]
struct ErrorRow {
    current_ma: u32,
    lag_deg: i32,
    power_error_millipercent: i64,
    voltage_error_millipercent: i64,
    current_error_millipercent: i64,
}

/// What the meter makes of loads it has not seen. Nobody but the bench can tell that.
fn errors(
    meter: &mut Meter,
    calibration: &Calibration,
    calibrate: &CalibrateOptions,
    options: &ChipOptions,
) -> Result<Vec<ErrorRow>, Problem> {
    let Some(bench) = meter.bench.clone() else {
        return Ok(Vec::new());
    };
    meter.driver.set_calibration(*calibration)?;
    let mut rows = Vec::new();
    for (share, lag_deg) in [
        (1.0, 0),
        (0.2, 0),
        (0.05, 0),
        (1.0, 60),
        (0.2, 60),
        (1.0, -37),
    ] {
        let load = Load {
            volts: f64::from(calibrate.voltage),
            amperes: calibrate.current * share,
            lag_deg: f64::from(lag_deg),
            hz: f64::from(options.mains),
        };
        bench.apply(load);
        bench.board().advance_us(2_000_000);
        let average = meter.average(LineCycles::MAX, 2, || ())?;
        let scale = &calibration.scale;
        let (voltage_mv, current_ua) = scale.measure_rms(average.rms(), average.period());
        let off = |measured: f64, right: f64| ((measured / right - 1.0) * 1e5).round() as i64;
        rows.push(ErrorRow {
            current_ma: (load.amperes * 1e3) as u32,
            lag_deg,
            power_error_millipercent: off(average.active_uw(scale) as f64 / 1e6, load.watts()),
            voltage_error_millipercent: off(f64::from(voltage_mv) / 1e3, load.volts),
            current_error_millipercent: off(f64::from(current_ua) / 1e6, load.amperes),
        });
    }
    Ok(rows)
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    wgain: i32,
    apos: i32,
    phcal: i32,
    irmsos: i32,
    vrmsos: i32,
    vagain: i32,
    before: &'a [ErrorRow],
    after: &'a [ErrorRow],
}

fn report(
    registers: &Registers,
    before: &[ErrorRow],
    after: &[ErrorRow],
    talk: Talk,
) -> Result<(), Problem> {
    let report = Report {
        wgain: registers.wgain.get(),
        apos: registers.apos.get(),
        phcal: registers.phcal.get(),
        irmsos: registers.irmsos.get(),
        vrmsos: registers.vrmsos.get(),
        vagain: registers.vagain.get(),
        before,
        after,
    };
    if talk.json {
        return print_json(&report);
    }
    print(&format!(
        "registers: WGAIN {}, APOS {}, PHCAL {}, IRMSOS {}, VRMSOS {}, VAGAIN {}",
        report.wgain, report.apos, report.phcal, report.irmsos, report.vrmsos, report.vagain
    ))?;
    if after.is_empty() {
        return Ok(());
    }
    print("errors in percent, before and after:")?;
    print("   current      angle             power            voltage            current")?;
    for (before, after) in before.iter().zip(after) {
        let percent = |value: i64| value as f64 / 1e3;
        print(&format!(
            "{:>8.3} A {:>6} deg   {:+8.3} {:+8.3}  {:+8.3} {:+8.3}  {:+8.3} {:+8.3}",
            f64::from(after.current_ma) / 1e3,
            after.lag_deg,
            percent(before.power_error_millipercent),
            percent(after.power_error_millipercent),
            percent(before.voltage_error_millipercent),
            percent(after.voltage_error_millipercent),
            percent(before.current_error_millipercent),
            percent(after.current_error_millipercent),
        ))?;
    }
    Ok(())
}
