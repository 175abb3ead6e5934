//! Days, zones and clocks in `meter analyze`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::{Value, json};
use support::{Scratch, analyze, message, meter, refused};

fn days(summary: &Value) -> Vec<(String, u64, bool)> {
    let days = summary["days"].as_array().expect("days").iter();
    days.map(|day| {
        (
            day["date"].as_str().expect("a date").to_owned(),
            day["import_mwh"].as_u64().expect("energy"),
            day["complete"].as_bool().expect("a flag"),
        )
    })
    .collect()
}

/// A kilowatt, a row every 15 minutes, in Unix seconds.
fn kilowatt(from: i64, to: i64) -> String {
    let rows: String = (from..=to)
        .step_by(900)
        .map(|at| format!("{at},1000\n"))
        .collect();
    format!("time,power\n{rows}")
}

#[test]
fn days_end_at_midnight_where_the_recording_was_made() {
    // From 29 March 2024 23:00 UTC, which is midnight in Berlin, over the 23 hours of 31 March.
    let text = kilowatt(1_711_753_200, 1_711_753_200 + 96 * 3_600);
    let summary = analyze(
        "berlin",
        &text,
        &["--time-zone", "Europe/Berlin", "--averaged"],
    );
    assert_eq!(summary["first"], "2024-03-30T00:00:00+01:00");
    assert_eq!(summary["last"], "2024-04-03T01:00:00+02:00");
    let hours: Vec<_> = days(&summary)
        .iter()
        .map(|(date, mwh, _)| (date.clone(), mwh / 1_000_000))
        .collect();
    let expected = [
        ("2024-03-30", 24),
        ("2024-03-31", 23),
        ("2024-04-01", 24),
        ("2024-04-02", 24),
        ("2024-04-03", 1),
    ];
    assert_eq!(
        hours,
        expected.map(|(date, hours)| (date.to_owned(), hours))
    );
    // In UTC the same recording begins at 23:00.
    let summary = analyze("utc", &text, &[]);
    assert_eq!(
        days(&summary)[0],
        ("2024-03-29".to_owned(), 1_000_000, false)
    );
    assert_eq!(summary["time_zone"], "UTC");
}

#[test]
fn the_hour_that_comes_twice_is_two_hours() {
    // 27 October 2024 in Berlin as a wall clock shows it: 25 hours of 60 W, a row a minute, and a day around each end.
    let mut text = "time,power\n".to_owned();
    let mut write = |day: u32, hours: &[u32]| {
        for hour in hours {
            for minute in 0..60 {
                text += &format!("2024-10-{day} {hour:02}:{minute:02}:00,60\n");
            }
        }
    };
    let plain: Vec<u32> = (0..24).collect();
    let longer: Vec<u32> = [0, 1, 2].into_iter().chain(2..24).collect();
    write(26, &plain);
    write(27, &longer);
    write(28, &plain);
    let summary = analyze(
        "twice",
        &text,
        &["--time-zone", "Europe/Berlin", "--averaged"],
    );
    assert_eq!(
        (&summary["backward"], &summary["rejected"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(
        days(&summary)[1],
        ("2024-10-27".to_owned(), 25 * 60_000, true)
    );
    assert_eq!(summary["events"], json!([]), "{summary}");
    // Without a zone the clock seems to be set back, and that is said.
    let summary = analyze("back", &text, &["--averaged"]);
    assert_eq!(summary["backward"], 1);
    assert_eq!(summary["events"][0]["code"], "CLOCK_STEP", "{summary}");
    // What it would have been, and what it was set to: an hour before.
    let clock = |event: usize| summary["events"][event]["value"].as_i64().expect("a time");
    assert_eq!(clock(1) - clock(0), -3_600_000, "{summary}");
    assert!(
        summary["warnings"][0]
            .as_str()
            .is_some_and(|w| w.contains("--time-zone"))
    );
}

#[test]
fn an_hour_that_does_not_exist_is_rejected() {
    let text =
        "time,power\n2024-03-31 01:59:00,60\n2024-03-31 02:30:00,60\n2024-03-31 03:00:00,60\n";
    let summary = analyze("gap", text, &["--time-zone", "Europe/Berlin"]);
    assert_eq!(summary["rejected"], 1);
    assert_eq!(
        summary["energy"]["integrated_mwh"], 1_000,
        "a minute: {summary}"
    );
    let reason = summary["rejected_lines"][0]["reason"]
        .as_str()
        .expect("a reason");
    assert!(
        reason.contains("does not exist in Europe/Berlin"),
        "{reason}"
    );
}

#[test]
fn offsets_in_the_file_have_their_own_midnight() {
    let text = "time,power\n2024-03-01T23:30:00+05:30,1000\n2024-03-02T00:00:00+05:30,1000\n2024-03-02T00:30:00+05:30,1000\n";
    let summary = analyze("india", text, &[]);
    assert_eq!(summary["first"], "2024-03-01T23:30:00+05:30");
    let energies: Vec<u64> = days(&summary).iter().map(|(_, mwh, _)| *mwh).collect();
    assert_eq!(energies, [500_000, 500_000]);
    let same = analyze("kolkata", text, &["--time-zone", "Asia/Kolkata"]);
    assert_eq!(days(&same), days(&summary));
    assert_eq!(same["time_zone"], "Asia/Kolkata");
    let fixed = analyze("fixed", text, &["--time-zone", "+05:30"]);
    assert_eq!(days(&fixed), days(&summary));
}

#[test]
fn the_last_moment_of_a_day_is_the_first_of_the_next() {
    for (name, first, second) in [
        ("iso", "2023-12-31 23:45:00", "2023-12-31 24:00:00"),
        ("leap", "2024-02-29T23:45", "2024-02-29T24:00"),
        ("german", "31.12.2023 23:45", "31.12.2023 24:00"),
        ("slashes", "31/12/2023 23:45:00", "31/12/2023 24:00:00"),
    ] {
        let summary = analyze(
            name,
            format!("time,power\n{first},1000\n{second},1000\n"),
            &[],
        );
        assert_eq!(
            summary["energy"]["register_mwh"], 250_000,
            "{name}: {summary}"
        );
        assert!(
            summary["last"]
                .as_str()
                .is_some_and(|last| last.contains("-01T00:00:00")),
            "{name}: {summary}"
        );
    }
    let summary = analyze(
        "late",
        "time,power\n2024-01-01 23:59:00,60\n2024-01-01 24:00:30,60\n",
        &[],
    );
    assert_eq!(summary["rejected"], 1, "{summary}");
}

#[test]
fn day_and_month_are_told_apart_or_asked_for() {
    let rows = |dates: &[&str]| {
        let rows: String = dates
            .iter()
            .map(|date| format!("{date} 10:00,60\n"))
            .collect();
        format!("time,power\n{rows}")
    };
    let first = |name, dates: &[&str]| analyze(name, rows(dates), &[])["first"].clone();
    assert_eq!(
        first("day", &["03/04/2024", "13/04/2024"]),
        "2024-04-03T10:00:00"
    );
    assert_eq!(
        first("month", &["3/4/2024", "3/14/2024"]),
        "2024-03-04T10:00:00"
    );
    assert_eq!(first("either", &["04/04/2024"]), "2024-04-04T10:00:00");
    let (code, message) = refused("open", rows(&["03/04/2024", "04/04/2024"]), &[]);
    assert_eq!(code, Some(2), "{message}");
    assert!(message.contains("--time-format"), "{message}");
    // The end of a long file decides, too.
    let long: Vec<String> = (0..900)
        .map(|_| "03/04/2024".to_owned())
        .chain(["20/04/2024".to_owned()])
        .collect();
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    assert_eq!(first("end", &long), "2024-04-03T10:00:00");
}

#[test]
fn repeated_and_backward_times_are_counted_and_add_nothing() {
    let text =
        "time,power\n1700006400,60\n1700006460,60\n1700006460,60\n1700006430,60\n1700006490,60\n";
    let summary = analyze("order", text, &[]);
    assert_eq!(
        (&summary["duplicates"], &summary["backward"]),
        (&json!(1), &json!(1))
    );
    // A minute before the step back, one after it.
    assert_eq!(summary["energy"]["register_mwh"], 2_000, "{summary}");
}

#[test]
fn zones_and_spreadsheet_days_that_make_no_sense_are_refused() {
    let file = Scratch::new("zone.csv", "time,power\n1700006400,60\n");
    let output = meter(&["analyze", file.path(), "--time-zone", "Europe/Berln"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        message(&output).contains("no such time zone"),
        "{}",
        message(&output)
    );
    let (code, message) = refused("sheet", "time,power\n45352.41667,60\n45352.42708,60\n", &[]);
    assert_eq!(code, Some(1));
    assert!(message.contains("spreadsheet"), "{message}");
}

#[test]
fn months_and_consumption_that_drops() {
    // Three weeks of a house that uses 10 kWh a day, a little more or less, then two weeks with half of it gone past
    // the meter.
    let mut text = "time,power\n".to_owned();
    for quarter in 0..35 * 96_i64 {
        let day = quarter / 96;
        let usual = 400 + (day * 37 % 11) * 4;
        let watts = if day < 21 { usual } else { usual / 2 };
        text += &format!("{},{watts}\n", 1_704_067_200 + quarter * 900);
    }
    let summary = analyze("drop", text, &["--averaged"]);
    let codes: Vec<_> = summary["events"]
        .as_array()
        .expect("events")
        .iter()
        .map(|e| e["code"].as_str())
        .collect();
    assert!(codes.contains(&Some("CONSUMPTION_DROP")), "{codes:?}");
    assert!(codes.contains(&Some("BASE_LOAD_SHIFT")), "{codes:?}");
    let months: Vec<_> = summary["months"]
        .as_array()
        .expect("months")
        .iter()
        .map(|m| m["date"].as_str())
        .collect();
    assert_eq!(months, [Some("2024-01"), Some("2024-02")]);
    let sum: u64 = days(&summary).iter().map(|(_, mwh, _)| mwh).sum();
    assert_eq!(
        Some(sum),
        summary["energy"]["register_mwh"].as_u64(),
        "days add up to the register"
    );
}
