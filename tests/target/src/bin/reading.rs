//! Instructions that a reading takes in `meter-core`, on a core without a multiplier for 64 bits and without
//! floats. Run in QEMU with `-icount shift=0`, so that `minstret` counts exactly.
#![no_std]
#![no_main]

use core::fmt::Write as _;
use core::hint::black_box;

use meter_core::detect::{DropLimits, Limit};
use meter_core::meter::{
    Detectors, Limits, Meter, Outputs, Quality, Rules, Settings, Stage, Standard, StandardSettings,
};
use meter_core::{
    Calibration, Config, CounterReading, LocalTime, Reading, Season, Source, Switch, Tariff,
};
use on_target::emulated::{Host, end, instructions};
use riscv_rt::entry;

/// Half an hour of seconds: demand, profile and a rate end in it.
const READINGS: u32 = 1_800;
const BEGIN_S: i64 = 1_700_000_000;

const SOURCE: Source = Source {
    counter_step_uwh: 1_000_000,
    moduli: &[1 << 16, 10_000_000, 1 << 32],
    max_power_mw: 27_600_000,
    power_step_mw: 100,
    voltage_step_mv: 100,
    current_step_ma: 1,
    power_factor_step_milli: 10,
    is_signed: false,
    is_simultaneous: true,
};

const DAY: &[Switch] = &[
    Switch { minute: 0, rate: 1 },
    Switch {
        minute: 360,
        rate: 0,
    },
    Switch {
        minute: 1_320,
        rate: 1,
    },
];

/// A house that is never the same for two seconds.
fn reading(second: u32) -> Reading {
    let wobble = second.wrapping_mul(2_654_435_761) >> 22;
    let voltage_mv = 230_000 + wobble % 1_000;
    let current_ma = 4_000 + wobble;
    let power_mw = (u64::from(voltage_mv) * u64::from(current_ma) / 1_000 * 95 / 100) as i32;
    Reading {
        utc_s: Some(BEGIN_S + i64::from(second)),
        voltage_mv: Some(voltage_mv),
        current_ma: Some(current_ma),
        power_mw: Some(power_mw),
        frequency_mhz: Some(50_000),
        power_factor_milli: Some(950),
        counter: Some(CounterReading {
            import: u64::from(second) * 28 / 100,
            export: 0,
        }),
        ..Reading::at(u64::from(second) * 1_000)
    }
}

/// Mean and most instructions of a reading.
fn measure<S: Stage>(mut meter: Meter<S>, settings: &Settings<S::Config<'_>>) -> (u32, u32) {
    let (mut sum, mut most) = (0, 0);
    let mut outputs = Outputs::new();
    for second in 0..READINGS {
        let reading = black_box(reading(second));
        let local = reading
            .utc_s
            .and_then(|utc_s| LocalTime::from_unix(utc_s, 3_600));
        let before = instructions();
        meter.push(black_box(&reading), local, settings, &mut outputs);
        let taken = instructions().wrapping_sub(before);
        black_box(&outputs);
        sum += taken;
        most = most.max(taken);
    }
    if meter.registers().import.mwh() != u64::from(READINGS - 1) * 28 / 100 * 1_000 {
        let _ = writeln!(Host, "the registers are wrong: {:?}", meter.registers());
        end(1);
    }
    (sum / READINGS, most)
}

#[entry]
fn main() -> ! {
    let seasons = [Season {
        from: (1, 1),
        workday: DAY,
        saturday: DAY,
        sunday: DAY,
    }];
    let Ok(tariff) = Tariff::new(&seasons, &[], 2) else {
        end(2)
    };
    let (limits, rules) = (
        Limits::new(230, 50),
        Rules {
            overload: Some(Limit::overload(5_000_000)),
            over_current: Some(Limit::over_current(25_000)),
            ..Rules::new()
        },
    );
    let energy = Config::new(SOURCE);
    let calibration = Calibration::gains(1_200, -3_400, -2_200);
    let each = Settings {
        calibration,
        energy,
        stages: (limits, rules),
    };
    let all = Settings {
        calibration,
        energy,
        stages: StandardSettings {
            tariff,
            limits,
            rules,
            drop: DropLimits::new(),
        },
    };
    let rows = [
        (
            "registers alone",
            measure(Meter::new(()), &Settings::new(energy, ())),
        ),
        (
            "with all that looks at each reading",
            measure(Meter::new((Quality::new(), Detectors::new())), &each),
        ),
        (
            "with all stages",
            measure(Meter::new(Standard::<4>::new(900, 1)), &all),
        ),
    ];
    for (what, (mean, most)) in rows {
        let _ = writeln!(
            Host,
            "{what}: {mean} instructions a reading, {most} at most"
        );
    }
    end(0)
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let _ = writeln!(Host, "{info}");
    end(101)
}
