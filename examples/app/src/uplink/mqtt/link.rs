//! What is done over a connection to a broker.

use core::fmt::{self, Write};
use core::pin::pin;

use embassy_futures::select::{Either3, select3};
use heapless::{Deque, Vec};
use minimq::{
    Connection, Error, Io, Op, Property, PubError, Publication, QoS, ReasonCode, TopicFilter,
};

use super::super::json::Text;
use super::super::payload::{self, Dialect};
use super::super::{ANSWER_MS, HEALTH_MS, LOOK_MS, TRIES, failed, is_current, limit, succeeded};
use super::super::{home_assistant, tasmota};
use super::left::Left;
use super::{Memory, Place, Target, WINDOW, topic};
use crate::live::{Live, Task};
use crate::platform::{Clock, Outbox};
use crate::record::{Body, DeviceEvent, EventRecord, Record};

/// Where Home Assistant says that it is there.
const HOME_ASSISTANT: &str = "homeassistant/status";

/// How a message is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Acknowledged.
    Sure,
    /// Acknowledged, and kept by the broker for who comes later.
    Kept,
    /// The same, for so many seconds.
    KeptFor(u32),
    /// Not acknowledged: the next one says more.
    Passing,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    /// It is on its way, and will be acknowledged.
    Waits(Op),
    /// It is gone.
    Gone,
    /// There is no room for it before others are acknowledged.
    NoRoom,
}

pub(super) struct Link<'a, 's, 'b, I, C> {
    connection: Connection<'s, 'b, I>,
    clock: &'a C,
    live: &'a Live,
    target: &'a Target,
    status: &'a str,
    memory: &'a mut Memory,
    /// Home Assistant has started and knows nothing.
    was_born: bool,
    /// Meters and interval that it was told of.
    told: (u8, u32),
    /// What the broker said of the message it acknowledged last, if it did not take it.
    refusal: Option<ReasonCode>,
}

impl<'a, 's, 'b, I: Io, C: Clock> Link<'a, 's, 'b, I, C> {
    pub(super) const fn new(
        connection: Connection<'s, 'b, I>,
        place: Place<'a, C>,
        memory: &'a mut Memory,
    ) -> Self {
        let Place {
            clock,
            live,
            target,
            status,
        } = place;
        Self {
            connection,
            clock,
            live,
            target,
            status,
            memory,
            was_born: false,
            told: (0, 0),
            refusal: None,
        }
    }

    pub(super) async fn run(&mut self, outbox: &mut impl Outbox) -> Left {
        let left = match self.work(outbox).await {
            Ok(never) => match never {},
            Err(left) => left,
        };
        if left == Left::Changed {
            // Nobody else says that we go.
            let _ = self.say(self.status, "offline").await;
            let _ = limit(self.clock, ANSWER_MS, pin!(self.connection.disconnect())).await;
        }
        left
    }

    async fn work(&mut self, outbox: &mut impl Outbox) -> Result<core::convert::Infallible, Left> {
        self.say(self.status, "online").await?;
        {
            let mut uplink = self.live.uplink.borrow_mut();
            uplink.is_up = true;
            uplink.error = None;
        }
        if self.target.has_home_assistant() {
            let filters = [TopicFilter::new(HOME_ASSISTANT)];
            let subscribed = limit(
                self.clock,
                ANSWER_MS,
                pin!(self.connection.subscribe(&filters, &[])),
            )
            .await;
            subscribed.ok_or(Left::Silent)??;
            self.was_born = true;
        }
        // Who subscribes now knows nothing of before.
        self.memory.shown = Default::default();
        loop {
            let now_ms = self.clock.now_ms();
            self.live.is_alive(Task::Uplink, now_ms);
            if !is_current(self.live, self.target) {
                return Err(Left::Changed);
            }
            let has_sent = outbox.depth() > 0 && self.drain(outbox).await?;
            self.live
                .with_health(|health| health.queue_depth = outbox.depth());
            self.discover().await?;
            self.present().await?;
            if now_ms >= self.memory.health_due_ms {
                self.memory.health_due_ms = now_ms.saturating_add(HEALTH_MS);
                self.health().await?;
            }
            if !has_sent {
                self.wait().await?;
            }
        }
    }

    /// Until something happens.
    async fn wait(&mut self) -> Result<(), Left> {
        let (news, look) = (self.live.news.wait(), self.clock.sleep_ms(LOOK_MS));
        let is_born = match select3(self.connection.poll(), news, look).await {
            Either3::First(Ok(Some(message))) => is_birth(message.topic(), message.payload()),
            Either3::First(Err(Error::Peer(minimq::PeerError::Rejected(_)))) => false,
            Either3::First(Err(error)) => return Err(error.into()),
            _ => false,
        };
        self.was_born |= is_born;
        Ok(())
    }

    /// Until the broker has said something, or too late.
    async fn progress(&mut self, until_ms: u64) -> Result<(), Left> {
        let now_ms = self.clock.now_ms();
        self.live.is_alive(Task::Uplink, now_ms);
        let left_ms = until_ms.saturating_sub(now_ms);
        let is_born = match limit(self.clock, left_ms, pin!(self.connection.poll())).await {
            None => return Err(Left::Silent),
            Some(Ok(Some(message))) => is_birth(message.topic(), message.payload()),
            Some(Ok(None)) => false,
            Some(Err(Error::Peer(minimq::PeerError::Rejected(code)))) => {
                self.refusal = Some(code);
                false
            }
            Some(Err(error)) => return Err(error.into()),
        };
        self.was_born |= is_born;
        Ok(())
    }

    fn deadline_ms(&self) -> u64 {
        self.clock.now_ms().saturating_add(ANSWER_MS)
    }

    /// Hands a message to the connection.
    async fn offer(
        &mut self,
        topic: &str,
        manner: Manner,
        write: impl FnOnce(&mut dyn Write) -> fmt::Result,
    ) -> Result<Sent, Left> {
        let expiry = match manner {
            Manner::KeptFor(s) => [Property::MessageExpiryInterval(s)],
            _ => [Property::MessageExpiryInterval(0)],
        };
        let fill = |room: &mut [u8]| {
            let mut text = Text::new(room);
            write(&mut text).map(|()| text.len())
        };
        let mut message = Publication::new(topic, fill);
        if manner != Manner::Passing {
            message = message.qos(QoS::AtLeastOnce);
        }
        if let Manner::Kept | Manner::KeptFor(_) = manner {
            message = message.retain();
        }
        if let Manner::KeptFor(_) = manner {
            message = message.properties(&expiry);
        }
        let sent = limit(
            self.clock,
            ANSWER_MS,
            pin!(self.connection.publish(message)),
        )
        .await;
        match sent {
            None => Err(Left::Silent),
            Some(Ok(Some(op))) => Ok(Sent::Waits(op)),
            Some(Ok(None)) => Ok(Sent::Gone),
            Some(Err(PubError::Payload(_) | PubError::Session(Error::NotReady))) => {
                Ok(Sent::NoRoom)
            }
            Some(Err(PubError::Session(Error::Resource(
                minimq::ResourceError::BufferTooSmall | minimq::ResourceError::InflightExhausted,
            )))) => Ok(Sent::NoRoom),
            Some(Err(PubError::Session(error))) => Err(error.into()),
        }
    }

    /// The same, waiting for room.
    async fn publish(
        &mut self,
        topic: &str,
        manner: Manner,
        write: impl Fn(&mut dyn Write) -> fmt::Result,
    ) -> Result<(), Left> {
        let until_ms = self.deadline_ms();
        while self.offer(topic, manner, &write).await? == Sent::NoRoom {
            self.room(until_ms).await?;
        }
        Ok(())
    }

    /// Waits for an acknowledgement, which gives room.
    async fn room(&mut self, until_ms: u64) -> Result<(), Left> {
        if self.connection.session().is_publish_quiescent() {
            // Nothing would come, and there would be no more room then.
            return Err(Left::Unfit);
        }
        self.progress(until_ms).await
    }

    /// Says a word that stays, and waits until it is acknowledged.
    async fn say(&mut self, topic: &str, word: &str) -> Result<(), Left> {
        let until_ms = self.deadline_ms();
        loop {
            match self
                .offer(topic, Manner::Kept, |out| out.write_str(word))
                .await?
            {
                Sent::Waits(op) => {
                    while self.connection.is_pending(&op) {
                        self.progress(until_ms).await?;
                    }
                    return Ok(());
                }
                Sent::Gone => return Ok(()),
                Sent::NoRoom => self.room(until_ms).await?,
            }
        }
    }

    /// Sends what the outbox gives at a time. Gives whether it gave anything: flash may fail.
    async fn drain(&mut self, outbox: &mut impl Outbox) -> Result<bool, Left> {
        let mut records = Vec::<Record, WINDOW>::new();
        outbox.peek(&mut records).await;
        let mut done = 0;
        let result = self.send(&records, &mut done).await;
        if done > 0 {
            outbox.forget(done).await;
        }
        result.map(|()| !records.is_empty())
    }

    /// Sends records, and counts those from the first on that need not be sent again.
    async fn send(&mut self, records: &[Record], done: &mut usize) -> Result<(), Left> {
        // Of the records after those that are done.
        let mut flight = Deque::<Op, WINDOW>::new();
        self.refusal = None;
        let mut until_ms = self.deadline_ms();
        while *done < records.len() {
            while let Some(record) = records.get(*done + flight.len()) {
                let name = self.target.name(record.channel);
                let topic = topic::record(name, record);
                let write = |out: &mut dyn Write| payload::record(out, name, Dialect::Mqtt, record);
                match self.offer(&topic, Manner::Sure, write).await? {
                    // As many as there are records at most.
                    Sent::Waits(op) => drop(flight.push_back(op)),
                    Sent::Gone => return Err(Left::Unfit),
                    Sent::NoRoom => break,
                }
            }
            self.room(until_ms).await?;
            let refusal = self.refusal.take();
            let mut acknowledged = 0;
            while flight
                .front()
                .is_some_and(|op| self.connection.is_complete(op))
            {
                flight.pop_front();
                acknowledged += 1;
            }
            match refusal {
                // Brokers acknowledge in order, one at a time: it is the first of those that were on their way.
                Some(code) if acknowledged > 0 => {
                    let record = records.get(*done);
                    self.refused(code, record)?;
                    *done += 1;
                }
                _ => {
                    for _ in 0..acknowledged {
                        self.memory.tries = 0;
                        self.memory.backoff.succeeded();
                        succeeded(self.live, self.clock.now_ms());
                    }
                    *done += acknowledged;
                }
            }
            if acknowledged > 0 {
                until_ms = self.deadline_ms();
            }
        }
        Ok(())
    }

    /// The broker did not take a record. What somebody can put right there is waited out; else it is given up after
    /// some tries.
    fn refused(&mut self, code: ReasonCode, record: Option<&Record>) -> Result<(), Left> {
        let is_about_record = matches!(
            code,
            ReasonCode::TopicNameInvalid
                | ReasonCode::PayloadFormatInvalid
                | ReasonCode::PacketTooLarge
        );
        if is_about_record {
            self.memory.tries += 1;
        }
        if self.memory.tries < TRIES {
            return Err(Left::Refused(code));
        }
        self.memory.tries = 0;
        // The event of a refused event would be refused too.
        let is_event_of_that = record.is_some_and(|record| {
            matches!(record.body, Body::Event(EventRecord { code, .. }) if code == DeviceEvent::Refused as u8)
        });
        if !is_event_of_that {
            let event = EventRecord::device(DeviceEvent::Refused, true, u8::from(&code).into());
            self.live.tell(event);
        }
        failed(self.live, format_args!("{}", Left::Refused(code)));
        Ok(())
    }

    /// Meters there are.
    fn channels(&self) -> u8 {
        u8::try_from(self.live.channels.borrow().len()).unwrap_or(u8::MAX)
    }

    /// Shows meters of which there is something new to see.
    async fn present(&mut self) -> Result<(), Left> {
        let (target, live) = (self.target, self.live);
        if !target.has_home_assistant() && !target.has_tasmota() {
            return Ok(());
        }
        for index in 0..self.channels() {
            let now_ms = self.clock.now_ms();
            let interval_ms = live.settings.borrow().interval_ms;
            let is_new = match (
                live.channels.borrow().get(usize::from(index)),
                self.memory.shown.get_mut(usize::from(index)),
            ) {
                (Some(channel), Some(shown)) => shown.changes(channel, now_ms, interval_ms),
                _ => false,
            };
            if !is_new {
                continue;
            }
            let name = target.name(index);
            if target.has_home_assistant() {
                let write = |out: &mut dyn Write| match live
                    .channels
                    .borrow()
                    .get(usize::from(index))
                {
                    Some(channel) => {
                        payload::present(out, name, channel, now_ms, interval_ms, live.time.get())
                    }
                    None => Ok(()),
                };
                self.publish(&topic::now(name), Manner::Passing, write)
                    .await?;
            }
            if target.has_tasmota() {
                self.tasmota(index, now_ms, interval_ms).await?;
            }
        }
        Ok(())
    }

    async fn tasmota(&mut self, index: u8, now_ms: u64, interval_ms: u32) -> Result<(), Left> {
        let (target, live) = (self.target, self.live);
        let (channel, zone) = (usize::from(index), live.settings.borrow().zone);
        let time = live
            .time
            .get()
            .utc_ms(now_ms)
            .and_then(|utc_ms| tasmota::local(zone, utc_ms));
        let fresh =
            live.channels.borrow().get(channel).and_then(|channel| {
                Some((*channel.fresh(now_ms, interval_ms)?, channel.today_mwh))
            });
        let Some((values, today_mwh)) = fresh else {
            return Ok(());
        };
        let before_mwh = self
            .memory
            .shown
            .get(channel)
            .and_then(|shown| shown.import_mwh);
        let write =
            |out: &mut dyn Write| tasmota::sensor(out, time, &values, today_mwh, before_mwh);
        let topic = tasmota::topic(target.name(index), "SENSOR");
        self.publish(&topic, Manner::Passing, write).await?;
        if let Some(shown) = self.memory.shown.get_mut(channel) {
            shown.import_mwh = Some(values.import_mwh);
        }
        Ok(())
    }

    /// How the device is.
    async fn health(&mut self) -> Result<(), Left> {
        let (target, live) = (self.target, self.live);
        let utc_ms = live.time.get().utc_ms(self.clock.now_ms());
        let name = target.name(0);
        let write = |out: &mut dyn Write| payload::health(out, name, utc_ms, &live.health.get());
        self.publish(&topic::health(name), Manner::Kept, write)
            .await?;
        if !target.has_tasmota() {
            return Ok(());
        }
        let zone = live.settings.borrow().zone;
        let time = utc_ms.and_then(|utc_ms| tasmota::local(zone, utc_ms));
        let write = |out: &mut dyn Write| tasmota::state(out, time, &live.health.get());
        self.publish(&tasmota::topic(name, "STATE"), Manner::Passing, write)
            .await?;
        // The last will is the other topic's. This word goes by itself when it is not said again.
        let online = Manner::KeptFor(u32::try_from(3 * HEALTH_MS / 1_000).unwrap_or(u32::MAX));
        let write = |out: &mut dyn Write| out.write_str("Online");
        self.publish(&tasmota::topic(name, "LWT"), online, write)
            .await
    }

    /// Tells Home Assistant what there is, when it has started or that has changed.
    async fn discover(&mut self) -> Result<(), Left> {
        let target = self.target;
        let interval_ms = self.live.settings.borrow().interval_ms;
        let there = (self.channels(), interval_ms);
        if !target.has_home_assistant() || (!self.was_born && self.told == there) {
            return Ok(());
        }
        self.was_born = false;
        self.told = there;
        for entity in home_assistant::ENTITIES {
            let meters = if entity.is_of_device() { 1 } else { there.0 };
            for index in 0..meters {
                let name = target.name(index);
                let topic = entity.topic(name);
                let write =
                    |out: &mut dyn Write| entity.config(out, target.name(0), name, interval_ms);
                self.publish(&topic, Manner::Kept, write).await?;
            }
        }
        Ok(())
    }
}

fn is_birth(topic: &str, payload: &[u8]) -> bool {
    topic == HOME_ASSISTANT && payload == b"online"
}
