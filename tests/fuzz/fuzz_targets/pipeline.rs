//! Any readings through every stage, with restarts from any stored bytes: nothing panics, no register
//! decreases, records, rates and days add up.
#![no_main]

use libfuzzer_sys::fuzz_target;
use meter_core::calibration::Knot;
use meter_core::detect::{BaseLoad, DropLimits, FeederBalance, Limit, Naive};
use meter_core::meter::{Limits, Meter, Outputs, Rules, Settings, Standard, StandardSettings};
use meter_core::{
    Calibration, Config, CounterReading, LocalTime, Reading, Registers, Season, Snapshot, Source,
    Switch, Tariff,
};

const SOURCE: Source = Source {
    counter_step_uwh: 1_000_000,
    moduli: &[1 << 16, 10_000_000, 1 << 32],
    max_power_mw: 27_600_000,
    power_step_mw: 100,
    voltage_step_mv: 100,
    current_step_ma: 1,
    power_factor_step_milli: 10,
    is_signed: true,
    is_simultaneous: true,
};

const DAY: &[Switch] = &[
    Switch { minute: 0, rate: 1 },
    Switch {
        minute: 360,
        rate: 0,
    },
];
const SEASONS: &[Season<'_>] = &[Season {
    from: (1, 1),
    workday: DAY,
    saturday: DAY,
    sunday: DAY,
}];

fn growing(r: &Registers) -> [(u64, u32); 10] {
    let [q1, q2, q3, q4] = r.quadrants;
    let all = [
        r.import,
        r.export,
        r.estimated,
        r.integrated,
        r.apparent,
        r.nonactive,
        q1,
        q2,
        q3,
        q4,
    ];
    all.map(|register| (register.mwh(), register.rest()))
}

fuzz_target!(|bytes: &[u8]| {
    let tariff = Tariff::new(SEASONS, &[], 4).expect("a tariff");
    let mut calibration = Calibration::<2>::NONE;
    calibration.power.gain_ppm = i32::from(bytes.first().copied().unwrap_or(0)) * 1_000_003;
    calibration.power.offset = i32::from(bytes.get(1).copied().unwrap_or(0)) - 128;
    calibration.current_temperature.ppm_per_k = calibration.power.gain_ppm;
    calibration.current.knots = [
        Knot {
            at: 10,
            ppm: i32::MAX,
        },
        Knot {
            at: 20,
            ppm: i32::MIN,
        },
    ];
    let settings = Settings {
        calibration,
        energy: Config::new(SOURCE),
        stages: StandardSettings {
            tariff,
            limits: Limits::new(230, 50),
            rules: Rules {
                overload: Some(Limit::overload(1)),
                over_current: Some(Limit::over_current(u32::MAX)),
                high_usage: Some(Naive::high_usage(5)),
                ..Rules::new()
            },
            drop: DropLimits::new(),
        },
    };
    let mut meter = Meter::new(Standard::<4>::new(900, 31));
    let (mut at_ms, mut recorded, mut days) = (1 << 40, 0_u64, 0_u64);
    let mut outputs = Outputs::new();
    let mut before = growing(meter.registers());
    let (mut feeder, mut night) = (FeederBalance::new(), BaseLoad::new());
    for chunk in bytes.chunks_exact(16) {
        let word = |at: usize| {
            u32::from_le_bytes([chunk[at], chunk[at + 1], chunk[at + 2], chunk[at + 3]])
        };
        let kind = chunk[0];
        at_ms = match kind & 7 {
            0 => word(1).into(),
            1 => at_ms,
            _ => at_ms + u64::from(word(1) >> 8),
        };
        let has = |bit: u8| kind & bit != 0;
        let reading = Reading {
            utc_s: has(8).then(|| i64::from(word(1)) * 1_000_003),
            voltage_mv: has(16).then(|| word(4)),
            current_ma: has(32).then(|| word(8)),
            power_mw: has(64).then(|| word(12).cast_signed()),
            reactive_mvar: has(8).then(|| word(8).cast_signed()),
            frequency_mhz: has(16).then(|| word(3)),
            temperature_centi_c: has(32).then(|| word(1) as i16),
            power_factor_milli: Some(word(6) as i16),
            counter: has(128).then(|| CounterReading {
                import: word(10).into(),
                export: word(2).into(),
            }),
            ..Reading::at(at_ms)
        };
        // Dates and minutes that are none among them.
        let local = LocalTime {
            month: chunk[1] >> 4,
            day: chunk[2] >> 3,
            weekday: chunk[3] & 7,
            minute: word(4) as u16 & 0x7FF,
        };
        meter.push(&reading, has(4).then_some(local), &settings, &mut outputs);
        assert_eq!(outputs.lost_events, 0);
        let now = growing(meter.registers());
        assert!(now.iter().zip(before).all(|(now, before)| *now >= before));
        before = now;
        let import = meter.registers().import.mwh();
        recorded += outputs.record.map_or(0, |record| record.import_mwh);
        days += outputs.ended.map_or(0, |ended| ended.day.used_mwh);
        let rates: u64 = meter.stages.rates.mwh().sum();
        let unassigned = meter.stages.rates.unassigned_mwh(meter.registers());
        assert_eq!(rates + unassigned, import);
        let [today, _] = meter.stages.freeze.today(meter.registers());
        assert!(recorded <= import && days + today <= import);
        if has(2) {
            meter.miss(at_ms, &mut outputs);
        }
        let _ = feeder.push(at_ms, word(4).into(), [word(8).into(), u64::MAX]);
        let _ = night.night(at_ms, word(12));
        if chunk[15] == 0xFF {
            let stored = meter.snapshot().encode();
            let snapshot = Snapshot::decode(&stored).expect("what was stored");
            assert_eq!(snapshot, meter.snapshot());
            meter = Meter::restore(Standard::new(900, 31), &snapshot);
            assert_eq!(meter.snapshot(), snapshot);
        }
    }
});
