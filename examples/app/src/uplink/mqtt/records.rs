//! Records on their way to the broker, several at a time.

use core::fmt::Write;

use heapless::{Deque, Vec};
use minimq::{Io, Op, ReasonCode};

use super::super::payload::{self, Dialect};
use super::super::{TRIES, failed, succeeded};
use super::left::Left;
use super::link::{Link, Manner, Sent};
use super::{WINDOW, topic};
use crate::platform::{Clock, Outbox};
use crate::record::{Body, DeviceEvent, EventRecord, Record};

impl<I: Io, C: Clock> Link<'_, '_, '_, I, C> {
    /// Sends what the outbox gives at a time. Gives whether it gave anything: flash may fail.
    pub(super) async fn drain(&mut self, outbox: &mut impl Outbox) -> Result<bool, Left> {
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
}
