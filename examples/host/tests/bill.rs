//! `meter bill`: bills worked out by hand.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::Value;
use support::{Scratch, TWO_DAYS, message, meter};

const SLABS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tariffs/slabs.toml");
const TWO_RATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tariffs/two_rates.toml");

fn bills(arguments: &[&str]) -> Vec<Value> {
    let output = meter(&[&["bill", "--json"], arguments].concat());
    assert!(output.status.success(), "{}", message(&output));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn amounts(lines: &Value) -> Vec<i64> {
    let lines = lines.as_array().expect("lines").iter();
    lines
        .map(|line| line["amount_micro"].as_i64().expect("an amount"))
        .collect()
}

/// What the lines of every bill have to do.
fn assert_adds_up(bill: &Value) {
    let sum: i64 = amounts(&bill["lines"]).iter().sum();
    assert_eq!(Some(sum), bill["sum_micro"].as_i64(), "{bill}");
    let total = sum + amounts(&bill["taxes"]).iter().sum::<i64>();
    assert_eq!(Some(total), bill["total_micro"].as_i64(), "{bill}");
}

#[test]
fn slabs_by_hand() {
    let bill = &bills(&["--tariff", SLABS, "--import", "342kWh"])[0];
    // 50 at 3.10, 100 at 4.85, 192 at 6.60, 65 fixed.
    assert_eq!(
        amounts(&bill["lines"]),
        [155_000_000, 485_000_000, 1_267_200_000, 65_000_000]
    );
    assert_eq!(bill["sum_micro"], 1_972_200_000);
    // 6 % and 1.5 % of 1972.20.
    assert_eq!(amounts(&bill["taxes"]), [118_332_000, 29_583_000]);
    assert_eq!(bill["total_micro"], 2_120_115_000_i64);
    assert_eq!(bill["to_pay"], "2120.12");
    assert_adds_up(bill);
}

#[test]
fn the_end_of_a_slab_and_the_first_watt_hour_of_the_next() {
    let sum =
        |energy: &str| bills(&["--tariff", SLABS, "--import", energy])[0]["sum_micro"].as_i64();
    // 50 kWh are 155 and 65; a milliwatt-hour more costs 4.85 millionths.
    assert_eq!(sum("50kWh"), Some(220_000_000));
    assert_eq!(sum("50.000001kWh"), Some(220_000_005));
    assert_eq!(sum("50001Wh"), Some(220_004_850));
    // 400 kWh: 155 + 485 + 1650 + 65, then 7.95.
    assert_eq!(sum("0.4MWh"), Some(2_355_000_000));
    assert_eq!(sum("401"), Some(2_362_950_000));
}

#[test]
fn the_least_that_is_charged_and_what_a_roof_sends_back() {
    let bill = &bills(&["--tariff", SLABS, "--import", "10kWh"])[0];
    // 31 and 65 make 96 of 120.
    assert_eq!(
        amounts(&bill["lines"]),
        [31_000_000, 65_000_000, 24_000_000]
    );
    let bill = &bills(&["--tariff", SLABS, "--import", "100kWh", "--export", "20kWh"])[0];
    // 155 + 242.50 + 65 - 45.
    assert_eq!(bill["sum_micro"], 417_500_000);
    assert_adds_up(bill);
}

#[test]
fn two_rates_by_hand() {
    let usage = [
        "--rate",
        "day=200kWh",
        "--rate",
        "night=142.5kWh",
        "--days",
        "31",
        "--demand",
        "4.2kW",
    ];
    let bill = &bills(&[&["--tariff", TWO_RATES], usage.as_slice()].concat())[0];
    // 200 at 0.3124, 142.5 at 0.2281, 31 days of 0.38, 4.2 kW at 1.95.
    assert_eq!(
        amounts(&bill["lines"]),
        [62_480_000, 32_504_250, 11_780_000, 8_190_000]
    );
    assert_eq!(bill["sum_micro"], 114_954_250);
    // 19 %: 21.8413075, rounded once.
    assert_eq!(amounts(&bill["taxes"]), [21_841_308]);
    assert_eq!(bill["to_pay"], "136.80");
    assert_adds_up(bill);
}

/// A kilowatt in Berlin, a row every quarter of an hour, from a quarter before March 2024 to April.
fn march() -> Scratch {
    let rows: String = (1_709_247_600 - 900..=1_711_922_400_i64)
        .step_by(900)
        .map(|at| format!("{at},1000\n"))
        .collect();
    Scratch::new("march.csv", format!("time,power\n{rows}"))
}

#[test]
fn a_month_of_a_recording_by_hand() {
    let file = march();
    let arguments = [
        file.path(),
        "--tariff",
        TWO_RATES,
        "--time-zone",
        "Europe/Berlin",
    ];
    let bills = bills(&arguments);
    assert_eq!(bills.len(), 2, "{bills:?}");
    let (before, bill) = (&bills[0], &bills[1]);
    assert_eq!(
        (before["from"].as_str(), before["to"].as_str()),
        (Some("2024-02-29"), Some("2024-03-01"))
    );
    assert_eq!(
        (&before["import_mwh"], &before["complete"]),
        (&250_000.into(), &false.into())
    );
    assert_eq!(
        (bill["from"].as_str(), bill["to"].as_str()),
        (Some("2024-03-01"), Some("2024-04-01"))
    );
    assert_eq!(
        (&bill["days"], &bill["complete"]),
        (&31.into(), &true.into())
    );
    // 20 workdays of 14 hours by day (Good Friday is a holiday of that year), 5 Saturdays of 6; 743 hours in all, since
    // one is missing on the 31st.
    let energies: Vec<_> = (0..2)
        .map(|line| bill["lines"][line]["energy_mwh"].as_u64())
        .collect();
    assert_eq!(energies, [Some(310_000_000), Some(433_000_000)]);
    assert_eq!(bill["import_mwh"], 743_000_000);
    // 310 at 0.3124, 433 at 0.2281, 31 days of 0.38, 1 kW at 1.95.
    assert_eq!(
        amounts(&bill["lines"]),
        [96_844_000, 98_767_300, 11_780_000, 1_950_000]
    );
    assert_eq!(amounts(&bill["taxes"]), [39_774_847]);
    assert_eq!(bill["to_pay"], "249.12");
    bills.iter().for_each(assert_adds_up);
}

#[test]
fn a_recording_as_one_period_or_split_is_the_same_energy() {
    let file = march();
    let arguments = [
        file.path(),
        "--tariff",
        TWO_RATES,
        "--time-zone",
        "Asia/Kolkata",
    ];
    let split = bills(&arguments);
    let whole = bills(&[arguments.as_slice(), &["--whole"]].concat());
    let energy = |bills: &[Value]| {
        bills
            .iter()
            .map(|bill| bill["import_mwh"].as_u64().expect("energy"))
            .sum::<u64>()
    };
    assert_eq!((whole.len(), energy(&whole)), (1, energy(&split)));
    for bill in split.iter().chain(&whole) {
        let rates: u64 = (0..2)
            .map(|line| bill["lines"][line]["energy_mwh"].as_u64().expect("energy"))
            .sum();
        assert_eq!(
            Some(rates),
            bill["import_mwh"].as_u64(),
            "rates add up: {bill}"
        );
        assert_adds_up(bill);
    }
}

#[test]
fn a_real_meter_is_billed_by_its_counter() {
    let bills = bills(&[TWO_DAYS, "--unit", "energy=Wh", "--tariff", SLABS]);
    let energy: u64 = bills
        .iter()
        .map(|bill| bill["import_mwh"].as_u64().expect("energy"))
        .sum();
    assert_eq!(energy, 96_000);
    assert_eq!(bills.len(), 2, "February and March");
}

#[test]
fn people_get_lines_that_add_up() {
    let output = meter(&["bill", "--tariff", SLABS, "--import", "342kWh"]);
    let text = String::from_utf8(output.stdout).expect("text");
    for word in [
        "192 kWh at 6.60",
        "1267.20",
        "118.332",
        "2120.115",
        "INR 2120.12",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
}
