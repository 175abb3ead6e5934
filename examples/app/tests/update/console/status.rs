//! What the device says of itself.

use super::*;

#[test]
fn status_and_events_tell_how_the_device_is() {
    let desk = Desk::new();
    desk.with(async |desk| {
        let bare = desk.enters("status").await;
        for part in [
            "time        not known yet",
            "network     down",
            "uplink      none: readings are kept",
        ] {
            assert!(bare.contains(part), "{bare}");
        }
        assert_eq!(desk.enters("events").await, "no alarm is on, and none was");

        desk.clock.pass(3_661_000, |_| {}).await;
        let mut alarms = Latch::new();
        for (code, phase) in [
            (EventCode::Sag, Phase::Occurrence),
            (EventCode::Sag, Phase::Restoration),
            (EventCode::Overload, Phase::Occurrence),
        ] {
            alarms.note(&Event {
                code,
                phase,
                at_ms: 0,
                value: 0,
                method: Method::Readings,
            });
        }
        let first = Channel {
            last: Some((values(98_760), 3_660_000)),
            alarms,
            ..Channel::default()
        };
        let second = Channel {
            error: Some("no reply: check mains".try_into().unwrap()),
            ..Channel::default()
        };
        assert!(desk.live.channels.borrow_mut().push(first).is_ok());
        assert!(desk.live.channels.borrow_mut().push(second).is_ok());
        desk.live.firmware.version.set(Version::new(1, 4, 0));
        desk.live.firmware.is_on_trial.set(true);
        desk.live.network.set(NetworkState {
            is_up: true,
            address: Some([192, 168, 1, 23]),
        });
        desk.live.time.set(TimeState {
            offset_ms: Some(1_795_000_000_000),
            source: TimeSource::Server,
        });
        desk.live.with_health(|health| health.rssi_dbm = Some(-61));
        desk.live.uplink.borrow_mut().error =
            Some("the server does not answer in time".try_into().unwrap());
        let full = desk.enters("status").await;
        for part in [
            "firmware    1.4.0, on trial",
            "running     1 h 1 min, start 0",
            "meter 1     230.0 V, 0.400 A, 98.8 W, 50.0 Hz, power factor 1.00, 54.325 kWh",
            "meter 2     no reading: no reply: check mains",
            "time        2026-11-18T12:07:41Z by a time server",
            "network     192.168.1.23, signal -61 dBm",
            "0 waiting: the server does not answer in time",
        ] {
            assert!(full.contains(part), "no \"{part}\" in:\n{full}");
        }
        let events = desk.enters("events").await;
        assert_eq!(events, "meter 1     SAG was on\nmeter 1     OVERLOAD on");
        assert!(desk.enters("update").await.contains("`status` shows"));
        assert!(desk.live.firmware.look.signaled());
    });
}
