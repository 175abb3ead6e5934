//! What is done over a connection to a broker.

use core::fmt::{self, Write};
use core::pin::pin;

use embassy_futures::select::{Either3, select3};
use minimq::{
    Connection, Error, Io, Op, Property, PubError, Publication, QoS, ReasonCode, TopicFilter,
};

use super::super::json::Text;
use super::super::{ANSWER_MS, HEALTH_MS, LOOK_MS, is_current, limit};
use super::left::Left;
use super::{Memory, Place, Target};
use crate::live::{Live, Task};
use crate::platform::{Clock, Outbox};

/// Where Home Assistant says that it is there.
const HOME_ASSISTANT: &str = "homeassistant/status";

/// How a message is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
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
pub(super) enum Sent {
    /// It is on its way, and will be acknowledged.
    Waits(Op),
    /// It is gone.
    Gone,
    /// There is no room for it before others are acknowledged.
    NoRoom,
}

pub(super) struct Link<'a, 's, 'b, I, C> {
    pub(super) connection: Connection<'s, 'b, I>,
    pub(super) clock: &'a C,
    pub(super) live: &'a Live,
    pub(super) target: &'a Target,
    status: &'a str,
    pub(super) memory: &'a mut Memory,
    /// Home Assistant has started and knows nothing.
    pub(super) was_born: bool,
    /// Meters and interval that it was told of.
    pub(super) told: (u8, u32),
    /// What the broker said of the message it acknowledged last, if it did not take it.
    pub(super) refusal: Option<ReasonCode>,
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

    /// Until something happens. A read that is given up loses nothing, over TLS neither; all that could be in the middle
    /// of being written then is a ping, and two of those do no harm.
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

    pub(super) fn deadline_ms(&self) -> u64 {
        self.clock.now_ms().saturating_add(ANSWER_MS)
    }

    /// Hands a message to the connection.
    pub(super) async fn offer(
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
    pub(super) async fn publish(
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
    pub(super) async fn room(&mut self, until_ms: u64) -> Result<(), Left> {
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
}

fn is_birth(topic: &str, payload: &[u8]) -> bool {
    topic == HOME_ASSISTANT && payload == b"online"
}
