//! Integrals of power beside counters, and beside sums by the true times.

use metering_tests::evaluation::faults::simulated;
use metering_tests::evaluation::sets::{Data, logged_kwh};
use metering_tests::evaluation::{Recording, Set, replay};

/// Prints how far they are apart.
pub fn print(data: &Data, healthy: &[Set]) {
    println!("\n| integral of power | beside | Wh | off |");
    println!("|---|---|---|---|");
    for recording in simulated(1..4, 2) {
        counter(&recording);
    }
    println!("| PZEM-004T at 1 Hz with its register, recorded | - | not among the data sets | - |");
    let of = |name| healthy.iter().find(|set| set.name == name);
    of("ampds2_b1e")
        .into_iter()
        .flat_map(|set| &set.recordings)
        .for_each(counter);
    match (of("tuya_plug_5s"), logged_kwh(data)) {
        (Some(set), Some(logged)) => plug(&set.recordings[0], &logged),
        _ => println!("| cloud plug at 5 s | - | not among the data sets | - |"),
    }
    polls(of("tracebase_1s"));
}

fn line(name: &str, beside: &str, integrated: f64, right: f64) {
    let percent = (integrated / right - 1.0) * 100.0;
    println!(
        "| {name} | {beside} | {integrated:.1}, {right:.1} | {percent:+.3} %, {:+.1} Wh |",
        integrated - right
    );
}

fn counter(recording: &Recording) {
    let registers = replay(recording).registers;
    let wh = |mwh: u64| mwh as f64 / 1e3;
    line(
        &recording.meter,
        "its counter",
        wh(registers.integrated.mwh()),
        wh(registers.import.mwh()),
    );
}

/// Up to the first pause, which is where the logger's own sum begins anew.
fn plug(recording: &Recording, logged: &[(i64, f64)]) {
    let pause = |pair: &[meter_core::Reading]| pair[1].at_ms - pair[0].at_ms > 600_000;
    let end = recording.readings.windows(2).position(pause);
    let readings = &recording.readings[..end.map_or(recording.readings.len(), |at| at + 1)];
    let segment = recording.with_readings(readings.to_vec());
    let integrated = replay(&segment).registers.integrated.mwh() as f64 / 1e3;
    let by_times: f64 = readings
        .windows(2)
        .map(|pair| {
            let watts = pair
                .iter()
                .flat_map(|reading| reading.power_mw)
                .sum::<i32>();
            f64::from(watts) / 2e3 * (pair[1].at_ms - pair[0].at_ms) as f64 / 3.6e6
        })
        .sum();
    line(
        "cloud plug, first segment",
        "trapezoids by its time stamps",
        integrated,
        by_times,
    );
    // What the logger made of the same readings, its restarts left out.
    let last_s = readings
        .last()
        .map_or(0, |reading| (reading.at_ms / 1_000).cast_signed());
    let until = logged.iter().take_while(|(at_s, _)| *at_s <= last_s);
    let kwh: Vec<f64> = until.map(|(_, kwh)| *kwh).collect();
    let grown: f64 = kwh
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).max(0.0))
        .sum();
    line(
        "the logger's own sum, 5 s for each poll",
        "the same",
        grown * 1e3,
        by_times,
    );
}

/// Polls less often than the recording, by the integral and by a counter.
fn polls(set: Option<&Set>) {
    println!(
        "\n| a poll each | integral off, rms over appliances | worst | with a counter of watt-hours, worst |"
    );
    println!("|---|---|---|---|");
    let recordings = set.map_or(&[][..], |set| &set.recordings);
    for poll_s in [1, 2, 5, 10, 30, 60, 300] {
        let (mut squares, mut worst, mut worst_wh) = (0.0, 0.0_f64, 0.0_f64);
        for recording in recordings {
            let counting = recording.clone().with_counter(0);
            let right = replay(&counting).registers.integrated.mwh() as f64;
            let polled = polled(&counting, poll_s * 1_000);
            let registers = replay(&polled).registers;
            let off = (registers.integrated.mwh() as f64 / right - 1.0) * 100.0;
            squares += off * off;
            worst = worst.max(off.abs());
            worst_wh = worst_wh.max((registers.import.mwh() as f64 - right).abs() / 1e3);
        }
        let rms = (squares / recordings.len() as f64).sqrt();
        println!("| {poll_s} s | {rms:.2} % | {worst:.2} % | {worst_wh:.1} Wh |");
    }
}

/// The readings next after multiples of so many milliseconds, and the last one.
fn polled(recording: &Recording, poll_ms: u64) -> Recording {
    let mut slot = u64::MAX;
    let last = recording.readings.len() - 1;
    let due = |(at, reading): &(usize, &meter_core::Reading)| {
        let now = reading.at_ms / poll_ms;
        core::mem::replace(&mut slot, now) != now || *at == last
    };
    let readings = recording.readings.iter().enumerate().filter(due);
    let mut polled = recording.with_readings(readings.map(|(_, reading)| *reading).collect());
    polled.config.gap_ms = u32::try_from(poll_ms * 5 / 2)
        .unwrap_or(u32::MAX)
        .max(30_000);
    // A pause of the recording is bridged at any rate of polls alike.
    polled.config.bridge_ms = 86_400_000;
    polled
}
