use serde_json::{Value, json};
use smart_meter::live::{Channel, TimeState};
use smart_meter::record::{Body, DeviceEvent, EventRecord, Quality, Record, Values};
use smart_meter::settings::Name;
use smart_meter::uplink::json::{Counter, Object, Text};
use smart_meter::uplink::payload::{self, Dialect, Registration};

use super::device::{START_MS, event, interval, reading};

const NAME: Name<'static> = Name {
    id: "MTR-1001",
    channel: 0,
};

fn written(record: &Record, name: Name<'_>, dialect: Dialect) -> String {
    let mut text = String::new();
    payload::record(&mut text, name, dialect, record).unwrap();
    text
}

fn parsed(record: &Record) -> Value {
    serde_json::from_str(&written(record, NAME, Dialect::Http)).unwrap()
}

#[test]
fn a_reading_has_the_names_and_units_of_the_interface() {
    assert_eq!(
        written(&reading(7), NAME, Dialect::Http),
        "{\"meterId\":\"MTR-1001\",\"timestamp\":\"2026-11-26T10:00:35.000Z\",\"voltage\":230.100,\
         \"current\":0.520,\"power_watts\":118.300,\"energy_kwh\":12.345685,\"frequency\":50.000,\
         \"power_factor\":0.990,\"seq\":7,\"boot_id\":3,\"quality\":\"measured\"}"
    );
}

#[test]
fn subscribers_of_the_topic_find_power_too() {
    let text = written(&reading(0), NAME, Dialect::Mqtt);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["power"], json!(118.3));
    assert_eq!(value["power_watts"], json!(118.3));
    assert_eq!(parsed(&reading(0)).get("power"), None);
}

#[test]
fn what_was_not_measured_is_not_there() {
    let mut record = reading(1);
    record.body = Body::Reading(Values {
        import_mwh: 5,
        ..Values::default()
    });
    let value = parsed(&record);
    let names: Vec<_> = value.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "boot_id",
            "energy_kwh",
            "meterId",
            "quality",
            "seq",
            "timestamp"
        ]
    );
    assert_eq!(value["energy_kwh"], json!(0.000005));
}

#[test]
fn extremes_are_written_exactly() {
    let mut record = reading(u32::MAX);
    record.utc_ms = Some(START_MS);
    record.body = Body::Reading(Values {
        voltage_mv: Some(u32::MAX),
        current_ma: Some(0),
        power_mw: Some(i32::MIN),
        reactive_mvar: Some(-1),
        frequency_mhz: Some(49_999),
        power_factor_milli: Some(-1_000),
        import_mwh: u64::MAX,
        export_mwh: 1,
    });
    let text = written(&record, NAME, Dialect::Http);
    for member in [
        "\"voltage\":4294967.295,",
        "\"current\":0.000,",
        "\"power_watts\":-2147483.648,",
        "\"reactive_var\":-0.001,",
        "\"energy_kwh\":18446744073709.551615,",
        "\"export_kwh\":0.000001,",
        "\"frequency\":49.999,",
        "\"power_factor\":-1.000,",
        "\"seq\":4294967295,",
    ] {
        assert!(text.contains(member), "{member} is not in {text}");
    }
    assert!(serde_json::from_str::<Value>(&text).is_ok());
}

#[test]
fn an_unknown_time_is_left_out_and_the_time_since_the_start_told() {
    let mut record = reading(2);
    record.utc_ms = None;
    record.quality = Quality::CLOCK_INVALID;
    let value = parsed(&record);
    assert_eq!(value.get("timestamp"), None);
    assert_eq!(value["uptime_ms"], json!(10_000));
    assert_eq!(value["quality"], json!("clock_invalid"));
}

#[test]
fn further_meters_have_a_number_in_their_name() {
    let name = Name { channel: 2, ..NAME };
    let value: Value = serde_json::from_str(&written(&reading(0), name, Dialect::Http)).unwrap();
    assert_eq!(value["meterId"], json!("MTR-1001-3"));
}

#[test]
fn text_is_escaped() {
    let name = Name {
        id: "a\"b\\c\n\u{7f}é😀",
        channel: 0,
    };
    let value: Value = serde_json::from_str(&written(&reading(0), name, Dialect::Http)).unwrap();
    assert_eq!(value["meterId"], json!("a\"b\\c\n\u{7f}é😀"));
}

#[test]
fn an_event_tells_what_and_whether_it_begins() {
    assert_eq!(
        parsed(&event(4)),
        json!({
            "meterId": "MTR-1001", "timestamp": "2026-11-26T10:00:20.000Z", "event": "OVERLOAD", "code": 6,
            "phase": "occurrence", "value": 5_234_500, "unit": "mW", "seq": 4, "boot_id": 3, "quality": "measured",
        })
    );
    let mut record = event(5);
    record.body = Body::Event(EventRecord::device(DeviceEvent::ClockSet, true, -1_500));
    let value = parsed(&record);
    assert_eq!(value["event"], json!("CLOCK_SET"));
    assert_eq!(value["code"], json!(129));
    assert_eq!(value["value"], json!(-1_500));
    assert_eq!(value["unit"], json!("ms"));
    record.body = Body::Event(EventRecord {
        code: 99,
        is_occurrence: false,
        value: 0,
    });
    let value = parsed(&record);
    assert_eq!(value["event"], json!("UNKNOWN"));
    assert_eq!(value["phase"], json!("restoration"));
    assert_eq!(value.get("unit"), None);
}

#[test]
fn an_interval_tells_its_end_and_what_flowed() {
    let value = parsed(&interval(9));
    assert_eq!(
        value,
        json!({
            "meterId": "MTR-1001", "timestamp": "2026-11-26T10:00:45.000Z",
            "interval_end": "2026-11-26T10:00:00Z", "import_kwh": 0.029575, "export_kwh": 0.0,
            "voltage_min": 228.4, "voltage_mean": 230.05, "current_max": 2.125, "readings": 180, "status": 2,
            "seq": 9, "boot_id": 3, "quality": "measured",
        })
    );
}

/// The payload of a meter as it is at a time, with a reading of one minute after the start.
fn present(now_ms: u64) -> String {
    let mut channel = Channel::default();
    channel.alarms.note(&meter_core::Event {
        code: meter_core::EventCode::Swell,
        phase: meter_core::Phase::Occurrence,
        method: meter_core::detect::Method::Readings,
        at_ms: 0,
        value: 0,
    });
    channel.today_mwh = Some(3_107_000);
    let Body::Reading(values) = reading(0).body else {
        unreachable!()
    };
    channel.last = Some((values, 60_000));
    let time = TimeState {
        offset_ms: Some(START_MS),
        ..TimeState::default()
    };
    let mut text = String::new();
    payload::present(&mut text, NAME, &channel, now_ms, 5_000, time).unwrap();
    text
}

#[test]
fn the_present_lists_alarms_that_are_on() {
    let value: Value = serde_json::from_str(&present(75_000)).unwrap();
    assert_eq!(value["alarms"], json!(["SWELL"]));
    assert_eq!(value["today_kwh"], json!(3.107));
    assert_eq!(value["voltage"], json!(230.1));
    assert_eq!(value["timestamp"], json!("2026-11-26T10:01:00.000Z"));
    // What is older than three intervals is not the present.
    let value: Value = serde_json::from_str(&present(75_001)).unwrap();
    assert_eq!(
        value,
        json!({"meterId": "MTR-1001", "today_kwh": 3.107, "alarms": ["SWELL"]})
    );
}

#[test]
fn the_readme_shows_real_payloads() {
    let readme: String = include_str!("../../README.md")
        .lines()
        .map(str::trim_start)
        .collect();
    for payload in [
        written(&reading(7), NAME, Dialect::Http),
        written(&event(4), NAME, Dialect::Http),
        written(&interval(9), NAME, Dialect::Http),
        present(75_000),
        super::tasmota::sensor(),
    ] {
        assert!(readme.contains(&payload), "{payload}");
    }
}

#[test]
fn health_leaves_out_what_the_device_can_not_measure() {
    let mut health = meter_core::Health {
        uptime_s: 86_400,
        temperature_centi_c: Some(-525),
        battery_mv: Some(3_712),
        rssi_dbm: Some(-61),
        ..meter_core::Health::default()
    };
    health.uploads.good = 999;
    health.uploads.failed = 1;
    let mut text = String::new();
    payload::health(&mut text, NAME, None, &health).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["uptime_s"], json!(86_400));
    assert_eq!(value["upload_success"], json!(0.999));
    assert_eq!(value["temperature"], json!(-5.25));
    assert_eq!(value["battery"], json!(3.712));
    assert_eq!(value["rssi_dbm"], json!(-61));
    assert_eq!(value["reset_cause"], json!("unknown"));
    for absent in ["heap_free", "stack_most", "timestamp", "clock_offset_ms"] {
        assert_eq!(value.get(absent), None, "{absent}");
    }
}

#[test]
fn a_registration_has_the_names_of_the_interface() {
    let meter = Registration {
        name: NAME,
        owner: "Ada",
        place: "Mill Lane 1",
        mac: [0x24, 0x6f, 0x28, 0, 0xa, 0xff],
    };
    let mut text = String::new();
    payload::registration(&mut text, &meter).unwrap();
    assert_eq!(
        text,
        "{\"meterId\":\"MTR-1001\",\"ownerName\":\"Ada\",\"address\":\"Mill Lane 1\",\
         \"espMacAddress\":\"24:6F:28:00:0A:FF\"}"
    );
}

#[test]
fn what_does_not_fit_is_an_error_at_every_length() {
    let mut counter = Counter::default();
    payload::record(&mut counter, NAME, Dialect::Http, &reading(7)).unwrap();
    for room in 0..counter.0 {
        let mut room = vec![0; room];
        let mut text = Text::new(&mut room);
        assert!(payload::record(&mut text, NAME, Dialect::Http, &reading(7)).is_err());
    }
    let mut room = vec![0; counter.0];
    let mut text = Text::new(&mut room);
    payload::record(&mut text, NAME, Dialect::Http, &reading(7)).unwrap();
    assert_eq!(text.len(), counter.0);
}

#[test]
fn objects_nest() {
    let mut text = String::new();
    let mut object = Object::new(&mut text);
    object.object("inner", |inner| inner.flag("yes", true));
    object.object("empty", |_| ());
    object.texts("list", Vec::<&str>::new());
    object.end().unwrap();
    assert_eq!(text, "{\"inner\":{\"yes\":true},\"empty\":{},\"list\":[]}");
}
