//! From a reading to where it goes.

use std::time::Duration;

use smart_meter::settings::{Settings, Uplink};
use tokio::time::{Instant, sleep};

use super::broker::Broker;
use super::device::{http_settings, reading};
use super::host::Device;
use super::receiver::Receiver;
use super::subscriber::Subscriber;

const COUNT: usize = 100;
const LIMIT: Duration = Duration::from_millis(200);

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let (median, most) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "reading -> {what}: median {median:?}, longest {most:?} of {}",
        times.len()
    );
    assert_eq!(times.len(), COUNT);
    assert!(most < LIMIT, "{what}: {most:?}");
}

#[tokio::test]
async fn a_reading_is_at_the_subscriber_in_less_than_200_ms() {
    let Some(broker) = Broker::start(
        "a_reading_is_at_the_subscriber_in_less_than_200_ms",
        "persistence false\n",
    ) else {
        return;
    };
    let device = Device::new(Settings {
        uplink: Uplink::Mqtt,
        mqtt_broker: format!("mqtt://127.0.0.1:{}", broker.port)
            .as_str()
            .try_into()
            .unwrap(),
        allow_plain: true,
        ..Settings::default()
    });
    let mut subscriber = Subscriber::new(broker.port, "smartmeter/+/data").await;
    let mut times = Vec::new();
    device
        .during(async {
            while !device.live.uplink.borrow().is_up {
                sleep(Duration::from_millis(5)).await;
            }
            for seq in 0..COUNT {
                sleep(Duration::from_millis(10)).await;
                let begin = Instant::now();
                device.push([reading(seq as u32)]);
                subscriber
                    .until(Duration::from_secs(5), |subscriber| {
                        subscriber.messages.len() == seq + 1
                    })
                    .await;
                times.push(begin.elapsed());
            }
        })
        .await;
    report("broker -> subscriber", times);
}

#[tokio::test]
async fn a_reading_is_at_the_server_in_less_than_200_ms() {
    let receiver = Receiver::new([]).await;
    let device = Device::new(Settings {
        http_base: receiver.base().as_str().try_into().unwrap(),
        ..http_settings()
    });
    let mut begins = Vec::new();
    let feed = async {
        for seq in 0..COUNT {
            sleep(Duration::from_millis(10)).await;
            begins.push(Instant::now());
            device.push([reading(seq as u32)]);
            device.sent_within(Duration::from_secs(5)).await;
        }
    };
    receiver.during(device.during(feed)).await;
    let times = receiver
        .arrivals()
        .into_iter()
        .map(|(seq, at)| at - begins[seq as usize])
        .collect();
    report("server", times);
}
