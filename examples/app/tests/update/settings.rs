//! Names, values, and what is said about wrong ones.

use proptest::prelude::*;
use smart_meter::settings::{Setting, Settings, Uplink};

fn text(settings: &Settings, name: &str) -> String {
    settings.get(Setting::find(name).expect(name)).to_string()
}

fn set(name: &str, value: &str) -> Result<String, String> {
    let mut settings = Settings::default();
    let before = settings.clone();
    match settings.set(name, value) {
        Ok(()) => Ok(text(&settings, name)),
        Err(error) => {
            assert_eq!(settings, before, "a refused value changed something");
            Err(error.to_string())
        }
    }
}

#[test]
fn the_defaults_can_be_used() {
    assert_eq!(Settings::default().check(), Ok(()));
}

#[test]
fn the_list_is_stable_and_has_no_name_twice() {
    let names: Vec<&str> = Setting::all().map(Setting::as_str).collect();
    assert_eq!(
        &names[..5],
        [
            "meter.id",
            "meter.owner",
            "meter.place",
            "wifi.ssid",
            "wifi.password"
        ]
    );
    for (at, name) in names.iter().enumerate() {
        assert!(!names[..at].contains(name), "{name} twice");
        // Those of a group stand together.
        let group = |name: &str| name.split('.').next().unwrap().to_owned();
        let last_of_group = names[..at]
            .iter()
            .rposition(|other| group(other) == group(name));
        assert!(
            last_of_group.is_none_or(|last| last == at - 1),
            "{name} is apart from its group"
        );
    }
}

#[test]
fn values_are_set_as_people_write_them() {
    for (name, value, shown) in [
        ("wifi.ssid", "my net", "my net"),
        ("WIFI.SSID", "x", "x"),
        (
            "http.base",
            "https://example.org/api/",
            "https://example.org/api",
        ),
        (
            "http.base",
            "http://192.168.1.10:8080",
            "http://192.168.1.10:8080",
        ),
        (
            "mqtt.broker",
            "mqtts://broker.example.org",
            "mqtts://broker.example.org",
        ),
        ("uplink.kind", "HTTP", "http"),
        ("uplink.allow-plain", "yes", "yes"),
        ("sampling.interval", "1s", "1 s"),
        ("sampling.interval", "1500 ms", "1.5 s"),
        ("sampling.interval", "2.25 s", "2.25 s"),
        ("sampling.addresses", "3 1 7", "3 1 7"),
        ("sampling.addresses", "1,2", "1 2"),
        ("sampling.addresses", "ANY", "any"),
        ("calibration.power", "-2.1 %", "-2.1 %"),
        ("calibration.power", "-0.05%", "-0.05 %"),
        ("calibration.voltage", "350 ppm", "0.035 %"),
        ("calibration.current", "0", "0 %"),
        ("alarm.current", "16 A", "16 A"),
        ("alarm.current", "500 mA", "0.5 A"),
        ("alarm.power", "3.5 kW", "3500 W"),
        ("alarm.power", "0", "0 W"),
        ("mains.voltage", "120", "120 V"),
        ("mains.frequency", "60hz", "60 Hz"),
        ("profile.interval", "30min", "30 min"),
        ("storage.flush", "2 min", "120 s"),
        ("billing.day", "28", "28"),
        ("time.offset", "+05:30", "+05:30"),
        ("time.offset", "-3:45", "-03:45"),
        ("time.daylight-saving", "Europe", "europe"),
    ] {
        assert_eq!(set(name, value).as_deref(), Ok(shown), "{name} {value}");
    }
}

#[test]
fn a_wrong_value_is_refused_by_name_with_what_is_allowed() {
    let key = "k".repeat(65);
    for (name, value, parts) in [
        (
            "sampling.interval",
            "100 ms",
            &["sampling.interval", "out of range", "1 s to 60 s"][..],
        ),
        ("sampling.interval", "5", &["needs a unit", "s or ms"]),
        ("sampling.interval", "five", &["not a number"]),
        ("sampling.interval", "5 h", &["another unit"]),
        ("sampling.interval", "1.0005 s", &["finer"]),
        ("sampling.interval", "99999999999 s", &["out of range"]),
        ("sampling.interval", "-5 s", &["out of range"]),
        ("sampling.interval", "1,5 s", &["another unit"]),
        (
            "alarm.current",
            "16",
            &["alarm.current", "needs a unit", "A or mA"],
        ),
        (
            "alarm.power",
            "2000 kW",
            &["out of range", "0 W to 1000000 W", "0 for none"],
        ),
        ("calibration.power", "25 %", &["-20 % to 20 %"]),
        ("billing.day", "29", &["1 to 28"]),
        ("meter.id", "", &["meter.id: has to be set"]),
        ("meter.id", "a/b", &["letters, digits"]),
        (
            "meter.id",
            "123456789012345678901234567890123",
            &["33 bytes", "32 at most"],
        ),
        ("wifi.password", "short", &["wifi.password", "8 to 63"]),
        ("wifi.ssid", "a\u{7}b", &["control character"]),
        ("http.api-key", "a b", &["visible ASCII"]),
        ("http.api-key", "a\r\nHost: evil", &["visible ASCII"]),
        ("http.api-key", key.as_str(), &["65 bytes", "64 at most"]),
        ("http.base", "example.org", &["http.base", "scheme"]),
        ("http.base", "ftp://example.org", &["scheme"]),
        ("http.base", "mqtt://example.org", &["https:// or http://"]),
        (
            "http.base",
            "https://user:pw@example.org",
            &["password in it"],
        ),
        ("http.base", "https://", &["no host name"]),
        ("http.base", "https://exa mple.org", &["no host name"]),
        ("http.base", "https://-a.org", &["no host name"]),
        ("http.base", "https://a..org", &["no host name"]),
        ("http.base", "https://a.org:0", &["1 to 65535"]),
        ("http.base", "https://a.org:65536", &["1 to 65535"]),
        ("http.base", "https://a.org:+80", &["1 to 65535"]),
        ("http.base", "https://a.org/b c", &["%XX"]),
        ("http.base", "https://a.org/b?c=d", &["?"]),
        ("mqtt.broker", "https://a.org", &["mqtts:// or mqtt://"]),
        ("mqtt.broker", "mqtt://a.org/x", &["only host and port"]),
        (
            "time.server-1",
            "not a host",
            &["time.server-1", "not a host"],
        ),
        ("time.offset", "+14:15", &["-12:00 to +14:00"]),
        ("time.offset", "+05:10", &["quarters"]),
        ("time.offset", "5:30", &["such as +05:30"]),
        ("sampling.addresses", "0", &["1 to 247"]),
        ("sampling.addresses", "248", &["1 to 247"]),
        ("sampling.addresses", "", &["any"]),
        ("sampling.addresses", "5 5", &["5 twice"]),
        ("sampling.addresses", "1 2 3 4 5", &["4 at most"]),
        ("uplink.kind", "smtp", &["none, http, mqtt are allowed"]),
        ("mains.frequency", "55", &["50 Hz, 60 Hz"]),
        ("wifi.name", "x", &["no setting of that name"]),
    ] {
        let error = set(name, value).expect_err(&format!("{name} took {value}"));
        for part in parts {
            assert!(
                error.contains(part),
                "{name} {value}: {error}: no \"{part}\""
            );
        }
    }
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    let mut settings = Settings {
        uplink: Uplink::Http,
        ..Settings::default()
    };
    let says = |settings: &Settings| settings.check().expect_err("refused").to_string();
    assert_eq!(
        says(&settings),
        "uplink.kind: needs http.base, which is not set"
    );
    settings.set("http.base", "http://example.org").unwrap();
    assert!(says(&settings).starts_with("http.base: is a connection without TLS: use https://"));
    settings.set("uplink.allow-plain", "yes").unwrap();
    assert_eq!(settings.check(), Ok(()));
    settings.set("uplink.kind", "mqtt").unwrap();
    assert_eq!(
        says(&settings),
        "uplink.kind: needs mqtt.broker, which is not set"
    );
    settings.set("mqtt.broker", "mqtt://example.org").unwrap();
    settings.set("uplink.allow-plain", "no").unwrap();
    assert!(says(&settings).starts_with("mqtt.broker: is a connection without TLS: use mqtts://"));
    settings
        .set("mqtt.broker", "MQTTS://example.org:8884")
        .unwrap();
    assert_eq!(settings.check(), Ok(()));
}

#[test]
fn a_field_that_was_written_past_its_setter_is_found() {
    type Spoil = fn(&mut Settings);
    let all: [(&str, Spoil); 8] = [
        ("sampling.interval", |s| s.interval_ms = 999),
        ("mains.frequency", |s| s.nominal_hz = 51),
        ("profile.interval", |s| s.profile_s = 901),
        ("time.offset", |s| s.zone.offset_min = 7),
        ("sampling.addresses", |s| s.addresses.push(0).unwrap()),
        ("calibration.power", |s| s.gains_ppm[2] = 200_001),
        ("display.page", |s| s.page_s = 0),
        ("meter.id", |s| s.meter_id.clear()),
    ];
    for (name, spoil) in all {
        let mut settings = Settings::default();
        spoil(&mut settings);
        assert_eq!(settings.check().expect_err(name).name, name);
    }
}

#[test]
fn secrets_are_set_and_never_shown() {
    let secret = "correct-horse-battery";
    for name in Setting::all().filter(|name| name.is_secret()) {
        let mut settings = Settings::default();
        assert_eq!(settings.get(name).to_string(), "(not set)");
        settings.set(name.as_str(), secret).unwrap();
        assert_eq!(settings.get(name).to_string(), "(set)");
        let all: String = Setting::all()
            .map(|name| settings.get(name).to_string())
            .collect();
        assert!(!all.contains(secret) && !format!("{settings:?}").contains(secret));
        assert!(!settings.is_same(name, &Settings::default()));
    }
    let secrets: Vec<&str> = Setting::all()
        .filter(|n| n.is_secret())
        .map(Setting::as_str)
        .collect();
    assert_eq!(secrets, ["wifi.password", "http.api-key", "mqtt.password"]);
}

#[test]
fn every_text_takes_as_much_as_it_says() {
    let mut settings = Settings::default();
    for name in Setting::all() {
        let Some(most) = name.most() else { continue };
        let fill = |length: usize| match name.as_str() {
            "http.base" | "update.url" => format!("https://{:a<1$}", "a.b/", length - 8),
            "mqtt.broker" => {
                format!("mqtts://{:a<1$}", "a.b.", length - 8).replacen("aaaaaaaaa", "aaaaaaaa.", 8)
            }
            "wifi.password" => "0".repeat(length),
            name if name.starts_with("time.server") => format!("{:a<length$}", "x."),
            _ => "m".repeat(length),
        };
        settings
            .set(name.as_str(), &fill(most))
            .unwrap_or_else(|error| panic!("{error}"));
        let error = settings
            .set(name.as_str(), &fill(most + 1))
            .expect_err("one too many");
        assert!(error.to_string().contains("at most"), "{error}");
    }
    // All at once still fit where they are stored.
    let mut buffer = [0; smart_meter::settings::stored::MAX_STORED];
    settings
        .set("sampling.addresses", "247 246 245 244")
        .unwrap();
    for name in [
        "calibration.voltage",
        "calibration.current",
        "calibration.power",
    ] {
        settings.set(name, "-20%").unwrap();
    }
    for (name, most) in [
        ("sampling.interval", "60s"),
        ("alarm.power", "1000kW"),
        ("alarm.current", "1000A"),
        ("time.offset", "+14:00"),
        ("storage.flush", "60 min"),
        ("storage.checkpoint", "12h"),
    ] {
        settings.set(name, most).unwrap();
    }
    assert!(smart_meter::settings::stored::encode(&settings, &mut buffer).is_some());
}

proptest! {
    /// What is shown can be typed again.
    #[test]
    fn shown_is_typed(interval in 1_000u32..=60_000, gain in -200_000i32..=200_000, current in 0u32..=1_000_000,
                      offset in -48i16..=56, flush in 5u16..=3_600) {
        let mut settings = Settings {
            interval_ms: interval,
            gains_ppm: [gain, -gain, gain / 7],
            over_current_ma: current,
            ..Settings::default()
        };
        settings.zone.offset_min = offset * 15;
        settings.flush_s = flush;
        let mut copy = Settings::default();
        for name in Setting::all().filter(|name| !name.is_secret()) {
            copy.set(name.as_str(), &settings.get(name).to_string()).unwrap();
        }
        prop_assert_eq!(copy, settings);
    }

    /// Whatever is typed: an error, or settings that pass the check of that field.
    #[test]
    fn nothing_typed_gets_past_the_check(value in "\\PC{0,40}|[0-9.+-]{0,12} ?(s|ms|%|A|kW|min)?", at in 0usize..34) {
        let name = Setting::all().nth(at).unwrap();
        let mut settings = Settings::default();
        if settings.set(name.as_str(), &value).is_ok() && name.as_str() != "uplink.kind" {
            prop_assert_eq!(settings.check(), Ok(()));
        }
    }
}
