//! The form of the set-up page, and what browsers send.

use smart_meter::settings::form::{Form, FormError, apply};
use smart_meter::settings::{Setting, Settings};

fn page(settings: &Settings, said: Option<&dyn core::fmt::Display>) -> String {
    let mut text = String::new();
    Form { settings, said }.write(&mut text).unwrap();
    text
}

/// What a browser would send: the fields of the page with their values, some of them changed by hand.
fn send(page: &str, changes: &[(&str, &str)]) -> String {
    let attribute = |tag: &str, name: &str| {
        let start = tag.find(&format!("{name}=\""))? + name.len() + 2;
        Some(tag[start..start + tag[start..].find('"')?].to_owned())
    };
    let plain = |text: &str| {
        [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&#39;", "'"),
            ("&amp;", "&"),
        ]
        .iter()
        .fold(text.to_owned(), |text, (code, sign)| {
            text.replace(code, sign)
        })
    };
    let mut fields: Vec<(String, String)> = Vec::new();
    for tag in page
        .split('<')
        .filter(|tag| tag.starts_with("input") || tag.starts_with("select"))
    {
        if tag.contains("type=checkbox") {
            continue;
        }
        let name = attribute(tag, "name").expect("each field has a name");
        let value = if tag.starts_with("select") {
            let start = page.find(&format!("<select name=\"{name}\"")).unwrap();
            let select = &page[start..start + page[start..].find("</select>").unwrap()];
            let chosen = select.find("<option selected>").expect("one is chosen")
                + "<option selected>".len();
            select[chosen..chosen + select[chosen..].find('<').unwrap()].to_owned()
        } else {
            plain(&attribute(tag, "value").unwrap_or_default())
        };
        fields.push((name, value));
    }
    for (name, value) in changes {
        match fields.iter_mut().find(|(field, _)| field == name) {
            Some(field) => (*value).clone_into(&mut field.1),
            None => fields.push(((*name).to_owned(), (*value).to_owned())),
        }
    }
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b' ' => "+".to_owned(),
                b'*' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                    char::from(byte).to_string()
                }
                _ => format!("%{byte:02X}"),
            })
            .collect()
    };
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    pairs.join("&")
}

#[test]
fn a_page_that_is_sent_back_changes_nothing() {
    let mut settings = Settings::default();
    for (name, value) in [
        ("wifi.ssid", "a & b <\"c'\u{e9}\u{4e2d} 100%+"),
        ("wifi.password", "correct horse"),
        ("meter.owner", "</html><script>alert(1)</script>"),
        ("calibration.power", "-2.15 %"),
        ("time.daylight-saving", "america"),
        ("sampling.addresses", "1 2 3"),
    ] {
        settings.set(name, value).unwrap();
    }
    let page = page(&settings, None);
    assert!(!page.contains("<script") && !page.contains("correct horse"));
    assert_eq!(
        page.matches("<label>").count(),
        Setting::all().count() + 3,
        "a box beside each secret"
    );
    let before = settings.clone();
    assert_eq!(apply(send(&page, &[]).as_bytes(), &mut settings), Ok(0));
    assert_eq!(settings, before);
}

#[test]
fn a_device_is_set_up() {
    let mut settings = Settings::default();
    let body = send(
        &page(&settings, None),
        &[
            ("wifi.ssid", "caf\u{e9} & bar"),
            ("wifi.password", "p+w%26 d=1&x"),
            ("uplink.kind", "http"),
            ("http.base", "https://example.org/api"),
            ("http.api-key", "k3y"),
            ("sampling.interval", "2.5 s"),
        ],
    );
    assert_eq!(apply(body.as_bytes(), &mut settings), Ok(6));
    assert_eq!(settings.wifi_ssid, "caf\u{e9} & bar");
    assert_eq!(settings.wifi_password.reveal(), "p+w%26 d=1&x");
    assert_eq!(settings.interval_ms, 2_500);

    // The next page shows that secrets are set; an empty field leaves them, the box forgets.
    let next = page(&settings, None);
    assert!(next.contains("name=\"wifi.password\" placeholder=\"(set)\""));
    assert!(next.contains("name=\"mqtt.password\" placeholder=\"(not set)\""));
    assert_eq!(apply(send(&next, &[]).as_bytes(), &mut settings), Ok(0));
    assert_eq!(settings.wifi_password.reveal(), "p+w%26 d=1&x");
    assert_eq!(
        apply(
            send(&next, &[("forget", "wifi.password")]).as_bytes(),
            &mut settings
        ),
        Ok(1)
    );
    assert!(settings.wifi_password.is_empty());
}

#[test]
fn a_form_is_taken_whole_or_not_at_all() {
    let before = Settings::default();
    let says = |body: &str| {
        let mut settings = before.clone();
        let error = apply(body.as_bytes(), &mut settings).expect_err(body);
        assert_eq!(settings, before, "{body}");
        error
    };
    for (body, part) in [
        (
            "wifi.ssid=x&display.page=99",
            "display.page: is out of range",
        ),
        ("wifi.ssid=x&nothing=1", "no setting of that name"),
        ("uplink.kind=mqtt", "needs mqtt.broker"),
        ("forget=wifi.ssid", "no setting of that name"),
        ("meter.id=", "meter.id: has to be set"),
    ] {
        let error = says(body).to_string();
        assert!(error.contains(part), "{body}: {error}");
    }
    for body in [
        "wifi.ssid",
        "wifi.ssid=%",
        "wifi.ssid=%4",
        "wifi.ssid=%zz",
        "wifi.ssid=%ff%fe",
        "=&%",
    ] {
        let error = says(body);
        assert!(
            matches!(error, FormError::Encoding | FormError::Set(_)),
            "{body}: {error:?}"
        );
    }
    assert_eq!(
        says(&format!("meter.place={}", "x".repeat(193))),
        FormError::TooLong
    );
    assert!(
        says(&format!("meter.place={}", "x".repeat(65)))
            .to_string()
            .contains("64 at most")
    );
    let mut settings = before.clone();
    assert_eq!(apply(b"&&", &mut settings), Ok(0));
}

#[test]
fn what_was_wrong_is_said_above_the_fields() {
    let settings = Settings::default();
    let text = page(&settings, Some(&"a < b"));
    assert!(text.contains("<p class=bad>a &lt; b</p>"));
    // Parts are small enough for the buffers of a chip.
    let form = Form {
        settings: &settings,
        said: None,
    };
    let mut n = 0;
    loop {
        let mut part = String::new();
        if !form.part(n, &mut part).unwrap() {
            break;
        }
        assert!(
            part.len() <= if n == 0 { 1_000 } else { 600 },
            "part {n}: {}",
            part.len()
        );
        n += 1;
    }
    assert_eq!(n, Setting::all().count() + 2);
}
