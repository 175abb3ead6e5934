//! Firmware on trial: what it has to show, and what becomes of it.

use super::*;

#[test]
fn good_firmware_confirms_itself_and_stays() {
    let device = updated();
    assert_eq!(start_once(&device, NEW, Nature::Good), End::Runs);
    assert_eq!(
        block_on(guard::history(&mut device.blobs())),
        Ok((None, false))
    );
    for _ in 0..10 {
        assert_eq!(device.start(NEW), Start::Usual);
    }
    assert_eq!(device.boot(), Slot::B);
    // The next one goes into the other slot.
    assert_eq!(
        install(&device, NEW, Version::new(1, 2, 0), 0),
        Ok(Version::new(1, 2, 0))
    );
    assert_eq!(device.boot(), Slot::A);
}

#[test]
fn firmware_that_crashes_is_taken_back_and_not_loaded_again() {
    let device = updated();
    for start in 1..=3 {
        assert_eq!(device.start(NEW), Start::OnTrial(start, BOTH));
    }
    assert_eq!(STARTS, 3);
    assert_eq!(device.start(NEW), Start::GiveUp);
    assert_eq!(device.boot(), Slot::A);
    assert_eq!(device.start(OLD), Start::TookBack(NEW));
    assert_eq!(device.start(OLD), Start::Usual, "said once");
    device.assert_rest_untouched("taken back");

    let again = install(&device, OLD, NEW, 0);
    assert_eq!(again, Err(UpdateError::Refused(Refusal::FailedBefore(NEW))));
    assert_eq!(
        install(&device, OLD, Version::new(1, 1, 1), 0),
        Ok(Version::new(1, 1, 1))
    );
    assert_eq!(
        start_once(&device, Version::new(1, 1, 1), Nature::Good),
        End::Runs
    );
}

#[test]
fn firmware_that_can_do_less_than_the_one_before_is_taken_back() {
    for nature in [Nature::StaysOffline, Nature::StaysBlind] {
        let device = updated();
        assert_eq!(start_once(&device, NEW, nature), End::Restarts);
        assert_eq!(device.boot(), Slot::A);
        assert_eq!(device.start(OLD), Start::TookBack(NEW));
    }
}

#[test]
fn what_could_not_be_done_before_is_not_asked_for() {
    let seen = Seen {
        store: true,
        tasks: true,
        ..Seen::default()
    };
    let mut proof = Proof::new(Expects::default());
    assert_eq!(proof.judge(seen, 0), Verdict::Wait);
    assert_eq!(proof.judge(seen, 29_999), Verdict::Wait);
    assert_eq!(proof.judge(seen, 30_000), Verdict::Stays);

    // It has to go well for half a minute without a break, and within ten minutes.
    let mut proof = Proof::new(Expects::default());
    assert_eq!(proof.judge(seen, 0), Verdict::Wait);
    assert_eq!(
        proof.judge(
            Seen {
                tasks: false,
                ..seen
            },
            20_000
        ),
        Verdict::Wait
    );
    assert_eq!(proof.judge(seen, 30_000), Verdict::Wait);
    assert_eq!(
        proof.judge(
            Seen {
                tasks: false,
                ..seen
            },
            599_999
        ),
        Verdict::Wait
    );
    assert_eq!(
        proof.judge(
            Seen {
                tasks: false,
                ..seen
            },
            600_000
        ),
        Verdict::Goes("a task is stuck")
    );
    let closed = Seen {
        store: false,
        ..seen
    };
    assert_eq!(
        Proof::new(BOTH).judge(closed, 600_000),
        Verdict::Goes("the store can not be opened")
    );
    let mut meter = Proof::new(BOTH);
    assert_eq!(
        meter.judge(seen, 600_000),
        Verdict::Goes("the meter is not read, and was before")
    );
    let offline = Seen {
        meter: true,
        ..seen
    };
    assert_eq!(
        meter.judge(offline, 600_000),
        Verdict::Goes("the server is not reached, and was before")
    );
}

#[test]
fn firmware_put_in_by_cable_during_a_trial_is_not_on_trial() {
    let device = updated();
    assert_eq!(device.start(NEW), Start::OnTrial(1, BOTH));
    let by_cable = Version::new(3, 0, 0);
    device.flash_by_cable(Slot::B, &body_of(by_cable, LENGTH));
    assert_eq!(device.start(by_cable), Start::Usual);
    for _ in 0..5 {
        assert_eq!(device.start(by_cable), Start::Usual);
    }
}

#[test]
fn a_boot_loader_that_goes_back_by_itself_is_understood() {
    let device = updated();
    // It found the new firmware damaged and started the old one, without changing what it was told.
    let (mut blobs, mut slots) = (device.blobs(), device.slots(Slot::A));
    assert_eq!(device.boot(), Slot::B);
    assert_eq!(
        block_on(guard::start(&mut blobs, &mut slots, OLD)),
        Start::TookBack(NEW)
    );
    assert_eq!(device.boot(), Slot::A);
    assert_eq!(device.start(OLD), Start::Usual);
}

#[test]
fn firmware_that_can_not_count_its_starts_is_taken_back_at_once() {
    let device = updated();
    // Nothing but what the boot loader reads can be changed, and the notes can not be read.
    device.chip.borrow_mut().bytes[2 * 4_096..4 * 4_096].fill(0x5A);
    let start = device.start(NEW);
    assert_eq!(start, Start::GiveUp);
    assert_eq!(device.boot(), Slot::A);
    assert_eq!(
        device.start(OLD),
        Start::Usual,
        "the old one is not on trial: it runs without notes"
    );
}
