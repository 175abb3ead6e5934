//! From one start of the device to the next time the supply goes.

use smart_meter::platform::Clock;
use smart_meter::record::Body;

use super::super::world::{HOUR_US, Running, SECOND_US};
use super::faults::End;
use super::ledger::Life;
use super::{Campaign, Fate};

/// Within this an empty slot is looked at again, and the card takes what waited for it.
const CALM_US: u64 = 120 * SECOND_US;

/// Time within which everything that waits has arrived, when all is well.
const DRAIN_US: u64 = 2 * HOUR_US;

impl Campaign {
    /// Starts the device; phases follow each other until the supply goes.
    pub(super) fn life(&mut self, end_us: u64) {
        let seed = self.fate.random.below(u64::MAX);
        let Self { world, fate, .. } = self;
        fate.report.starts += 1;
        world.power(seed, |device| {
            let mut counted = 0;
            loop {
                if fate.phases_left == 0 || world.time.now_us() >= end_us {
                    fate.audit(world, device, &mut counted);
                    if world.time.now_us() >= end_us {
                        break;
                    }
                    continue;
                }
                fate.phases_left -= 1;
                if fate.random.below(80) == 0 && !fate.replace_meter(world, device) {
                    break;
                }
                let end = fate.next_phase(world);
                if !device.until_us(end.at_us()) || matches!(end, End::Dark(_)) {
                    break;
                }
            }
            fate.end(device, counted);
        });
    }
}

impl Fate {
    /// All is well for a while: everything that was made has to come, and to add up.
    fn audit(&mut self, world: &super::World, device: &mut Running<'_>, counted: &mut u32) {
        self.calm(world);
        device.until_us(world.time.now_us() + CALM_US);
        let begin_us = world.time.now_us();
        let limit_us = begin_us + DRAIN_US;
        let waits = |device: &Running<'_>| {
            let state = device.log.state();
            state.in_flash > 0 || state.in_ram > 0
        };
        while waits(device) {
            device.until_us(world.time.now_us() + SECOND_US);
            assert!(
                world.time.now_us() < limit_us,
                "seed {}: {:?} does not come to an end: {:?}",
                self.seed,
                device.log.state(),
                device.live.uplink.borrow()
            );
        }
        let drain_ms = (world.time.now_us() - begin_us) / 1_000;
        self.report.longest_drain_ms = self.report.longest_drain_ms.max(drain_ms);
        self.report.audits += 1;
        if let Some(card) = &world.card {
            let report = &mut self.report;
            self.archive
                .audit(self.seed, card, device.room, &world.server, report);
        }
        let repeated = device.log.state().repeated - *counted;
        *counted += repeated;
        let life = Life::new(device.log, repeated);
        self.ledger.audit(&world.server, life);
        self.ledger.weigh(device.live, &world.seen.borrow());
        self.phases_left = 12 + self.random.below(24) as u32;
    }

    /// The supply went.
    fn end(&mut self, device: &Running<'_>, counted: u32) {
        let (live, log) = (device.live, device.log);
        self.report.failed_polls += u64::from(live.health.get().polls.failed);
        self.report.missed_slots += u64::from(live.missed_slots.get());
        let now_ms = device.clock.now_ms();
        let mut life = Life::new(log, log.state().repeated - counted);
        log.look(|record| {
            let is_reading = matches!(record.body, Body::Reading(_));
            let age_ms = now_ms.saturating_sub(record.at_ms);
            life.in_ram(record.id, is_reading, age_ms);
        });
        let state = log.state();
        assert_eq!(
            state.dropped, 0,
            "seed {}: there is room for a day",
            self.seed
        );
        assert_eq!(state.failures, 0, "seed {}: the flash is whole", self.seed);
        self.archive.end(device.room);
        self.ledger.end(life);
    }
}
