//! What a server refuses, for ever or for a while.

use super::*;

#[test]
fn a_conflict_means_that_it_is_there() {
    let device = Device::plain([steps(&[
        "HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n",
    ])]);
    device.push([reading(0)]);
    device.run(1_000);
    assert_eq!(device.outbox.len(), 0);
    assert_eq!(device.told(), []);
}

#[test]
fn a_refused_record_is_given_up_and_told_and_the_others_go_on() {
    let device = Device::plain([steps(&[BAD]), steps(&[BAD]), steps(&[BAD, CREATED])]);
    device.push([reading(0), event(1)]);
    device.run(10_000);
    assert_eq!(numbers(&device.records()), [0, 0, 0, 1]);
    assert_eq!(device.outbox.len(), 0);
    assert_eq!(
        device.told(),
        [EventRecord::device(DeviceEvent::Refused, true, 400)]
    );
}

#[test]
fn the_event_of_a_refusal_causes_no_other() {
    let device = Device::plain([steps(&[BAD]), steps(&[BAD]), steps(&[BAD])]);
    let mut refused = event(0);
    refused.body = Body::Event(EventRecord::device(DeviceEvent::Refused, true, 400));
    device.push([refused]);
    device.run(10_000);
    assert_eq!(device.outbox.len(), 0);
    assert_eq!(device.told(), []);
}

#[test]
fn a_server_that_refuses_everything_gets_less_and_less() {
    let device = Device::plain((0..200).map(|_| steps(&[BAD; 4])));
    device.push((0..30).map(event));
    device.run(3_600_000);
    // The waits grow to between two and a half and five minutes: nine that grow and 21 more fill the hour at most.
    // Three tries have two of them between, then the next record has its turn.
    let tries = device.records().len();
    assert!(tries <= 30 * 3 / 2 + 1, "{tries}");
    assert_eq!(device.outbox.len(), 30 - tries / 3);
}

#[test]
fn what_somebody_can_put_right_is_waited_out() {
    for status in [
        401, 403, 404, 405, 408, 425, 429, 301, 500, 502, 503, 204, 202,
    ] {
        let text = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let mut peers = vec![steps(&[&text]); 9];
        peers.push(steps(&[CREATED]));
        let device = Device::plain(peers);
        device.push([reading(0)]);
        device.run(100_000);
        assert_eq!(device.outbox.len(), 1, "{status}");
        let error = error_of(device.live).unwrap();
        assert!(error.contains(&status.to_string()), "{error}");
        assert!(!device.live.uplink.borrow().is_up);
        assert_eq!(device.live.health.get().uploads.good, 0);
        device.run(3_600_000);
        assert_eq!(device.outbox.len(), 0, "{status}");
        assert_eq!(error_of(device.live), None);
        assert_eq!(device.told(), []);
    }
}

#[test]
fn a_server_says_when_to_come_again() {
    let busy = "HTTP/1.1 429 Too Many\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n";
    let device = Device::plain([steps(&[busy]), steps(&[CREATED])]);
    device.push([reading(0)]);
    device.run(599_000);
    assert_eq!(device.records().len(), 1);
    device.run(901_000);
    assert_eq!(device.connections(), 2);
}
