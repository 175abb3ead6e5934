//! `meter analyze`, as a user runs it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meter"));
    command
        .arg("analyze")
        .args(arguments)
        .output()
        .expect("meter runs")
}

/// A recording in a file of its own.
fn recording(name: &str, text: &str) -> PathBuf {
    let path =
        std::env::temp_dir().join(format!("meter-analyze-{}-{name}.csv", std::process::id()));
    std::fs::write(&path, text).expect("a file");
    path
}

fn analyze(name: &str, text: &str, arguments: &[&str]) -> Value {
    let path = recording(name, text);
    let output = run(&[&[path.to_str().expect("a path"), "--json"], arguments].concat());
    std::fs::remove_file(path).expect("removed");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{message}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn two_days_of_a_real_meter_are_quiet_and_agree_with_its_counter() {
    let fixture = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/fixtures/ampds2_b1e_two_days.csv"
    );
    let output = run(&[fixture, "--unit", "energy=Wh", "--json"]);
    let summary: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&summary["rows"], &summary["rejected"]),
        (&Value::from(2_880), &Value::from(0))
    );
    let energy = &summary["energy"];
    assert_eq!(energy["register_mwh"], 96_000);
    let integrated = energy["integrated_mwh"].as_i64().expect("a number");
    assert!((integrated - 96_000).abs() < 3_000, "{summary}");
    assert_eq!(summary["events"], Value::Array(vec![]), "{summary}");
}

#[test]
fn units_come_from_the_header_or_from_options() {
    // A kilowatt for an hour, a row a minute, written three ways.
    let rows = |power: &str| {
        (0..=60)
            .map(|m| format!("{},{power}\n", 1_700_006_400 + m * 60))
            .collect::<String>()
    };
    let energy = |name, text: String, arguments: &[&str]| {
        analyze(name, &text, arguments)["energy"]["register_mwh"].as_u64()
    };
    assert_eq!(
        energy("w", format!("time,power\n{}", rows("1000")), &[]),
        Some(1_000_000)
    );
    assert_eq!(
        energy("kw", format!("time,Power (kW)\n{}", rows("1.0")), &[]),
        Some(1_000_000)
    );
    assert_eq!(
        energy("mw", format!("unix,power_mw\n{}", rows("1000000")), &[]),
        Some(1_000_000)
    );
    let columns = [
        "--no-header",
        "--time",
        "1",
        "--power",
        "2",
        "--unit",
        "power=kW",
    ];
    assert_eq!(energy("none", rows("1"), &columns), Some(1_000_000));
    let named = ["--power", "Leistung"];
    assert_eq!(
        energy("named", format!("time,Leistung\n{}", rows("1000")), &named),
        Some(1_000_000)
    );
}

#[test]
fn times_are_read_in_the_usual_forms() {
    for (name, first, second) in [
        ("iso", "2024-02-29T23:59:00", "2024-03-01T00:00:00"),
        (
            "zone",
            "2024-02-29T23:59:00+01:00",
            "2024-03-01T00:00:00+01:00",
        ),
        ("plain", "2024-02-29 23:59:00", "2024-02-29 24:00:00"),
        ("day-first", "29/02/2024 23:59:00", "01/03/2024 00:00:00"),
        ("dots", "29.02.2024 23:59", "01.03.2024 00:00"),
        ("half-past", "2024-02-29 08:23:00", "2024-02-29 08:24:00"),
        ("seconds", "1709251140", "1709251200"),
        ("milliseconds", "1709251140000", "1709251200000"),
    ] {
        let text = format!("time;power\n{first};60\n{second};60\n");
        let summary = analyze(name, &text, &[]);
        // 60 W for a minute.
        assert_eq!(
            summary["energy"]["register_mwh"], 1_000,
            "{name}: {summary}"
        );
        assert_eq!(summary["rejected"], 0, "{name}: {summary}");
    }
    let summary = analyze(
        "format",
        "when,power\n10h05 3.1.24,60\n10h06 3.1.24,60\n",
        &["--time", "when", "--time-format", "%Hh%M %d.%m.%y"],
    );
    assert_eq!(summary["first"], "2024-01-03T10:05:00");
}

#[test]
fn what_a_counter_did_is_counted() {
    // 3.6 kW, a watt-hour a second: nonsense once, then set to zero, then over its end.
    let counter = |second: u64| match second {
        20 => 900_000,
        0..50 => 65_400 + second,
        50..80 => second - 50,
        _ => (65_536 - 20 + second - 80) % 65_536,
    };
    let rows = |range: std::ops::Range<u64>| {
        range
            .map(|s| format!("{},3600,{}\n", 1_700_006_400 + s, counter(s)))
            .collect::<String>()
    };
    let header = "time,power,energy_wh\n";
    let reset = analyze("reset", &format!("{header}{}", rows(0..80)), &[]);
    assert_eq!(reset["energy"]["resets"], 1, "{reset}");
    assert_eq!(reset["energy"]["glitches"], 1, "{reset}");
    let wrap = analyze("wrap", &format!("{header}{}", rows(80..120)), &[]);
    assert_eq!(
        (&wrap["energy"]["wraps"], &wrap["energy"]["register_mwh"]),
        (&Value::from(1), &Value::from(39_000))
    );
}

#[test]
fn lines_that_are_nothing_are_named_and_left_out() {
    let text = "time,voltage,power\n1700006400,230,100\nyesterday,230,100\n1700006460,230,a lot\n\n1700006520,230\n1700006580,260,100\n1700006581,260,100\n";
    let summary = analyze("broken", text, &[]);
    assert_eq!(
        (&summary["rows"], &summary["rejected"]),
        (&Value::from(3), &Value::from(3))
    );
    let lines: Vec<_> = summary["rejected_lines"]
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| line["line"].as_u64())
        .collect();
    assert_eq!(lines, [Some(3), Some(4), Some(6)]);
    assert_eq!(summary["events"][0]["code"], "SWELL", "{summary}");
}

#[test]
fn alarms_are_there_when_they_are_asked_for() {
    let rows: String = (0..120)
        .map(|s| format!("{},230,26,6000\n", 1_700_006_400 + s))
        .collect();
    let text = format!("time,voltage,current,power\n{rows}");
    let codes = |arguments: &[&str]| -> Vec<String> {
        let summary = analyze("alarms", &text, arguments);
        let events = summary["events"].as_array().expect("events").iter();
        events
            .map(|event| event["code"].as_str().expect("a code").to_owned())
            .collect()
    };
    // The same values for two minutes.
    assert_eq!(codes(&[]), ["FROZEN_SOURCE"]);
    assert!(codes(&["--limit", "5000"]).contains(&"OVERLOAD".to_owned()));
    assert!(codes(&["--naive"]).contains(&"HIGH_USAGE".to_owned()));
}

#[test]
fn wrong_usage_is_told_in_a_line() {
    let path = recording("usage", "a,b\n1,2\n");
    let file = path.to_str().expect("a path");
    for (arguments, code, word) in [
        (vec!["/nowhere/at/all.csv"], 1, "can not be read"),
        (vec![file], 2, "--time"),
        (vec![file, "--time", "a"], 2, "--power"),
        (
            vec![file, "--time", "c", "--power", "b"],
            2,
            "there are a, b",
        ),
        (
            vec![
                file,
                "--time",
                "a",
                "--power",
                "b",
                "--unit",
                "power=horses",
            ],
            2,
            "power=kW",
        ),
    ] {
        let output = run(&arguments);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {message}");
        assert!(message.contains(word), "{arguments:?}: {message}");
    }
    std::fs::remove_file(path).expect("removed");
}
