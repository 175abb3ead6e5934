//! Requests over one connection.

use core::convert::Infallible;
use core::pin::pin;

use embassy_futures::select::select;
use embedded_io_async::{Read, Write};
use heapless::Vec;

use super::super::target::Target;
use super::super::{
    ANSWER_MS, Enrolment, HEALTH_MS, LOOK_MS, TRIES, complain, failed, is_current, limit, succeeded,
};
use super::answer::{Explained, Verdict, judge};
use super::left::Left;
use super::memory::{self, Memory};
use super::reply::Reply;
use super::request::{self, BUFFER, Content, Unsent};
use super::{ASK_AGAIN_MS, Kind, WINDOW, kind_of};
use crate::live::{Live, Task};
use crate::platform::{Clock, Outbox};
use crate::record::{Body, DeviceEvent, EventRecord, Record};
use crate::settings::url::Url;

/// The longest time a server may put us off, in seconds.
const LONGEST_RETRY_S: u32 = 3_600;
/// A connection that was idle for so long is not used again, in milliseconds: a server may be closing it.
const IDLE_MS: u64 = 60_000;
/// What does not change over a connection.
pub(super) struct Place<'a, C> {
    pub(super) mac: [u8; 6],
    pub(super) clock: &'a C,
    pub(super) live: &'a Live,
    pub(super) target: &'a Target,
    pub(super) url: &'a Url<'a>,
}

pub(super) struct Session<'a, S, O, E, C> {
    stream: S,
    outbox: &'a mut O,
    enrolment: &'a mut E,
    mac: [u8; 6],
    clock: &'a C,
    live: &'a Live,
    target: &'a Target,
    url: &'a Url<'a>,
    memory: &'a mut Memory,
    /// When the server answered last.
    used_ms: u64,
    /// How long it may be idle and still be trusted; 0 when the server has enough of it.
    idle_ms: u64,
    is_fresh: bool,
}

impl<'a, S: Read + Write, O: Outbox, E: Enrolment, C: Clock> Session<'a, S, O, E, C> {
    pub(super) fn new(
        stream: S,
        outbox: &'a mut O,
        enrolment: &'a mut E,
        place: Place<'a, C>,
        memory: &'a mut Memory,
    ) -> Self {
        Self {
            stream,
            outbox,
            enrolment,
            mac: place.mac,
            clock: place.clock,
            live: place.live,
            target: place.target,
            url: place.url,
            memory,
            used_ms: place.clock.now_ms(),
            idle_ms: IDLE_MS,
            is_fresh: true,
        }
    }

    /// Works until there is a reason to leave the connection.
    pub(super) async fn run(&mut self) -> Left {
        match self.work().await {
            Ok(never) => match never {},
            Err(left) => left,
        }
    }

    async fn work(&mut self) -> Result<Infallible, Left> {
        loop {
            let now_ms = self.clock.now_ms();
            self.live.is_alive(Task::Uplink, now_ms);
            if !is_current(self.live, self.target) {
                return Err(Left::Changed);
            }
            if self.is_used_up() {
                return Err(Left::Used);
            }
            if self.memory.may_register(now_ms) {
                self.register().await?;
                continue;
            }
            self.live
                .with_health(|health| health.queue_depth = self.outbox.depth());
            if self.memory.is_health_due(now_ms) {
                self.health(now_ms).await?;
                continue;
            }
            if self.outbox.depth() > 0 && self.drain().await? {
                continue;
            }
            let _ = select(self.live.news.wait(), self.clock.sleep_ms(LOOK_MS)).await;
            if self.clock.now_ms().saturating_sub(self.used_ms) >= self.idle_ms {
                return Err(Left::Used);
            }
        }
    }

    /// Sends what the outbox gives at a time. Gives whether it gave anything: flash may fail.
    async fn drain(&mut self) -> Result<bool, Left> {
        let mut records = Vec::<Record, WINDOW>::new();
        self.outbox.peek(&mut records).await;
        let mut done = 0;
        let mut result = Ok(!records.is_empty());
        while let Some(waiting @ [first, ..]) = records.get(done..) {
            self.live.is_alive(Task::Uplink, self.clock.now_ms());
            match self.send(first, waiting).await {
                Ok(count) => done += count,
                Err(left) => {
                    result = Err(left);
                    break;
                }
            }
            // A connection of which the server has enough, but the record is there.
            if self.is_used_up() && done < records.len() {
                result = Err(Left::Used);
                break;
            }
        }
        if done > 0 {
            self.outbox.forget(done).await;
        }
        result
    }

    fn is_used_up(&self) -> bool {
        self.idle_ms == 0
    }

    /// Sends one record or a batch. Gives how many records need not be sent again.
    async fn send(&mut self, first: &Record, waiting: &[Record]) -> Result<usize, Left> {
        let now_ms = self.clock.now_ms();
        let kind = kind_of(first);
        if !self.memory.wants(kind, now_ms) {
            return Ok(1);
        }
        let readings = waiting
            .iter()
            .take_while(|record| kind_of(record) == Kind::Reading)
            .count();
        if readings > 1 && self.memory.may_batch(now_ms) {
            let batch = waiting.get(..readings).unwrap_or_default();
            return self.send_batch(batch).await;
        }
        let (status, wait_ms, _) = self.exchange(&Content::One(first)).await?;
        match judge(status) {
            Verdict::Stored => {
                self.stored(1);
                Ok(1)
            }
            Verdict::Missing if kind != Kind::Reading => {
                self.memory.is_missing(kind, now_ms);
                Ok(1)
            }
            Verdict::Refused => {
                self.memory.tries += 1;
                if self.memory.tries < TRIES {
                    return Err(Left::Answer(status, 0));
                }
                self.memory.tries = 0;
                // The event of a refused event would be refused too.
                let is_event_of_that = matches!(
                    first.body,
                    Body::Event(EventRecord { code, .. }) if code == DeviceEvent::Refused as u8
                );
                if !is_event_of_that {
                    let event = EventRecord::device(DeviceEvent::Refused, true, status.into());
                    self.live.tell(event);
                }
                failed(self.live, format_args!("{}", Explained(status)));
                Ok(1)
            }
            Verdict::Missing | Verdict::Later => Err(Left::Answer(status, wait_ms)),
        }
    }

    /// Sends readings at once. A server that knows batches says how many it stored; with any other answer they go
    /// one by one.
    async fn send_batch(&mut self, batch: &[Record]) -> Result<usize, Left> {
        let (status, _, stored) = self.exchange(&Content::Batch(batch)).await?;
        let is_stored =
            judge(status) == Verdict::Stored && stored == u32::try_from(batch.len()).ok();
        if is_stored {
            self.stored(batch.len());
            self.memory.batch_worked();
            return Ok(batch.len());
        }
        self.memory.batch_failed(batch.len(), self.clock.now_ms());
        Ok(0)
    }

    fn stored(&mut self, count: usize) {
        self.memory.tries = 0;
        self.memory.singles = self.memory.singles.saturating_sub(count);
        self.memory.backoff.succeeded();
        succeeded(self.live, self.clock.now_ms());
    }

    /// Makes all meters known that are not.
    async fn register(&mut self) -> Result<(), Left> {
        let channels = u8::try_from(self.live.channels.borrow().len())
            .unwrap_or(1)
            .max(1);
        let mark = memory::mark(self.target, channels);
        if self.memory.mark != mark {
            for channel in 0..channels {
                let content = Content::Register {
                    channel,
                    mac: self.mac,
                };
                let (status, ..) = self.exchange(&content).await?;
                if judge(status) != Verdict::Stored {
                    // Readings go on all the same: whether the server takes them is its business.
                    self.memory.registers_again_ms =
                        self.clock.now_ms().saturating_add(ASK_AGAIN_MS);
                    if judge(status) != Verdict::Missing {
                        complain(self.live, format_args!("{}", Explained(status)));
                    }
                    return Ok(());
                }
            }
            self.memory.mark = mark;
            self.enrolment.set_mark(mark).await;
        }
        self.memory.registers_again_ms = u64::MAX;
        Ok(())
    }

    async fn health(&mut self, now_ms: u64) -> Result<(), Left> {
        let utc_ms = self.live.time.get().utc_ms(now_ms);
        self.memory.health_due_ms = now_ms.saturating_add(HEALTH_MS);
        let (status, ..) = self.exchange(&Content::Health { utc_ms }).await?;
        if judge(status) == Verdict::Missing {
            self.memory.health_due_ms = now_ms.saturating_add(ASK_AGAIN_MS);
        }
        Ok(())
    }

    /// One request and its answer: the status, how long the server wants to be left alone, what it stored.
    async fn exchange(&mut self, content: &Content<'_>) -> Result<(u16, u64, Option<u32>), Left> {
        let is_fresh = self.is_fresh;
        let (stream, clock) = (&mut self.stream, self.clock);
        let transfer = transfer(stream, self.target, self.url, self.live, content);
        let reply = limit(clock, ANSWER_MS, pin!(transfer)).await;
        let reply = match reply {
            Some(Ok(reply)) => reply,
            Some(Err(Left::Unanswered)) if !is_fresh => return Err(Left::Stale),
            // The lengths of all settings are limited so that this can not be.
            Some(Err(Left::TooLong)) => return Ok((413, 0, None)),
            Some(Err(left)) => return Err(left),
            None => return Err(Left::Silent),
        };
        self.used_ms = self.clock.now_ms();
        self.is_fresh = false;
        self.idle_ms = match reply.idle_s {
            _ if !reply.keeps_connection() => 0,
            // A second for what is under way.
            Some(s) => u64::from(s)
                .saturating_sub(1)
                .saturating_mul(1_000)
                .min(IDLE_MS),
            None => IDLE_MS,
        };
        let wait_s = reply.retry_after_s.unwrap_or(0).min(LONGEST_RETRY_S);
        Ok((reply.status(), u64::from(wait_s) * 1_000, reply.stored()))
    }
}

async fn transfer<S: Read + Write>(
    stream: &mut S,
    target: &Target,
    url: &Url<'_>,
    live: &Live,
    content: &Content<'_>,
) -> Result<Reply, Left> {
    let mut room = [0; BUFFER];
    match request::send(stream, &mut room, target, url, live, content).await {
        Ok(()) => {}
        Err(Unsent::Closed) => return Err(Left::Unanswered),
        Err(Unsent::TooLong) => return Err(Left::TooLong),
    }
    let mut reply = Reply::new();
    while !reply.is_done() {
        let count = stream.read(&mut room).await.unwrap_or(0);
        if count == 0 {
            let is_untouched = reply.is_untouched();
            return match reply.close() {
                true => Ok(reply),
                false if is_untouched => Err(Left::Unanswered),
                false => Err(Left::Closed),
            };
        }
        reply
            .feed(room.get(..count).unwrap_or_default())
            .map_err(|_| Left::Garbled)?;
    }
    Ok(reply)
}
