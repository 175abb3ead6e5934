use smart_meter::settings::url::UrlError;
use smart_meter::settings::{Secret, Settings, Uplink};
use smart_meter::uplink::target::{Target, TargetError};

use super::device::http_settings;

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
fn a_bad_address_is_refused() {
    let base = |base: &str| error(|settings| settings.http_base = base.try_into().unwrap());
    assert_eq!(base(""), Some(TargetError::None));
    assert_eq!(base("server/api"), Some(TargetError::Url(UrlError::Scheme)));
    assert_eq!(base("mqtts://server"), Some(TargetError::Scheme));
    assert_eq!(
        base("http://user:secret@server"),
        Some(TargetError::Url(UrlError::User))
    );
    assert_eq!(
        base("http://server/\r\nX-Evil:1"),
        Some(TargetError::Url(UrlError::Path))
    );
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
        TargetError::Url(UrlError::Scheme),
        TargetError::Url(UrlError::User),
        TargetError::Url(UrlError::Host),
        TargetError::Url(UrlError::Port),
        TargetError::Url(UrlError::Path),
        TargetError::Scheme,
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
