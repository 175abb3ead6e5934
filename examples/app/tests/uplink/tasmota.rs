use serde_json::{Value, json};
use smart_meter::record::{Body, Values};
use smart_meter::settings::{DaylightSaving, Zone};
use smart_meter::uplink::tasmota;

use super::device::{START_MS, reading};

const BERLIN: Zone = Zone {
    offset_min: 60,
    daylight_saving: DaylightSaving::Europe,
};

fn values() -> Values {
    let Body::Reading(values) = reading(0).body else {
        unreachable!()
    };
    values
}

pub(crate) fn sensor() -> String {
    let mut text = String::new();
    let local = tasmota::local(BERLIN, START_MS + 60_000);
    let before = Some(values().import_mwh - 2_000);
    tasmota::sensor(&mut text, local, &values(), Some(3_107_000), before).unwrap();
    text
}

#[test]
fn sensor_has_the_names_and_the_local_time_of_tasmota() {
    assert_eq!(
        serde_json::from_str::<Value>(&sensor()).unwrap(),
        json!({"Time": "2026-11-26T11:01:00", "ENERGY": {
            "Total": 12.346, "Today": 3.107, "Period": 2, "Power": 118.3, "ApparentPower": 119.7, "Factor": 0.99,
            "Frequency": 50.0, "Voltage": 230.1, "Current": 0.52,
        }})
    );
    // In summer it is an hour later: 2026-07-01T10:00:00Z.
    let summer = tasmota::local(BERLIN, 1_782_900_000_000).unwrap();
    assert_eq!(summer.time(), (12, 0, 0));
}

#[test]
fn what_is_not_known_is_left_out() {
    let mut text = String::new();
    tasmota::sensor(&mut text, None, &Values::default(), None, None).unwrap();
    assert_eq!(text, "{\"ENERGY\":{\"Total\":0.000}}");
}

#[test]
fn periods_add_up_to_the_total() {
    // Steps of 0.4 Wh: each period is of whole watt-hours, and none of them gets lost.
    let mut sum = 0;
    for step in 1..=1_000_u64 {
        let mut text = String::new();
        let now = Values {
            import_mwh: step * 400,
            ..Values::default()
        };
        tasmota::sensor(&mut text, None, &now, None, Some((step - 1) * 400)).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        sum += value["ENERGY"]["Period"].as_u64().unwrap();
    }
    assert_eq!(sum, 400);
}

#[test]
fn state_tells_uptime_heap_and_signal() {
    let state = |rssi_dbm| -> Value {
        let health = meter_core::Health {
            uptime_s: 93_784,
            heap_free: Some(26_000),
            rssi_dbm: Some(rssi_dbm),
            ..meter_core::Health::default()
        };
        let mut text = String::new();
        tasmota::state(&mut text, None, &health).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    assert_eq!(
        state(-61),
        json!({"Uptime": "1T02:03:04", "UptimeSec": 93_784, "Heap": 25, "Wifi": {"RSSI": 78, "Signal": -61}})
    );
    assert_eq!(state(-120)["Wifi"]["RSSI"], json!(0));
    assert_eq!(state(-20)["Wifi"]["RSSI"], json!(100));
}
