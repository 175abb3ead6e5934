//! What the device of these tests knows.

use meter_core::detect::Method;
use meter_core::health::{Health, PollErrors, ResetCause, Tries};
use meter_core::{Event, EventCode, Peak, Phase, Register};
use smart_meter::live::{
    ArchiveState, CardState, Channel, Live, NetworkState, TimeSource, TimeState, UplinkState,
};
use smart_meter::ota::Version;
use smart_meter::record::{Quality, Values};
use smart_meter::settings::{Secret, Settings, Uplink};

/// Milliseconds since the start when a test begins.
pub(crate) const START_MS: u64 = 1_000_000;

/// What no page may show.
pub(crate) const SECRET: &str = "correct-horse-battery";

pub(crate) fn event(code: EventCode, phase: Phase) -> Event {
    Event {
        code,
        phase,
        method: Method::Readings,
        at_ms: 0,
        value: 0,
    }
}

pub(crate) fn channel(power_mw: i32) -> Channel {
    let values = Values {
        voltage_mv: Some(230_100),
        current_ma: Some(520),
        power_mw: Some(power_mw),
        reactive_mvar: None,
        frequency_mhz: Some(50_000),
        power_factor_milli: Some(990),
        import_mwh: 0,
        export_mwh: 0,
    };
    let mut channel = Channel {
        last: Some((values, START_MS)),
        quality: Quality::GOOD,
        today_mwh: Some(3_107_000),
        month_mwh: Some(98_765_400),
        max_demand: Some(Peak {
            mw: 4_321_000,
            end_s: 1_795_600_800,
        }),
        ..Channel::default()
    };
    channel.registers.import = Register::from_parts(12_345_678_901, 0).unwrap();
    channel.registers.export = Register::from_parts(1_001, 0).unwrap();
    channel.registers.gap_ms = 61_500;
    channel.registers.resets = 2;
    channel
}

/// A device with one meter, and a minute between readings so that these stay fresh.
pub(crate) fn usual() -> Live {
    with(
        Settings {
            interval_ms: 60_000,
            ..settings()
        },
        [channel(118_300)],
    )
}

pub(crate) fn settings() -> Settings {
    Settings {
        wifi_ssid: "Cellar".try_into().unwrap(),
        wifi_password: Secret::new(SECRET).unwrap(),
        http_api_key: Secret::new(SECRET).unwrap(),
        mqtt_user: "somebody".try_into().unwrap(),
        mqtt_password: Secret::new(SECRET).unwrap(),
        uplink: Uplink::Mqtt,
        mqtt_broker: "mqtts://broker.example.org:8883".try_into().unwrap(),
        ..Settings::default()
    }
}

pub(crate) fn with(settings: Settings, channels: impl IntoIterator<Item = Channel>) -> Live {
    let live = Live::new(settings);
    live.channels.borrow_mut().extend(channels);
    live.firmware.version.set(Version::new(1, 2, 3));
    live.network.set(NetworkState {
        is_up: true,
        address: Some([192, 168, 178, 123]),
    });
    *live.uplink.borrow_mut() = UplinkState {
        is_up: false,
        last_ok_ms: Some(START_MS - 10_000),
        error: Some("the server's certificate is refused".try_into().unwrap()),
    };
    live.time.set(TimeState {
        offset_ms: Some(1_795_689_936_000),
        source: TimeSource::Server,
    });
    live.archive.set(ArchiveState {
        card: CardState::Ready,
        waiting: 3,
        written: 1_234,
        dropped: 5,
    });
    live.health.set(Health {
        uptime_s: 1_000,
        boots: 17,
        reset_cause: ResetCause::PowerOn,
        polls: Tries {
            good: 200,
            failed: 7,
        },
        poll_errors: PollErrors {
            no_reply: 4,
            garbled: 3,
            refused: 2,
            implausible: 1,
        },
        uploads: Tries {
            good: 150,
            failed: 50,
        },
        queue_depth: 42,
        flash_erases: 99,
        heap_free: Some(50_000),
        heap_least: Some(40_000),
        stack_most: None,
        clock_offset_ms: Some(-250),
        battery_mv: None,
        temperature_centi_c: Some(-512),
        rssi_dbm: Some(-61),
    });
    live
}
