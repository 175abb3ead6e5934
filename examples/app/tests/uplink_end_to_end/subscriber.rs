//! Somebody else's MQTT client that listens.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Packet;
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

/// What came, in order.
pub(crate) struct Subscriber {
    pub(crate) client: AsyncClient,
    events: EventLoop,
    filter: &'static str,
    qos: QoS,
    /// How often the broker took its subscription.
    pub(crate) subscriptions: Rc<Cell<u32>>,
    /// Topic, payload, and whether the broker had kept it.
    pub(crate) messages: Vec<(String, Vec<u8>, bool)>,
}

impl Subscriber {
    /// One whose subscription and messages survive that it or the broker goes away.
    pub(crate) async fn new(port: u16, filter: &'static str) -> Self {
        Self::with(port, filter, QoS::AtLeastOnce, |_| ()).await
    }

    pub(crate) async fn with(
        port: u16,
        filter: &'static str,
        qos: QoS,
        change: impl FnOnce(&mut MqttOptions),
    ) -> Self {
        let mut options = MqttOptions::new("subscriber", "127.0.0.1", port);
        options.set_keep_alive(Duration::from_secs(5));
        options.set_clean_start(false);
        options.set_session_expiry_interval(Some(3_600));
        change(&mut options);
        let (client, events) = AsyncClient::new(options, 100);
        let mut this = Self {
            client,
            events,
            filter,
            qos,
            subscriptions: Rc::default(),
            messages: Vec::new(),
        };
        let until = Instant::now() + Duration::from_secs(10);
        while this.subscriptions.get() == 0 {
            assert!(Instant::now() < until, "no SUBACK");
            this.takes_one(until).await;
        }
        this
    }

    /// Takes a packet from the broker.
    async fn takes_one(&mut self, until: Instant) {
        match timeout_at(until, self.events.poll()).await {
            Err(_) => {}
            Ok(Ok(Event::Incoming(packet))) => {
                if let Packet::Publish(publish) = &packet {
                    self.messages.push((
                        String::from_utf8(publish.topic.to_vec()).unwrap(),
                        publish.payload.to_vec(),
                        publish.retain,
                    ));
                }
                if let Packet::ConnAck(answer) = &packet
                    && !answer.session_present
                {
                    // It is the first time, or the broker forgot.
                    let _ = self.client.try_subscribe(self.filter, self.qos);
                }
                if let Packet::SubAck(_) = &packet {
                    self.subscriptions.set(self.subscriptions.get() + 1);
                }
            }
            Ok(Ok(Event::Outgoing(_))) => {}
            Ok(Err(_)) => {
                // It tries again.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    /// Takes messages until they are as wanted.
    pub(crate) async fn until(&mut self, limit: Duration, is_enough: impl Fn(&Self) -> bool) {
        let until = Instant::now() + limit;
        while !is_enough(self) {
            assert!(
                Instant::now() < until,
                "not in {limit:?}: {} messages",
                self.messages.len()
            );
            // What is wanted may depend on more than messages.
            let soon = Instant::now() + Duration::from_millis(50);
            self.takes_one(soon.min(until)).await;
        }
    }

    /// Payloads of a topic.
    pub(crate) fn of(&self, topic: &str) -> Vec<Value> {
        let payloads = self.messages.iter().filter(|(name, ..)| name == topic);
        payloads
            .map(|(_, payload, _)| serde_json::from_slice(payload).unwrap())
            .collect()
    }

    /// Words of a topic.
    pub(crate) fn words(&self, topic: &str) -> Vec<(String, bool)> {
        let messages = self.messages.iter().filter(|(name, ..)| name == topic);
        messages
            .map(|(_, payload, kept)| (String::from_utf8(payload.clone()).unwrap(), *kept))
            .collect()
    }

    /// How often each record came.
    pub(crate) fn records(&self) -> BTreeMap<(u32, u32), u32> {
        let mut records = BTreeMap::new();
        for (_, payload, _) in &self.messages {
            let Ok(value) = serde_json::from_slice::<Value>(payload) else {
                continue;
            };
            if let (Some(boot), Some(seq)) = (value["boot_id"].as_u64(), value["seq"].as_u64()) {
                *records.entry((boot as u32, seq as u32)).or_insert(0) += 1;
            }
        }
        records
    }
}
