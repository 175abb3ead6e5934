//! The console, as it is seen.

use smart_meter::live::{Channel, Live};
use smart_meter::platform::Clock;
use smart_meter::record::{Body, EventRecord, Id, Interval, Quality, Record, Values};
use smart_meter::serial_log::SerialLog;
use smart_meter::settings::Settings;

fn record(body: Body) -> Record {
    Record {
        id: Id { boot: 3, seq: 17 },
        channel: 0,
        at_ms: 125_000,
        utc_ms: Some(1_795_689_936_123),
        quality: Quality::GOOD,
        body,
    }
}

fn values() -> Values {
    Values {
        voltage_mv: Some(230_100),
        current_ma: Some(520),
        power_mw: Some(118_300),
        reactive_mvar: None,
        frequency_mhz: Some(50_000),
        power_factor_milli: Some(990),
        import_mwh: 1_234_567_000,
        export_mwh: 0,
    }
}

fn shown(channel: u8, record: &Record) -> String {
    let log = SerialLog::new(String::new());
    log.record(Settings::default().name(channel), record);
    log.release()
}

#[test]
fn a_reading_is_a_box_with_two_decimals() {
    assert_eq!(
        shown(0, &record(Body::Reading(values()))),
        "\
+------------------------------+
| MTR-1001                     |
| 2026-11-26T10:45:36Z         |
| Voltage           230.10 V   |
| Current             0.52 A   |
| Power             118.30 W   |
| Energy           1234.57 kWh |
| Frequency          50.00 Hz  |
| Power factor        0.99     |
+------------------------------+
"
    );
}

#[test]
fn the_box_says_what_is_not_measured_and_what_is_doubtful() {
    let mut record = record(Body::Reading(Values {
        voltage_mv: None,
        current_ma: None,
        power_mw: Some(-1_500),
        reactive_mvar: Some(-250_000),
        frequency_mhz: None,
        power_factor_milli: None,
        import_mwh: 0,
        export_mwh: 5_000,
    }));
    record.utc_ms = None;
    record.quality = Quality::CLOCK_INVALID;
    assert_eq!(
        shown(1, &record),
        "\
+------------------------------+
| MTR-1001-2                   |
| 2 min 5 s after start        |
| Voltage               -- V   |
| Current               -- A   |
| Power              -1.50 W   |
| Reactive         -250.00 var |
| Energy              0.00 kWh |
| Export              0.01 kWh |
| Frequency             -- Hz  |
| Power factor          --     |
| Quality      clock_invalid   |
+------------------------------+
"
    );
}

#[test]
fn every_line_of_a_box_has_one_width() {
    let record = record(Body::Reading(Values {
        voltage_mv: Some(u32::MAX),
        current_ma: Some(u32::MAX),
        power_mw: Some(i32::MIN),
        reactive_mvar: Some(i32::MIN),
        frequency_mhz: Some(u32::MAX),
        power_factor_milli: Some(i16::MIN),
        import_mwh: 99_999_999_994_999,
        export_mwh: 99_999_999_994_999,
    }));
    for line in shown(0, &record).lines() {
        assert_eq!(line.len(), 32, "{line}");
    }
}

#[test]
fn events_and_intervals_are_lines() {
    let event = |code, is_occurrence, value| {
        shown(
            0,
            &record(Body::Event(EventRecord {
                code,
                is_occurrence,
                value,
            })),
        )
    };
    assert_eq!(
        event(6, true, 5_200_000),
        "2026-11-26T10:45:36Z MTR-1001 OVERLOAD begins: 5200000 mW\n"
    );
    assert_eq!(
        event(1, false, 195_000),
        "2026-11-26T10:45:36Z MTR-1001 SAG ends: 195000 mV\n"
    );
    assert_eq!(
        event(131, true, 0),
        "2026-11-26T10:45:36Z MTR-1001 CARD_LOST begins: 0\n"
    );
    assert_eq!(
        event(99, true, 7),
        "2026-11-26T10:45:36Z MTR-1001 event 99 begins: 7\n"
    );
    let interval = Interval {
        end_s: 1_795_689_900,
        import_mwh: 123_456,
        export_mwh: 0,
        voltage_min_mv: None,
        voltage_mean_mv: None,
        voltage_max_mv: None,
        current_max_ma: None,
        readings: 180,
        status: 0,
    };
    assert_eq!(
        shown(0, &record(Body::Interval(interval))),
        "2026-11-26T10:45:36Z MTR-1001 interval: 0.123 kWh in, 0.000 kWh out, 180 readings\n"
    );
}

#[test]
fn no_reading_is_a_sentence() {
    let log = SerialLog::new(String::new());
    log.failure(
        Settings::default().name(0),
        "no reply: is the module on mains?",
    );
    assert_eq!(
        log.release(),
        "no reading from MTR-1001: no reply: is the module on mains?\n"
    );
}

/// Time that goes on by itself when everybody waits.
#[derive(Clone, Default)]
struct Time(std::rc::Rc<std::cell::Cell<u64>>);

impl Clock for Time {
    fn now_ms(&self) -> u64 {
        self.0.get()
    }

    async fn sleep_until(&self, at_ms: u64) {
        let mut is_first = true;
        std::future::poll_fn(|_| {
            if std::mem::take(&mut is_first) {
                return std::task::Poll::Pending;
            }
            self.0.set(at_ms);
            std::task::Poll::Ready(())
        })
        .await;
    }
}

#[test]
fn a_failure_is_said_when_it_begins_changes_and_lasts() {
    let live = Live::new(Settings::default());
    let with_error = |error: &str| {
        let mut channels = live.channels.borrow_mut();
        channels.clear();
        let error = (!error.is_empty()).then(|| error.try_into().expect("fits"));
        let channel = Channel {
            error,
            ..Channel::default()
        };
        channels.push(channel).expect("room");
    };
    let log = SerialLog::new(String::new());
    let time = Time::default();
    {
        let mut watching = std::pin::pin!(log.watch(time.clone(), &live));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let errors = [
            (0, ""),
            (10, "no reply"),
            (150, "garbled"),
            (170, ""),
            (200, "garbled"),
            (240, ""),
        ];
        for (from_s, error) in errors {
            // Half an interval of 5 s for each look.
            while time.now_ms() < from_s * 1_000 {
                assert!(watching.as_mut().poll(&mut context).is_pending());
            }
            with_error(error);
        }
    }
    assert_eq!(
        log.release().lines().collect::<Vec<_>>(),
        [
            "no reading from MTR-1001: no reply",
            "no reading from MTR-1001: no reply",
            "no reading from MTR-1001: no reply",
            "no reading from MTR-1001: garbled",
            "no reading from MTR-1001: garbled",
        ]
    );
}

#[test]
fn nothing_is_said_while_somebody_types() {
    let live = Live::new(Settings::default());
    let channel = Channel {
        error: Some("no reply".try_into().expect("fits")),
        ..Channel::default()
    };
    live.channels.borrow_mut().push(channel).expect("room");
    live.panel.console_until_s.set(11);
    let log = SerialLog::new(String::new());
    let time = Time::default();
    {
        let mut watching = std::pin::pin!(log.watch(time.clone(), &live));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        while time.now_ms() < 11_000 {
            assert!(watching.as_mut().poll(&mut context).is_pending());
            assert_eq!(
                live.panel.is_console_in_use(time.now_ms()),
                time.now_ms() < 11_000
            );
        }
        assert!(watching.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(log.release(), "no reading from MTR-1001: no reply\n");
}
