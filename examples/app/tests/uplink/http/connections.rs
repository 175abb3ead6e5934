//! Connections that break, grow old, or are not there.

use super::*;

#[test]
fn what_fails_half_way_is_sent_again_under_the_same_number() {
    let cut = "HTTP/1.1 201 Created\r\nContent-";
    let silent = vec![Step::Request, Step::Silence];
    let half = vec![Step::Request, Step::send("HTTP/1.1 201 Cre"), Step::Silence];
    let garbled = steps(&["220 smtp.example.org ESMTP\r\n"]);
    let device = Device::plain([
        steps(&[cut]),
        vec![],
        silent,
        half,
        garbled,
        steps(&[CREATED]),
    ]);
    device.push([reading(5)]);
    device.run(60_000);
    // The second peer closed without reading anything.
    assert_eq!(numbers(&device.records()), [5; 6]);
    assert_eq!(device.outbox.len(), 0);
    let health = device.live.health.get();
    assert_eq!((health.uploads.good, health.uploads.failed), (1, 5));
}

#[test]
fn a_connection_closed_while_idle_is_replaced_at_once() {
    let device = Device::plain([steps(&[]), steps(&[CREATED])]);
    // The first peer closes after registration and health.
    device.push([reading(0)]);
    device.run(100);
    assert_eq!(device.outbox.len(), 0);
    assert_eq!(device.live.health.get().uploads.failed, 0);
    assert_eq!(device.connections(), 2);
}

#[test]
fn an_idle_connection_is_not_trusted_longer_than_the_server_keeps_it() {
    let short = "HTTP/1.1 404 No\r\nContent-Length: 0\r\nKeep-Alive: timeout=5\r\n\r\n";
    let network = ScriptedNetwork::new([
        Attempt::Peer([steps(&[short, short]), vec![Step::Silence]].concat()),
        Attempt::Peer(steps(&[CREATED])),
    ]);
    let device = Device::new(network, http_settings());
    device.run(20_000);
    assert_eq!(device.connections(), 1);
    device.push([reading(0)]);
    device.run(20_050);
    assert_eq!(device.outbox.len(), 0);
    assert_eq!(device.connections(), 2);
}

#[test]
fn connections_that_fail_say_why() {
    for error in [
        ConnectError::Name,
        ConnectError::Refused,
        ConnectError::Certificate,
        ConnectError::NoTime,
    ] {
        let device = Device::new(
            ScriptedNetwork::new([Attempt::Fails(error)]),
            http_settings(),
        );
        device.push([reading(0)]);
        device.run(400);
        assert_eq!(error_of(device.live), Some(error.to_string()));
        assert_eq!(device.outbox.len(), 1);
    }
    let device = Device::new(ScriptedNetwork::new([Attempt::Hangs]), http_settings());
    device.push([reading(0)]);
    device.run(15_400);
    assert_eq!(
        error_of(device.live),
        Some(ConnectError::Timeout.to_string())
    );
}

#[test]
fn without_a_network_nothing_is_tried_and_with_it_nothing_is_waited_for() {
    let device = Device::plain([steps(&[CREATED])]);
    device.network.is_down.set(true);
    device.push([reading(0)]);
    device.run(86_400_000);
    assert_eq!(device.connections(), 0);
    assert_eq!(device.live.health.get().uploads.failed, 0);
    device.network.is_down.set(false);
    device.run(86_401_500);
    assert_eq!(device.outbox.len(), 0);
}
