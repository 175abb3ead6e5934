//! The form of a device that has opened an access point.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use smart_meter::access::Access;
use smart_meter::live::Live;
use smart_meter::settings::Settings;

use super::device::SECRET;
use super::server::Device;

const ADDRESS: &str = "192.168.4.1";

fn open() -> Live {
    let live = Live::new(super::device::settings());
    let access = Access::new([0, 1, 2, 0xAB, 0xCD, 0xEF], || 7);
    live.access.set(Some(Box::leak(Box::new(access))));
    live
}

/// What a browser would send of this page if nothing was changed.
fn fields(page: &str) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for part in page.split("<label>").skip(1) {
        let name = |tag: &str| {
            let rest = part.split_once(&format!("<{tag} "))?.1;
            Some(rest.split_once("name=\"")?.1.split_once('"')?.0.to_owned())
        };
        if let Some(name) = name("select") {
            let chosen = part.split_once("<option selected>").unwrap().1;
            fields.insert(name, chosen.split_once('<').unwrap().0.to_owned());
        } else if let Some(name) = name("input") {
            let value = part
                .split_once(" value=\"")
                .map(|(_, rest)| rest.split_once('"').unwrap().0);
            fields.insert(name, value.unwrap_or_default().to_owned());
        }
    }
    fields
}

fn encoded(fields: &BTreeMap<String, String>) -> String {
    let value = |text: &str| {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => {
                    char::from(byte).to_string()
                }
                b' ' => "+".to_owned(),
                _ => format!("%{byte:02X}"),
            })
            .collect::<String>()
    };
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, text)| format!("{name}={}", value(text)))
        .collect();
    pairs.join("&")
}

/// Sends a form while the keeper of the settings, which stands here, answers; what it was given.
fn send(
    device: &Device,
    body: String,
    kept: Result<(), &'static str>,
) -> (super::server::Reply, Option<Settings>) {
    thread::scope(|scope| {
        let reply = scope.spawn(move || device.post("/", ADDRESS, &body));
        let mut wished = None;
        while !reply.is_finished() {
            let answer = kept;
            let taken = device.with(move |live, _| {
                let taken = live.wished.try_take();
                if taken.is_some() {
                    live.kept.signal(answer);
                }
                taken
            });
            wished = taken.or(wished);
            thread::sleep(Duration::from_millis(1));
        }
        (reply.join().unwrap(), wished)
    })
}

/// Whether the device restarts within this time: it does when its answer has gone.
fn restarts(device: &Device, within_ms: u64) -> bool {
    let is_restarting = || device.with(|live, _| live.restart.signaled());
    (0..within_ms).any(|_| {
        thread::sleep(Duration::from_millis(1));
        is_restarting()
    })
}

#[test]
fn the_form_has_every_setting_and_no_secret() {
    let device = Device::start(open);
    let page = device.get("/");
    assert_eq!(page.status, 200);
    assert!(!page.body.contains(SECRET));
    let fields = fields(&page.body);
    for (name, value) in [
        ("wifi.ssid", "Cellar"),
        ("wifi.password", ""),
        ("uplink.kind", "mqtt"),
        ("mqtt.broker", "mqtts://broker.example.org:8883"),
        ("sampling.interval", "5 s"),
        ("display.page", "5 s"),
    ] {
        assert_eq!(fields.get(name).map(String::as_str), Some(value), "{name}");
    }
}

#[test]
fn what_is_sent_back_is_saved_and_the_device_restarts() {
    let device = Device::start(open);
    let mut fields = fields(&device.get("/").body);
    fields.insert("wifi.ssid".to_owned(), "my network & yours".to_owned());
    fields.insert("wifi.password".to_owned(), "correct horse".to_owned());
    let (reply, wished) = send(&device, encoded(&fields), Ok(()));
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.body.contains("<h1>Saved</h1>"));
    let wished = wished.unwrap();
    assert_eq!(wished.wifi_ssid, "my network & yours");
    assert_eq!(wished.wifi_password.reveal(), "correct horse");
    // An empty field leaves a secret as it is.
    assert_eq!(wished.mqtt_password.reveal(), SECRET);
    assert!(restarts(&device, 5_000));
}

#[test]
fn the_longest_form_there_is_has_room() {
    let device = Device::start(open);
    let mut fields = fields(&device.get("/").body);
    for (name, length) in [
        ("meter.id", 32),
        ("meter.owner", 48),
        ("meter.place", 64),
        ("wifi.ssid", 32),
        ("wifi.password", 63),
        ("http.api-key", 64),
        ("mqtt.user", 32),
        ("mqtt.password", 64),
    ] {
        fields.insert(name.to_owned(), "x".repeat(length));
    }
    for (name, length) in [("http.base", 96), ("update.url", 128)] {
        fields.insert(
            name.to_owned(),
            format!("https://example.org/{:x<1$}", "", length - 20),
        );
    }
    for name in ["time.server-1", "time.server-2"] {
        fields.insert(name.to_owned(), format!("{:x<45}.io", ""));
    }
    let (reply, wished) = send(&device, encoded(&fields), Ok(()));
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(wished.unwrap().update_url.len(), 128);
}

#[test]
fn what_can_not_be_taken_or_stored_is_said_and_nothing_restarts() {
    let device = Device::start(open);
    let (reply, wished) = send(&device, "sampling.interval=0+s".to_owned(), Ok(()));
    assert_eq!((reply.status, wished), (400, None));
    assert!(
        reply.body.contains("not saved: ") && reply.body.contains("1 s to 60 s"),
        "{}",
        reply.body
    );

    let (reply, wished) = send(&device, "meter.id=A".to_owned(), Err("the flash is full"));
    assert_eq!(reply.status, 400);
    assert!(wished.is_some() && reply.body.contains("not saved: the flash is full"));
    assert!(!restarts(&device, 100));
}

#[test]
fn only_the_page_of_the_device_sends_forms() {
    let device = Device::start(open);
    let form = "meter.id=EVIL";
    let request = |host: &str, more: &str| {
        let answer = device.raw(
            format!(
                "POST / HTTP/1.1\r\nHost: {host}\r\n{more}Content-Length: {}\r\n\r\n{form}",
                form.len()
            )
            .as_bytes(),
        );
        assert!(
            answer.starts_with("HTTP/1.1 400 "),
            "{host} {more}: {answer}"
        );
        assert!(
            device.with(|live, _| live.wished.try_take()).is_none(),
            "{host} {more}"
        );
    };
    request("meter.example.org", "");
    request("192.168.4.1.example.org", "");
    request(ADDRESS, "Origin: http://example.org\r\n");
    request(ADDRESS, "Origin: null\r\n");
    request(ADDRESS, "Origin: http://192.168.4.1.example.org\r\n");
}

#[test]
fn a_device_without_an_access_point_has_no_form() {
    let device = Device::start(super::device::usual);
    assert!(!device.get("/").body.contains("wifi.ssid"));
    assert_eq!(device.post("/", ADDRESS, "meter.id=A").status, 405);
}
