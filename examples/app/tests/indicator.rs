//! The light: the most urgent code, and patterns that can be told apart.

#![allow(clippy::expect_used, reason = "a test may fail")]

use meter_core::detect::Method;
use meter_core::{Event, EventCode, Phase};
use smart_meter::indicator::Code;
use smart_meter::live::{Channel, Live, UplinkState};
use smart_meter::record::Values;
use smart_meter::settings::{Settings, Uplink};

/// One meter, read at 60 s.
fn live() -> Live {
    let live = Live::new(Settings {
        uplink: Uplink::Http,
        ..Settings::default()
    });
    let channel = Channel {
        last: Some((Values::default(), 60_000)),
        ..Channel::default()
    };
    live.channels.borrow_mut().push(channel).expect("room");
    *live.uplink.borrow_mut() = UplinkState {
        is_up: true,
        ..UplinkState::default()
    };
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

#[test]
fn the_most_urgent_is_shown() {
    let live = live();
    assert_eq!(Code::of(&live, 61_000), Code::Ok);
    live.uplink.borrow_mut().is_up = false;
    assert_eq!(Code::of(&live, 61_000), Code::NoNetwork);
    let overload = event(EventCode::Overload, Phase::Occurrence);
    live.channels.borrow_mut()[0].alarms.note(&overload);
    assert_eq!(Code::of(&live, 61_000), Code::Alarm);
    // Three intervals of 5 s are over after 75 s.
    assert_eq!(Code::of(&live, 75_000), Code::Alarm);
    assert_eq!(Code::of(&live, 75_001), Code::NoMeter);
    live.update_percent.set(Some(0));
    assert_eq!(Code::of(&live, 75_001), Code::Update);
    live.panel.countdown_s.set(Some(7));
    assert_eq!(Code::of(&live, 75_001), Code::Reset);
}

#[test]
fn an_alarm_that_is_over_and_mere_information_do_not_light() {
    let live = live();
    let note = |code, phase| {
        live.channels.borrow_mut()[0]
            .alarms
            .note(&event(code, phase))
    };
    note(EventCode::LowPowerFactor, Phase::Occurrence);
    assert_eq!(Code::of(&live, 61_000), Code::Ok);
    note(EventCode::Swell, Phase::Occurrence);
    assert_eq!(Code::of(&live, 61_000), Code::Alarm);
    note(EventCode::Swell, Phase::Restoration);
    assert_eq!(Code::of(&live, 61_000), Code::Ok);
}

#[test]
fn no_uplink_wanted_is_no_fault() {
    let live = live();
    live.uplink.borrow_mut().is_up = false;
    live.settings.borrow_mut().uplink = Uplink::None;
    assert_eq!(Code::of(&live, 61_000), Code::Ok);
}

#[test]
fn a_start_is_told_from_a_meter_that_stays_away() {
    let live = Live::new(Settings::default());
    assert_eq!(Code::of(&live, 0), Code::Starting);
    live.channels
        .borrow_mut()
        .push(Channel::default())
        .expect("room");
    assert_eq!(Code::of(&live, 19_999), Code::Starting);
    assert_eq!(Code::of(&live, 20_000), Code::NoMeter);
    // One of two meters is silent.
    live.channels.borrow_mut()[0].last = Some((Values::default(), 100_000));
    assert_eq!(Code::of(&live, 100_000), Code::Ok);
    live.channels
        .borrow_mut()
        .push(Channel::default())
        .expect("room");
    assert_eq!(Code::of(&live, 100_000), Code::NoMeter);
}

/// Light and dark times as a person counts them.
fn flashes(code: Code) -> Vec<(bool, u64)> {
    let mut runs: Vec<(bool, u64)> = Vec::new();
    for ms in 0..10_000 {
        let is_on = code.is_on(ms);
        match runs.last_mut() {
            Some((last, length)) if *last == is_on => *length += 1,
            _ => runs.push((is_on, 1)),
        }
    }
    runs
}

#[test]
fn patterns_are_those_of_the_readme() {
    assert_eq!(flashes(Code::Starting), [(true, 10_000)]);
    assert_eq!(
        flashes(Code::Ok),
        [(true, 50), (false, 4_950), (true, 50), (false, 4_950)]
    );
    assert_eq!(
        flashes(Code::NoMeter)[..4],
        [(true, 150), (false, 250), (true, 150), (false, 1_450)]
    );
    assert_eq!(
        flashes(Code::NoNetwork)[..6],
        [
            (true, 150),
            (false, 250),
            (true, 150),
            (false, 250),
            (true, 150),
            (false, 1_050)
        ]
    );
    // On and off alike: 1 Hz, 4 Hz, 10 Hz.
    for (code, half_ms) in [(Code::Update, 500), (Code::Alarm, 125), (Code::Reset, 50)] {
        assert!(
            flashes(code).iter().all(|(_, ms)| *ms == half_ms),
            "{code:?}"
        );
    }
}
