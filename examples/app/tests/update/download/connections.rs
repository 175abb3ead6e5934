//! Connections that break, and files that change meanwhile.

use super::*;

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
