//! Harmonics and powers against sums of sines, which are known in closed form.

use std::f64::consts::TAU;

use meter_core::waveform::{Channel, Pair, WaveformError, frequency_mhz};
use meter_sim::random::Random;
use proptest::prelude::*;

/// Rms in volts or amperes and phase in degrees of each harmonic.
type Harmonics = &'static [(u32, f64, f64)];

/// What a filter in front of a converter lets through.
fn filtered(harmonics: Harmonics, hz: f64, rate: f64) -> Harmonics {
    let passes = |(n, ..): &&(u32, f64, f64)| f64::from(*n) * hz < rate * 0.45;
    let count = harmonics.iter().take_while(passes).count();
    &harmonics[..count]
}

const CLEAN: Harmonics = &[(1, 230.0, 0.0)];
/// A voltage as EN 50160 allows it.
const FLAT_TOPPED: Harmonics = &[
    (1, 228.0, 0.0),
    (3, 6.0, 175.0),
    (5, 8.0, 20.0),
    (7, 5.0, -100.0),
    (11, 3.0, 30.0),
    (13, 2.0, 80.0),
];
/// A rectifier with a capacitor.
const RECTIFIER: Harmonics = &[
    (1, 1.000, -12.0),
    (3, 0.810, 170.0),
    (5, 0.606, -15.0),
    (7, 0.370, 160.0),
    (9, 0.157, -30.0),
    (11, 0.024, 110.0),
    (13, 0.063, 10.0),
    (15, 0.079, -160.0),
    (39, 0.010, 45.0),
];
const LAGGING: Harmonics = &[(1, 5.0, -60.0)];

fn value(harmonics: Harmonics, hz: f64, at_s: f64) -> f64 {
    let of = |(n, rms, phase): &(u32, f64, f64)| {
        let angle = TAU * f64::from(*n) * hz * at_s + phase.to_radians();
        rms * 2_f64.sqrt() * angle.sin()
    };
    harmonics.iter().map(of).sum()
}

fn rms(harmonics: Harmonics) -> f64 {
    let squares = harmonics.iter().map(|(_, rms, _)| rms * rms);
    squares.sum::<f64>().sqrt()
}

/// Samples of a converter with an offset, late by some seconds.
fn samples(
    harmonics: Harmonics,
    hz: f64,
    rate: f64,
    count: usize,
    unit: f64,
    late_s: f64,
) -> Vec<i32> {
    (0..count)
        .map(|n| {
            (value(harmonics, hz, n as f64 / rate - late_s + 0.001_3) / unit + 37.4).round() as i32
        })
        .collect()
}

struct Worst {
    rms: f64,
    power: f64,
    harmonic: f64,
    thd: f64,
}

#[test]
fn sums_of_sines_are_taken_apart_at_every_rate_and_frequency() {
    let mut worst = Worst {
        rms: 0.0,
        power: 0.0,
        harmonic: 0.0,
        thd: 0.0,
    };
    // Converters of 24 bits for 500 V and 20 A.
    let (volt, ampere) = (500.0 / f64::from(1 << 23), 20.0 / f64::from(1 << 23));
    let pair = |rate: f64| Pair {
        voltage: Channel {
            nano_per_count: (volt * 1e9).round() as u32,
            rate_mhz: (rate * 1e3) as u32,
        },
        current: Channel {
            nano_per_count: (ampere * 1e9).round() as u32,
            rate_mhz: (rate * 1e3) as u32,
        },
        current_delay_ns: 0,
    };
    for rate in [3_500.0, 4_000.0, 7_000.0, 14_000.0, 27_900.0] {
        for hz in [45.0, 49.9, 50.0, 53.7, 60.0, 65.0] {
            for (v, i) in [
                (CLEAN, LAGGING),
                (FLAT_TOPPED, RECTIFIER),
                (FLAT_TOPPED, LAGGING),
            ] {
                let (v, i) = (filtered(v, hz, rate), filtered(i, hz, rate));
                // Ten cycles and a part of one.
                let count = (rate / hz * 10.37) as usize;
                let p = pair(rate);
                // Scales of whole nanovolts are what the library is told.
                let (volt, ampere) = (
                    f64::from(p.voltage.nano_per_count) * 1e-9,
                    f64::from(p.current.nano_per_count) * 1e-9,
                );
                let (vs, is) = (
                    samples(v, hz, rate, count, volt, 0.0),
                    samples(i, hz, rate, count, ampere, 0.0),
                );
                let power = p.analyze(&vs, &is, None).unwrap();
                let nyquist = ((rate * 0.45 / hz) as usize).min(40);
                assert_eq!(power.voltage.harmonics_micro.len(), nyquist, "{rate} {hz}");
                assert!(
                    (f64::from(power.voltage.frequency_mhz) / 1e3 - hz).abs() < 0.005,
                    "{power:?}"
                );
                for (spectrum, harmonics) in [(&power.voltage, v), (&power.current, i)] {
                    let fundamental = harmonics[0].1;
                    worst.rms = worst
                        .rms
                        .max((f64::from(spectrum.rms_micro) / 1e6 / rms(harmonics) - 1.0).abs());
                    for (n, got) in spectrum.harmonics_micro.iter().enumerate() {
                        let right = harmonics.iter().find(|(m, ..)| *m as usize == n + 1);
                        let off = f64::from(*got) / 1e6 - right.map_or(0.0, |(_, rms, _)| *rms);
                        worst.harmonic = worst.harmonic.max(off.abs() / fundamental);
                    }
                    let seen = harmonics[1..]
                        .iter()
                        .filter(|(n, ..)| *n as usize <= nyquist);
                    let thd = seen.map(|(_, rms, _)| rms * rms).sum::<f64>().sqrt() / fundamental;
                    worst.thd = worst
                        .thd
                        .max((f64::from(spectrum.thd_ppm) / 1e6 - thd).abs());
                }
                let of_harmonic = |(n, rms, phase): &(u32, f64, f64)| {
                    let other = v.iter().find(|(m, ..)| m == n);
                    other.map_or(0.0, |(_, v, angle)| {
                        v * rms * (angle - phase).to_radians().cos()
                    })
                };
                let active: f64 = i.iter().map(of_harmonic).sum();
                let apparent = rms(v) * rms(i);
                let (_, v1, _) = v[0];
                let (_, i1, lag) = i[0];
                let reactive = v1 * i1 * (-lag).to_radians().sin();
                for (got, right) in [
                    (f64::from(power.active_mw), active),
                    (
                        f64::from(power.fundamental_mw),
                        v1 * i1 * lag.to_radians().cos(),
                    ),
                    (f64::from(power.reactive_mvar), reactive),
                    (f64::from(power.apparent_mva), apparent),
                    (
                        f64::from(power.nonactive_mvar),
                        (apparent * apparent - active * active).sqrt(),
                    ),
                    (f64::from(power.power_factor_ppm) / 1e3 * apparent, active),
                    (
                        f64::from(power.displacement_ppm) / 1e3 * v1 * i1,
                        v1 * i1 * lag.to_radians().cos(),
                    ),
                ] {
                    worst.power = worst.power.max((got / 1e3 - right).abs() / apparent);
                }
            }
        }
    }
    println!(
        "worst: rms {:.4} %, powers {:.4} % of S, harmonics {:.4} % of the fundamental, thd {:.4} points",
        worst.rms * 100.0,
        worst.power * 100.0,
        worst.harmonic * 100.0,
        worst.thd * 100.0
    );
    assert!(worst.rms < 0.000_2 && worst.power < 0.000_3);
    assert!(worst.harmonic < 0.000_5 && worst.thd < 0.000_5);
}

#[test]
fn a_late_current_is_put_right_for_every_harmonic() {
    // A clamp that turns 1.2 degrees, and a converter that takes the current 15 us later.
    let (rate, late_s) = (8_000.0, 1.2 / 360.0 / 50.0 - 15e-6);
    let (volt, ampere) = (0.3, 0.024);
    let mut pair = Pair {
        voltage: Channel {
            nano_per_count: 300_000_000,
            rate_mhz: 8_000_000,
        },
        current: Channel {
            nano_per_count: 24_000_000,
            rate_mhz: 8_000_000,
        },
        current_delay_ns: (late_s * 1e9) as i32,
    };
    let vs = samples(FLAT_TOPPED, 50.0, rate, 1_600, volt, 0.0);
    let is = samples(LAGGING, 50.0, rate, 1_600, ampere, late_s);
    let right = 228.0 * 5.0 * 0.5;
    let power = pair.analyze(&vs, &is, None).unwrap();
    assert!(
        (f64::from(power.active_mw) / 1e3 / right - 1.0).abs() < 0.001,
        "{power:?}"
    );
    let reactive = 228.0 * 5.0 * 60_f64.to_radians().sin();
    assert!((f64::from(power.reactive_mvar) / 1e3 / reactive - 1.0).abs() < 0.001);
    // Without it, at 60 degrees, 3 % are missing.
    pair.current_delay_ns = 0;
    let wrong = pair.analyze(&vs, &is, None).unwrap();
    assert!((f64::from(wrong.active_mw) / 1e3 / right - 1.0).abs() > 0.02);
    // Backwards, power comes out negative.
    let backwards: Vec<i32> = is.iter().map(|sample| -sample).collect();
    let power = pair.analyze(&vs, &backwards, None).unwrap();
    assert!(power.active_mw < 0 && power.power_factor_ppm < 0);
}

#[test]
fn a_ten_bit_converter_with_noise_still_tells_rms_and_power() {
    let mut random = Random::new(9);
    let (rate, count) = (4_000.0, 800);
    let mut noisy = |harmonics, unit| -> Vec<i32> {
        let clean = samples(harmonics, 50.0, rate, count, unit, 0.0);
        clean
            .into_iter()
            .map(|sample| sample + random.below(5) as i32 - 2)
            .collect()
    };
    let (vs, is) = (noisy(CLEAN, 0.8), noisy(LAGGING, 0.06));
    let channel = |nano_per_count| Channel {
        nano_per_count,
        rate_mhz: 4_000_000,
    };
    let pair = Pair {
        voltage: channel(800_000_000),
        current: channel(60_000_000),
        current_delay_ns: 0,
    };
    let power = pair.analyze(&vs, &is, Some(50_000)).unwrap();
    assert!(
        (f64::from(power.voltage.rms_micro) / 230e6 - 1.0).abs() < 0.002,
        "{power:?}"
    );
    assert!(
        (f64::from(power.active_mw) / 575e3 - 1.0).abs() < 0.005,
        "{power:?}"
    );
    assert!(power.voltage.thd_ppm < 20_000);
}

#[test]
fn samples_that_tell_nothing_are_refused() {
    let channel = Channel {
        nano_per_count: 1_000_000,
        rate_mhz: 4_000_000,
    };
    let good = samples(CLEAN, 50.0, 4_000.0, 800, 0.01, 0.0);
    assert_eq!(channel.analyze(&[], None), Err(WaveformError::NoCycles));
    assert_eq!(
        channel.analyze(&[7; 800], None),
        Err(WaveformError::NoCycles)
    );
    assert_eq!(
        channel.analyze(&good[..200], None),
        Err(WaveformError::TooShort)
    );
    assert_eq!(
        channel.analyze(&good[..200], Some(50_000)),
        Err(WaveformError::TooShort)
    );
    assert_eq!(
        channel.analyze(&good, Some(600_000)),
        Err(WaveformError::TooSlow)
    );
    assert_eq!(
        channel.analyze(&vec![0; 140_000], Some(50_000)),
        Err(WaveformError::TooMany)
    );
    let mut large = good.clone();
    large[3] = 1 << 24;
    assert_eq!(
        channel.analyze(&large, Some(50_000)),
        Err(WaveformError::TooLarge)
    );
    // Cycles with one of them missing.
    let mut gap = good.clone();
    gap.drain(240..330);
    gap[240..400].fill(37);
    assert_eq!(frequency_mhz(&gap, 4_000_000), Err(WaveformError::NoCycles));
    // Nothing flows: zeros, not an error, as the frequency is known.
    let none = channel.analyze(&[5; 800], Some(50_000)).unwrap();
    assert_eq!(
        (none.rms_micro, none.fundamental_micro(), none.thd_ppm),
        (0, 0, 0)
    );
    let pair = Pair {
        voltage: channel,
        current: channel,
        current_delay_ns: 0,
    };
    assert_eq!(
        pair.analyze(&good, &good[1..], None),
        Err(WaveformError::Unequal)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_samples_give_an_error_or_numbers_that_belong_together(
        vs in prop::collection::vec(-(1i32 << 23)..1 << 23, 64..400),
        seed in any::<u64>(),
        nano in any::<u32>(),
        delay in any::<i32>(),
        mhz in prop::option::of(40_000u32..70_000),
    ) {
        let mut random = Random::new(seed);
        let is: Vec<i32> = vs.iter().map(|v| (*v).wrapping_add(random.below(1 << 22) as i32).clamp(-(1 << 23), 1 << 23)).collect();
        let channel = Channel { nano_per_count: nano, rate_mhz: 2_000_000 };
        let pair = Pair { voltage: channel, current: channel, current_delay_ns: delay };
        if let Ok(power) = pair.analyze(&vs, &is, mhz) {
            prop_assert!(power.voltage.distortion_micro() <= power.voltage.rms_micro);
            prop_assert!(power.power_factor_ppm.abs() <= 1_000_000);
            prop_assert!(power.nonactive_mvar <= power.apparent_mva);
        }
    }
}
