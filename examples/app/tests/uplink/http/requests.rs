//! What is asked of a server, where, and in which order.

use super::*;

#[test]
fn a_reading_is_posted_as_the_interface_wants_it() {
    let device = Device::plain([steps(&[CREATED])]);
    device.push([reading(7)]);
    device.run(1_000);
    let body = "{\"meterId\":\"MTR-1001\",\"timestamp\":\"2026-11-26T10:00:35.000Z\",\"voltage\":230.100,\
                \"current\":0.520,\"power_watts\":118.300,\"energy_kwh\":12.345685,\"frequency\":50.000,\
                \"power_factor\":0.990,\"seq\":7,\"boot_id\":3,\"quality\":\"measured\"}";
    let expected = format!(
        "POST /api/readings/create HTTP/1.1\r\nHost: server:3000\r\nUser-Agent: smart-meter/0.1.0\r\n\
         Content-Type: application/json\r\nX-API-Key: k3y-that-nobody-sees\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    assert_eq!(device.records(), [expected]);
    assert_eq!(device.outbox.len(), 0);
    assert_eq!(
        device.network.log.borrow().endpoints,
        [("server".to_owned(), 3_000, false)]
    );
    let uplink = device.live.uplink.borrow().clone();
    assert!(uplink.is_up && uplink.error.is_none() && uplink.last_ok_ms.is_some());
    let health = device.live.health.get();
    assert_eq!((health.uploads.good, health.uploads.failed), (1, 0));
    assert_eq!((health.queue_depth, health.rssi_dbm), (0, Some(-61)));
}

#[test]
fn one_connection_serves_many_readings() {
    let device = Device::plain([steps(&[CREATED, CREATED, CREATED])]);
    for seq in 0..3 {
        device.push([reading(seq)]);
        device.run(u64::from(seq) * 5_000 + 4_000);
        assert_eq!(device.outbox.len(), 0);
    }
    assert_eq!(numbers(&device.records()), [0, 1, 2]);
    assert_eq!(device.connections(), 1);
}

#[test]
fn registration_happens_once_for_every_meter() {
    let device = Device::new(
        ScriptedNetwork::peer(steps(&[
            CREATED,
            "HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n",
            NOT_FOUND,
            CREATED,
        ])),
        http_settings(),
    );
    for _ in 0..2 {
        device
            .live
            .channels
            .borrow_mut()
            .push(smart_meter::live::Channel::default())
            .unwrap();
    }
    device.push([reading(0)]);
    device.run(1_000);
    let requests = device.requests();
    assert!(requests[0].starts_with("POST /api/meters/register HTTP/1.1\r\n"));
    assert!(requests[0].ends_with(
        "{\"meterId\":\"MTR-1001\",\"ownerName\":\"Ada\",\"address\":\"Mill Lane 1\",\
         \"espMacAddress\":\"24:6F:28:01:02:03\"}"
    ));
    assert!(requests[1].contains("\"meterId\":\"MTR-1001-2\""));
    assert_eq!(device.outbox.len(), 0);

    // After a restart it is known, at another server it is not.
    device
        .network
        .attempts
        .borrow_mut()
        .push_back(Attempt::Peer(steps(&[NOT_FOUND])));
    device.start();
    device.run(2_000);
    assert!(device.requests()[4].starts_with("POST /api/meters/health "));
    device.live.settings.borrow_mut().http_base = "http://other/api".try_into().unwrap();
    device
        .network
        .attempts
        .borrow_mut()
        .push_back(Attempt::Peer(steps(&[CREATED])));
    device.run(20_000);
    assert!(
        device
            .requests()
            .iter()
            .any(|request| request.contains("Host: other\r\n") && request.contains("register"))
    );
}

#[test]
fn a_registration_that_fails_does_not_hold_readings_up() {
    let device = Device::new(
        ScriptedNetwork::peer(steps(&[BROKEN, NOT_FOUND, CREATED])),
        http_settings(),
    );
    device.push([reading(0)]);
    device.run(1_000);
    assert_eq!(device.outbox.len(), 0);
    assert_eq!(device.kept.0.get(), 0);
}

#[test]
fn a_backlog_goes_in_batches_where_the_server_says_how_many_it_stored() {
    let all = "HTTP/1.1 201 Created\r\nContent-Length: 29\r\n\r\n{\"success\":true,\"stored\":16 }";
    let rest = "HTTP/1.1 201 Created\r\nContent-Length: 28\r\n\r\n{\"success\":true,\"stored\":4 }";
    let device = Device::plain([steps(&[all, rest])]);
    device.push((0..20).map(reading));
    device.run(1_000);
    let requests = device.records();
    assert_eq!(requests.len(), 2);
    for request in &requests {
        assert!(request.starts_with("POST /api/readings/batch HTTP/1.1\r\n"));
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
        let list: Vec<serde_json::Value> = serde_json::from_str(body).unwrap();
        assert!(list.iter().all(|reading| reading["voltage"] == 230.1));
    }
    assert_eq!(numbers(&requests), (0..20).collect::<Vec<_>>());
    assert_eq!(device.outbox.len(), 0);
}

#[test]
fn a_server_without_batches_gets_readings_one_by_one() {
    // 404, a page that says 200 to everything, and a server that stored only some: none of them took the batch.
    let page = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>";
    let some = "HTTP/1.1 201 Created\r\nContent-Length: 13\r\n\r\n{\"stored\": 2}";
    for no_batch in [NOT_FOUND, page, some, BROKEN, BAD] {
        let mut answers = vec![no_batch];
        answers.extend([CREATED; 20]);
        let device = Device::plain([steps(&answers)]);
        device.push((0..20).map(reading));
        device.run(1_000);
        let requests = device.records();
        assert!(requests[0].starts_with("POST /api/readings/batch "));
        assert!(
            requests[1..]
                .iter()
                .all(|request| request.starts_with("POST /api/readings/create "))
        );
        assert_eq!(
            numbers(&requests[1..]),
            (0..20).collect::<Vec<_>>(),
            "{no_batch}"
        );
        assert_eq!(device.outbox.len(), 0);
        assert_eq!(device.connections(), 1);
    }
}

#[test]
fn events_and_intervals_go_where_the_server_has_a_place_for_them() {
    let device = Device::plain([steps(&[CREATED, CREATED, CREATED])]);
    device.push([event(0), interval(1), reading(2)]);
    device.run(1_000);
    let lines: Vec<_> = device
        .records()
        .iter()
        .map(|text| text.lines().next().unwrap().to_owned())
        .collect();
    assert_eq!(
        lines,
        [
            "POST /api/events/create HTTP/1.1",
            "POST /api/intervals/create HTTP/1.1",
            "POST /api/readings/create HTTP/1.1",
        ]
    );

    let device = Device::plain([steps(&[NOT_FOUND, NOT_FOUND, CREATED])]);
    device.push([event(0), interval(1), event(2), interval(3), reading(4)]);
    device.run(1_000);
    assert_eq!(numbers(&device.records()), [0, 1, 4]);
    assert_eq!(device.outbox.len(), 0);
    assert_eq!(device.told(), []);
    assert!(device.live.uplink.borrow().is_up);
}

#[test]
fn the_longest_requests_fit() {
    let base = format!("http://{}.org:65535/{}", "h".repeat(58), "p".repeat(20));
    assert_eq!(base.len(), 96);
    let mut settings = http_settings();
    settings.http_base = base.as_str().try_into().unwrap();
    settings.http_api_key = Secret::new(&"k".repeat(64)).unwrap();
    settings.meter_id = "\u{fc}".repeat(16).as_str().try_into().unwrap();
    settings.owner = "\"".repeat(48).as_str().try_into().unwrap();
    settings.place = "\u{1}".repeat(64).as_str().try_into().unwrap();
    let stored = "HTTP/1.1 201 Created\r\nContent-Length: 13\r\n\r\n{\"stored\": 2}";
    let network = ScriptedNetwork::peer(steps(&[CREATED, NOT_FOUND, stored, CREATED, CREATED]));
    let device = Device::new(network, settings);
    device.live.with_health(|health| *health = worst_health());
    device.push([worst_reading(), worst_reading(), event(1), interval(2)]);
    device.run(1_000);
    assert_eq!(error_of(device.live), None);
    assert_eq!(device.outbox.len(), 0);
    assert_eq!(device.told(), []);
    assert_eq!(device.requests().len(), 5);
}
