//! Writes what waits to the card, when that disturbs nobody.

use embassy_futures::yield_now;

use super::guard::Card;
use super::inbox::Inbox;
use super::line::{self, LENGTH};
use super::slot::{Failure, Slot};
use super::writer::{Opened, SECTOR, Writer};
use crate::live::{ArchiveState, CardState, Live};
use crate::platform::Clock;
use crate::record::{DeviceEvent, EventRecord, Id, Record};

/// So often an empty slot, or a card that is no use, is looked at again.
const RETRY_MS: u64 = 30_000;
/// A full card takes a long search.
const RETRY_FULL_MS: u64 = 600_000;

/// Keeps the archive. It only works after a record came, and then waits a quarter of an interval, so that all meters
/// are read and the next reading is far away: a card may take a third of a second for a block.
pub async fn run<const N: usize>(
    card: impl Card,
    inbox: &Inbox<N>,
    clock: impl Clock,
    live: &Live,
) -> ! {
    let slot = Slot::new(card);
    let mut keeper = Keeper {
        inbox,
        live,
        clock,
        state: ArchiveState::default(),
        lost_at_drop: None,
        tried: None,
    };
    let mut next_try_ms = 0;
    loop {
        keeper.wait(next_try_ms).await;
        let failure = match slot.mount().await {
            Ok((mut writer, opened)) => keeper.session(&slot, &mut writer, opened).await,
            Err(failure) => failure,
        };
        let card = match failure {
            Failure::Device if slot.is_present() => CardState::Faulty,
            Failure::Device => CardState::Absent,
            Failure::Format => CardState::WrongFormat,
            Failure::Full => CardState::Full,
            // A card that was taken out and is there again: that search would tell.
            Failure::Again => keeper.state.card,
        };
        keeper.show(card);
        next_try_ms = keeper.clock.now_ms().saturating_add(match failure {
            Failure::Again => 0,
            Failure::Full => RETRY_FULL_MS,
            _ => RETRY_MS,
        });
    }
}

struct Keeper<'a, C, const N: usize> {
    inbox: &'a Inbox<N>,
    live: &'a Live,
    clock: C,
    state: ArchiveState,
    /// Records dropped when the card was lost, while it is.
    lost_at_drop: Option<u32>,
    /// The last record of a batch that was begun and not finished.
    tried: Option<Id>,
}

impl<C: Clock, const N: usize> Keeper<'_, C, N> {
    /// Waits for a record after that time, and until the meters are read.
    async fn wait(&mut self, from_ms: u64) {
        loop {
            self.inbox.news().await;
            self.show(self.state.card);
            if self.clock.now_ms() >= from_ms {
                break;
            }
        }
        let interval_ms = self.live.settings.borrow().interval_ms;
        self.clock.sleep_ms((interval_ms / 4).into()).await;
    }

    /// Writes until that fails.
    async fn session<D: Card>(
        &mut self,
        slot: &Slot<D>,
        writer: &mut Writer<'_, D>,
        opened: Opened,
    ) -> Failure {
        self.forget_written(opened.last);
        loop {
            self.stamp(slot);
            let has_written = match self.batch(writer).await {
                Ok(has_written) => has_written,
                Err(failure) => return failure,
            };
            let flush_ms = u64::from(self.live.settings.borrow().flush_s) * 1_000;
            let mut due_ms = 0;
            if has_written {
                due_ms = self.clock.now_ms().saturating_add(flush_ms);
                // Only what took a record is of use.
                self.show(CardState::Ready);
            } else {
                self.show(self.state.card);
            }
            // The next batch: when it is time, or when half the room is taken.
            loop {
                self.wait(0).await;
                if self.clock.now_ms() >= due_ms || self.inbox.waiting() >= N / 2 {
                    break;
                }
            }
        }
    }

    /// Writes whole sectors of what waits; a last line without another to fill one goes on waiting. Whether there was
    /// anything to write.
    async fn batch<D: Card>(&mut self, writer: &mut Writer<'_, D>) -> Result<bool, Failure> {
        let mut taken = 0;
        loop {
            let is_first = writer.begins()?;
            let second = if is_first { taken } else { taken + 1 };
            let Some(last) = self.inbox.get(second) else {
                break;
            };
            let mut sector = [0; SECTOR];
            let (left, right) = sector.split_at_mut(LENGTH);
            match self.inbox.get(taken) {
                Some(first) if !is_first => left.copy_from_slice(&self.line(first)),
                _ => left.copy_from_slice(&line::header()),
            }
            right.copy_from_slice(&self.line(last));
            self.tried = Some(last.id);
            writer.put(&sector)?;
            taken = second + 1;
            yield_now().await;
        }
        if taken > 0 {
            writer.commit()?;
            self.tried = None;
            self.inbox.forget(taken);
            let count = u32::try_from(taken).unwrap_or(u32::MAX);
            self.state.written = self.state.written.saturating_add(count);
        }
        Ok(taken > 0)
    }

    fn line(&self, record: Record) -> [u8; LENGTH] {
        line::of(&line::stamped(record, self.live.time.get().offset_ms))
    }

    /// What got to the card although it did not say so is not written again.
    fn forget_written(&mut self, last: Option<Id>) {
        let (Some(tried), Some(last)) = (self.tried.take(), last) else {
            return;
        };
        // A card from elsewhere may have any number; this one ends with what was tried.
        if last.boot != tried.boot || last.seq > tried.seq {
            return;
        }
        let is_there = |record: Record| record.id.boot == last.boot && record.id.seq <= last.seq;
        while self.inbox.get(0).is_some_and(is_there) {
            self.inbox.forget(1);
        }
    }

    fn stamp<D: Card>(&self, slot: &Slot<D>) {
        slot.set_time(self.live.time.get().utc_ms(self.clock.now_ms()));
    }

    /// Tells how the card is; a loss and a return are events.
    fn show(&mut self, card: CardState) {
        self.state.waiting = u16::try_from(self.inbox.waiting()).unwrap_or(u16::MAX);
        self.state.dropped = self.inbox.dropped();
        if card != self.state.card {
            let was_ready = self.state.card == CardState::Ready;
            let is_news = match card {
                CardState::Ready => self.lost_at_drop.is_some(),
                // A device that never had a card has lost none.
                CardState::Absent => was_ready,
                _ => self.lost_at_drop.is_none(),
            };
            if is_news {
                self.tell(card);
            }
            self.state.card = card;
        }
        self.live.archive.set(self.state);
    }

    fn tell(&mut self, card: CardState) {
        let event = if card == CardState::Ready {
            let since = self.lost_at_drop.take().unwrap_or(0);
            let dropped = self.state.dropped.saturating_sub(since);
            EventRecord::device(DeviceEvent::CardLost, false, dropped.into())
        } else {
            self.lost_at_drop = Some(self.state.dropped);
            EventRecord::device(DeviceEvent::CardLost, true, card as i64)
        };
        self.live.tell(event);
    }
}
