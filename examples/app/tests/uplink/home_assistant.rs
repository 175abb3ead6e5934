use std::collections::BTreeSet;

use serde_json::Value;
use smart_meter::settings::Name;
use smart_meter::uplink::home_assistant::ENTITIES;

/// A name with what Home Assistant does not allow in its topics.
const DEVICE: Name<'static> = Name {
    id: "Mill.Lane_1",
    channel: 0,
};

#[test]
fn names_are_narrowed_to_what_home_assistant_allows() {
    let mut topics = BTreeSet::new();
    let mut names = BTreeSet::new();
    for entity in ENTITIES {
        for channel in 0..2 {
            let meter = Name { channel, ..DEVICE };
            let topic = entity.topic(meter);
            let parts: Vec<_> = topic.split('/').collect();
            assert_eq!(
                (parts.len(), parts[0], parts[4]),
                (5, "homeassistant", "config")
            );
            assert!(["sensor", "binary_sensor"].contains(&parts[1]));
            for part in &parts[2..4] {
                let is_allowed =
                    |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
                assert!(part.bytes().all(is_allowed), "{topic}");
            }
            assert!(topics.insert(topic.clone()), "{topic} is there twice");
            let mut text = String::new();
            entity.config(&mut text, DEVICE, meter, 5_000).unwrap();
            let config: Value = serde_json::from_str(&text).unwrap();
            assert!(names.insert(config["unique_id"].as_str().unwrap().to_owned()));
            // The topics of values keep the name as it is.
            let state = config["state_topic"].as_str().unwrap();
            assert!(state.starts_with("smartmeter/Mill.Lane_1"), "{state}");
        }
    }
}

#[test]
fn every_alarm_is_one_that_there_is() {
    let mut count = 0;
    for entity in ENTITIES {
        let mut text = String::new();
        entity.config(&mut text, DEVICE, DEVICE, 5_000).unwrap();
        let config: Value = serde_json::from_str(&text).unwrap();
        let template = config["value_template"].as_str().unwrap();
        if config["device_class"] == "problem" {
            let code = template.split('\'').nth(3).unwrap();
            assert!(
                meter_core::EventCode::ALL
                    .iter()
                    .any(|known| known.name() == code),
                "{code}"
            );
            assert_eq!(config.get("expire_after"), None);
            count += 1;
        }
    }
    assert_eq!(count, 9);
}
