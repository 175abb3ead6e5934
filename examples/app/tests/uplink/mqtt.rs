//! The rules of the MQTT uplink, with a broker that does what no well-meaning one does.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;

use proptest::prelude::*;
use smart_meter::live::{Channel, Live, Task};
use smart_meter::record::{Body, DeviceEvent, EventRecord, Record};
use smart_meter::settings::{CHANNELS, Secret, Settings, Uplink};
use smart_meter::uplink::{self, Forgetful, Parts};

use super::device::{MemoryOutbox, error_of, event, reading, worst_health, worst_reading};
use super::fake_broker::{Answer, BrokerNetwork, Packet, connack, kind_answer, puback};
use super::time::{VirtualClock, run};

fn settings() -> Settings {
    Settings {
        uplink: Uplink::Mqtt,
        mqtt_broker: "mqtt://broker".try_into().unwrap(),
        mqtt_user: "ada".try_into().unwrap(),
        mqtt_password: Secret::new("s3cret").unwrap(),
        mqtt_home_assistant: false,
        allow_plain: true,
        ..Settings::default()
    }
}

struct Device {
    work: Pin<Box<dyn Future<Output = ()>>>,
    network: BrokerNetwork,
    outbox: MemoryOutbox,
    clock: VirtualClock,
    live: &'static Live,
}

impl Device {
    fn new(network: BrokerNetwork, settings: Settings) -> Self {
        let (outbox, clock) = (MemoryOutbox::default(), VirtualClock::default());
        let live: &'static Live = Box::leak(Box::new(Live::new(settings)));
        let parts = Parts {
            network: network.clone(),
            outbox: outbox.clone(),
            enrolment: Forgetful::default(),
            random: || 0,
            mac: [0x24, 0x6f, 0x28, 1, 2, 3],
        };
        let at = clock.clone();
        let work = Box::pin(async move {
            uplink::run(parts, &at, live).await;
        });
        Self {
            work,
            network,
            outbox,
            clock,
            live,
        }
    }

    fn push(&self, records: impl IntoIterator<Item = Record>) {
        for record in records {
            self.outbox.push(record);
        }
        self.live.news.signal(());
    }

    fn run(&mut self, until_ms: u64) {
        assert!(run(&self.clock, until_ms, self.work.as_mut()).is_none());
    }

    fn error(&self) -> String {
        error_of(self.live).unwrap()
    }

    fn told(&self) -> Vec<EventRecord> {
        std::iter::from_fn(|| self.live.told.try_receive().ok()).collect()
    }

    fn packets(&self) -> Vec<Packet> {
        self.network.packets.borrow().clone()
    }

    /// Numbers of records that were published, in order.
    fn numbers(&self) -> Vec<u64> {
        let packets = self.packets();
        let payloads = packets
            .iter()
            .filter(|packet| is_record(packet))
            .map(Packet::payload);
        payloads
            .map(|text| {
                serde_json::from_str::<serde_json::Value>(text).unwrap()["seq"]
                    .as_u64()
                    .unwrap()
            })
            .collect()
    }
}

fn is_record(packet: &Packet) -> bool {
    packet.is_publish()
        && (packet.topic().ends_with("/data") || packet.topic().ends_with("/events"))
}

#[test]
fn the_first_packet_says_who_we_are_and_leaves_a_last_will() {
    let mut device = Device::new(BrokerNetwork::but(|_| None), settings());
    device.run(100);
    let mut expected = Vec::new();
    // Protocol name and version 5; user, password, retained will with QoS 1, clean start; 30 s.
    expected.extend(b"\x00\x04MQTT\x05\xee\x00\x1e");
    // Maximum packet size 256, session expiry 0, receive maximum 8.
    expected.extend(b"\x0d\x27\x00\x00\x01\x00\x11\x00\x00\x00\x00\x21\x00\x08");
    expected.extend(b"\x00\x0fMTR-1001-010203");
    expected.extend(b"\x00\x00\x1asmartmeter/MTR-1001/status\x00\x07offline");
    expected.extend(b"\x00\x03ada\x00\x06s3cret");
    assert_eq!(
        device.packets()[0],
        Packet {
            first: 0x10,
            rest: expected
        }
    );
    // Then it is online, retained, with QoS 1.
    let second = &device.packets()[1];
    assert_eq!(
        (second.first, second.topic(), second.payload()),
        (0x33, "smartmeter/MTR-1001/status", "online")
    );
    assert!(device.live.uplink.borrow().is_up);
}

#[test]
fn a_record_the_broker_does_not_like_is_given_up_and_told_and_the_others_go_on() {
    let network = BrokerNetwork::but(|packet| {
        let is_bad = is_record(packet) && packet.payload().contains("\"seq\":1,");
        is_bad.then(|| puback(packet, 0x99))
    });
    let mut device = Device::new(network, settings());
    device.push([reading(0), reading(1), reading(2)]);
    device.run(60_000);
    assert_eq!(device.outbox.len(), 0);
    assert_eq!(
        device.told(),
        [EventRecord::device(DeviceEvent::Refused, true, 0x99)]
    );
    let numbers = device.numbers();
    assert_eq!(numbers.iter().filter(|number| **number == 1).count(), 3);
    assert_eq!(numbers.last(), Some(&2));
    // What was acknowledged is not sent again.
    assert_eq!(numbers.iter().filter(|number| **number == 0).count(), 1);
}

#[test]
fn the_event_of_a_refusal_causes_no_other() {
    let network = BrokerNetwork::but(|packet| is_record(packet).then(|| puback(packet, 0x90)));
    let mut device = Device::new(network, settings());
    let mut refused = event(0);
    refused.body = Body::Event(EventRecord::device(DeviceEvent::Refused, true, 0x99));
    device.push([refused]);
    device.run(60_000);
    assert_eq!((device.outbox.len(), device.told()), (0, vec![]));
}

#[test]
fn what_somebody_can_put_right_is_waited_out() {
    // Unspecified, implementation specific, not authorized, quota exceeded.
    for code in [0x80, 0x83, 0x87, 0x97] {
        let is_right = Rc::new(Cell::new(false));
        let seen = is_right.clone();
        let network = BrokerNetwork::but(move |packet| {
            (is_record(packet) && !seen.get()).then(|| puback(packet, code))
        });
        let mut device = Device::new(network, settings());
        device.push([reading(0)]);
        device.run(1_000_000);
        assert_eq!(device.outbox.len(), 1);
        assert!(
            device.error().starts_with("the broker"),
            "{}",
            device.error()
        );
        // Waits grow: a thousand seconds are no more than a dozen tries.
        assert!(device.numbers().len() < 13, "{}", device.numbers().len());
        is_right.set(true);
        device.run(1_310_000);
        assert_eq!((device.outbox.len(), device.told()), (0, vec![]));
        assert_eq!(error_of(device.live), None);
    }
}

#[test]
fn a_missing_acknowledgement_ends_the_connection_and_the_record_goes_again() {
    let count = Rc::new(Cell::new(0));
    let network = BrokerNetwork::but(move |packet| {
        count.set(count.get() + u32::from(is_record(packet)));
        (is_record(packet) && count.get() == 2).then(Vec::new)
    });
    let mut device = Device::new(network, settings());
    device.push([reading(0), reading(1), reading(2)]);
    device.run(9_000);
    // The acknowledgement of the third came, that of the second did not: none of the two is forgotten yet.
    assert_eq!(device.outbox.len(), 3);
    device.run(12_000);
    assert_eq!(device.outbox.len(), 0);
    assert_eq!(device.numbers(), [0, 1, 2, 1, 2]);
    assert_eq!(device.live.health.get().uploads.failed, 1);
}

#[test]
fn a_broker_that_closes_gets_everything_later() {
    let count = Rc::new(Cell::new(0));
    let network = BrokerNetwork::new(move |packet| {
        count.set(count.get() + u32::from(is_record(packet)));
        if is_record(packet) && count.get() % 7 == 3 {
            Answer::Close
        } else {
            Answer::Bytes(kind_answer(packet))
        }
    });
    let mut device = Device::new(network, settings());
    device.push((0..40).map(reading));
    device.run(600_000);
    assert_eq!(device.outbox.len(), 0);
    let mut numbers = device.numbers();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (0..40).collect::<Vec<_>>());
}

#[test]
fn no_more_is_on_its_way_than_the_broker_takes() {
    // Receive maximum 2, and acknowledgements only when two wait.
    let waiting = Rc::new(RefCell::new(Vec::new()));
    let most = Rc::new(Cell::new(0));
    let seen = most.clone();
    let network = BrokerNetwork::but(move |packet| match packet.kind() {
        1 => Some(connack(0, &[0x21, 0, 2])),
        3 if is_record(packet) => {
            let mut waiting = waiting.borrow_mut();
            waiting.push(puback(packet, 0));
            seen.set(seen.get().max(waiting.len()));
            Some(if waiting.len() == 2 {
                waiting.drain(..).flatten().collect()
            } else {
                vec![]
            })
        }
        _ => None,
    });
    let mut device = Device::new(network, settings());
    device.push((0..20).map(reading));
    device.run(1_000);
    assert_eq!((device.outbox.len(), most.get()), (0, 2));
}

#[test]
fn brokers_that_do_not_want_us_say_why() {
    for (answer, words) in [
        (connack(0x86, &[]), "user or password"),
        (connack(0x87, &[]), "does not allow"),
        (connack(0x84, &[]), "no MQTT 5"),
        (connack(0x88, &[]), "0x88"),
        // A broker of MQTT 3.1.1: unacceptable protocol version, without properties.
        (vec![0x20, 2, 0, 1], "no MQTT 5"),
        (b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request".to_vec(), "no MQTT 5"),
        // QoS 0 at most.
        (connack(0, &[0x24, 0]), "no QoS 1"),
        // Packets of 40 bytes at most: `online` still fits, a record does not.
        (connack(0, &[0x27, 0, 0, 0, 40]), "raise its limit"),
    ] {
        let shown = format!("{answer:02x?}");
        let network =
            BrokerNetwork::but(move |packet| (packet.kind() == 1).then(|| answer.clone()));
        let mut device = Device::new(network, settings());
        device.push([reading(0)]);
        device.run(900);
        assert!(
            device.error().contains(words),
            "{shown}: {}",
            device.error()
        );
        assert!(device.error().len() <= 96 && !device.error().contains("s3cret"));
        assert_eq!(device.outbox.len(), 1);
    }
}

#[test]
fn a_refused_subscription_does_not_matter() {
    let network = BrokerNetwork::but(|packet| {
        (packet.kind() == 8).then(|| {
            let [high, low] = packet.number();
            vec![0x90, 4, high, low, 0, 0x87]
        })
    });
    let mut settings = settings();
    settings.mqtt_home_assistant = true;
    let mut device = Device::new(network, settings);
    device.push((0..20).map(reading));
    device.run(30_000);
    assert_eq!(device.outbox.len(), 0);
    assert!(device.live.uplink.borrow().is_up);
    assert_eq!(
        device
            .packets()
            .iter()
            .filter(|packet| packet.kind() == 1)
            .count(),
        1
    );
}

#[test]
fn signs_of_life_come_whatever_happens() {
    let mut silent = 0_u32;
    let network = BrokerNetwork::but(move |packet| {
        silent += 1;
        // Nothing at all, no acknowledgement of `online`, none of the record, in turn.
        let is_silent = match silent % 3 {
            0 => packet.kind() == 1,
            1 => packet.is_publish(),
            _ => is_record(packet),
        };
        is_silent.then(Vec::new)
    });
    let mut device = Device::new(network, settings());
    device.push([reading(0)]);
    for second in 1..3_600 {
        let now_ms = second * 1_000;
        device.run(now_ms);
        device.live.is_alive(Task::Sampler, now_ms);
        device.live.is_alive(Task::Keeper, now_ms);
        let silent_ms = now_ms - device.live.oldest_sign_ms();
        assert!(
            silent_ms <= uplink::LONGEST_SILENCE_MS,
            "silent for {silent_ms} ms"
        );
    }
}

#[test]
fn the_longest_messages_fit() {
    let mut settings = settings();
    let id = "M".repeat(32);
    settings.meter_id = id.as_str().try_into().unwrap();
    settings.mqtt_user = "u".repeat(32).as_str().try_into().unwrap();
    settings.mqtt_password = Secret::new(&"p".repeat(64)).unwrap();
    settings.mqtt_home_assistant = true;
    settings.mqtt_tasmota = true;
    settings.interval_ms = 60_000;
    let mut device = Device::new(BrokerNetwork::but(|_| None), settings);
    let record = Record {
        channel: 3,
        ..worst_reading()
    };
    let Body::Reading(values) = record.body else {
        unreachable!()
    };
    let mut channel = Channel {
        last: Some((values, 0)),
        today_mwh: Some(u64::MAX),
        ..Channel::default()
    };
    for code in meter_core::EventCode::ALL {
        channel.alarms.note(&meter_core::Event {
            code: *code,
            phase: meter_core::Phase::Occurrence,
            method: meter_core::detect::Method::Readings,
            at_ms: 0,
            value: 0,
        });
    }
    for _ in 0..CHANNELS {
        device
            .live
            .channels
            .borrow_mut()
            .push(channel.clone())
            .unwrap();
    }
    device.live.with_health(|health| {
        *health = worst_health();
    });
    device.push([record; 16]);
    device.run(900);
    assert_eq!(error_of(device.live), None);
    assert_eq!(device.outbox.len(), 0);
    // Status, 16 records, what Home Assistant is told, the present of each meter twice, health, state and the word.
    let published = device
        .packets()
        .iter()
        .filter(|packet| packet.is_publish())
        .count();
    assert_eq!(published, 1 + 16 + (15 * CHANNELS + 2) + 2 * CHANNELS + 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_bytes_of_a_broker_make_it_fail_badly(
        nonsense in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 1..6),
        is_connected in any::<bool>(),
    ) {
        let mut turn = 0;
        let network = BrokerNetwork::new(move |packet| {
            if is_connected && packet.kind() == 1 {
                return Answer::Bytes(connack(0, &[]));
            }
            turn += 1;
            Answer::Bytes(nonsense[turn % nonsense.len()].clone())
        });
        let mut device = Device::new(network, settings());
        device.push([reading(0)]);
        device.run(60_000);
    }
}
