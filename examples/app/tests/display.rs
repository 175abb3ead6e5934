//! Pages as pictures: each is a file of 64 lines of `#` and spaces. `WRITE_PICTURES=1` writes them anew; then they are
//! to be looked at.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail")]

use std::fmt::Write as _;
use std::path::PathBuf;

use meter_core::detect::Method;
use meter_core::health::Health;
use meter_core::{Event, EventCode, Peak, Phase, Register};
use smart_meter::display::{Page, Pager, Picture, View};
use smart_meter::live::{
    ArchiveState, CardState, Channel, Live, NetworkState, TimeSource, TimeState, UplinkState,
};
use smart_meter::ota::Version;
use smart_meter::record::Values;
use smart_meter::settings::{Settings, Uplink};

const NOW_MS: u64 = 93_784_000;

/// The reading of the specification.
const USUAL: Values = Values {
    voltage_mv: Some(230_100),
    current_ma: Some(520),
    power_mw: Some(118_300),
    reactive_mvar: None,
    frequency_mhz: Some(50_000),
    power_factor_milli: Some(990),
    import_mwh: 0,
    export_mwh: 0,
};

fn channel(values: Values) -> Channel {
    let mut channel = Channel {
        last: Some((values, NOW_MS - 2_000)),
        today_mwh: Some(3_107_000),
        month_mwh: Some(98_765_400),
        max_demand: Some(Peak {
            mw: 4_321_000,
            end_s: 1_795_600_800,
        }),
        ..Channel::default()
    };
    channel.registers.import = Register::from_parts(12_345_678_900, 0).expect("below one");
    channel
}

fn live(channels: impl IntoIterator<Item = Channel>) -> Live {
    let settings = Settings {
        wifi_ssid: "Cellar".try_into().expect("fits"),
        uplink: Uplink::Mqtt,
        mqtt_broker: "mqtts://broker.example.org:8883".try_into().expect("fits"),
        ..Settings::default()
    };
    let live = Live::new(settings);
    live.channels.borrow_mut().extend(channels);
    live.firmware.version.set(Version::new(0, 1, 0));
    live.network.set(NetworkState {
        is_up: true,
        address: Some([192, 168, 178, 123]),
    });
    *live.uplink.borrow_mut() = UplinkState {
        is_up: true,
        ..UplinkState::default()
    };
    live.time.set(TimeState {
        offset_ms: Some(1_795_596_152_000),
        source: TimeSource::Server,
    });
    live.health.set(Health {
        rssi_dbm: Some(-61),
        queue_depth: 3,
        ..Health::default()
    });
    live.archive.set(ArchiveState {
        card: CardState::Ready,
        ..ArchiveState::default()
    });
    live
}

fn event(code: EventCode, phase: Phase) -> Event {
    Event {
        code,
        phase,
        method: Method::Readings,
        at_ms: 0,
        value: 0,
    }
}

fn draw(live: &Live, page: Page) -> Picture {
    let mut picture = Picture::new();
    let view = View {
        live,
        now_ms: NOW_MS,
    };
    let Ok(()) = view.draw(&mut picture, page);
    picture
}

#[track_caller]
fn check(name: &str, live: &Live, page: Page) {
    let picture = draw(live, page);
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/fixtures/display", name]
        .iter()
        .collect();
    let path = path.with_extension("txt");
    // Spaces at the ends of lines do not survive editors.
    let mut text = String::new();
    for line in picture.to_string().lines() {
        writeln!(text, "{}", line.trim_end()).expect("memory");
    }
    if std::env::var_os("WRITE_PICTURES").is_some() {
        std::fs::write(&path, &text).expect("the folder is writable");
    }
    let expected = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(text == expected, "{name} is now{picture:?}");
}

/// The README shows what the display shows.
#[test]
fn pictures_of_the_readme() {
    let readme = include_str!("../README.md");
    let usual = live([channel(USUAL)]);
    let alarmed = live([channel(USUAL)]);
    for (code, phase) in [
        (EventCode::Sag, Phase::Occurrence),
        (EventCode::Sag, Phase::Restoration),
        (EventCode::FrequencyExtreme, Phase::Occurrence),
        (EventCode::Overload, Phase::Occurrence),
    ] {
        let event = event(code, phase);
        alarmed
            .channels
            .borrow_mut()
            .first_mut()
            .expect("one")
            .alarms
            .note(&event);
    }
    for (live, page) in [
        (&usual, Page::Values(0)),
        (&usual, Page::Energy(0)),
        (&alarmed, Page::Alarms),
        (&usual, Page::Network),
        (&usual, Page::Device),
    ] {
        let picture = draw(live, page);
        assert!(
            readme.contains(&format!("```text\n{picture:#}```")),
            "{page:?}{picture:?}"
        );
    }
}

#[test]
fn values() {
    check("values", &live([channel(USUAL)]), Page::Values(0));
}

#[test]
fn values_that_go_backwards() {
    let values = Values {
        power_mw: Some(-2_345_600),
        current_ma: Some(10_190),
        ..USUAL
    };
    check("values_negative", &live([channel(values)]), Page::Values(0));
}

#[test]
fn values_too_long_for_the_display() {
    let values = Values {
        voltage_mv: Some(u32::MAX),
        current_ma: Some(u32::MAX),
        power_mw: Some(i32::MIN),
        ..USUAL
    };
    check("values_long", &live([channel(values)]), Page::Values(0));
}

#[test]
fn values_that_are_not_measured() {
    let values = Values {
        voltage_mv: None,
        current_ma: None,
        power_mw: None,
        ..USUAL
    };
    check("values_none", &live([channel(values)]), Page::Values(0));
}

#[test]
fn values_of_the_second_meter_with_an_alarm() {
    let live = live([channel(USUAL), channel(USUAL)]);
    let overload = event(EventCode::Overload, Phase::Occurrence);
    live.channels
        .borrow_mut()
        .first_mut()
        .expect("two")
        .alarms
        .note(&overload);
    check("values_second", &live, Page::Values(1));
}

#[test]
fn old_values_are_not_shown() {
    let live = live([channel(USUAL)]);
    let age = |age_ms: u64| {
        let mut channels = live.channels.borrow_mut();
        let channel = channels.first_mut().expect("one");
        channel.last = Some((USUAL, NOW_MS - age_ms));
        channel.error = Some(
            "no reply: check 5 V, that TX and RX are crossed, and that the module is on mains"
                .try_into()
                .expect("fits"),
        );
    };
    // Three intervals of 5 s.
    age(15_000);
    check("values", &live, Page::Values(0));
    age(15_001);
    check("values_old", &live, Page::Values(0));
    live.settings.borrow_mut().interval_ms = 6_000;
    check("values", &live, Page::Values(0));
}

#[test]
fn nothing_was_read_yet() {
    check("values_never", &live([]), Page::Values(0));
    check("values_never", &live([Channel::default()]), Page::Values(0));
}

#[test]
fn energy() {
    check("energy", &live([channel(USUAL)]), Page::Energy(0));
}

#[test]
fn energy_with_export_without_time_and_of_a_long_life() {
    let mut second = channel(USUAL);
    second.today_mwh = None;
    second.month_mwh = None;
    second.registers.import = Register::from_parts(u64::MAX, 0).expect("below one");
    second.registers.export = Register::from_parts(1_234_567_890_123_456, 0).expect("below one");
    check(
        "energy_second",
        &live([channel(USUAL), second]),
        Page::Energy(1),
    );
}

#[test]
fn alarms() {
    let live = live([channel(USUAL)]);
    check("alarms_none", &live, Page::Alarms);
    let note = |code, phase| {
        live.channels
            .borrow_mut()
            .first_mut()
            .expect("one")
            .alarms
            .note(&event(code, phase));
    };
    note(EventCode::Sag, Phase::Occurrence);
    note(EventCode::Sag, Phase::Restoration);
    note(EventCode::FrequencyExtreme, Phase::Occurrence);
    note(EventCode::Overload, Phase::Occurrence);
    check("alarms", &live, Page::Alarms);
    note(EventCode::Swell, Phase::Occurrence);
    check("alarms_four", &live, Page::Alarms);
    note(EventCode::LinkLost, Phase::Occurrence);
    check("alarms_many", &live, Page::Alarms);
}

#[test]
fn network() {
    check("network", &live([]), Page::Network);
    let live = live([]);
    live.network.set(NetworkState::default());
    live.time.set(TimeState::default());
    live.health.set(Health {
        queue_depth: 4_294_967_295,
        ..Health::default()
    });
    *live.uplink.borrow_mut() = UplinkState {
        error: Some(
            "no network: check the Wi-Fi name and password, and the signal"
                .try_into()
                .expect("fits"),
        ),
        ..UplinkState::default()
    };
    check("network_down", &live, Page::Network);
}

#[cfg(feature = "local-page")]
#[test]
fn how_to_join_a_device_that_nobody_has_set_up() {
    let live = live([]);
    let access =
        smart_meter::access::Access::new([0x60, 0x55, 0xF9, 0x0A, 0xBC, 0x0D], || 0x1F << 27);
    live.access.set(Some(Box::leak(Box::new(access))));
    check("network_access", &live, Page::Network);
}

#[test]
fn passwords_in_an_address_are_not_shown() {
    let hidden = live([]);
    hidden.settings.borrow_mut().mqtt_broker = "mqtts://user:secret@broker.example.org:8883"
        .try_into()
        .expect("fits");
    assert_eq!(draw(&hidden, Page::Network), draw(&live([]), Page::Network));
}

#[test]
fn device() {
    check("device", &live([]), Page::Device);
    let live = live([]);
    live.time.set(TimeState::default());
    live.archive.set(ArchiveState {
        card: CardState::WrongFormat,
        ..ArchiveState::default()
    });
    check("device_no_time", &live, Page::Device);
}

#[test]
fn warnings_go_before_every_page() {
    let live = live([channel(USUAL)]);
    live.update_percent.set(Some(43));
    for page in [
        Page::Values(0),
        Page::Energy(0),
        Page::Alarms,
        Page::Network,
        Page::Device,
    ] {
        check("update", &live, page);
    }
    live.panel.countdown_s.set(Some(7));
    check("reset", &live, Page::Values(0));
}

#[test]
fn pages_turn_by_time_and_by_hand() {
    let mut pager = Pager::new(1_000);
    let all = |pager: &mut Pager, channels: usize| {
        let mut seen = Vec::new();
        for _ in 0..2 * channels.max(1) + 3 {
            seen.push(pager.page(channels, 0, 0));
            pager.turn(0);
        }
        seen
    };
    let one = [
        Page::Values(0),
        Page::Energy(0),
        Page::Alarms,
        Page::Network,
        Page::Device,
    ];
    assert_eq!(all(&mut pager, 1), one);
    assert_eq!(all(&mut pager, 0), one);
    assert_eq!(
        all(&mut Pager::new(0), 2),
        [
            Page::Values(0),
            Page::Energy(0),
            Page::Values(1),
            Page::Energy(1),
            Page::Alarms,
            Page::Network,
            Page::Device
        ]
    );

    let mut pager = Pager::new(1_000);
    assert_eq!(pager.page(1, 5_000, 5_999), Page::Values(0));
    assert_eq!(pager.page(1, 5_000, 6_000), Page::Energy(0));
    assert_eq!(pager.page(1, 5_000, 10_999), Page::Energy(0));
    pager.turn(10_999);
    assert_eq!(pager.page(1, 5_000, 15_998), Page::Alarms);
    assert_eq!(pager.page(1, 5_000, 15_999), Page::Network);
    // With 0 the page stays.
    assert_eq!(pager.page(1, 0, 10_000_000), Page::Network);
}

/// No number is ever cut at the edge, which would make another of it: nothing is drawn beyond the last column, so a
/// row that reaches it is one that may have been cut.
#[test]
fn no_value_reaches_the_edge() {
    let mut seed = 7_u64;
    let mut random = move || {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let z = z ^ (z >> 31);
        // Of all lengths.
        z >> (z & 63)
    };
    for _ in 0..3_000 {
        let values = Values {
            voltage_mv: Some(random() as u32),
            current_ma: Some(random() as u32),
            power_mw: Some(random() as i32),
            ..USUAL
        };
        let live = live([channel(values)]);
        let picture = draw(&live, Page::Values(0));
        for y in 0..64 {
            // Twelve large characters end at 120; the first row ends at 100 in front of the marks.
            let edge = if (2..22).contains(&y) { 100 } else { 120 };
            assert!(
                (edge..128).all(|x| !picture.is_lit(x, y)),
                "{values:?}{picture:?}"
            );
        }
    }
}
