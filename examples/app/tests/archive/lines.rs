//! Lines, byte by byte.

use smart_meter::archive::{Inbox, line};
use smart_meter::record::{Body, EventRecord, Id, Interval, Quality, Record, Values};

use super::records::reading;

/// CRC-32 as PNG has it, from its definition.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            };
        }
    }
    !crc
}

fn text(record: &Record) -> String {
    let line = line::of(record);
    assert_eq!(line.len(), 256);
    assert_eq!(line[255], b'\n');
    assert!(line::is_whole(&line));
    let text = str::from_utf8(&line).unwrap().trim_end().to_owned();
    let (checked, check) = text.split_at(text.len() - 8);
    assert_eq!(check, format!("{:08x}", crc32(checked.as_bytes())));
    checked.to_owned()
}

#[test]
fn the_check_is_the_usual_one() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
}

#[test]
fn header() {
    let header = line::header();
    assert_eq!(
        str::from_utf8(&header).unwrap().trim_end(),
        "timestamp,voltage,current,power,energy_kwh,export_kwh,reactive_var,frequency,power_factor,\
         channel,boot,seq,uptime_s,quality,event,event_value,check"
    );
    assert_eq!(header[255], b'\n');
}

#[test]
fn a_reading() {
    assert_eq!(
        text(&reading(17)),
        "2026-11-26T10:47:01.123Z,230.02,0.52,118.30,0.002788,0.000000,,50.00,0.990,\
         0,7,17,85.000,measured,,,"
    );
}

#[test]
fn what_was_not_measured_is_empty_and_what_goes_backwards_has_a_sign() {
    let mut record = reading(0);
    record.channel = 2;
    record.utc_ms = None;
    record.quality = Quality::CLOCK_INVALID;
    record.body = Body::Reading(Values {
        power_mw: Some(-1_234_567),
        reactive_mvar: Some(-5),
        power_factor_milli: Some(-500),
        export_mwh: 12_345_678_901,
        ..Values::default()
    });
    assert_eq!(
        text(&record),
        ",,,-1234.57,0.000000,12345.678901,-0.01,,-0.500,2,7,0,0.000,clock_invalid,,,"
    );
}

#[test]
fn events() {
    let mut record = reading(3);
    record.body = Body::Event(EventRecord {
        code: 6,
        is_occurrence: true,
        value: 5_200_000,
    });
    assert_eq!(
        text(&record),
        "2026-11-26T10:45:51.123Z,,,,,,,,,0,7,3,15.000,measured,OVERLOAD+,5200000,"
    );
    record.body = Body::Event(EventRecord {
        code: 99,
        is_occurrence: false,
        value: -1,
    });
    assert_eq!(
        text(&record),
        "2026-11-26T10:45:51.123Z,,,,,,,,,0,7,3,15.000,measured,EVENT_99-,-1,"
    );
}

#[test]
fn the_longest_values_fit() {
    let mut record = Record {
        id: Id {
            boot: u32::MAX,
            seq: u32::MAX,
        },
        channel: u8::MAX,
        at_ms: u64::MAX,
        utc_ms: Some(253_402_300_799_999),
        quality: Quality::CLOCK_INVALID,
        body: Body::Reading(Values {
            voltage_mv: Some(u32::MAX),
            current_ma: Some(u32::MAX),
            power_mw: Some(i32::MIN),
            reactive_mvar: Some(i32::MIN),
            frequency_mhz: Some(u32::MAX),
            power_factor_milli: Some(i16::MIN),
            import_mwh: u64::MAX,
            export_mwh: u64::MAX,
        }),
    };
    assert!(
        text(&record)
            .ends_with(",255,4294967295,4294967295,18446744073709551.615,clock_invalid,,,")
    );
    record.body = Body::Event(EventRecord {
        code: 5,
        is_occurrence: true,
        value: i64::MIN,
    });
    assert!(text(&record).ends_with(",FREQUENCY_EXTREME+,-9223372036854775808,"));
}

#[test]
fn a_damaged_line_is_told() {
    let line = line::of(&reading(5));
    assert_eq!(line::id(&line), Some(Id { boot: 7, seq: 5 }));
    for at in 0..256 {
        for bit in 0..8 {
            let mut damaged = line;
            damaged[at] ^= 1 << bit;
            assert!(!line::is_whole(&damaged), "byte {at} bit {bit}");
        }
        // Half of another line, half of what was there before.
        for old in [
            [0; 256],
            [0xff; 256],
            [b' '; 256],
            line::of(&reading(4)),
            line::header(),
        ] {
            let mut torn = old;
            torn[..at].copy_from_slice(&line[..at]);
            // Past the last character only spaces follow.
            assert_eq!(
                line::is_whole(&torn),
                torn == line || torn == line::of(&reading(4)),
                "cut at {at}"
            );
        }
    }
    assert!(!line::is_whole(&line[..255]));
    assert!(!line::is_whole(b""));
    assert!(!line::is_whole(&[b' '; 256]));
    assert!(!line::is_whole(&line::header()));
}

#[test]
fn the_time_that_came_later_is_put_in() {
    let mut record = reading(2);
    let known = record;
    record.utc_ms = None;
    record.quality = Quality::CLOCK_INVALID.with(Quality::GAP);
    assert_eq!(line::stamped(record, None), record);
    let stamped = line::stamped(record, Some(1_795_689_936_123));
    assert_eq!(stamped.utc_ms, known.utc_ms);
    assert_eq!(stamped.quality, Quality::RESTAMPED.with(Quality::GAP));
    // A time that was known stays, also when the clock was set since.
    assert_eq!(line::stamped(known, Some(0)), known);
}

#[test]
fn the_inbox_keeps_what_came_first_and_counts_the_rest() {
    let inbox = Inbox::<4>::new();
    for seq in 0..3 {
        inbox.offer(&reading(seq));
    }
    let mut interval = reading(3);
    interval.body = Body::Interval(Interval {
        end_s: 0,
        import_mwh: 0,
        export_mwh: 0,
        voltage_min_mv: None,
        voltage_mean_mv: None,
        voltage_max_mv: None,
        current_max_ma: None,
        readings: 0,
        status: 0,
    });
    inbox.offer(&interval);
    assert_eq!((inbox.waiting(), inbox.dropped()), (3, 0));
    for seq in 4..10 {
        inbox.offer(&reading(seq));
    }
    assert_eq!((inbox.waiting(), inbox.dropped()), (4, 5));
    let seqs = |inbox: &Inbox<4>| {
        (0..)
            .map_while(|n| inbox.get(n))
            .map(|r| r.id.seq)
            .collect::<Vec<_>>()
    };
    assert_eq!(seqs(&inbox), [0, 1, 2, 4]);
    inbox.forget(3);
    assert_eq!(seqs(&inbox), [4]);
    inbox.forget(9);
    assert_eq!(inbox.waiting(), 0);
}
