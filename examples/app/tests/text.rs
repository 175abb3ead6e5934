//! Numbers and times in text.

use smart_meter::text::{Decimal, Iso, Span};

#[test]
fn numbers_are_rounded_half_away_from_zero() {
    for (value, places, text) in [
        (230_100, 1, "230.1"),
        (230_149, 1, "230.1"),
        (230_150, 1, "230.2"),
        (-230_150, 1, "-230.2"),
        (999_996, 2, "1000.00"),
        (4, 2, "0.00"),
        (5, 2, "0.01"),
        (-4, 2, "0.00"),
        (-5, 2, "-0.01"),
        (-1, 3, "-0.001"),
        (1_500, 0, "2"),
        (0, 3, "0.000"),
        (i64::MAX, 3, "9223372036854775.807"),
        (i64::MIN, 3, "-9223372036854775.808"),
    ] {
        assert_eq!(Decimal::milli(value, places).to_string(), text);
    }
    assert_eq!(
        Decimal::kwh(u64::MAX, 6).to_string(),
        "18446744073709.551615"
    );
    assert_eq!(Decimal::kwh(u64::MAX, 2).to_string(), "18446744073709.55");
    assert_eq!(
        Decimal::unsigned(u64::MAX, 0, 0).to_string(),
        "18446744073709551615"
    );
    assert_eq!(format!("[{:>8}]", Decimal::milli(-1_234, 2)), "[   -1.23]");
    assert_eq!(format!("[{:<8}]", Decimal::milli(-1_234, 2)), "[-1.23   ]");
    assert_eq!(format!("[{:8}]", Decimal::milli(-1_234, 2)), "[   -1.23]");
}

#[test]
fn times_agree_with_another_calendar() {
    let mut seed = 1_u64;
    for _ in 0..200_000 {
        // splitmix64
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // From the year 0 to 9999.
        let ms = ((z ^ (z >> 31)) % 315_569_520_000_000) as i64 - 62_167_219_200_000;
        let other = chrono::DateTime::from_timestamp_millis(ms)
            .expect("in range")
            .format("%Y-%m-%dT%H:%M:%S%.3fZ")
            .to_string();
        assert_eq!(Iso::new(ms).expect("in range").to_string(), other);
    }
    let iso = Iso::new(951_782_399_999).expect("in range");
    assert_eq!(iso.to_string(), "2000-02-28T23:59:59.999Z");
    assert_eq!(format!("{iso:.0}"), "2000-02-28T23:59:59Z");
    assert_eq!(iso.date(), (2000, 2, 28));
    assert_eq!(iso.time(), (23, 59, 59));
    // The last millisecond that four digits tell, and the next.
    assert!(Iso::new(253_402_300_799_999).is_some());
    assert_eq!(Iso::new(253_402_300_800_000), None);
    assert_eq!(Iso::new(-62_167_219_200_001), None);
    assert_eq!(Iso::new(i64::MAX), None);
}

#[test]
fn spans_have_two_units() {
    for (seconds, text) in [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min 0 s"),
        (3_599, "59 min 59 s"),
        (3_600, "1 h 0 min"),
        (90_061, "1 d 1 h"),
        (u64::MAX, "213503982334601 d 7 h"),
    ] {
        assert_eq!(Span { seconds }.to_string(), text);
    }
}
