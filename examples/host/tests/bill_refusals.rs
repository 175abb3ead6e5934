//! What `meter bill` refuses, and how it says so.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::Value;
use support::{Scratch, message, meter};

const SLABS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tariffs/slabs.toml");
const TWO_RATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tariffs/two_rates.toml");

#[test]
fn usage_has_to_say_what_the_tariff_asks_for() {
    let cases: [(&[&str], &str); 8] = [
        (&["--tariff", SLABS], "--import"),
        (
            &["--tariff", TWO_RATES, "--import", "342kWh"],
            "--rate day=",
        ),
        (
            &[
                "--tariff", TWO_RATES, "--rate", "day=1", "--rate", "night=1", "--demand", "1",
            ],
            "--days",
        ),
        (
            &[
                "--tariff", TWO_RATES, "--rate", "day=1", "--rate", "night=1", "--days", "30",
            ],
            "--demand",
        ),
        (
            &["--tariff", TWO_RATES, "--rate", "day=1", "--rate", "peak=1"],
            "there are day, night",
        ),
        (
            &[
                "--tariff", TWO_RATES, "--rate", "day=1", "--rate", "night=1", "--import", "3",
            ],
            "add up to",
        ),
        (&["--tariff", SLABS, "--import", "3 horses"], "342kWh"),
        (&["--tariff", SLABS, "--import", "0.0000001kWh"], "342kWh"),
    ];
    for (arguments, word) in cases {
        let output = meter(&[&["bill"], arguments].concat());
        let text = message(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(word), "{arguments:?}: {text}");
    }
}

#[test]
fn what_is_wrong_with_a_tariff_is_said_with_its_line() {
    let slabs = std::fs::read_to_string(SLABS).expect("the example");
    let rates = std::fs::read_to_string(TWO_RATES).expect("the example");
    let line_of = |text: &str, what: &str| {
        let at = text.find(what).expect(what);
        format!("line {}", text[..at].matches('\n').count() + 1)
    };
    let cases: [(&str, &str, &str, &str); 13] = [
        (&slabs, "price = 3.10", "price = \"3,10\"", "an amount"),
        (&slabs, "price = 7.95", "price = 7.95000001", "six decimals"),
        (&slabs, "price = 7.95", "price = -7.95", "negative"),
        (&slabs, "price = 7.95", "prise = 7.95", "unknown field"),
        (&slabs, "price = 7.95", "price = 1e1", "an amount"),
        (
            &slabs,
            "price = 4.85\n\n",
            "price = 4.85\n\n[[slabs]]\nup_to_kwh = 100\nprice = 5\n",
            "ascending",
        ),
        (&slabs, "percent = 1.5", "percent = \"much\"", "percentage"),
        (&slabs, "decimals = 2", "decimals = 9", "0 to 6"),
        (&slabs, "billing_day = 1", "billing_day = 31", "1 to 28"),
        (&slabs, "[charges]", "[charges", "]"),
        (
            &rates,
            "\"06:00\" = \"day\"",
            "\"06:00\" = \"dya\"",
            "there are day, night",
        ),
        (&rates, "\"06:00\" = \"day\"", "\"6\" = \"day\"", "06:00"),
        (&rates, "from = \"10-01\"", "from = \"10-32\"", "12-25"),
    ];
    for (text, good, bad, word) in cases {
        let broken = text.replacen(good, bad, 1);
        // Of what was put in, the line that is wrong is the last one that says something.
        let place = bad.trim().lines().last().expect("a line");
        let file = Scratch::new("broken.toml", &broken);
        let output = meter(&["bill", "--tariff", file.path(), "--import", "1"]);
        let said = message(&output);
        assert_eq!(output.status.code(), Some(1), "{bad}: {said}");
        assert!(
            said.contains(word) && said.contains(&line_of(&broken, place)),
            "{bad}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let file = Scratch::new(
        "no-currency.toml",
        slabs.replace("currency = \"INR\"\n", ""),
    );
    let said = message(&meter(&["bill", "--tariff", file.path(), "--import", "1"]));
    assert!(said.contains("missing field `currency`"), "{said}");
    let said = message(&meter(&[
        "bill",
        "--tariff",
        "/nowhere/tariff.toml",
        "--import",
        "1",
    ]));
    assert!(said.contains("can not be read"), "{said}");
}

#[test]
fn digits_of_prices_are_kept_whatever_their_form() {
    // No binary fraction is any of these; quoted and bare, with an underscore, are the same.
    for price in ["0.100001", "\"0.100001\"", "0.100_001"] {
        let file = Scratch::new(
            "digits.toml",
            format!("currency = \"EUR\"\n[[slabs]]\nprice = {price}\n"),
        );
        let output = meter(&[
            "bill",
            "--json",
            "--tariff",
            file.path(),
            "--import",
            "123456789kWh",
        ]);
        let bill: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(bill["sum_micro"], 12_345_802_356_789_i64, "{price}");
    }
}
