//! Every vector of fixtures/ade7753_vectors.jsonl: the data sheet's examples and what follows from them,
//! each line with its source. What the driver computes is asked of the driver, what the chip makes is asked of
//! the model.

use ade7753::calibration::formulas;
use ade7753::register::{Signed, Unsigned, Value as _};
use ade7753::{LineCycles, PhaseBudget, Scale, Temperature};
use meter_sim::ade7753::{Board, Imperfections, Inputs};
use serde_json::Value;

const CLKIN: u32 = 3_579_545;

struct Vector(Value);

impl Vector {
    fn input(&self, name: &str) -> f64 {
        self.0["inputs"][name]
            .as_f64()
            .unwrap_or_else(|| panic!("{}: {name}", self.0))
    }

    /// `got` against the expected value, within its tolerance.
    fn expect(&self, name: &str, got: f64) {
        let expected = self.0["expected"][name].as_f64().expect(name);
        let tolerance = self.0["tol"][name].as_f64();
        let percent = self.0["tol"]["percent"]
            .as_f64()
            .map(|p| expected.abs() * p / 100.0);
        let tolerance = tolerance.or(percent).unwrap_or(1e-9);
        assert!((got - expected).abs() <= tolerance, "{got} in {}", self.0);
    }

    fn near(&self, name: &str, got: f64, share: f64) {
        let expected = self.0["expected"][name].as_f64().expect(name);
        assert!((got / expected - 1.0).abs() <= share, "{got} in {}", self.0);
    }
}

fn scaled(value: f64, unit: f64) -> i64 {
    (value * unit).round() as i64
}

fn register12(value: f64) -> Unsigned<12> {
    Unsigned::new(value as u32).expect("twelve bits")
}

fn nominal() -> Scale {
    Scale::nominal(CLKIN, 471_000, 104_000, 50, false).expect("a scale")
}

/// A model whose filters have settled.
fn settled(inputs: Inputs, registers: &[(u8, u32)]) -> Board {
    let board = Board::fast(Imperfections::NONE, 1);
    for (address, raw) in registers {
        board.set_register(*address, *raw);
    }
    board.apply(inputs);
    board.advance_us(2_000_000);
    board
}

/// Sines of so many volts peak in phase.
fn peaks(v: f64, i: f64, lag_deg: f64, hz: f64) -> Inputs {
    let root = f64::sqrt(2.0);
    Inputs {
        ch1_v: i / root,
        ch2_v: v / root,
        lag_deg,
        hz,
    }
}

/// Reads a register of the model over its bus.
fn read(board: &Board, register: u8) -> u32 {
    use embedded_hal::spi::{Operation, SpiDevice};
    let mut data = [0; 3];
    let operations = &mut [
        Operation::Write(&[register]),
        Operation::DelayNs(4_000),
        Operation::Read(&mut data),
    ];
    board.spi(1_000_000).transaction(operations).expect("a bus");
    data.iter().fold(0, |raw, byte| raw << 8 | u32::from(*byte))
}

/// Mean of IRMS and VRMS over a cycle.
fn rms(board: &Board, register: u8) -> f64 {
    let sum: f64 = (0..400)
        .map(|_| {
            board.advance_us(50 - 36);
            f64::from(read(board, register))
        })
        .sum();
    sum / 400.0
}

/// Mean codes of active, apparent and reactive power, by a line-cycle window of 100 half cycles.
fn codes(v: f64, i: f64, lag_deg: f64, hz: f64, integrator: bool) -> [f64; 3] {
    let ch1os = if integrator { 0x80 } else { 0 };
    let board = Board::fast(Imperfections::NONE, 1);
    board.set_register(0x0D, ch1os);
    let mut driver = super::driver(&board);
    board.set_register(0x0D, ch1os);
    board.apply(peaks(v, i, lag_deg, hz));
    board.advance_us(2_000_000);
    driver.start_windows(LineCycles::MAX).expect("windows");
    let window = loop {
        board.wait_for_interrupt(60_000_000);
        if let Some(window) = driver.poll_window(board.now_us()).expect("a window") {
            break window;
        }
    };
    let code = |steps: f64| steps * f64::from(1 << 25) / f64::from(window.additions());
    [
        code(window.active.into()),
        code(window.apparent.into()),
        code(window.reactive.unwrap_or_default().into()),
    ]
}

#[test]
fn every_vector_holds() {
    let text = include_str!("../../fixtures/ade7753_vectors.jsonl");
    let mut count = 0;
    for line in text.lines() {
        let vector = Vector(serde_json::from_str(line).expect("a JSON line"));
        let kind = vector.0["kind"].as_str().expect("a kind").to_owned();
        check(&vector, &kind);
        count += 1;
    }
    assert_eq!(count, 80);
}

fn check(v: &Vector, kind: &str) {
    if !(calibration(v, kind) || registers(v, kind) || chip(v, kind) || sensors(v, kind)) {
        panic!("nothing checks {kind}");
    }
}

/// What the driver computes for calibration.
fn calibration(v: &Vector, kind: &str) -> bool {
    let hz = |name: &str| scaled(v.input(name), 1e6) as u64;
    match kind {
        "cf_nominal_hz" => {
            // Half the voltage and a twelfth of the current of what makes 23 kHz.
            v.expect(
                "hz",
                v.input("cf_max_hz") * v.input("v_fraction") * 0.5 * 10.0 / 60.0,
            );
        }
        "cfden" => {
            let cfden = formulas::cfden(
                hz("cf_nominal_hz"),
                hz("cf_expected_hz"),
                register12(v.input("cfnum")),
            );
            v.expect("cfden", cfden.expect("a divider").get().into());
        }
        "wgain_from_cf_error" => {
            // The data sheet's shortcut, which the exact form improves on by 4 steps, 0.09 %.
            let shortcut = (-v.input("error_percent") / v.input("percent_per_lsb")).round();
            v.expect("wgain", shortcut);
            let exact = formulas::gain_from_error(
                Signed::ZERO,
                scaled(v.input("error_percent"), 1e4) as i32,
            );
            assert_eq!(exact.map(Signed::get), Some(shortcut as i32 + 4));
        }
        "wgain_exact" => {
            let gain = formulas::gain_from_error(
                Signed::ZERO,
                scaled(v.input("error_percent"), 1e4) as i32,
            );
            v.expect("wgain", gain.expect("a gain").get().into());
        }
        "wgain_from_laenergy" => {
            let gain = formulas::gain(
                Signed::ZERO,
                v.input("expected") as i64,
                v.input("nominal") as i64,
            );
            v.expect("wgain", gain.expect("a gain").get().into());
        }
        "laenergy_expected" => {
            let additions = (v.input("linecyc") * v.input("period")) as u32;
            let (cfnum, cfden) = (register12(v.input("cfnum")), register12(v.input("cfden")));
            let steps =
                formulas::laenergy_expected(hz("cf_expected_hz"), additions, CLKIN, cfnum, cfden);
            v.expect("laenergy", steps.expect("steps") as f64);
        }
        "aenergy_error_rate" => {
            let (cfnum, cfden) = (register12(v.input("cfnum")), register12(v.input("cfden")));
            let rate = formulas::error_rate(scaled(v.input("cf_abs_error_hz"), 1e12), cfnum, cfden);
            v.expect("lsb_per_s", rate.expect("a rate") as f64 / 1e12);
        }
        "apos" => {
            let apos = formulas::apos_from_rate(scaled(v.input("error_rate_lsb_s"), 1e9), CLKIN);
            v.expect("apos", apos.expect("an offset").get().into());
        }
        "aenergy_error_rate_line" => {
            // The same by way of the window: -671.43, which the rate makes -671 too.
            let additions = (v.input("linecyc") * v.input("period")) as u64;
            let (expected, measured) = (v.input("expected") as i64, v.input("measured") as i64);
            let apos = formulas::apos(Signed::ZERO, expected, measured, additions);
            assert_eq!(apos.map(Signed::get), Some(-671));
            let seconds = additions as f64 * 4.0 / f64::from(CLKIN);
            v.expect("lsb_per_s", (measured - expected) as f64 / seconds);
        }
        "phase_error_deg" => {
            let udeg = formulas::phase_error_udeg(scaled(v.input("error"), 1e9), 1_732_051);
            v.expect("deg", f64::from(udeg.expect("an angle")) / 1e6);
        }
        "phcal" => {
            let udeg = formulas::phase_error_udeg(scaled(v.input("error"), 1e9), 1_732_051);
            let budget = PhaseBudget::new(-udeg.expect("an angle"), v.input("period") as u16);
            v.expect("phcal", budget.phcal.get().into());
        }
        "phase_correction_deg" => {
            // The setting that corrects this lead: 13 less what the lead takes.
            let steps = 13.0 - v.input("phcal");
            let budget = PhaseBudget::new(80_357, v.input("period") as u16);
            assert_eq!(f64::from(budget.phcal.get()), 13.0 - steps);
            v.expect(
                "deg",
                f64::from(budget.lead_udeg - budget.residual_udeg) / 1e6,
            );
        }
        "phcal_delay_us" => {
            assert_eq!(
                PhaseBudget::new(0, 8_959).phcal.get(),
                v.input("phcal") as i32
            );
            v.expect("us", 0.0);
        }
        "irmsos" => {
            let pair =
                |i: &str, r: &str| (scaled(v.input(i), 1e6) as u32, v.input(r).round() as u32);
            let offset = formulas::irmsos(Signed::ZERO, pair("i1", "irms1"), pair("i2", "irms2"));
            v.expect("irmsos", offset.expect("an offset").get().into());
        }
        _ => return false,
    }
    true
}

/// What the driver makes of registers.
fn registers(v: &Vector, kind: &str) -> bool {
    match kind {
        "rollover_s" => {
            // 2^23 steps at full scale; the data sheet rounds 4/CLKIN to 1.12 us.
            let scale = nominal();
            let watts = 471.0 * 104.0;
            let seconds = scale.energy_uwh(1 << 23) as f64 * 3.6e-3 / watts;
            assert!((seconds - 374.96).abs() < 0.05, "{seconds}");
            v.near("seconds", seconds, 0.003);
        }
        "rollover_min" => {
            // WGAIN at its smallest halves the power.
            let seconds = nominal().energy_uwh(1 << 23) as f64 * 3.6e-3 / (471.0 * 104.0);
            v.near("minutes", seconds * 2.0 / 60.0, 0.003);
        }
        "va_rollover_s" => {
            let steps = f64::from(1 << 24);
            let seconds =
                steps * f64::from(1 << 25) / v.input("apparent_avg") * 4.0 / f64::from(CLKIN);
            v.expect("seconds", seconds);
            let scale = nominal();
            let window = ade7753::Window {
                active: 0,
                apparent: 22_000,
                reactive: None,
                rms: None,
                period: 8_949,
                half_cycles: 100,
            };
            let code = 22_000.0 * f64::from(1 << 25) / 894_900.0;
            let uva = 471e3 * 104e3 / 708_693.0 * code;
            let got = f64::from(scale.measure(&window).apparent_mva) * 1e3;
            assert!((got / uva - 1.0).abs() < 1e-4, "{got} {uva}");
        }
        "accumulation_time_line" => {
            let window = ade7753::Window {
                active: 0,
                apparent: 0,
                reactive: None,
                rms: None,
                period: 7_457,
                half_cycles: v.input("linecyc") as u16,
            };
            v.expect("seconds", f64::from(window.duration_us(CLKIN)) / 1e6);
        }
        "period_register" => {
            let board = settled(peaks(0.25, 0.0, 0.0, v.input("line_hz")), &[]);
            v.expect("period", f64::from(read(&board, 0x27) >> 8));
        }
        "frequency_hz" => {
            let mhz = nominal().frequency_mhz(v.input("period") as u16);
            v.near("hz", f64::from(mhz) / 1e3, 1e-5);
        }
        "zxtout_ms" => {
            let us = (v.input("zxtout") * 128e6 / f64::from(CLKIN)).ceil();
            let steps = ade7753::level::zero_cross_timeout(us as u32, CLKIN).expect("a time");
            assert_eq!(f64::from(steps.get()), v.input("zxtout"));
            v.expect("ms", us / 1e3);
        }
        "ipklvl" => {
            let levels = ade7753::level::PeakLevels::new(471_000, 104_000, &nominal());
            v.expect("ipklvl", levels.expect("levels").current.get().into());
        }
        "sagcyc" => {
            let cycles = v.input("line_cycles") as u8;
            let sag = ade7753::level::Sag::new(200_000, cycles, &nominal()).expect("a sag");
            v.expect("sagcyc", sag.cycles.get().into());
        }
        "temp_c" => {
            let inputs = &v.0["inputs"];
            let raw = inputs["code"]
                .as_u64()
                .or(inputs["code_raw"].as_u64())
                .expect("a code");
            let temperature = Temperature {
                code: Signed::from_raw(raw as u32),
            };
            v.expect("celsius", f64::from(temperature.millicelsius()) / 1e3);
        }
        "sign_extend_24" => {
            v.expect(
                "value",
                Signed::<24>::from_raw(v.input("raw") as u32).get().into(),
            );
        }
        "chksum" => {
            let board = Board::fast(Imperfections::NONE, 1);
            board.set_register(0x22, v.input("register_value") as u32);
            read(&board, 0x22);
            v.expect("chksum", f64::from(read(&board, 0x3E) >> 16));
        }
        "energy_delta" | "energy_delta_unsigned" => {
            // The driver has no counters to subtract: registers that a read sets to zero deliver the
            // difference, with the sign of their kind.
            let raw = (v.input("now") as u32).wrapping_sub(v.input("prev") as u32) & 0xFF_FFFF;
            v.expect(
                "delta",
                match kind {
                    "energy_delta" => Signed::<24>::from_raw(raw).get().into(),
                    _ => Unsigned::<24>::from_raw(raw).get().into(),
                },
            );
        }
        "spi_frame" => frame(v),
        _ => return false,
    }
    true
}

/// What the chip makes of its inputs.
fn chip(v: &Vector, kind: &str) -> bool {
    match kind {
        "wgain_factor" => {
            let with = |wgain: u32| {
                let board = settled(peaks(0.4, 0.4, 0.0, 50.0), &[(0x12, wgain)]);
                f64::from(read(&board, 0x02))
            };
            let factor = with(v.input("wgain") as u32) / with(0);
            assert!((factor - v.0["expected"]["factor"].as_f64().expect("a factor")).abs() < 1e-3);
        }
        "irms_with_offset" => {
            // A thousandth of full scale.
            let share = v.input("irms0") / 1_868_467.0;
            let with = |offset: u32| {
                rms(
                    &settled(peaks(0.25, 0.5 * share, 0.0, 50.0), &[(0x18, offset)]),
                    0x16,
                )
            };
            let change = with(v.input("irmsos") as u32) / with(0) - 1.0;
            v.near("percent_change", change * 100.0, 0.06);
        }
        "apos_percent" => {
            // Seen over a long time: a step of APOS beside a thousandth of full scale.
            v.expect("percent", v.input("apos") / 256.0 / v.input("lpf2") * 100.0);
            let with = |apos: u32| {
                let board = settled(peaks(0.5, 0.5, 0.0, 50.0), &[(0x11, apos), (0x12, 0)]);
                board.advance_us(20_000_000);
                f64::from(read(&board, 0x02))
            };
            // 22 s of 128 codes.
            let steps =
                (with(0x7FFF) - with(0)) * f64::from(1 << 25) / (22.0 * f64::from(CLKIN) / 4.0);
            assert!((steps / 128.0 - 1.0).abs() < 0.01, "{steps}");
        }
        "adc_code" => {
            let code = 3.0492 * v.input("vin") / v.input("vref") * 262_144.0;
            v.expect("code", code);
            // The model clips where 18 bits end.
            let board = settled(peaks(0.0, 0.9, 0.0, 50.0), &[]);
            let clipped = f64::from(read(&board, 0x22)) / 2_642_412.0;
            assert!((clipped * code / 262_144.0 - 1.0).abs() < 1e-4, "{clipped}");
        }
        "ch1_waveform_code" => {
            let board = settled(peaks(0.25, v.input("vin_peak"), 0.0, 50.0), &[]);
            v.expect("code", f64::from(read(&board, 0x22)));
        }
        "ch1_integrated_code" => {
            let inputs = peaks(0.25, 0.5, 0.0, v.input("line_hz"));
            v.expect(
                "code",
                f64::from(read(&settled(inputs, &[(0x0D, 0x80)]), 0x22)),
            );
        }
        "ch2_adc_code" => {
            // VPEAK is twice the peak behind LPF1, which takes 5.8 % off at 50 Hz.
            let board = settled(peaks(v.input("vin_peak"), 0.0, 0.0, 50.0), &[]);
            let behind = f64::from(read(&board, 0x24)) / 2.0;
            v.near("code", behind / 0.9417, 5e-4);
        }
        "ch2_waveform_code" => {
            let inputs = peaks(v.input("vin_peak"), 0.0, 0.0, v.input("line_hz"));
            v.expect("code", f64::from(read(&settled(inputs, &[]), 0x24)) / 2.0);
        }
        "lpf1" => {
            let board = settled(peaks(0.5, 0.0, 0.0, v.input("line_hz")), &[]);
            let gain = f64::from(read(&board, 0x24)) / 2.0 / 10_322.0;
            v.expect("gain", gain);
            v.expect("db", 20.0 * gain.log10());
            v.expect(
                "deg",
                -(v.input("line_hz") / v.input("corner_hz"))
                    .atan()
                    .to_degrees(),
            );
        }
        "irms_code" => {
            let board = settled(peaks(0.25, v.input("vin_peak"), 0.0, 50.0), &[]);
            v.near("code", rms(&board, 0x16), 1e-4);
        }
        "lpf2_code" => {
            let [active, ..] = codes(v.input("v_peak"), v.input("i_peak"), 0.0, 50.0, false);
            v.expect("code", active);
        }
        "apparent_code" => {
            for hz in [50.0, 60.0] {
                let [_, apparent, _] = codes(v.input("v_peak"), v.input("i_peak"), 0.0, hz, false);
                v.expect("code", apparent);
            }
        }
        "va_over_w" => {
            let [active, apparent, _] = codes(0.4, 0.4, 0.0, v.input("line_hz"), false);
            v.expect("ratio", apparent / active);
        }
        "var_over_w" => {
            let integrator = v.0["inputs"]["integrator"].as_bool().expect("a flag");
            // A coil leads by 90 degrees, which the integrator takes back.
            let coil = if integrator { -90.0 } else { 0.0 };
            let hz = v.input("line_hz");
            let [active, ..] = codes(0.4, 0.3, coil, hz, integrator);
            let lag = v.input("pf").acos().to_degrees();
            let [.., reactive] = codes(0.4, 0.3, coil + lag, hz, integrator);
            v.expect("ratio", reactive / active);
        }
        "cf_max_hz" => {
            let hz = v.input("lpf2") * f64::from(CLKIN) / 4.0 / f64::from(1 << 25);
            v.expect("hz", hz);
            let steps_per_s = 471.0 * 104.0 / (nominal().energy_uwh(1_000_000) as f64 * 3.6e-9);
            v.near("hz", steps_per_s, 1e-4);
        }
        "no_load_lpf2_code" => {
            let code = v.input("fs") * 1e-5;
            v.expect("code", code);
            let stands = |share: f64| {
                let board = settled(peaks(0.5, 0.5 * share, 0.0, 50.0), &[]);
                board.advance_us(20_000_000);
                read(&board, 0x02) == 0
            };
            assert!(stands(0.9e-5) && !stands(1.2e-5));
        }
        _ => return false,
    }
    true
}

/// What current transformers do, against the model's specimen.
fn sensors(v: &Vector, kind: &str) -> bool {
    use meter_sim::ade7753::{Bench, Load, Sensor};
    let inputs = || {
        let board = Board::fast(Imperfections::NONE, 1);
        let bench = Bench::new(board, Sensor::sct_013_000(), Sensor::ideal(1e-3));
        bench.inputs(Load {
            volts: 230.0,
            amperes: v.input("primary_a"),
            lag_deg: 0.0,
            hz: 50.0,
        })
    };
    match kind {
        "ct_secondary_ma" => {
            let inputs = inputs();
            v.near("ma", inputs.ch1_v / 22.0 * 1e3, 0.002);
        }
        "ct_phase_lead_deg" => {
            let inputs = inputs();
            let expected = v.0["expected"]["22_ohm"].as_f64().expect("an angle");
            assert!(
                (-inputs.lag_deg - expected).abs() <= 0.05,
                "{inputs:?} {}",
                v.0
            );
        }
        _ => return false,
    }
    true
}

/// The bytes of a read or a write, as the driver sends them.
fn frame(v: &Vector) {
    use ade7753::blocking::Ade7753;
    use ade7753::register as r;
    use embedded_hal_mock::eh1::delay::NoopDelay;
    use embedded_hal_mock::eh1::spi::{Mock, Transaction};
    let bytes = |value: &Value| -> Vec<u8> {
        value
            .as_array()
            .expect("bytes")
            .iter()
            .map(|b| b.as_u64().expect("a byte") as u8)
            .collect()
    };
    let sent = bytes(&v.0["expected"]["tx"]);
    let mut expected = vec![
        Transaction::transaction_start(),
        Transaction::write_vec(sent),
    ];
    if let Some(received) = v.0["expected"]["rx"].as_array() {
        let gap = v.0["expected"]["gap_ns_after_command"]
            .as_u64()
            .expect("a gap");
        expected.push(Transaction::delay(gap as u32));
        expected.push(Transaction::read_vec(vec![0; received.len()]));
    } else {
        expected.push(Transaction::delay(4_000));
    }
    expected.push(Transaction::transaction_end());
    let mut driver = Ade7753::new(
        Mock::new(&expected),
        NoopDelay::new(),
        super::config().with_verify(false),
    );
    let value = v.0["inputs"]["value"].as_i64().unwrap_or_default() as i32;
    let name = v.0["inputs"]["reg"].as_str().expect("a register");
    let done = match name {
        "WAVEFORM" => driver.read(r::WAVEFORM).is_ok(),
        "RSTSTATUS" => driver.read(r::RSTSTATUS).is_ok(),
        "LINECYC" => driver
            .write(r::LINECYC, Unsigned::new(value as u32).unwrap())
            .is_ok(),
        "WGAIN" => driver.write(r::WGAIN, Signed::new(value).unwrap()).is_ok(),
        "APOS" => driver.write(r::APOS, Signed::new(value).unwrap()).is_ok(),
        "PHCAL" => driver.write(r::PHCAL, Signed::new(value).unwrap()).is_ok(),
        "CH1OS" => {
            let offset = v.0["inputs"]["offset"].as_i64().expect("an offset") as i8;
            driver
                .write(r::CH1OS, r::OffsetCh1::new(offset, true).unwrap())
                .is_ok()
        }
        "IRQEN" => driver
            .write(r::IRQEN, r::Events::from_bits(value as u16))
            .is_ok(),
        other => panic!("no test for {other}"),
    };
    assert!(done);
    driver.release().0.done();
}
