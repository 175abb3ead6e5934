//! A device is set up, from the first line to the restart.

use super::*;

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
