//! `/api/v1/now`.

use meter_core::{EventCode, Phase};
use serde_json::{Value, json};
use smart_meter::live::Channel;

use super::device::{START_MS, channel, event, settings, usual, with};
use super::server::Device;

fn now(device: &Device) -> Value {
    let reply = device.get("/api/v1/now");
    assert!(reply.body.ends_with("}\n"));
    serde_json::from_str(&reply.body).unwrap()
}

#[test]
fn everything_in_integers_with_their_units() {
    let device = Device::start(usual);
    let mut now = now(&device);
    // What depends on when it was asked.
    let uptime_ms = now["uptime_ms"].take().as_u64().unwrap();
    assert!((START_MS..START_MS + 60_000).contains(&uptime_ms));
    let age_ms = now["meters"][0]["age_ms"].take().as_u64().unwrap();
    assert_eq!(age_ms, uptime_ms - START_MS);
    let since_ms = now["uplink"]["last_ok_age_ms"].take().as_u64().unwrap();
    assert_eq!(since_ms, uptime_ms - START_MS + 10_000);
    let time = now["time"].take();
    // 1000 s after the start, which was at 10:45:36.
    assert!(
        time.as_str().unwrap().starts_with("2026-11-26T11:02:1"),
        "{time}"
    );
    assert_eq!(
        now,
        json!({
            "meter_id": "MTR-1001",
            "version": "1.2.3",
            "uptime_ms": null,
            "time": null,
            "time_source": "server",
            "interval_ms": 60_000,
            "meters": [{
                "meter_id": "MTR-1001",
                "channel": 0,
                "is_fresh": true,
                "age_ms": null,
                "quality": "measured",
                "error": null,
                "voltage_mv": 230_100,
                "current_ma": 520,
                "power_mw": 118_300,
                "reactive_mvar": null,
                "frequency_mhz": 50_000,
                "power_factor_milli": 990,
                "energy_mwh": 12_345_678_901_u64,
                "today_mwh": 3_107_000,
                "month_mwh": 98_765_400,
                "registers": {
                    "import_mwh": 12_345_678_901_u64,
                    "export_mwh": 1_001,
                    "estimated_mwh": 0,
                    "integrated_mwh": 0,
                    "apparent_mvah": 0,
                    "nonactive_mvarh": 0,
                    "q1_mvarh": 0,
                    "q2_mvarh": 0,
                    "q3_mvarh": 0,
                    "q4_mvarh": 0,
                    "gap_ms": 61_500,
                    "resets": 2,
                    "wraps": 0,
                    "glitches": 0,
                },
                "max_demand_mw": 4_321_000,
                "max_demand_end": "2026-11-25T10:00:00.000Z",
                "alarms": [],
                "alarms_over": [],
            }],
            "health": {
                "uptime_s": 1_000,
                "boots": 17,
                "reset_cause": "power_on",
                "polls_good": 200,
                "polls_failed": 7,
                "no_reply": 4,
                "garbled": 3,
                "refused": 2,
                "implausible": 1,
                "uploads_good": 150,
                "uploads_failed": 50,
                "queue_depth": 42,
                "flash_erases": 99,
                "heap_free_bytes": 50_000,
                "heap_least_bytes": 40_000,
                "stack_most_bytes": null,
                "clock_offset_ms": -250,
                "battery_mv": null,
                "temperature_centi_c": -512,
                "rssi_dbm": -61,
            },
            "network": {"is_up": true, "address": "192.168.178.123"},
            "uplink": {
                "is_up": false,
                "last_ok_age_ms": null,
                "error": "the server's certificate is refused",
            },
            "archive": {"card": "ready", "waiting": 3, "written": 1_234, "dropped": 5},
            "update_percent": null,
        })
    );
}

#[test]
fn old_values_are_not_told_as_the_present() {
    let device = Device::start(|| {
        let mut channel = channel(-5_000);
        channel.error = Some("no reply: \"check\" the <wires>\n".try_into().unwrap());
        // Fifteen seconds are over at once.
        channel.last = Some((channel.last.unwrap().0, START_MS - 15_001));
        with(settings(), [channel])
    });
    let now = now(&device);
    let meter = &now["meters"][0];
    assert_eq!(meter["is_fresh"], false);
    assert_eq!(meter["error"], "no reply: \"check\" the <wires>\n");
    for name in [
        "voltage_mv",
        "current_ma",
        "power_mw",
        "frequency_mhz",
        "power_factor_milli",
    ] {
        assert_eq!(meter[name], Value::Null, "{name}");
    }
    // A register is what it is.
    assert_eq!(meter["energy_mwh"], 12_345_678_901_u64);
}

#[test]
fn no_meter_four_meters_and_all_alarms() {
    let none = Device::start(|| with(settings(), []));
    assert_eq!(now(&none)["meters"], json!([]));
    let device = Device::start(|| {
        let mut loud = channel(i32::MIN);
        for code in EventCode::ALL {
            loud.alarms.note(&event(*code, Phase::Occurrence));
        }
        loud.alarms.note(&event(EventCode::Sag, Phase::Restoration));
        let mut settings = settings();
        settings.meter_id = "M".repeat(32).as_str().try_into().unwrap();
        with(settings, [channel(1), loud, Channel::default(), channel(4)])
    });
    let now = now(&device);
    let meters = now["meters"].as_array().unwrap();
    let ids: Vec<_> = meters
        .iter()
        .map(|meter| meter["meter_id"].as_str().unwrap().len())
        .collect();
    assert_eq!(ids, [32, 34, 34, 34]);
    assert_eq!(meters[1]["alarms"].as_array().unwrap().len(), 21);
    assert_eq!(meters[1]["alarms_over"], json!(["SAG"]));
    assert_eq!(meters[2]["age_ms"], Value::Null);
    assert_eq!(meters[3]["power_mw"], 4);
}

#[test]
fn the_largest_numbers_fit() {
    let device = Device::start(|| {
        use meter_core::Register;
        let mut channel = channel(i32::MIN);
        let most = Register::from_parts(u64::MAX, 0).unwrap();
        let registers = &mut channel.registers;
        registers.import = most;
        registers.export = most;
        registers.estimated = most;
        registers.integrated = most;
        registers.apparent = most;
        registers.nonactive = most;
        registers.quadrants = [most; 4];
        registers.gap_ms = u64::MAX;
        registers.resets = u16::MAX;
        registers.wraps = u16::MAX;
        registers.glitches = u16::MAX;
        channel.today_mwh = Some(u64::MAX);
        channel.month_mwh = Some(u64::MAX);
        channel.error = Some("\u{1}".repeat(96).as_str().try_into().unwrap());
        let live = with(settings(), [channel]);
        live.uplink.borrow_mut().error = Some("\u{1}".repeat(96).as_str().try_into().unwrap());
        live
    });
    let now = now(&device);
    assert_eq!(now["meters"][0]["registers"]["q4_mvarh"], u64::MAX);
    assert_eq!(now["meters"][0]["error"].as_str().unwrap().len(), 96);
    assert_eq!(now["uplink"]["error"].as_str().unwrap().len(), 96);
}
