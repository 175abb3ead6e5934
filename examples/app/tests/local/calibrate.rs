//! Guided calibration over the page: looked at by all, set by who stands before the device.

use super::device::{START_MS, channel, settings, with};
use super::html::text;
use super::server::Device;

/// A device that measures a bulb, read every second.
fn device(power_mw: i32) -> Device {
    let device = Device::start(move || {
        let mut settings = settings();
        settings.interval_ms = 1_000;
        with(settings, [channel(power_mw)])
    });
    // Ten readings, as the sampler makes them.
    for n in 1..=10 {
        device.with(move |live, now_ms| {
            let mut channels = live.channels.borrow_mut();
            let values = channels[0].last.unwrap().0;
            channels[0].last = Some((values, now_ms.max(START_MS + n)));
        });
        std::thread::sleep(std::time::Duration::from_millis(60));
    }
    device
}

const ASK: &str = "/calibrate?kind=bulb&watts=100&volts=230.1";

fn token(html: &str) -> String {
    let (_, after) = html.split_once("name=token value=").expect("a form");
    format!("token={}", &after[..16])
}

fn press(device: &Device) {
    device.with(|live, now_ms| live.panel.pressed_ms.set(Some(now_ms)));
}

fn set(device: &Device) -> Option<[i32; 3]> {
    device.with(|live, _| live.gains_ppm.try_take())
}

#[test]
fn it_is_shown_and_then_set_once() {
    let device = device(90_000);
    let reply = device.get(ASK);
    let shown = text(&reply.body);
    for piece in [
        "Measured 90.0 W at 230.1 V The load takes there 100.0 W ± 5 %",
        "Readings would change by +11.11 % Current would be set to +11.11 % Power would be set to +11.11 %",
    ] {
        assert!(shown.contains(piece), "{piece} in {shown}");
    }
    let token = token(&reply.body);
    press(&device);
    let reply = device.post("/calibrate", "127.0.0.1:80", &token);
    assert_eq!(reply.status, 200);
    assert!(
        text(&reply.body).contains("Set: current +11.11 %, power +11.11 %."),
        "{}",
        reply.body
    );
    assert_eq!(set(&device), Some([0, 111_111, 111_111]));
    // Once.
    let reply = device.post("/calibrate", "127.0.0.1:80", &token);
    assert_eq!((reply.status, set(&device)), (403, None));
}

#[test]
fn without_the_button_nothing_is_set() {
    let device = device(90_000);
    // Pressed before the page was shown: for another reason.
    press(&device);
    let token = token(&device.get(ASK).body);
    let reply = device.post("/calibrate", "127.0.0.1", &token);
    assert_eq!((reply.status, set(&device)), (403, None));
    assert!(text(&reply.body).contains("press the button of the device once"));
    // Then with it.
    press(&device);
    assert_eq!(device.post("/calibrate", "127.0.0.1", &token).status, 200);
    assert!(set(&device).is_some());
}

#[test]
fn without_the_number_of_the_last_page_nothing_is_set() {
    let device = device(90_000);
    let first = token(&device.get(ASK).body);
    let second = token(&device.get(ASK).body);
    assert_ne!(first, second);
    press(&device);
    for body in [
        "",
        "token=",
        "token=0",
        "token=zz",
        "gain=200000",
        "token=00000000000000001",
        &*first,
    ] {
        let reply = device.post("/calibrate", "127.0.0.1", body);
        assert_eq!((reply.status, set(&device)), (403, None), "{body}");
    }
    assert_eq!(device.post("/calibrate", "127.0.0.1", &second).status, 200);
}

#[test]
fn a_page_that_is_too_old_sets_nothing() {
    let device = device(90_000);
    let token = token(&device.get(ASK).body);
    device.skip(120_001);
    press(&device);
    let reply = device.post("/calibrate", "127.0.0.1", &token);
    assert_eq!((reply.status, set(&device)), (403, None));
}

#[test]
fn by_a_name_of_somebody_else_nothing_is_set() {
    let device = device(90_000);
    let token = token(&device.get(ASK).body);
    press(&device);
    for host in [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        ".local",
        "local",
        "",
    ] {
        let reply = device.post("/calibrate", host, &token);
        assert_eq!((reply.status, set(&device)), (403, None), "{host}");
    }
    // Without one.
    let request = format!(
        "POST /calibrate HTTP/1.1\r\nContent-Length: {}\r\n\r\n{token}",
        token.len()
    );
    assert!(device.raw(request.as_bytes()).starts_with("HTTP/1.1 403 "));
    assert_eq!(set(&device), None);
    assert_eq!(device.post("/calibrate", "meter.local", &token).status, 200);
}

#[test]
fn what_can_not_be_is_said() {
    let device = device(97_000);
    for (query, status, piece) in [
        (
            "kind=bulb&watts=100&volts=230.1",
            200,
            "differ by 3.1 %, and such a load is known to 5.0 %",
        ),
        (
            "kind=reference&watts=100&volts=",
            200,
            "Readings would change by +3.09 %",
        ),
        (
            "kind=bulb&watts=40&volts=230",
            200,
            "Nothing to set: the meter would be -58 % off",
        ),
        (
            "kind=heater&watts=100&volts=120",
            200,
            "the voltage is more than 10 % off",
        ),
        ("kind=bulb&watts=&volts=230", 400, "a number of watts"),
        ("kind=bulb&watts=-5&volts=230", 400, "a number of watts"),
        ("kind=bulb&watts=1e3&volts=230", 400, "a number of watts"),
        (
            "kind=bulb&watts=99999999999&volts=230",
            400,
            "a number of watts",
        ),
        ("kind=bulb&watts=0&volts=230", 400, "a number of watts"),
        (
            "kind=bulb&watts=100&volts=",
            400,
            "the number of volts printed on the load",
        ),
        (
            "kind=fridge&watts=100&volts=230",
            400,
            "Choose what the load is",
        ),
        ("watts=100", 400, "Choose what the load is"),
        ("", 400, "a number of watts"),
    ] {
        let reply = device.get(&format!("/calibrate?{query}"));
        assert_eq!(reply.status, status, "{query}");
        let shown = text(&reply.body);
        assert!(shown.contains(piece), "{query}: {piece} in {shown}");
    }
    // A comma, as browsers send it and as people type it.
    for watts in ["98.7", "98,7", "98%2C7"] {
        let shown = text(
            &device
                .get(&format!("/calibrate?kind=reference&watts={watts}&volts=1"))
                .body,
        );
        assert!(shown.contains("The load takes there 98.7 W"), "{shown}");
    }
}

#[test]
fn several_meters_share_one_calibration() {
    let device = Device::start(|| with(settings(), [channel(1), channel(2)]));
    assert!(text(&device.get(ASK).body).contains("several meters share one calibration"));
}
