//! What gets into flash, and power that goes at any step of it.

use super::*;

#[test]
fn an_image_that_is_not_wanted_costs_its_header_and_no_erase() {
    let old = Maker::new([1, 0, 0], &body_of(OLD, LENGTH));
    let (device, web) = (device(), Web::serving(&old.image()));
    web.piece.set(64);
    assert_eq!(
        run(&device, &web),
        Err(UpdateError::Refused(Refusal::NotNewer(OLD, OLD)))
    );
    assert_eq!(device.chip.borrow().erases, 0);
    let large = Maker::new([1, 1, 0], &vec![0; SLOT_SECTORS * SECTOR + 1]);
    let (device, web) = (self::device(), Web::serving(&large.image()));
    let room = (SLOT_SECTORS * SECTOR) as u32;
    assert_eq!(
        run(&device, &web),
        Err(UpdateError::Refused(Refusal::TooLong(room + 1, room)))
    );
    let full = Maker::new([1, 1, 0], &vec![0xA7; SLOT_SECTORS * SECTOR]);
    let (device, web) = (self::device(), Web::serving(&full.image()));
    assert_eq!(
        run(&device, &web),
        Ok(NEW),
        "a slot can be filled to its end"
    );
}

#[test]
fn a_damaged_body_is_never_started() {
    let image = image();
    for at in (128..image.len()).step_by(61) {
        let mut damaged = image.clone();
        damaged[at] ^= 1 << (at % 8);
        let (device, web) = (device(), Web::serving(&damaged));
        assert_eq!(run(&device, &web), Err(UpdateError::Refused(Refusal::Body)));
        assert_unchanged(&device, &format!("damaged at {at}"));
    }
}

#[test]
fn flash_that_does_not_keep_what_is_written_is_noticed() {
    let (device, web) = (device(), Web::serving(&image()));
    let in_slot_b = device.chip.borrow().bytes.len() - SLOT_SECTORS * SECTOR + 5_000;
    device.chip.borrow_mut().stuck_at_zero = Some(in_slot_b);
    assert_eq!(run(&device, &web), Err(UpdateError::ReadBack));
    assert_unchanged(&device, "stuck bit");
}

#[test]
fn a_power_cut_at_any_step_of_the_flash_leaves_a_device_that_starts() {
    let image = image();
    let total = {
        let (device, web) = (device(), Web::serving(&image));
        device.chip.borrow_mut().steps = 0;
        run(&device, &web).unwrap();
        device.chip.borrow().steps
    };
    let (mut old, mut new) = (0, 0);
    for budget in 0..total {
        let (device, web) = (device(), Web::serving(&image));
        device.chip.borrow_mut().budget = Some(budget);
        let error = run(&device, &web).expect_err("the power went");
        assert!(
            matches!(
                error,
                UpdateError::Slot(
                    SlotError::Erase | SlotError::Write | SlotError::Read | SlotError::Activate
                ) | UpdateError::Note(_)
            ),
            "{error:?}"
        );
        device.chip.borrow_mut().budget = None;
        let context = format!("cut after {budget} steps");
        device.assert_rest_untouched(&context);
        match device.boot() {
            Slot::A => {
                old += 1;
                assert_unchanged(&device, &context);
                assert_eq!(device.start(OLD), guard::Start::Usual, "{context}");
                assert_eq!(run(&device, &web), Ok(NEW), "{context}: the next try");
            }
            Slot::B => {
                new += 1;
                assert_eq!(
                    device.start(NEW),
                    guard::Start::OnTrial(1, Expects::default()),
                    "{context}"
                );
            }
        }
        assert_eq!(
            device.body(Slot::B, LENGTH),
            body_of(NEW, LENGTH),
            "{context}"
        );
    }
    println!("{total} power cuts: the old firmware started after {old}, the new one after {new}");
    assert!(total > LENGTH as u32 / 4 && old > 0);
}
