//! A broker that is killed, and how soon a reading is there.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::broker::Broker;
use super::failures::is_whole;
use super::process::Running;
use super::receiver::Records;
use super::subscriber::Subscriber;

const LIMIT: Duration = Duration::from_secs(30);

/// Records that came, each once.
fn records(subscriber: &Subscriber) -> Records {
    let mut records = BTreeMap::new();
    for (_, payload, _) in &subscriber.messages {
        // Whether it is online is told by a word.
        let Ok(record) = serde_json::from_slice::<Value>(payload) else {
            continue;
        };
        if let (Some(boot), Some(seq)) = (record["boot_id"].as_u64(), record["seq"].as_u64()) {
            records.insert((boot, seq), record);
        }
    }
    records
}

fn readings(subscriber: &Subscriber) -> usize {
    let records = records(subscriber);
    let readings = records
        .values()
        .filter(|record| record["voltage"].is_number());
    readings.count()
}

#[tokio::test]
async fn a_broker_that_is_killed_has_everything_in_the_end() {
    let name = "a_broker_that_is_killed_has_everything_in_the_end";
    let Some(mut broker) = Broker::start(name, "") else {
        return;
    };
    let url = format!("mqtt://127.0.0.1:{}", broker.port);
    let mut subscriber = Subscriber::new(broker.port, "smartmeter/MTR-1001/+").await;
    let running = Running::start(&["--speed", "20", "--mqtt", &url, "--count", "60"]);
    for wanted in [5, 20] {
        subscriber
            .until(LIMIT, |subscriber| readings(subscriber) >= wanted)
            .await;
        broker.kill();
        tokio::time::sleep(Duration::from_millis(500)).await;
        broker.again();
    }
    subscriber
        .until(LIMIT, |subscriber| readings(subscriber) >= 60)
        .await;
    let (status, _, said) = tokio::task::spawn_blocking(|| running.wait())
        .await
        .unwrap();
    assert!(status.success(), "{said}");
    assert!(said.contains("0 records wait to be sent"), "{said}");
    // What came after the count.
    let _ = tokio::time::timeout(
        Duration::from_millis(500),
        subscriber.until(LIMIT, |_| false),
    )
    .await;
    is_whole(&records(&subscriber));
}

/// Readings that are looked at.
const COUNT: usize = 14;

#[tokio::test]
async fn a_reading_is_with_a_subscriber_in_less_than_200_ms() {
    let name = "a_reading_is_with_a_subscriber_in_less_than_200_ms";
    let Some(broker) = Broker::start(name, "persistence false\n") else {
        return;
    };
    let url = format!("mqtt://127.0.0.1:{}", broker.port);
    let mut subscriber = Subscriber::new(broker.port, "smartmeter/MTR-1001/data").await;
    // In its own time, once a second.
    let running = Running::start(&["--mqtt", &url, "--set", "sampling.interval=1s"]);
    let mut took = Vec::new();
    let until = Instant::now() + Duration::from_secs(40);
    while took.len() < COUNT {
        assert!(Instant::now() < until, "{took:?}");
        let before = readings(&subscriber);
        subscriber
            .until(LIMIT, |subscriber| readings(subscriber) > before)
            .await;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis() as i64;
        let records = records(&subscriber);
        let (_, last) = records.iter().next_back().unwrap();
        if let Some(text) = last["timestamp"].as_str() {
            let made: jiff::Timestamp = text.parse().unwrap();
            took.push(now - made.as_millisecond());
        }
    }
    running.end();
    // The first ones wait for the connection.
    let mut took = took.split_off(2);
    took.sort_unstable();
    let (median, most) = (took[took.len() / 2], took[took.len() - 1]);
    println!(
        "reading made -> subscriber of the broker: median {median} ms, longest of {} {most} ms",
        took.len()
    );
    // The station knows the time to a millisecond or two.
    assert!((-5..200).contains(&took[0]) && most < 200, "{took:?}");
}
