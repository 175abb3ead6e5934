//! What a person types at the console, and what comes back.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use embassy_futures::block_on;
use embassy_futures::select::select;
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use meter_core::detect::{Event, Latch, Method};
use meter_core::{EventCode, Phase};
use proptest::prelude::*;
use smart_meter::blobs::{Blobs, FlashBlobs, Key};
use smart_meter::console::{BUFFER, console};
use smart_meter::live::{Channel, Live, NetworkState, TimeSource, TimeState};
use smart_meter::ota::Version;
use smart_meter::platform::Clock;
use smart_meter::record::Values;
use smart_meter::settings::Settings;
use smart_meter::settings::stored::{MAX_STORED, load};

use crate::authority::CA;
use crate::clock::StepClock;
use crate::flash::{Chip, Region};

/// A serial line, with a person at its other end.
#[derive(Clone, Default)]
struct Serial {
    typed: Rc<RefCell<VecDeque<u8>>>,
    shown: Rc<RefCell<Vec<u8>>>,
}

impl ErrorType for Serial {
    type Error = ErrorKind;
}

impl Read for Serial {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        loop {
            if let Some(byte) = self.typed.borrow_mut().pop_front() {
                buffer[0] = byte;
                return Ok(1);
            }
            embassy_futures::yield_now().await;
        }
    }
}

impl Write for Serial {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.shown.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

type Store = FlashBlobs<Region, 3_200>;

/// A device with its console.
struct Desk {
    chip: Rc<RefCell<Chip>>,
    live: Live,
    clock: StepClock,
    serial: Serial,
}

impl Desk {
    fn new() -> Self {
        let chip = Chip::new(2);
        let desk = Self {
            chip,
            live: Live::new(Settings::default()),
            clock: StepClock::default(),
            serial: Serial::default(),
        };
        *desk.live.settings.borrow_mut() = desk.stored();
        desk
    }

    fn blobs(&self) -> Store {
        Store::new(Region::whole(&self.chip)).unwrap()
    }

    fn stored(&self) -> Settings {
        block_on(load(&mut self.blobs(), &mut [0; MAX_STORED])).settings
    }

    /// Runs the console while somebody acts.
    fn with(&self, act: impl AsyncFnOnce(&Self)) {
        let (mut blobs, mut buffer) = (self.blobs(), [0; BUFFER]);
        let console = console(
            self.serial.clone(),
            Passing(&self.clock),
            &mut blobs,
            &self.live,
            &mut buffer,
        );
        block_on(select(console, act(self)));
    }

    /// Types something and returns everything that is shown then.
    async fn types(&self, text: impl AsRef<[u8]>) -> String {
        self.serial.shown.borrow_mut().clear();
        self.serial.typed.borrow_mut().extend(text.as_ref());
        while !self.serial.typed.borrow().is_empty() {
            embassy_futures::yield_now().await;
        }
        for _ in 0..20 {
            embassy_futures::yield_now().await;
        }
        String::from_utf8_lossy(&self.serial.shown.borrow()).into_owned()
    }

    /// Enters a line; what is answered, without the echo and the next prompt.
    async fn enters(&self, line: &str) -> String {
        let shown = self.types(format!("{line}\r")).await;
        let (_, answer) = shown.split_once("\r\n").expect("the line is ended");
        answer
            .trim_end_matches("> ")
            .trim_end()
            .replace("\r\n", "\n")
    }
}

struct Passing<'a>(&'a StepClock);

impl Clock for Passing<'_> {
    fn now_ms(&self) -> u64 {
        self.0.now_ms()
    }

    async fn sleep_until(&self, at_ms: u64) {
        self.0.sleep_until(at_ms).await;
    }
}

/// Runs a console against a script of lines and parts of their answers.
fn talk(script: &[(&str, &[&str])]) -> Desk {
    let desk = Desk::new();
    desk.with(async |desk| {
        for (line, parts) in script {
            let answer = desk.enters(line).await;
            for part in *parts {
                assert!(
                    answer.contains(part),
                    "`{line}`: no \"{part}\" in:\n{answer}"
                );
            }
        }
    });
    desk
}

#[test]
fn a_device_is_set_up_by_hand() {
    let desk = talk(&[
        ("help", &["set NAME VALUE", "factory-reset", "ca"]),
        (
            "help sampling.interval",
            &["time between readings", "takes 1 s to 60 s"],
        ),
        (
            "set wifi.ssid my network",
            &["*wifi.ssid            my network"],
        ),
        (
            "SET WIFI.PASSWORD correct horse",
            &["*wifi.password        (set)"],
        ),
        ("set sampling.interval 1 s", &["*sampling.interval    1 s"]),
        (
            "set meter.owner \"  the Smiths \"",
            &["*meter.owner          \"  the Smiths \""],
        ),
        ("show wifi.ssid", &["*wifi.ssid            my network"]),
        (
            "show",
            &[
                "* is not saved",
                " billing.day          1",
                "*sampling.interval",
            ],
        ),
        ("status", &["settings    changed and not saved"]),
        ("save", &["saved", "wifi.ssid takes a `restart`"]),
        ("show wifi.ssid", &[" wifi.ssid            my network"]),
        ("restart", &["restarting"]),
    ]);
    let stored = desk.stored();
    assert_eq!(stored.wifi_ssid, "my network");
    assert_eq!(stored.wifi_password.reveal(), "correct horse");
    assert_eq!(stored.owner, "  the Smiths ");
    assert_eq!(
        *desk.live.settings.borrow(),
        stored,
        "what needs no restart is in force"
    );
    assert!(desk.live.restart.signaled());
    assert!(desk.live.told.try_receive().is_ok(), "the change is told");
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let desk = talk(&[
        ("", &[]),
        ("hello", &["`help` lists them"]),
        ("wifi.ssid home", &["that is a setting: `set NAME VALUE`"]),
        ("set", &["set what?"]),
        ("set ssid home", &["wifi.ssid perhaps?"]),
        ("set pass x", &["wifi.password perhaps?"]),
        ("set nonsense x", &["`show` lists them all"]),
        ("show nonsense", &["`show` lists them all"]),
        ("show wifi.ssid mqtt.user", &["one name at a time"]),
        (
            "set sampling.interval 5",
            &["sampling.interval: needs a unit", "1 s to 60 s"],
        ),
        (
            "set uplink.kind",
            &["uplink.kind: is not a word that is known"],
        ),
        ("set wifi.password short", &["8 to 63"]),
        ("save now", &["`save replace`"]),
        ("restart now", &["takes nothing behind it"]),
        ("ca forge", &["`ca forget`"]),
        ("calibrate", &["calibrate with what?"]),
        ("calibrate 5 parrots", &["what is printed on it?"]),
        ("calibrate 100", &["what is printed on it?"]),
        ("calibrate 100W 200W", &["what is printed on it?"]),
        ("set uplink.kind http", &["*uplink.kind          http"]),
        ("save", &["not saved: uplink.kind: needs http.base"]),
        ("set http.base http://example.org", &[]),
        (
            "save",
            &[
                "not saved: http.base: is a connection without TLS",
                "set uplink.allow-plain yes",
            ],
        ),
        ("restart", &["not saved: `save` or `revert` first"]),
        ("revert", &["what they were"]),
        ("show uplink.kind", &[" uplink.kind          none"]),
        ("restart", &["restarting"]),
    ]);
    assert_eq!(desk.stored(), Settings::default());
}

#[test]
fn a_line_can_be_corrected_while_it_is_typed() {
    let desk = Desk::new();
    desk.with(async |desk| {
        // Backspace as either byte; a character of several bytes goes as one.
        assert!(
            desk.types(b"shox\x08w meter.ix\x7fd\r")
                .await
                .contains("MTR-1001")
        );
        let shown = desk
            .types("set meter.owner J\u{e9}\u{fc}\u{7f}".as_bytes())
            .await;
        assert!(shown.ends_with("\u{e9}\u{fc}\x08 \x08"), "{shown:?}");
        assert!(desk.types("r\u{f4}me\r").await.contains("J\u{e9}r\u{f4}me"));
        // Nothing before the beginning; Ctrl-U empties, Ctrl-C leaves, arrows do nothing.
        assert_eq!(desk.types(b"\x08").await, "\x07");
        assert!(
            desk.types(b"rubbish\x15show billing.day\r")
                .await
                .contains(" billing.day          1")
        );
        assert!(desk.types(b"factory-reset\x03").await.ends_with("^C\r\n> "));
        assert!(
            desk.types(b"\x1b[A\x1b[1;5Cshow billing.day\x1bOP\r")
                .await
                .contains(" billing.day          1")
        );
        // The ends of lines of every system are one.
        for end in ["\r", "\n", "\r\n"] {
            let shown = desk.types(format!("show billing.day{end}")).await;
            assert_eq!(shown.matches("> ").count(), 1, "{end:?}: {shown:?}");
        }
        assert_eq!(desk.types(b"\x01\x02").await, "\x07\x07");
        assert!(
            desk.types(b"set meter.owner \xff\xfe\r")
                .await
                .contains("UTF-8")
        );
    });
    assert_eq!(desk.live.settings.borrow().owner, "");
}

#[test]
fn a_line_that_is_too_long_does_nothing() {
    let desk = Desk::new();
    desk.with(async |desk| {
        let line = format!("set meter.owner {}", "x".repeat(300));
        let shown = desk.types(&line).await;
        assert_eq!(shown.matches('\x07').count(), line.len() - 200);
        let answer = desk.types(b"\r").await;
        assert!(
            answer.contains("longer than 200 bytes: nothing was done"),
            "{answer}"
        );
        // Erasing what can not be counted is no way around it.
        desk.types(&line).await;
        assert!(
            desk.types([&[8; 290][..], b"\r"].concat())
                .await
                .contains("nothing was done")
        );
        assert!(
            desk.enters("show meter.owner")
                .await
                .starts_with(" meter.owner")
        );
    });
}

#[test]
fn secrets_are_never_sent_back() {
    let desk = Desk::new();
    let secret = "Tr0ub4dor&3 \u{2713}";
    desk.with(async |desk| {
        for name in ["http.api-key", "mqtt.password", "wifi.password"] {
            let secret = if name == "mqtt.password" {
                secret
            } else {
                "Tr0ub4dor&3"
            };
            for line in [
                format!("set {name} {secret}"),
                format!("  SET   {} {secret}", name.to_uppercase()),
            ] {
                let shown = desk.types(format!("{line}\x08\x08\x083 \r")).await;
                assert!(!shown.contains("Tr0") && !shown.contains("dor"), "{shown}");
                assert!(shown.contains("****"), "{shown}");
            }
            // As a whole, or when it is refused.
            desk.types(format!("set {name} {secret}\r")).await;
            let all = desk.enters("show").await
                + &desk.enters("status").await
                + &desk.enters("save").await;
            assert!(!all.contains("Tr0ub4dor"), "{all}");
            assert!(all.contains("(set)"));
        }
        let shown = desk.types("set wifi.password Tr0ub4d\r").await;
        assert!(
            !shown.contains("Tr0") && shown.contains("7 bytes are no WPA password"),
            "{shown}"
        );
        assert_eq!(
            desk.enters("set mqtt.password").await,
            "*mqtt.password        (not set)"
        );
        // What is no secret is seen.
        assert!(desk.types("set mqtt.user Tr0").await.contains("Tr0"));
    });
    assert_eq!(desk.stored().wifi_password.reveal(), "Tr0ub4dor&3");
}

#[test]
fn a_factory_reset_is_asked_for_twice_and_wipes_the_flash() {
    let desk = Desk::new();
    let holds_secret = |desk: &Desk| {
        desk.chip
            .borrow()
            .bytes
            .windows(11)
            .any(|part| part == b"Tr0ub4dor&3")
    };
    desk.with(async |desk| {
        desk.enters("set wifi.password Tr0ub4dor&3").await;
        assert!(desk.enters("save").await.contains("saved"));
        assert!(holds_secret(desk));
        for refusal in ["no", "", "forget", "yes"] {
            let question = desk.enters("factory-reset").await;
            assert!(
                question.contains("Type `forget everything`")
                    && question.contains("registers and records stay")
            );
            assert_eq!(desk.enters(refusal).await, "nothing was done");
        }
        assert!(
            desk.types(b"factory-reset\r\x03")
                .await
                .contains("nothing was done")
        );
        assert!(holds_secret(desk) && !desk.live.restart.signaled());
        desk.enters("factory-reset").await;
        assert_eq!(
            desk.enters("forget everything").await,
            "forgotten: restarting"
        );
    });
    assert!(!holds_secret(&desk) && desk.live.restart.signaled());
    assert_eq!(desk.stored(), Settings::default());
}

#[test]
fn settings_that_can_not_be_read_are_not_lost_by_a_save() {
    let desk = Desk::new();
    block_on(desk.blobs().write(Key::Settings, b"\x07 of tomorrow")).unwrap();
    desk.with(async |desk| {
        desk.enters("set meter.id other").await;
        assert!(
            desk.enters("save")
                .await
                .contains("`save replace` writes over them")
        );
        assert_eq!(desk.enters("save replace").await, "saved");
    });
    assert_eq!(desk.stored().meter_id, "other");
}

#[test]
fn a_certificate_is_pasted() {
    let desk = Desk::new();
    desk.with(async |desk| {
        assert_eq!(
            desk.enters("ca show").await,
            "no CA is stored: `ca` takes one"
        );
        desk.enters("set http.base https://example.org").await;
        desk.enters("set uplink.kind http").await;
        assert!(desk.enters("save").await.contains("no CA is stored"));

        assert!(
            desk.enters("ca")
                .await
                .contains("then a line with a single point")
        );
        let answer = desk.types(format!("{}.\r", CA.replace('\n', "\r\n"))).await;
        assert!(
            answer.contains("1 stored: in force after `restart`"),
            "{answer}"
        );
        assert_eq!(
            desk.enters("ca show").await,
            "certificates stored: 1, 574 bytes"
        );
        assert_eq!(desk.enters("save").await, "saved");

        // Something else leaves the one that is there.
        for (paste, part) in [
            ("hello\r.\r", "no certificate was pasted"),
            ("-----BEGIN PRIVATE KEY-----\r", "that is a private key"),
            ("-----BEGIN CERTIFICATE-----\r\x03", "^C"),
        ] {
            desk.enters("ca").await;
            let answer = desk.types(paste).await;
            assert!(answer.contains(part), "{answer}");
        }
        assert_eq!(
            desk.enters("ca show").await,
            "certificates stored: 1, 574 bytes"
        );
        assert!(
            desk.enters("ca forget")
                .await
                .contains("no server with TLS is trusted then")
        );
        assert_eq!(
            desk.enters("ca show").await,
            "no CA is stored: `ca` takes one"
        );
    });
}

fn values(power_mw: i32) -> Values {
    Values {
        voltage_mv: Some(230_000),
        current_ma: Some(400),
        power_mw: Some(power_mw),
        frequency_mhz: Some(50_000),
        power_factor_milli: Some(1_000),
        import_mwh: 54_325_000,
        ..Values::default()
    }
}

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

/// Somebody calibrates while the meter shows this power; readings come every 5 s.
fn calibrated(line: &str, power: impl Fn(u64) -> i32, answers: &str) -> (String, [i32; 3]) {
    let desk = Desk::new();
    let mut all = String::new();
    desk.with(async |desk| {
        assert!(
            desk.live
                .channels
                .borrow_mut()
                .push(Channel::default())
                .is_ok()
        );
        all += &desk.enters(line).await;
        all += &desk.types("\r").await;
        desk.serial.shown.borrow_mut().clear();
        desk.clock
            .pass(200_000, |now_ms| {
                if now_ms % 5_000 == 0 {
                    desk.live.channels.borrow_mut()[0].last = Some((values(power(now_ms)), now_ms));
                }
            })
            .await;
        all += &String::from_utf8_lossy(&desk.serial.shown.borrow());
        all += &desk.types(answers).await;
    });
    let gains_ppm = desk.stored().gains_ppm;
    assert_eq!(desk.live.settings.borrow().gains_ppm, gains_ppm);
    (all, gains_ppm)
}

#[test]
fn a_known_bulb_calibrates() {
    // 100 W at 230 V, of which the meter shows 90: a ninth is missing.
    let (said, gains_ppm) = calibrated("calibrate 100W 230V", |_| 90_000, "yes\rsave\r");
    assert_eq!(gains_ppm, [0, 111_111, 111_111], "{said}");
    for part in [
        "Switch everything else off",
        "reading 4",
        "measured 90.00 W at 230.0 V, where the load takes 100.00 W, known to 5.0 %",
        "calibration.power 11.11 %",
        "saved",
    ] {
        assert!(said.contains(part), "no \"{part}\" in:\n{said}");
    }
    // Not without a yes, and not without a save.
    for answers in [
        "no\rsave\r",
        "\rsave\r",
        "\x03save\r",
        "yes\r",
        "yes\rrevert\rsave\r",
    ] {
        let (said, gains_ppm) = calibrated("calibrate 100W", |_| 90_000, answers);
        assert_eq!(gains_ppm, [0; 3], "{answers:?}: {said}");
    }
}

#[test]
fn what_does_not_support_a_calibration_sets_nothing() {
    for (line, power, part) in [
        (
            "calibrate 100W",
            (|_| 98_000) as fn(u64) -> i32,
            "right as far as that tells",
        ),
        ("calibrate 100W", |_| 50_000, "another load"),
        ("calibrate 100W", |_| 0, "no power is measured"),
        ("calibrate 2kW heater", |_| -1_900_000, "backwards"),
        (
            "calibrate 100W",
            |now_ms| 90_000 + (now_ms % 10_000) as i32,
            "varies by",
        ),
        ("calibrate 100W 120V", |_| 90_000, "10 % off"),
    ] {
        let (said, gains_ppm) = calibrated(line, power, "\ryes\rsave\r");
        assert!(
            said.contains("nothing to set: ") && said.contains(part),
            "{line}: no \"{part}\" in:\n{said}"
        );
        assert_eq!(gains_ppm, [0; 3]);
    }
    // Two meters have one calibration.
    let desk = Desk::new();
    desk.with(async |desk| {
        for _ in 0..2 {
            assert!(
                desk.live
                    .channels
                    .borrow_mut()
                    .push(Channel::default())
                    .is_ok()
            );
        }
        assert!(
            desk.enters("calibrate 100W")
                .await
                .contains("several meters share one calibration")
        );
    });
}

#[test]
fn a_better_meter_calibrates_and_one_can_leave_at_any_time() {
    let (_, gains_ppm) = calibrated("calibrate 98.7W reference", |_| 94_000, "yes\rsave\r");
    assert_eq!(gains_ppm, [0, 50_000, 50_000]);
    let desk = Desk::new();
    desk.with(async |desk| {
        assert!(
            desk.live
                .channels
                .borrow_mut()
                .push(Channel::default())
                .is_ok()
        );
        desk.enters("calibrate 100W").await;
        desk.types("\r").await;
        assert!(desk.types("x\x03").await.contains("left: nothing was set"));
        assert!(desk.enters("show billing.day").await.contains('1'));
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Whatever is typed: the console answers afterwards.
    #[test]
    fn nothing_typed_silences_it(noise in proptest::collection::vec(any::<u8>(), 0..400)) {
        let desk = Desk::new();
        desk.with(async |desk| {
            desk.types(&noise).await;
            // Out of whatever was begun.
            desk.types(b"x\x03\x03\r.\r\r").await;
            let answer = desk.types(b"show billing.day\r").await;
            assert!(answer.contains("billing.day          "), "{answer:?}");
        });
    }
}
