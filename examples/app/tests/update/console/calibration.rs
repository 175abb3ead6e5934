//! `calibrate`, with loads that are what they are said to be, and others.

use super::*;

/// A device with one meter.
fn desk() -> Desk {
    let desk = Desk::new();
    let pushed = desk.live.channels.borrow_mut().push(Channel::default());
    assert!(pushed.is_ok());
    desk
}

/// Somebody calibrates while the meter shows this power; readings come every 5 s.
fn calibrated(line: &str, power: impl Fn(u64) -> i32, answers: &str) -> (String, [i32; 3]) {
    let desk = desk();
    let mut all = String::new();
    desk.with(async |desk| {
        all += &desk.enters(line).await;
        all += &desk.types("\r").await;
        desk.serial.shown.borrow_mut().clear();
        desk.clock
            .pass(200_000, |now_ms| {
                if now_ms % 5_000 == 0 {
                    desk.live.channels.borrow_mut()[0].last = Some((values(power(now_ms)), now_ms));
                }
            })
            .await;
        all += &String::from_utf8_lossy(&desk.serial.shown.borrow());
        all += &desk.types(answers).await;
    });
    let gains_ppm = desk.stored().gains_ppm;
    assert_eq!(desk.live.settings.borrow().gains_ppm, gains_ppm);
    (all, gains_ppm)
}

#[test]
fn a_known_bulb_calibrates() {
    // 100 W at 230 V, of which the meter shows 90: a ninth is missing.
    let (said, gains_ppm) = calibrated("calibrate 100W 230V", |_| 90_000, "yes\rsave\r");
    assert_eq!(gains_ppm, [0, 111_111, 111_111], "{said}");
    for part in [
        "Switch everything else off",
        "reading 4",
        "measured 90.00 W at 230.0 V, where the load takes 100.00 W, known to 5.0 %",
        "calibration.power 11.11 %",
        "saved",
    ] {
        assert!(said.contains(part), "no \"{part}\" in:\n{said}");
    }
    // Not without a yes, and not without a save.
    for answers in [
        "no\rsave\r",
        "\rsave\r",
        "\x03save\r",
        "yes\r",
        "yes\rrevert\rsave\r",
    ] {
        let (said, gains_ppm) = calibrated("calibrate 100W", |_| 90_000, answers);
        assert_eq!(gains_ppm, [0; 3], "{answers:?}: {said}");
    }
}

#[test]
fn what_does_not_support_a_calibration_sets_nothing() {
    for (line, power, part) in [
        (
            "calibrate 100W",
            (|_| 98_000) as fn(u64) -> i32,
            "right as far as that tells",
        ),
        ("calibrate 100W", |_| 50_000, "another load"),
        ("calibrate 100W", |_| 0, "no power is measured"),
        ("calibrate 2kW heater", |_| -1_900_000, "backwards"),
        (
            "calibrate 100W",
            |now_ms| 90_000 + (now_ms % 10_000) as i32,
            "varies by",
        ),
        ("calibrate 100W 120V", |_| 90_000, "10 % off"),
    ] {
        let (said, gains_ppm) = calibrated(line, power, "\ryes\rsave\r");
        assert!(
            said.contains("nothing to set: ") && said.contains(part),
            "{line}: no \"{part}\" in:\n{said}"
        );
        assert_eq!(gains_ppm, [0; 3]);
    }
    // Two meters have one calibration.
    let desk = Desk::new();
    desk.with(async |desk| {
        for _ in 0..2 {
            assert!(
                desk.live
                    .channels
                    .borrow_mut()
                    .push(Channel::default())
                    .is_ok()
            );
        }
        assert!(
            desk.enters("calibrate 100W")
                .await
                .contains("several meters share one calibration")
        );
    });
}

#[test]
fn a_better_meter_calibrates_and_one_can_leave_at_any_time() {
    let (_, gains_ppm) = calibrated("calibrate 98.7W reference", |_| 94_000, "yes\rsave\r");
    assert_eq!(gains_ppm, [0, 50_000, 50_000]);
    let desk = desk();
    desk.with(async |desk| {
        desk.enters("calibrate 100W").await;
        desk.types("\r").await;
        assert!(desk.types("x\x03").await.contains("left: nothing was set"));
        assert!(desk.enters("show billing.day").await.contains('1'));
    });
}
