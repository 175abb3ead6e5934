use smart_meter::settings::{Secret, Settings, Uplink};
use smart_meter::uplink::target::{Target, TargetError, Url};

use super::device::http_settings;

fn http(text: &str) -> Result<Url<'_>, TargetError> {
    Url::parse(text, ("http", 80), ("https", 443))
}

#[test]
fn an_address_is_taken_apart() {
    let url = http("https://meters.example.org/api/").unwrap();
    assert_eq!(
        (url.is_tls, url.host, url.port, url.path),
        (true, "meters.example.org", 443, "/api")
    );
    assert_eq!(url.to_string(), "meters.example.org");
    let url = http("HTTP://10.0.0.2:3000").unwrap();
    assert_eq!(
        (url.is_tls, url.host, url.port, url.path),
        (false, "10.0.0.2", 3000, "")
    );
    assert_eq!(url.to_string(), "10.0.0.2:3000");
    let url = http("http://[fe80::1]:8080/a/b").unwrap();
    assert_eq!((url.host, url.port, url.path), ("fe80::1", 8080, "/a/b"));
    assert_eq!(url.to_string(), "[fe80::1]:8080");
}

#[test]
fn a_bad_address_says_what_is_bad() {
    for (text, error) in [
        ("", TargetError::None),
        ("server/api", TargetError::Scheme),
        ("ftp://server", TargetError::Scheme),
        ("http://", TargetError::Host),
        ("http://:80", TargetError::Host),
        ("http://ser ver", TargetError::Host),
        ("http://server\r\nX-Evil: 1", TargetError::Port),
        ("http://server/\r\nX-Evil:1", TargetError::Host),
        ("http://[fe80::1", TargetError::Host),
        ("http://[fe80::1]x", TargetError::Port),
        ("http://server:", TargetError::Port),
        ("http://server:65536", TargetError::Port),
        ("http://user:secret@server", TargetError::Credentials),
    ] {
        assert_eq!(http(text), Err(error), "{text:?}");
    }
}

fn error(change: impl FnOnce(&mut Settings)) -> Option<TargetError> {
    let mut settings = http_settings();
    change(&mut settings);
    Target::new(&settings).url().err()
}

#[test]
fn nothing_goes_out_in_the_clear_unless_that_is_allowed() {
    assert_eq!(error(|_| ()), None);
    assert_eq!(
        error(|settings| settings.allow_plain = false),
        Some(TargetError::Plain)
    );
    let mqtt = |broker: &str, allow_plain| {
        error(|settings| {
            settings.uplink = Uplink::Mqtt;
            settings.mqtt_broker = broker.try_into().unwrap();
            settings.allow_plain = allow_plain;
        })
    };
    assert_eq!(mqtt("mqtt://broker", false), Some(TargetError::Plain));
    assert_eq!(mqtt("mqtt://broker", true), None);
    assert_eq!(mqtt("mqtts://broker", false), None);
    assert_eq!(mqtt("https://broker", false), Some(TargetError::Scheme));
}

#[test]
fn keys_and_names_that_would_break_out_are_refused() {
    let key = |key: &str| error(|settings| settings.http_api_key = Secret::new(key).unwrap());
    assert_eq!(key("abc\r\nHost: evil"), Some(TargetError::Key));
    assert_eq!(key("schlüssel"), Some(TargetError::Key));
    assert_eq!(key(""), None);
    let name = |name: &str| error(|settings| settings.meter_id = name.try_into().unwrap());
    for bad in ["", "a/b", "a+b", "#", "a b", "a\nb"] {
        assert_eq!(name(bad), Some(TargetError::Name), "{bad:?}");
    }
}

#[test]
fn a_secret_is_not_in_what_can_be_printed() {
    let target = Target::new(&http_settings());
    assert!(!format!("{target:?}").contains("k3y"));
}

#[test]
fn every_message_fits_the_place_where_it_is_shown() {
    for error in [
        TargetError::None,
        TargetError::Scheme,
        TargetError::Credentials,
        TargetError::Host,
        TargetError::Port,
        TargetError::Plain,
        TargetError::Key,
        TargetError::Name,
    ] {
        assert!(error.to_string().len() <= 96, "{error}");
    }
    for status in 100..600 {
        let text = smart_meter::uplink::http::answer::Explained(status).to_string();
        assert!(text.len() <= 96, "{text}");
    }
}
