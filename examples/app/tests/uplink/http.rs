//! The rules of the HTTP uplink.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;

use smart_meter::live::{Live, Task};
use smart_meter::platform::{ConnectError, Outbox};
use smart_meter::record::{Body, DeviceEvent, EventRecord, Record};
use smart_meter::settings::{Secret, Settings, Uplink};
use smart_meter::uplink::{self, Enrolment, Parts};

use super::device::{
    MemoryOutbox, error_of, event, http_settings, interval, reading, worst_health, worst_reading,
};
use super::time::{VirtualClock, run};
use super::wire::{Attempt, ScriptedNetwork, Step, answer};

const CREATED: &str = "HTTP/1.1 201 Created\r\nContent-Length: 16\r\n\r\n{\"success\":true}";
const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
const BAD: &str = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
const BROKEN: &str = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";

/// Where it is kept that the meters are registered.
#[derive(Clone, Default)]
struct Kept(Rc<Cell<u32>>);

impl Enrolment for Kept {
    async fn mark(&mut self) -> u32 {
        self.0.get()
    }

    async fn set_mark(&mut self, mark: u32) {
        self.0.set(mark);
    }
}

/// A device of which only the uplink works, from one [`run`](Device::run) to the next.
struct Device {
    work: RefCell<Pin<Box<dyn Future<Output = ()>>>>,
    network: ScriptedNetwork,
    outbox: MemoryOutbox,
    kept: Kept,
    clock: VirtualClock,
    live: &'static Live,
}

impl Device {
    fn new(network: ScriptedNetwork, settings: Settings) -> Self {
        let device = Self {
            work: RefCell::new(Box::pin(async {})),
            network,
            outbox: MemoryOutbox::default(),
            kept: Kept::default(),
            clock: VirtualClock::default(),
            live: Box::leak(Box::new(Live::new(settings))),
        };
        device.start();
        device
    }

    /// The uplink begins anew, and remembers nothing but what was kept.
    fn start(&self) {
        let mut random = 0_u32;
        let parts = Parts {
            network: self.network.clone(),
            outbox: self.outbox.clone(),
            enrolment: self.kept.clone(),
            random: move || {
                random = random.wrapping_add(0x1000_0000);
                random
            },
            mac: [0x24, 0x6f, 0x28, 1, 2, 3],
        };
        let (clock, live) = (self.clock.clone(), self.live);
        *self.work.borrow_mut() = Box::pin(async move {
            uplink::run(parts, &clock, live).await;
        });
    }

    /// A device whose first two requests, registration and health, are answered with "no such interface".
    fn plain(attempts: impl IntoIterator<Item = Vec<Step>>) -> Self {
        let mut attempts = attempts.into_iter();
        let mut first: Vec<_> = [answer(NOT_FOUND), answer(NOT_FOUND)].concat();
        first.extend(attempts.next().unwrap_or_default());
        let peers = [first].into_iter().chain(attempts).map(Attempt::Peer);
        Self::new(ScriptedNetwork::new(peers), http_settings())
    }

    fn push(&self, records: impl IntoIterator<Item = Record>) {
        for record in records {
            self.outbox.push(record);
        }
        self.live.news.signal(());
    }

    /// Lets the uplink work until then.
    fn run(&self, until_ms: u64) {
        let ended = run(&self.clock, until_ms, self.work.borrow_mut().as_mut());
        assert!(ended.is_none());
    }

    fn requests(&self) -> Vec<String> {
        self.network.log.borrow().requests()
    }

    /// Requests but for registration and health.
    fn records(&self) -> Vec<String> {
        let is_record = |request: &String| !request.starts_with("POST /api/meters/");
        self.requests().into_iter().filter(is_record).collect()
    }

    fn connections(&self) -> usize {
        self.network.log.borrow().endpoints.len()
    }

    fn told(&self) -> Vec<EventRecord> {
        std::iter::from_fn(|| self.live.told.try_receive().ok()).collect()
    }
}

/// The numbers in requests, in their order.
fn numbers(requests: &[String]) -> Vec<u32> {
    let of = |text: &str| -> Vec<u32> {
        text.split("\"seq\":")
            .skip(1)
            .map(|rest| rest[..rest.find(',').unwrap()].parse().unwrap())
            .collect()
    };
    requests.iter().flat_map(|request| of(request)).collect()
}

fn steps(answers: &[&str]) -> Vec<Step> {
    answers.iter().flat_map(|text| answer(text)).collect()
}

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

#[test]
fn the_key_is_in_no_message() {
    for attempt in [
        Attempt::Fails(ConnectError::Handshake),
        Attempt::Peer(steps(
            &["HTTP/1.1 401 k3y-that-nobody-sees\r\nContent-Length: 0\r\n\r\n"; 3],
        )),
        Attempt::Peer(steps(&["k3y-that-nobody-sees"])),
    ] {
        let device = Device::new(ScriptedNetwork::new([attempt]), http_settings());
        device.push([reading(0)]);
        device.run(900);
        assert!(!error_of(device.live).unwrap().contains("k3y"));
    }
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

#[test]
fn signs_of_life_come_whatever_happens() {
    let attempts = [
        Attempt::Hangs,
        Attempt::Fails(ConnectError::Refused),
        Attempt::Peer(vec![Step::Request, Step::Silence]),
        Attempt::Peer(steps(&[NOT_FOUND, NOT_FOUND, BROKEN])),
    ];
    let device = Device::new(ScriptedNetwork::new(attempts), http_settings());
    device.push([reading(0)]);
    for second in 1..3_600 {
        let now_ms = second * 1_000;
        device.run(now_ms);
        // Only the uplink lives here; the others are marked alive.
        device.live.is_alive(Task::Sampler, now_ms);
        device.live.is_alive(Task::Keeper, now_ms);
        let silent_ms = now_ms - device.live.oldest_sign_ms();
        assert!(
            silent_ms <= uplink::LONGEST_SILENCE_MS,
            "silent for {silent_ms} ms"
        );
    }
}

/// Flash that fails: there are records, and none can be read.
struct Unreadable(Rc<Cell<u32>>);

impl Outbox for Unreadable {
    async fn peek<const N: usize>(&mut self, records: &mut heapless::Vec<Record, N>) {
        records.clear();
        self.0.set(self.0.get() + 1);
    }

    async fn forget(&mut self, _: usize) {}

    fn depth(&self) -> u32 {
        1
    }
}

#[test]
fn an_outbox_that_gives_nothing_is_not_asked_without_end() {
    let (clock, live) = (VirtualClock::default(), Live::new(http_settings()));
    let peeks = Rc::new(Cell::new(0));
    let parts = Parts {
        network: ScriptedNetwork::peer(
            [steps(&[CREATED, NOT_FOUND]), vec![Step::Silence]].concat(),
        ),
        outbox: Unreadable(peeks.clone()),
        enrolment: Kept::default(),
        random: || 0,
        mac: [0; 6],
    };
    assert!(run(&clock, 60_000, uplink::run(parts, &clock, &live)).is_none());
    assert!((5..20).contains(&peeks.get()), "{}", peeks.get());
}

#[test]
fn settings_that_change_take_effect_without_a_restart() {
    let device = Device::new(ScriptedNetwork::default(), Settings::default());
    device.push([reading(0)]);
    device.run(20_000);
    assert_eq!(device.connections(), 0);
    assert_eq!(error_of(device.live), None);
    device.live.settings.borrow_mut().uplink = Uplink::Http;
    device.run(30_000);
    assert!(
        error_of(device.live)
            .unwrap()
            .starts_with("no server is set")
    );
    *device.live.settings.borrow_mut() = http_settings();
    let peer = Attempt::Peer(steps(&[CREATED, NOT_FOUND, CREATED]));
    device.network.attempts.borrow_mut().push_back(peer);
    device.run(40_000);
    assert_eq!(device.outbox.len(), 0);
}
