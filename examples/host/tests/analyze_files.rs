//! `meter analyze` on files as loggers, spreadsheets and accidents leave them.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::{Value, json};
use support::{analyze, refused};

#[test]
fn a_table_from_a_european_spreadsheet() {
    // Byte order mark, semicolons, decimal commas, Windows line ends, kilowatts.
    let text = "\u{feff}Zeit;Spannung (V);Leistung (kW);Energy (kWh)\r\n\
        01.03.2024 10:00:00;230,5;1,5;12,500\r\n\
        01.03.2024 10:01:00;229,5;1,5;12,525\r\n\
        01.03.2024 10:02:00;231,0;1,5;12,550\r\n";
    let columns = ["--time", "Zeit", "--voltage", "2", "--power", "3"];
    let summary = analyze("europe", text, &columns);
    assert_eq!(summary["energy"]["register_mwh"], 50_000, "{summary}");
    assert_eq!(summary["energy"]["integrated_mwh"], 50_000, "{summary}");
    assert_eq!(summary["voltage"]["min_mv"], 229_500);
    assert_eq!(summary["first"], "2024-03-01T10:00:00");
}

#[test]
fn line_ends_of_every_kind_mean_the_same() {
    let lines = ["time,power", "1700006400,60", "1700006460,60"];
    for (name, end) in [("unix", "\n"), ("windows", "\r\n"), ("old-mac", "\r")] {
        for last in ["", end] {
            let text = format!("{}{last}", lines.join(end));
            let summary = analyze(name, text, &[]);
            assert_eq!(summary["energy"]["register_mwh"], 1_000, "{name}");
            assert_eq!(summary["rows"], 2, "{name}");
        }
    }
}

#[test]
fn what_is_no_table_is_told() {
    let garbage: Vec<u8> = (0..4_000_u32).map(|i| (i * i * 31 % 251) as u8).collect();
    let utf16: Vec<u8> = "time,power\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let endless = vec![b'7'; 3 << 20];
    let cases: [(&str, Vec<u8>, &str); 8] = [
        ("empty", vec![], "no line of values"),
        ("header", b"time,power\n".to_vec(), "no line of values"),
        ("garbage", garbage, "binary"),
        (
            "utf16",
            [&[0xFF, 0xFE], utf16.as_slice()].concat(),
            "UTF-16",
        ),
        ("gzip", vec![0x1F, 0x8B, 8, 0, 0, 0], "gunzip"),
        ("zip", b"PK\x03\x04....".to_vec(), "CSV"),
        ("endless", endless, "no table of values"),
        (
            "words",
            b"time,power\nnow,much\nthen,more\n".to_vec(),
            "line 2",
        ),
    ];
    for (name, content, word) in cases {
        let (code, message) = refused(name, content, &[]);
        assert_eq!(code, Some(1), "{name}: {message}");
        assert!(message.contains(word), "{name}: {message}");
        assert_eq!(message.lines().count(), 1, "{name}: {message}");
    }
}

#[test]
fn a_first_line_of_values_is_no_header() {
    let summary = analyze(
        "bare",
        "1700006400,60\n1700006460,60\n",
        &["--time", "1", "--power", "2"],
    );
    assert_eq!(
        (&summary["rows"], &summary["rejected"]),
        (&json!(2), &json!(0))
    );
}

#[test]
fn a_stray_quote_spoils_its_line_only() {
    let text = "time,power\n1700006400,60\n\"1700006460,60\n1700006520,60\n1700006580,60\n";
    let summary = analyze("quote", text, &[]);
    assert_eq!(
        (&summary["rows"], &summary["rejected"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(summary["rejected_lines"][0]["line"], 3);
    assert_eq!(summary["energy"]["register_mwh"], 3_000);
}

#[test]
fn missing_values_are_missing_and_impossible_ones_are_rejected() {
    let text = "time,voltage,power\n\
        1700006400,230,60\n\
        1700006401,NaN,60\n\
        1700006402,230,unavailable\n\
        1700006403,-5,60\n\
        1700006404,230,9e12\n\
        1700006405,230,inf\n\
        1700006406,,\n\
        1700006407,230.1.2,60\n\
        1700006408,230,60\n";
    let summary = analyze("odd", text, &[]);
    let rejected = summary["rejected_lines"].as_array().expect("lines");
    let lines: Vec<_> = rejected.iter().map(|line| line["line"].as_u64()).collect();
    assert_eq!(lines, [5, 6, 7, 8, 9].map(Some), "{summary}");
    assert_eq!(summary["rows"], 4);
    assert_eq!(summary["voltage"]["min_mv"], 230_000);
}

#[test]
fn one_decimal_mark_is_not_read_as_the_other() {
    // 1.234 may be a thousand and more there: nobody knows.
    let text = "time;power\n2024-03-01 10:00:00;100,5\n2024-03-01 10:01:00;1.234\n2024-03-01 10:02:00;100,5\n";
    let summary = analyze("marks", text, &[]);
    assert_eq!(summary["rejected"], 1, "{summary}");
    assert_eq!(summary["energy"]["register_mwh"], 3_350);
}

#[test]
fn a_counter_may_have_finer_steps_than_its_first_rows_show() {
    // 500 rows and more of whole kilowatt-hours, then thousandths.
    let mut text = "time,power,energy\n".to_owned();
    for minute in 0..800 {
        let energy = if minute < 700 {
            "12".to_owned()
        } else {
            format!("12.{:03}", minute - 700)
        };
        let power = if minute < 700 { 0 } else { 60 };
        text += &format!("{},{power},{energy}\n", 1_700_006_400 + minute * 60);
    }
    let summary = analyze("finer", text, &[]);
    assert_eq!(summary["energy"]["register_mwh"], 99_000, "{summary}");
    assert_eq!(summary["events"], json!([]));
}

#[test]
fn an_empty_counter_column_leaves_the_power() {
    let text = "time,power,energy\n1700006400,60,\n1700006460,60,\n1700006520,60,\n";
    let summary = analyze("no-counter", text, &[]);
    assert_eq!(summary["energy"]["register_mwh"], 2_000, "{summary}");
}

#[test]
fn a_counter_without_a_power_is_not_compared_with_it() {
    let rows: String = (0..200)
        .map(|m| format!("{},{}\n", 1_700_006_400 + m * 60, 1_000 + m * 20))
        .collect();
    let summary = analyze("counter", format!("time,energy_wh\n{rows}"), &[]);
    assert_eq!(summary["energy"]["register_mwh"], 199 * 20_000);
    assert_eq!(summary["energy"]["integrated_mwh"], 0);
    assert_eq!(summary["events"], json!([]));
}

#[test]
fn a_unit_that_can_not_be_is_told() {
    // 60 W for an hour, and a counter in watt-hours that is taken for one in kilowatt-hours.
    let rows: String = (0..=60)
        .map(|m| format!("{},60,{}\n", 1_700_006_400 + m * 60, 500 + m))
        .collect();
    let text = format!("time,power,energy\n{rows}");
    let summary = analyze("kwh", &text, &["--max-power", "4000000"]);
    assert!(
        summary["warnings"][0]
            .as_str()
            .is_some_and(|w| w.contains("energy=Wh")),
        "{summary}"
    );
    assert_eq!(
        analyze("wh", &text, &["--unit", "energy=Wh"])["warnings"],
        json!([])
    );
    // Kilowatts taken for watts beside volts and amperes.
    let rows: String = (0..=600)
        .map(|m| format!("{},230,10,2.3\n", 1_700_006_400 + m * 60))
        .collect();
    let summary = analyze("kw", format!("time,voltage,current,power\n{rows}"), &[]);
    let warnings: Vec<&Value> = summary["warnings"]
        .as_array()
        .expect("warnings")
        .iter()
        .collect();
    assert!(
        warnings[0].as_str().is_some_and(|w| w.contains("power=kW")),
        "{summary}"
    );
}

#[test]
fn failed_polls_and_long_silence_are_a_lost_link() {
    let mut text = "time,power\n".to_owned();
    for second in (0..600).chain(2_000..2_600) {
        text += &format!("{},{}\n", 1_700_006_400 + second, 100 + second % 7);
    }
    let summary = analyze("silence", text, &[]);
    let events: Vec<_> = summary["events"]
        .as_array()
        .expect("events")
        .iter()
        .collect();
    let told: Vec<_> = events
        .iter()
        .map(|e| (e["code"].as_str(), e["phase"].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (Some("LINK_LOST"), Some("occurrence")),
            (Some("LINK_LOST"), Some("restoration"))
        ]
    );
    // From the reading at 599 to the one at 2000.
    assert_eq!(summary["energy"]["gap_ms"], 1_401_000);
    let polls: String = (0..100)
        .map(|s| match s {
            40..60 => format!("{},\n", 1_700_006_400 + s),
            _ => format!("{},{}\n", 1_700_006_400 + s, 100 + s % 7),
        })
        .collect();
    let summary = analyze("polls", format!("time,power\n{polls}"), &[]);
    assert_eq!(summary["rejected"], 20);
    assert_eq!(summary["events"][0]["code"], "LINK_LOST", "{summary}");
}

#[test]
fn recordings_of_several_meters_are_not_mixed() {
    let rows: String = (0..60)
        .flat_map(|s| [(s, 1, 1_000), (s, 2, 250)])
        .map(|(s, address, watts)| format!("{},{address},{watts}\n", 1_700_006_400 + s * 60))
        .collect();
    let text = format!("time,address,power\n{rows}");
    let (code, message) = refused("several", &text, &[]);
    assert_eq!(code, Some(2), "{message}");
    assert!(message.contains("--only address=1"), "{message}");
    for (only, energy) in [
        ("address=1", 983_333),
        ("address=2", 245_833),
        ("2=2", 245_833),
    ] {
        let summary = analyze("one-of-two", &text, &["--only", only]);
        assert_eq!(summary["rows"], 60);
        assert_eq!(summary["energy"]["register_mwh"], energy, "{only}");
    }
}

#[test]
fn a_thousandth_is_no_million() {
    let energy = |name: &str, header: &str, value: &str| {
        let text = format!("time,{header}\n1700006400,0\n1700010000,{value}\n");
        analyze(name, text, &["--max-power", "4000000"])["energy"]["register_mwh"].clone()
    };
    assert_eq!(energy("milli", "energy_mWh", "1500000"), 1_500_000);
    assert_eq!(energy("mega", "Energy (MWh)", "0.0015"), 1_500_000);
    assert_eq!(energy("kilo", "ENERGY_KWH", "1.5"), 1_500_000);
    assert_eq!(energy("joule", "energy [J]", "5400000"), 1_500_000);
}
