//! What is shown beside records: the present, the health, what Home Assistant is told.

use core::fmt::Write;

use minimq::Io;

use super::super::{HEALTH_MS, home_assistant, payload, tasmota};
use super::left::Left;
use super::link::{Link, Manner};
use super::topic;
use crate::platform::Clock;

impl<I: Io, C: Clock> Link<'_, '_, '_, I, C> {
    /// Meters there are.
    fn channels(&self) -> u8 {
        u8::try_from(self.live.channels.borrow().len()).unwrap_or(u8::MAX)
    }

    /// Shows meters of which there is something new to see.
    pub(super) async fn present(&mut self) -> Result<(), Left> {
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
    pub(super) async fn health(&mut self) -> Result<(), Left> {
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
    pub(super) async fn discover(&mut self) -> Result<(), Left> {
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
