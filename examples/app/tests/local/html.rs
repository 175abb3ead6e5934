//! The page for people.

use meter_core::{EventCode, Phase};

use super::device::{START_MS, channel, event, settings, usual, with};
use super::server::Device;

/// Text between tags, as it is read.
pub(crate) fn text(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        let style = after.starts_with("style>");
        rest = if style {
            after.split_once("</style>").unwrap().1
        } else {
            after.split_once('>').unwrap().1
        };
    }
    text.push_str(rest);
    let text = text
        .replace("&middot;", "·")
        .replace("&ndash;", "–")
        .replace("&plusmn;", "±")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_page_has_everything_a_person_wants() {
    let device = Device::start(usual);
    let html = device.get("/").body;
    let text = text(&html);
    for piece in [
        "MTR-1001 MTR-1001 230.1 V 0.52 A 118.3 W 50.00 Hz · power factor 0.99 · ",
        " s ago",
        "Today 3.107 kWh This month 98.765 kWh In all 12345.679 kWh Fed back 0.001 kWh Largest demand 4321 W",
        "Network Wi-Fi Cellar Signal -61 dBm Uplink fails the server's certificate is refused",
        "Records that wait 42",
        "Device Time 2026-11-26T11:02:1",
        "Time by a server SD card card in use Not archived 5 Running for 16 min 4",
        "Version 1.2.3 JSON · Metrics · Calibration",
    ] {
        assert!(text.contains(piece), "{piece} in {text}");
    }
    // Light and dark, as narrow as a telephone, and by itself anew.
    for piece in [
        "color-scheme:light dark",
        "name=viewport",
        "http-equiv=refresh content=60",
    ] {
        assert!(html.contains(piece), "{piece}");
    }
    // Nothing from elsewhere.
    for piece in [
        "http://", "https://", "<script", "<img", "<link", "@import", "url(",
    ] {
        assert!(!html.contains(piece), "{piece}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let device = Device::start(|| {
        let mut old = channel(118_300);
        old.last = Some((old.last.unwrap().0, START_MS - 83_000));
        old.error = Some("no reply: check the wires".try_into().unwrap());
        old.alarms
            .note(&event(EventCode::LinkLost, Phase::Occurrence));
        old.alarms.note(&event(EventCode::Sag, Phase::Occurrence));
        old.alarms.note(&event(EventCode::Sag, Phase::Restoration));
        let live = with(settings(), [old, Default::default()]);
        live.time.set(Default::default());
        live.update_percent.set(Some(43));
        live
    });
    let text = text(&device.get("/").body);
    for piece in [
        "New firmware is loaded: 43 %. Do not switch off.",
        "MTR-1001 No reading for 1 min 2",
        ": no reply: check the wires",
        "Alarm: LINK_LOST Alarms that are over: SAG",
        "MTR-1001-2 No reading since the start.",
        "Time not known Time by nobody",
    ] {
        assert!(text.contains(piece), "{piece} in {text}");
    }
    assert!(!text.contains("118.3"), "an old value: {text}");
    assert!(!text.contains("230.1"), "an old value: {text}");
}

#[test]
fn nothing_that_can_be_set_becomes_a_part_of_the_page() {
    const EVIL: &str = "</h1><script>'\"&";
    let device = Device::start(|| {
        let mut settings = settings();
        settings.meter_id = EVIL.try_into().unwrap();
        settings.wifi_ssid = EVIL.try_into().unwrap();
        let mut channel = channel(0);
        channel.last = None;
        channel.error = Some(EVIL.try_into().unwrap());
        let live = with(settings, [channel.clone(), channel]);
        live.uplink.borrow_mut().error = Some(EVIL.try_into().unwrap());
        live
    });
    for path in [
        "/",
        "/calibrate",
        "/calibrate?kind=<script>&watts='\"<",
        "/calibrate?kind=bulb&watts=100&volts=230",
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: <script>\r\n\r\n");
        let html = device.raw(request.as_bytes());
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains("'\"&\""), "{html}");
        assert!(text(&html).contains(EVIL), "{html}");
    }
    assert_eq!(text(&device.get("/").body).matches(EVIL).count(), 8);
}
