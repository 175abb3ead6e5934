//! A real broker, and what happens to it.

use std::cell::Cell;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use serde_json::json;
use smart_meter::live::Channel;
use smart_meter::record::{Body, Values};
use smart_meter::settings::{Secret, Settings, Uplink};

use super::broker::Broker;
use super::device::{event, interval, reading};
use super::host::Device;
use super::subscriber::Subscriber;

fn settings(port: u16) -> Settings {
    Settings {
        uplink: Uplink::Mqtt,
        mqtt_broker: heapless::String::try_from(format!("mqtt://127.0.0.1:{port}").as_str())
            .unwrap(),
        mqtt_home_assistant: false,
        allow_plain: true,
        ..Settings::default()
    }
}

const SECONDS: fn(u64) -> Duration = Duration::from_secs;

#[tokio::test]
async fn records_go_to_their_topics_in_order() {
    let Some(broker) = Broker::start("records_go_to_their_topics_in_order", "") else {
        return;
    };
    let mut subscriber = Subscriber::new(broker.port, "smartmeter/#").await;
    let device = Device::new(settings(broker.port));
    let mut second = reading(2);
    second.channel = 1;
    device.push([reading(0), event(1), second, interval(3)]);
    device.push((4..100).map(reading));
    device
        .during(async {
            device.sent_within(SECONDS(10)).await;
            subscriber
                .until(SECONDS(5), |subscriber| subscriber.records().len() == 100)
                .await;
        })
        .await;
    assert_eq!(subscriber.records().into_values().max(), Some(1));
    let data = subscriber.of("smartmeter/MTR-1001/data");
    assert_eq!(data[0]["power"], json!(118.3));
    let numbers: Vec<_> = data
        .iter()
        .map(|value| value["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [0].into_iter().chain(4..100).collect::<Vec<_>>());
    assert_eq!(subscriber.of("smartmeter/MTR-1001-2/data").len(), 1);
    assert_eq!(
        subscriber.of("smartmeter/MTR-1001/events")[0]["event"],
        json!("OVERLOAD")
    );
    assert_eq!(
        subscriber.of("smartmeter/MTR-1001/intervals")[0]["readings"],
        json!(180)
    );
    let health = device.live.health.get();
    assert_eq!(
        (
            health.uploads.good,
            health.uploads.failed,
            health.queue_depth
        ),
        (100, 0, 0)
    );
    assert_eq!(device.told(), []);
}

#[tokio::test]
async fn the_status_is_kept_and_the_last_will_given() {
    let Some(broker) = Broker::start("the_status_is_kept_and_the_last_will_given", "") else {
        return;
    };
    let device = Device::new(settings(broker.port));
    let mut subscriber = Subscriber::new(broker.port, "smartmeter/+/status").await;
    let topic = "smartmeter/MTR-1001/status";
    device
        .during(subscriber.until(SECONDS(5), |subscriber| !subscriber.words(topic).is_empty()))
        .await;
    // The device is gone without a word: its socket was closed under it.
    subscriber
        .until(SECONDS(5), |subscriber| subscriber.words(topic).len() == 2)
        .await;
    let words: Vec<_> = subscriber
        .words(topic)
        .into_iter()
        .map(|(word, _)| word)
        .collect();
    assert_eq!(words, ["online", "offline"]);
    let mut later = Subscriber::with(
        broker.port,
        "smartmeter/+/status",
        QoS::AtLeastOnce,
        |options| {
            options.set_clean_start(true);
        },
    )
    .await;
    later
        .until(SECONDS(5), |later| !later.words(topic).is_empty())
        .await;
    assert_eq!(later.words(topic), [("offline".to_owned(), true)]);

    // With other settings it says good-bye itself.
    let other = Device::new(settings(broker.port));
    other
        .during(async {
            later
                .until(SECONDS(5), |later| later.words(topic).len() == 2)
                .await;
            other.live.settings.borrow_mut().uplink = Uplink::None;
            later
                .until(SECONDS(10), |later| later.words(topic).len() == 3)
                .await;
        })
        .await;
    let words: Vec<_> = later
        .words(topic)
        .into_iter()
        .map(|(word, _)| word)
        .collect();
    assert_eq!(words, ["offline", "online", "offline"]);
}

/// Records that a broker gets while it comes and goes.
const COUNT: u32 = 1_000;

/// Sends them past a broker that goes away now and then, and counts them at the subscriber.
async fn comes_and_goes(
    what: &str,
    device: &Device,
    subscriber: &mut Subscriber,
    trouble: impl Future<Output = ()>,
) {
    let feed = async {
        for seq in 0..COUNT {
            device.push([reading(seq)]);
            if seq % 4 == 0 {
                tokio::time::sleep(Duration::from_millis(14)).await;
            }
        }
        device.sent_within(SECONDS(60)).await;
    };
    // The subscriber listens until both are done.
    let is_over = Cell::new(false);
    let work = async {
        tokio::join!(feed, trouble);
        is_over.set(true);
    };
    device
        .during(async {
            let all = |subscriber: &Subscriber| {
                is_over.get() && subscriber.records().len() == COUNT as usize
            };
            tokio::join!(work, subscriber.until(SECONDS(120), all));
        })
        .await;
    assert!(
        device.network.connections.get() > 3,
        "the broker was never gone"
    );
    let records = subscriber.records();
    assert!(device.made().iter().all(|id| records.contains_key(id)));
    assert_eq!(device.told(), []);
    let copies: u32 = records.values().map(|count| count - 1).sum();
    println!(
        "broker {what} three times: {COUNT} records, {copies} of them came twice and are known by their number"
    );
    // No more than what was on its way each time: to the broker, and from it to the subscriber.
    assert!(copies <= 3 * (8 + 20), "{copies}");
}

#[tokio::test]
async fn a_broker_that_is_restarted_gets_every_record() {
    let Some(mut broker) = Broker::start("a_broker_that_is_restarted_gets_every_record", "") else {
        return;
    };
    let mut subscriber = Subscriber::new(broker.port, "smartmeter/+/data").await;
    let device = Device::new(settings(broker.port));
    let trouble = async {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(900)).await;
            broker.stop();
            tokio::time::sleep(Duration::from_millis(100)).await;
            broker.again();
        }
    };
    comes_and_goes("restarted", &device, &mut subscriber, trouble).await;
}

/// What a broker has acknowledged and not yet passed on when it is killed is lost, whoever sent it. So the subscriber
/// is there first each time, and takes messages without acknowledgements, which go out before the broker answers us.
#[tokio::test]
async fn a_broker_that_is_killed_gets_every_record() {
    let Some(mut broker) = Broker::start("a_broker_that_is_killed_gets_every_record", "") else {
        return;
    };
    let filter = "smartmeter/+/data";
    let mut subscriber = Subscriber::with(broker.port, filter, QoS::AtMostOnce, |options| {
        options.set_clean_start(true);
    })
    .await;
    let subscriptions = subscriber.subscriptions.clone();
    let device = Device::new(settings(broker.port));
    let trouble = async {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(900)).await;
            let before = subscriptions.get();
            device.network.is_down.set(true);
            broker.kill();
            tokio::time::sleep(Duration::from_millis(100)).await;
            broker.again();
            while subscriptions.get() == before {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            device.network.is_down.set(false);
        }
    };
    comes_and_goes("killed", &device, &mut subscriber, trouble).await;
}

#[tokio::test]
async fn user_and_password_are_needed_and_never_shown() {
    // Plain text, which mosquitto_passwd makes a hash of.
    let Some(mut broker) = Broker::start("user_and_password_are_needed_and_never_shown", "") else {
        return;
    };
    broker.stop();
    broker.file("passwords", "meter:s3cret-word\n");
    let config = format!(
        "listener {} 127.0.0.1\nuser root\nallow_anonymous false\npassword_file {}\n",
        broker.port,
        broker.path("passwords").display()
    );
    let hashed = std::process::Command::new("mosquitto_passwd")
        .arg("-U")
        .arg(broker.path("passwords"))
        .status();
    assert!(hashed.unwrap().success());
    broker.file("conf", &config);
    broker.again();
    let mut settings = settings(broker.port);
    settings.mqtt_user = "meter".try_into().unwrap();
    settings.mqtt_password = Secret::new("wrong-word").unwrap();
    let device = Device::new(settings);
    device.push([reading(0)]);
    device
        .during(async {
            while device.error().is_none() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let error = device.error().unwrap();
            assert!(
                error.contains("user") && error.contains("password"),
                "{error}"
            );
            assert!(
                !error.contains("word-") && !error.contains("wrong"),
                "{error}"
            );
            device.live.settings.borrow_mut().mqtt_password = Secret::new("s3cret-word").unwrap();
            device.sent_within(SECONDS(10)).await;
        })
        .await;
    assert_eq!(device.error(), None);
}

#[tokio::test]
async fn what_the_broker_does_not_allow_is_waited_out() {
    let acl = "acl_file {folder}/acl\n";
    let Some(mut broker) = Broker::start("what_the_broker_does_not_allow_is_waited_out", "") else {
        return;
    };
    broker.stop();
    broker.file("acl", "topic write smartmeter/+/status\n");
    broker.add(acl);
    broker.again();
    let device = Device::new(settings(broker.port));
    device.push([reading(0), event(1)]);
    device
        .during(async {
            while device.error().is_none() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let error = device.error().unwrap();
            assert!(error.contains("does not allow"), "{error}");
            tokio::time::sleep(SECONDS(4)).await;
            assert_eq!(device.outbox.len(), 2);
            // Somebody sets it right.
            broker.stop();
            broker.file("acl", "topic readwrite #\n");
            broker.again();
            device.sent_within(SECONDS(20)).await;
        })
        .await;
    assert_eq!(device.told(), []);
}

fn with_meters(device: &Device, count: u8) {
    let Body::Reading(values) = reading(0).body else {
        unreachable!()
    };
    for _ in 0..count {
        let channel = Channel {
            last: Some((values, 0)),
            ..Channel::default()
        };
        device.live.channels.borrow_mut().push(channel).unwrap();
    }
}

#[tokio::test]
async fn home_assistant_is_told_and_told_again_when_it_starts() {
    let Some(broker) = Broker::start("home_assistant_is_told_and_told_again_when_it_starts", "")
    else {
        return;
    };
    let mut settings = settings(broker.port);
    settings.mqtt_home_assistant = true;
    let device = Device::new(settings);
    with_meters(&device, 2);
    // 15 of each meter, two of the device.
    let count = 15 * 2 + 2;
    let mut listener = Subscriber::new(broker.port, "homeassistant/#").await;
    device
        .during(async {
            listener
                .until(SECONDS(10), |listener| listener.messages.len() == count)
                .await;
            let client = listener.client.clone();
            client
                .publish("homeassistant/status", QoS::AtMostOnce, false, "online")
                .await
                .unwrap();
            listener
                .until(SECONDS(10), |listener| {
                    listener.messages.len() == 2 * count + 1
                })
                .await;
        })
        .await;

    // Who comes later finds all of it kept.
    let mut later = Subscriber::with(
        broker.port,
        "homeassistant/#",
        QoS::AtLeastOnce,
        |options| {
            options.set_clean_start(true);
        },
    )
    .await;
    later
        .until(SECONDS(10), |later| later.messages.len() == count)
        .await;
    assert!(later.messages.iter().all(|(.., kept)| *kept));
    let device_of = |meter: &str| {
        json!({
            "identifiers": [format!("smartmeter_{meter}")], "name": meter, "manufacturer": "smart-meter",
            "model": "energy meter", "sw_version": "0.1.0",
        })
    };
    assert_eq!(
        later.of("homeassistant/sensor/smartmeter_MTR-1001/energy_kwh/config"),
        [json!({
            "name": "Energy", "unique_id": "smartmeter_MTR-1001_energy_kwh",
            "state_topic": "smartmeter/MTR-1001/now",
            "value_template": "{{ value_json.energy_kwh | default(none) }}", "expire_after": 45,
            "device_class": "energy", "state_class": "total_increasing", "unit_of_measurement": "kWh",
            "availability_topic": "smartmeter/MTR-1001/status", "device": device_of("MTR-1001"),
        })]
    );
    // Class, state class and unit as Home Assistant's lists of device classes have them.
    for (object, class, state, unit) in [
        ("voltage", "voltage", "measurement", json!("V")),
        ("current", "current", "measurement", json!("A")),
        ("power_watts", "power", "measurement", json!("W")),
        ("energy_kwh", "energy", "total_increasing", json!("kWh")),
        ("frequency", "frequency", "measurement", json!("Hz")),
        ("power_factor", "power_factor", "measurement", json!(null)),
    ] {
        let topic = format!("homeassistant/sensor/smartmeter_MTR-1001-2/{object}/config");
        let config = &later.of(&topic)[0];
        assert_eq!(config["device_class"], json!(class), "{object}");
        assert_eq!(config["state_class"], json!(state), "{object}");
        assert_eq!(config["unit_of_measurement"], unit, "{object}");
        assert_eq!(config["state_topic"], json!("smartmeter/MTR-1001-2/now"));
        assert_eq!(config["device"], device_of("MTR-1001-2"));
        // There is one last will.
        assert_eq!(
            config["availability_topic"],
            json!("smartmeter/MTR-1001/status")
        );
    }
    let signal = &later.of("homeassistant/sensor/smartmeter_MTR-1001/rssi_dbm/config")[0];
    assert_eq!(signal["device_class"], json!("signal_strength"));
    assert_eq!(signal["unit_of_measurement"], json!("dBm"));
    assert_eq!(signal["entity_category"], json!("diagnostic"));
    let alarm = &later.of("homeassistant/binary_sensor/smartmeter_MTR-1001/overload/config")[0];
    assert_eq!(alarm["device_class"], json!("problem"));
    assert_eq!(
        alarm["value_template"],
        json!("{{ 'ON' if 'OVERLOAD' in value_json.alarms else 'OFF' }}")
    );
    assert_eq!(alarm.get("state_class"), None);
}

#[tokio::test]
async fn the_present_follows_readings_and_not_the_backlog() {
    let Some(broker) = Broker::start("the_present_follows_readings_and_not_the_backlog", "") else {
        return;
    };
    let mut settings = settings(broker.port);
    settings.mqtt_home_assistant = true;
    settings.mqtt_tasmota = true;
    let device = Device::new(settings);
    with_meters(&device, 1);
    device.push((0..50).map(reading));
    let mut listener = Subscriber::new(broker.port, "#").await;
    let (now, sensor) = ("smartmeter/MTR-1001/now", "tele/MTR-1001/SENSOR");
    device
        .during(async {
            device.sent_within(SECONDS(10)).await;
            listener
                .until(SECONDS(10), |listener| listener.of(sensor).len() == 1)
                .await;
            {
                let mut channels = device.live.channels.borrow_mut();
                let Body::Reading(values) = reading(0).body else {
                    unreachable!()
                };
                let next = Values {
                    import_mwh: values.import_mwh + 1_999,
                    power_mw: Some(-12_345),
                    ..values
                };
                channels[0].last = Some((next, 10));
            }
            device.live.news.signal(());
            listener
                .until(SECONDS(10), |listener| {
                    listener.of(sensor).len() == 2 && listener.records().len() == 50
                })
                .await;
        })
        .await;
    assert_eq!(listener.records().len(), 50);
    assert_eq!(listener.of(now).len(), 2);
    assert_eq!(listener.of(now)[1]["power_watts"], json!(-12.345));
    assert_eq!(
        listener.of(sensor)[0],
        json!({"ENERGY": {
            "Total": 12.346, "Power": 118.3, "ApparentPower": 119.7, "Factor": 0.99, "Frequency": 50.0,
            "Voltage": 230.1, "Current": 0.52,
        }})
    );
    // From 12345.678 Wh to 12347.677 Wh.
    assert_eq!(listener.of(sensor)[1]["ENERGY"]["Period"], json!(2));
    assert_eq!(listener.of("tele/MTR-1001/STATE")[0]["UptimeSec"], json!(0));
    assert_eq!(listener.words("tele/MTR-1001/LWT")[0].0, "Online");
    assert_eq!(listener.of("smartmeter/MTR-1001/health").len(), 1);
}
