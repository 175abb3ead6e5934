//! Images from a server: broken connections, wrong replies, power cuts at every step of the flash.

use std::rc::Rc;

use embassy_futures::block_on;
use smart_meter::ota::{
    self, Chip, Expects, Refusal, Slot, SlotError, UpdateError, Version, guard,
};
use smart_meter::platform::{ConnectError, Network};

use crate::device::{Device, SLOT_SECTORS, body_of};
use crate::flash::SECTOR;
use crate::image::Maker;
use crate::web::{Link, Web};

const OLD: Version = Version::new(1, 0, 0);
const NEW: Version = Version::new(1, 1, 0);
/// More than a sector, and no multiple of anything.
const LENGTH: usize = SECTOR + 1_337;
const URL: &str = "https://updates.example.org/meter/esp32c3.img";

fn image() -> Vec<u8> {
    Maker::new([1, 1, 0], &body_of(NEW, LENGTH)).image()
}

fn device() -> Device {
    Device::new(&body_of(OLD, LENGTH))
}

fn run_over(
    device: &Device,
    network: &mut impl Network,
    url: &str,
    allow_plain: bool,
) -> Result<Version, UpdateError> {
    let keys = [Maker::new([0; 3], &[]).public()];
    let this = ota::Device {
        keys: &keys,
        chip: Chip::Esp32c3,
        version: OLD,
    };
    let mut progress = 0;
    let (mut blobs, mut slots) = (device.blobs(), device.slots(Slot::A));
    let outcome = block_on(ota::update(
        network,
        &device.clock,
        &mut blobs,
        &mut slots,
        &this,
        url,
        allow_plain,
        Expects::default(),
        &mut [0; 600],
        |percent| progress = percent.unwrap_or(0),
    ));
    if outcome.is_ok() {
        assert_eq!(progress, 100);
    }
    outcome
}

fn run_from(
    device: &Device,
    web: &Rc<Web>,
    url: &str,
    allow_plain: bool,
) -> Result<Version, UpdateError> {
    run_over(device, &mut Link(web.clone()), url, allow_plain)
}

fn run(device: &Device, web: &Rc<Web>) -> Result<Version, UpdateError> {
    run_from(device, web, URL, false)
}

/// The firmware that came with the device is the one that starts, and nothing else has changed.
fn assert_unchanged(device: &Device, context: &str) {
    assert_eq!(device.boot(), Slot::A, "{context}");
    assert_eq!(
        device.body(Slot::A, LENGTH),
        body_of(OLD, LENGTH),
        "{context}"
    );
    device.assert_rest_untouched(context);
}

#[test]
fn an_update_is_in_the_other_slot_and_starts_next() {
    let (device, web) = (device(), Web::serving(&image()));
    assert_eq!(run(&device, &web), Ok(NEW));
    assert_eq!(device.boot(), Slot::B);
    assert_eq!(device.body(Slot::B, LENGTH), body_of(NEW, LENGTH));
    assert_eq!(
        device.body(Slot::A, LENGTH),
        body_of(OLD, LENGTH),
        "the way back is still there"
    );
    device.assert_rest_untouched("updated");
    let requests = web.requests.borrow();
    assert_eq!(
        *requests,
        [
            "GET /meter/esp32c3.img HTTP/1.1\r\nHost: updates.example.org\r\nUser-Agent: smart-meter\r\n\
             Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
        ]
    );
    // It has to prove itself before another one is loaded over the way back.
    drop(requests);
    assert_eq!(run(&device, &web), Err(UpdateError::OnTrial));
}

#[test]
fn a_connection_that_breaks_after_any_byte_is_continued() {
    let image = image();
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 5561\r\n\r\n".len();
    assert_eq!(image.len(), 5_561);
    for has_ranges in [true, false] {
        for cut in (0..head + image.len()).step_by(if has_ranges { 1 } else { 17 }) {
            let (device, web) = (device(), Web::serving(&image));
            web.has_ranges.set(has_ranges);
            web.cuts.replace(vec![cut]);
            assert_eq!(run(&device, &web), Ok(NEW), "cut after {cut}");
            assert_eq!(
                device.body(Slot::B, LENGTH),
                body_of(NEW, LENGTH),
                "cut after {cut}"
            );
            let received = cut.saturating_sub(head);
            let range = format!("Range: bytes={received}-\r\n");
            assert_eq!(web.requests.borrow()[1].contains(&range), received > 0);
        }
    }
}

#[test]
fn a_network_that_goes_for_good_after_any_byte_leaves_the_old_firmware() {
    let image = image();
    for cut in (0..image.len() + 42).step_by(5) {
        let (device, web) = (device(), Web::serving(&image));
        web.cuts.replace(vec![cut]);
        web.is_down_after_cuts.set(true);
        assert_eq!(
            run(&device, &web),
            Err(UpdateError::Connect(ConnectError::Offline))
        );
        assert_unchanged(&device, &format!("cut after {cut}"));
        assert_eq!(
            block_on(guard::history(&mut device.blobs())),
            Ok((None, false))
        );
        // Later it goes well.
        web.is_down_after_cuts.set(false);
        assert_eq!(run(&device, &web), Ok(NEW));
    }
}

#[test]
fn many_broken_connections_are_one_download_and_fruitless_ones_end_it() {
    let (device, web) = (device(), Web::serving(&image()));
    web.cuts.replace(vec![200; 100]);
    assert_eq!(run(&device, &web), Ok(NEW));
    assert!(web.requests.borrow().len() > 50);

    let (device, web) = (self::device(), Web::serving(&image()));
    web.cuts.replace(vec![10; 100]);
    assert_eq!(run(&device, &web), Err(UpdateError::Broken));
    assert_eq!(web.requests.borrow().len(), 5);
    assert_unchanged(&device, "fruitless");
}

#[test]
fn a_file_that_changes_meanwhile_is_not_mixed() {
    // The server has another image when the connection comes back: longer, shorter, of the same length.
    for (version, length) in [
        ([1, 2, 0], LENGTH + 500),
        ([1, 2, 0], 700),
        ([1, 2, 0], LENGTH),
    ] {
        let (device, web) = (device(), Web::serving(&image()));
        web.cuts.replace(vec![3_000]);
        web.is_down_after_cuts.set(true);
        let other = Maker::new(version, &body_of(Version::new(1, 2, 0), length)).image();
        // The change happens between the two connections.
        let swap = Rc::new(SwapAfterFirst {
            web: web.clone(),
            other: other.clone(),
        });
        let outcome = run_over(&device, &mut SwapLink(swap), URL, false);
        match outcome {
            Ok(version) => {
                assert_eq!(version, Version::new(1, 2, 0));
                assert_eq!(device.body(Slot::B, length), body_of(version, length));
            }
            Err(UpdateError::Refused(
                Refusal::Body | Refusal::Surplus | Refusal::Truncated(..),
            )) => {
                assert_unchanged(&device, "mixed");
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

struct SwapAfterFirst {
    web: Rc<Web>,
    other: Vec<u8>,
}

struct SwapLink(Rc<SwapAfterFirst>);

impl Network for SwapLink {
    type Stream<'a> = crate::web::Stream;

    fn is_up(&self) -> bool {
        true
    }

    async fn connect(
        &mut self,
        to: &smart_meter::platform::Endpoint<'_>,
    ) -> Result<crate::web::Stream, ConnectError> {
        if !self.0.web.requests.borrow().is_empty() {
            self.0.web.is_down_after_cuts.set(false);
            self.0.web.file.replace(self.0.other.clone());
        }
        Link(self.0.web.clone()).connect(to).await
    }
}

#[test]
fn replies_that_are_no_file_are_refused_in_words() {
    for (reply, error) in [
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            UpdateError::Status(404),
        ),
        (
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
            UpdateError::Status(403),
        ),
        (
            "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
            UpdateError::Status(500),
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: https://elsewhere\r\nContent-Length: 0\r\n\r\n",
            UpdateError::Redirect,
        ),
        ("HTTP/1.1 200 OK\r\n\r\nbody", UpdateError::Reply),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
            UpdateError::Reply,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Encoding: gzip\r\n\r\nbody",
            UpdateError::Reply,
        ),
        (
            "HTTP/1.1 206 Partial\r\nContent-Length: 4\r\n\r\nbody",
            UpdateError::Reply,
        ),
        (
            "HTTP/1.1 206 Partial\r\nContent-Length: 4\r\nContent-Range: bytes 9-12/40\r\n\r\nbody",
            UpdateError::Reply,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
            UpdateError::Refused(Refusal::Truncated(4, 128)),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            UpdateError::Refused(Refusal::Truncated(0, 128)),
        ),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", UpdateError::Reply),
        ("<html>", UpdateError::Reply),
    ] {
        let (device, web) = (device(), Web::serving(&[]));
        web.reply.replace(Some(reply.to_owned()));
        let outcome = run(&device, &web);
        assert_eq!(outcome, Err(error), "{reply}");
        assert_unchanged(&device, reply);
        assert_eq!(
            device.chip.borrow().erases,
            0,
            "{reply}: nothing is erased for it"
        );
    }
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(700));
    let (device, web) = (device(), Web::serving(&[]));
    web.reply.replace(Some(long));
    assert_eq!(run(&device, &web), Err(UpdateError::Reply));
    web.reply.replace(Some(
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
    ));
    assert_eq!(
        run(&device, &web).unwrap_err().to_string(),
        "the server has no such file: check update.url"
    );
}

#[test]
fn what_may_not_be_asked_is_not_asked() {
    let plain = "http://updates.example.org:8080/f";
    for (url, allow_plain, error) in [
        ("", true, UpdateError::NoAddress),
        ("example.org/x", true, UpdateError::Address),
        ("mqtts://updates.example.org", true, UpdateError::Address),
        (plain, false, UpdateError::Plain),
    ] {
        let (device, web) = (device(), Web::serving(&image()));
        assert_eq!(run_from(&device, &web, url, allow_plain), Err(error));
        assert!(web.requests.borrow().is_empty());
    }
    let (device, web) = (device(), Web::serving(&image()));
    assert_eq!(
        run_from(&device, &web, plain, true),
        Ok(NEW),
        "the signature decides anyway"
    );
    assert!(web.requests.borrow()[0].contains("Host: updates.example.org:8080\r\n"));
}

#[test]
fn a_server_that_is_not_trusted_is_asked_once_and_one_that_is_away_more_often() {
    for (error, is_final) in [
        (ConnectError::Certificate, true),
        (ConnectError::NoAuthority, true),
        (ConnectError::Refused, false),
        (ConnectError::NoTime, false),
    ] {
        let (device, web) = (device(), Web::serving(&image()));
        web.refuses.set(Some(error));
        assert_eq!(run(&device, &web), Err(UpdateError::Connect(error)));
        assert_eq!(device.clock.0.get() == 0, is_final, "{error:?}");
    }
}

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
