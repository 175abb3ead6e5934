//! Records to archive, and what is to be found of them.

use smart_meter::archive::line;
use smart_meter::record::{Body, Id, Quality, Record, Values};

/// A reading with a number.
pub(crate) fn reading(seq: u32) -> Record {
    Record {
        id: Id { boot: 7, seq },
        channel: 0,
        at_ms: 5_000 * u64::from(seq),
        utc_ms: Some(1_795_689_936_123 + 5_000 * i64::from(seq)),
        quality: Quality::GOOD,
        body: Body::Reading(Values {
            voltage_mv: Some(230_000 + seq % 1_000),
            current_ma: Some(520),
            power_mw: Some(118_300),
            reactive_mvar: None,
            frequency_mhz: Some(50_000),
            power_factor_milli: Some(990),
            import_mwh: 164 * u64::from(seq),
            export_mwh: 0,
        }),
    }
}

/// The numbers of the records in a file, after every line was looked at: the header first, then lines of 256 bytes
/// that say what was written, or nothing.
pub(crate) fn numbers(file: &[u8]) -> Vec<u32> {
    let mut numbers = Vec::new();
    let mut rest = file;
    while let Some((line, after)) = rest.split_first_chunk::<256>() {
        if std::ptr::eq(rest, file) {
            let header = str::from_utf8(line).unwrap().trim_end();
            assert!(header.starts_with("timestamp,voltage,current,power,energy_kwh,"));
        } else if line != &[b'\n'; 256] {
            let text = str::from_utf8(line).unwrap();
            let seq: u32 = text.split(',').nth(11).unwrap().parse().unwrap();
            assert_eq!(
                text.as_bytes(),
                line::of(&reading(seq)),
                "line {}",
                numbers.len()
            );
            numbers.push(seq);
        }
        rest = after;
    }
    assert_eq!(rest, [], "a part of a line");
    numbers
}
