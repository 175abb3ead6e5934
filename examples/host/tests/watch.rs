//! `meter watch`: readings, registers and alarms.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::Value;
use support::{Scratch, message, meter};

/// Readings and events of a watch of the simulated house, a reading every 50 ms.
fn watch(count: &str, arguments: &[&str]) -> (Vec<Value>, Vec<Value>) {
    let fixed = [
        "watch",
        "--sim",
        "--json",
        "--interval",
        "50ms",
        "--count",
        count,
    ];
    let output = meter(&[fixed.as_slice(), arguments].concat());
    assert!(output.status.success(), "{}", message(&output));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .partition(|line| line["event"].is_null())
}

fn told(events: &[Value]) -> Vec<(&str, &str)> {
    let text =
        |value: &'_ Value| -> &'static str { value.as_str().expect("text").to_owned().leak() };
    events
        .iter()
        .map(|event| (text(&event["event"]), text(&event["phase"])))
        .collect()
}

#[test]
fn a_quiet_house_has_registers_and_no_events() {
    let (readings, events) = watch("20", &[]);
    assert_eq!((readings.len(), events.len()), (20, 0), "{events:?}");
    let last = &readings[19];
    assert_eq!(last["alarms"], Value::Array(vec![]));
    let registers = &last["registers"];
    for field in [
        "register_mwh",
        "integrated_mwh",
        "estimated_mwh",
        "resets",
        "wraps",
        "glitches",
        "gap_ms",
    ] {
        assert!(registers[field].is_u64(), "{field}: {registers}");
    }
    // About a second of some hundred watts.
    let integrated = registers["integrated_mwh"].as_u64().expect("energy");
    let most = registers["max_power_mw"].as_u64().expect("power");
    assert!(
        integrated > 0 && integrated <= most * 3 / 3_600,
        "{registers}"
    );
    let powers = readings
        .iter()
        .map(|reading| reading["power_mw"].as_u64().expect("power"));
    assert_eq!(powers.max(), Some(most));
}

#[test]
fn a_sag_begins_and_ends_and_is_an_alarm_meanwhile() {
    let (readings, events) = watch("80", &["--disturb", "sag@500ms+2s"]);
    assert_eq!(
        told(&events),
        [("SAG", "occurrence"), ("SAG", "restoration")]
    );
    for event in &events {
        assert_eq!(
            (&event["value"], &event["unit"]),
            (&180_000.into(), &"mV".into()),
            "{event}"
        );
        assert_eq!(event["address"], 1);
        assert!(event["unix_ms"].as_u64() > Some(1_600_000_000_000));
    }
    let in_alarm = readings
        .iter()
        .filter(|reading| reading["alarms"][0] == "SAG")
        .count();
    let low = readings
        .iter()
        .filter(|reading| reading["voltage_mv"] == 180_000)
        .count();
    assert!(in_alarm > 2 && in_alarm == low, "{in_alarm} of {low}");
}

#[test]
fn nominal_says_what_a_swell_is() {
    let (_, events) = watch("5", &["--nominal", "200"]);
    assert_eq!(told(&events), [("SWELL", "occurrence")]);
}

#[test]
fn an_overload_has_a_limit_and_ten_seconds() {
    let arguments = ["--disturb", "overload@200ms+13s", "--limit", "5000"];
    let (_, events) = watch("240", &arguments);
    assert_eq!(told(&events), [("OVERLOAD", "occurrence")], "held for 10 s");
    let value = events[0]["value"].as_i64().expect("power");
    assert!((8_000_000..10_000_000).contains(&value), "{value}");
    assert_eq!(events[0]["unit"], "mW");
}

#[test]
fn what_the_counter_does_is_in_the_registers() {
    let (readings, events) = watch("40", &["--disturb", "wrap@500ms"]);
    let registers = &readings[39]["registers"];
    assert_eq!(
        (&registers["wraps"], &registers["resets"]),
        (&1.into(), &0.into())
    );
    assert_eq!(registers["register_mwh"], 1_000, "one step over the end");
    assert!(events.is_empty(), "{events:?}");
    let (readings, events) = watch("40", &["--disturb", "reset@500ms"]);
    let registers = &readings[39]["registers"];
    assert_eq!(
        (&registers["wraps"], &registers["resets"]),
        (&0.into(), &1.into())
    );
    assert_eq!(told(&events)[0], ("COUNTER_RESET", "occurrence"));
    // Registers go on.
    let energies: Vec<_> = readings
        .iter()
        .map(|reading| reading["registers"]["register_mwh"].as_u64())
        .collect();
    assert!(energies.is_sorted(), "{energies:?}");
}

#[test]
fn what_a_watch_has_recorded_can_be_analyzed() {
    let file = Scratch::new("watch.csv", "");
    let arguments = ["--csv", file.path(), "--address", "1", "--address", "2"];
    let (readings, _) = watch("20", &arguments);
    let last = |address: u64| {
        let of = readings
            .iter()
            .rfind(|reading| reading["address"] == address);
        of.expect("a reading")["registers"]["integrated_mwh"].as_u64()
    };
    for address in [1, 2] {
        let output = meter(&[
            "analyze",
            file.path(),
            "--json",
            "--only",
            &format!("address={address}"),
        ]);
        assert!(output.status.success(), "{}", message(&output));
        let summary: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let integrated = summary["energy"]["integrated_mwh"]
            .as_u64()
            .expect("energy");
        // Times of the recording are whole milliseconds on another clock.
        assert!(
            integrated.abs_diff(last(address).expect("energy")) <= 2,
            "{summary}"
        );
    }
}

#[test]
fn lines_tell_alarms_and_the_sum() {
    let output = meter(&[
        "watch",
        "--sim",
        "--interval",
        "50ms",
        "--count",
        "60",
        "--disturb",
        "swell@400ms+1500ms",
    ]);
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    let events: Vec<_> = text.lines().filter(|line| line.contains("SWELL")).collect();
    assert_eq!(
        events,
        ["SWELL occurrence, 265.0 V", "SWELL restoration, 265.0 V"]
    );
    assert_eq!(text.lines().count(), 62);
    assert!(
        message(&output).contains("kWh in this watch; 0 resets, 0 wraps"),
        "{}",
        message(&output)
    );
}

#[test]
fn an_outage_is_failed_readings() {
    let arguments = ["--disturb", "outage@200ms+1s", "--timeout", "60ms"];
    let output = meter(
        &[
            &[
                "watch",
                "--sim",
                "--interval",
                "50ms",
                "--count",
                "8",
                "--json",
            ],
            arguments.as_slice(),
        ]
        .concat(),
    );
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains("\"ok\":false"), "{text}");
}

#[test]
fn troubles_have_names_and_times() {
    for (trouble, word) in [
        ("earthquake", "overload"),
        ("sag@soon", "200ms"),
        ("sag@1s+long", "200ms"),
    ] {
        let output = meter(&["watch", "--sim", "--disturb", trouble]);
        assert_eq!(output.status.code(), Some(2), "{trouble}");
        assert!(
            message(&output).contains(word),
            "{trouble}: {}",
            message(&output)
        );
    }
    let output = meter(&["watch", "--port", "/dev/ttyX", "--disturb", "sag"]);
    assert_eq!(output.status.code(), Some(2), "real modules are left alone");
}

#[cfg(unix)]
mod on_a_terminal {
    use std::process::Command;
    use std::time::Duration;

    use super::support::pty::Terminal;

    #[test]
    fn the_live_view_shows_registers_alarms_and_events() {
        let mut terminal = Terminal::new(110, 32);
        let mut command = Command::new(env!("CARGO_BIN_EXE_meter"));
        command.args([
            "watch",
            "--sim",
            "--interval",
            "100ms",
            "--disturb",
            "sag@1s+20s",
            "--limit",
            "9000",
        ]);
        let mut child = terminal.spawn(&mut command);
        let patience = Duration::from_secs(20);
        for what in [
            "this watch",
            "max 15 min",
            "no events",
            "ALARM SAG",
            "SAG occurrence, 180.0 V",
        ] {
            assert!(
                terminal.shows(what, patience),
                "{what}: {}",
                terminal.screen()
            );
        }
        child.kill().expect("killed");
        child.wait().expect("an end");
    }

    #[test]
    fn small_terminals_have_the_values_and_the_alarm() {
        let mut terminal = Terminal::new(80, 14);
        let mut command = Command::new(env!("CARGO_BIN_EXE_meter"));
        command.args([
            "watch",
            "--sim",
            "--interval",
            "100ms",
            "--disturb",
            "sag@500ms+20s",
        ]);
        let mut child = terminal.spawn(&mut command);
        for what in ["frequency", "ALARM SAG"] {
            assert!(
                terminal.shows(what, Duration::from_secs(20)),
                "{what}: {}",
                terminal.screen()
            );
        }
        child.kill().expect("killed");
        child.wait().expect("an end");
    }
}
