//! A real server over real sockets, and what it does to us.

use std::time::Duration;

use smart_meter::record::{Body, DeviceEvent, EventRecord, Values};
use smart_meter::settings::{Secret, Settings};

use super::device::{event, http_settings, interval, reading};
use super::host::Device;
use super::receiver::{Act, Receiver};

fn settings(receiver: &Receiver) -> Settings {
    Settings {
        http_base: receiver.base().as_str().try_into().unwrap(),
        ..http_settings()
    }
}

const SECONDS: fn(u64) -> Duration = Duration::from_secs;

#[tokio::test]
async fn every_kind_of_record_arrives() {
    let receiver = Receiver::new([]).await.with_key("k3y-that-nobody-sees");
    let device = Device::new(settings(&receiver));
    device.push([reading(0), event(1), interval(2), reading(3)]);
    receiver
        .during(device.during(device.sent_within(SECONDS(5))))
        .await;
    assert_eq!(
        receiver.stored().into_iter().collect::<Vec<_>>(),
        [((3, 0), 1), ((3, 1), 1), ((3, 2), 1), ((3, 3), 1)]
    );
    assert_eq!(device.network.connections.get(), 1);
    assert_eq!(
        receiver.paths(),
        [
            "/meters/register",
            "/meters/health",
            "/readings/create",
            "/events/create",
            "/intervals/create",
            "/readings/create"
        ]
    );
}

#[tokio::test]
async fn a_day_offline_is_caught_up_in_batches() {
    let receiver = Receiver::new([]).await.with_batches();
    let device = Device::new(settings(&receiver));
    device.push((0..17_280).map(reading));
    receiver
        .during(device.during(device.sent_within(SECONDS(60))))
        .await;
    let stored = receiver.stored();
    assert_eq!(stored.len(), 17_280);
    assert!(stored.values().all(|count| *count == 1));
    assert_eq!(receiver.paths().len(), 2 + 17_280 / 16);
}

/// What a bad day of a server is made of, in an order that a seed decides.
fn bad_day(mut seed: u32, length: usize) -> Vec<Act> {
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed >> 16
    };
    (0..length)
        .map(|_| match next() % 60 {
            0 => Act::Status(500),
            1 => Act::StoreAndVanish,
            2 => Act::StoreAndCut,
            3 => Act::Vanish,
            4 => Act::Status(429),
            5..10 => Act::StoreAtLength,
            10..14 => Act::StoreAndClose,
            14..16 => Act::StoreSlowly(100),
            _ => Act::Store,
        })
        .collect()
}

#[tokio::test]
async fn a_bad_day_of_the_server_loses_and_doubles_nothing() {
    for (seed, has_batches) in [(1, false), (2, true)] {
        let mut receiver = Receiver::new(bad_day(seed, 300)).await;
        if has_batches {
            receiver = receiver.with_batches();
        }
        let device = Device::new(settings(&receiver));
        let feed = async {
            for seq in 0..240 {
                device.push([if seq % 20 == 7 {
                    event(seq)
                } else {
                    reading(seq)
                }]);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            device.sent_within(SECONDS(120)).await;
        };
        receiver.during(device.during(feed)).await;
        let stored = receiver.stored();
        assert_eq!(stored.keys().copied().collect::<Vec<_>>(), device.made());
        assert_eq!(device.told(), []);
        let again: u32 = stored.values().map(|count| count - 1).sum();
        let health = device.live.health.get();
        println!(
            "seed {seed}, batches {has_batches}: 240 records over {} connections, {} uploads failed, {again} records \
             came again and were known by their number",
            device.network.connections.get(),
            health.uploads.failed
        );
        assert!(
            health.uploads.failed > 0 || has_batches,
            "the day was not bad"
        );
    }
}

#[tokio::test]
async fn who_is_too_slow_is_asked_again_and_the_record_known() {
    let receiver = Receiver::new([Act::StoreSlowly(12_000)]).await;
    let device = Device::new(settings(&receiver));
    device.push([reading(0)]);
    receiver
        .during(device.during(device.sent_within(SECONDS(15))))
        .await;
    assert_eq!(
        receiver.stored().into_iter().collect::<Vec<_>>(),
        [((3, 0), 2)]
    );
    assert_eq!(device.live.health.get().uploads.failed, 1);
}

#[tokio::test]
async fn a_reading_without_voltage_is_refused_given_up_and_told() {
    let receiver = Receiver::new([]).await;
    let device = Device::new(settings(&receiver));
    let mut bare = reading(0);
    bare.body = Body::Reading(Values::default());
    device.push([bare, reading(1)]);
    receiver
        .during(device.during(device.sent_within(SECONDS(20))))
        .await;
    assert_eq!(receiver.stored().into_keys().collect::<Vec<_>>(), [(3, 1)]);
    assert_eq!(
        device.told(),
        [EventRecord::device(DeviceEvent::Refused, true, 400)]
    );
}

#[tokio::test]
async fn a_wrong_key_is_waited_out() {
    let receiver = Receiver::new([]).await.with_key("k3y-that-nobody-sees");
    let mut wrong = settings(&receiver);
    wrong.http_api_key = Secret::new("a-key-of-before").unwrap();
    let device = Device::new(wrong);
    device.push((0..20).map(reading));
    receiver
        .during(device.during(async {
            while device.error().is_none() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let error = device.error().unwrap();
            assert!(
                error.contains("API key") && error.contains("401"),
                "{error}"
            );
            assert!(!error.contains("of-before"), "{error}");
            tokio::time::sleep(SECONDS(2)).await;
            assert_eq!(device.outbox.len(), 20);
            device.live.settings.borrow_mut().http_api_key =
                Secret::new("k3y-that-nobody-sees").unwrap();
            device.sent_within(SECONDS(10)).await;
        }))
        .await;
    assert_eq!(receiver.stored().len(), 20);
    assert_eq!(device.told(), []);
}

#[tokio::test]
async fn a_plug_pulled_in_the_middle_loses_nothing() {
    let receiver = Receiver::new([]).await;
    let mut device = Device::new(settings(&receiver));
    device.push((0..400).map(reading));
    receiver
        .during(async {
            // The outbox stays, everything else begins anew.
            for _ in 0..10 {
                device
                    .during(tokio::time::sleep(Duration::from_millis(7)))
                    .await;
                let outbox = device.outbox.clone();
                device = Device::new(settings(&receiver));
                device.outbox = outbox;
            }
            device.during(device.sent_within(SECONDS(10))).await;
        })
        .await;
    assert_eq!(receiver.stored().len(), 400);
}
