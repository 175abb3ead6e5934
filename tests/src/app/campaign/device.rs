//! From one start of the device to the next time the supply goes.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;

use meter_sim::random::Random;
use pzem::asynch::Pzem;
use smart_meter::app::{self, Parts};
use smart_meter::live::Live;
use smart_meter::platform::{Clock, Machine, MeterSource};
use smart_meter::record::Body;
use smart_meter::sampler::Meters;
use smart_meter::source::PzemLine;
use smart_meter::store::{Enrolled, Log, Opened, Outlet, SharedFlash, SharedStates, States};
use smart_meter::uplink;

use super::super::parts::{Housing, Watched};
use super::super::time::DeviceClock;
use super::super::uart::{TimedDelay, TimedUart};
use super::faults::End;
use super::ledger::Life;
use super::{Campaign, HOUR_US};

/// Time within which everything that waits has arrived, when all is well.
const DRAIN_US: u64 = 2 * HOUR_US;

impl Campaign {
    /// Starts the device; phases follow each other until the supply goes.
    #[allow(clippy::expect_used, reason = "a test that can not go on has to fail")]
    pub(super) fn life(&mut self, end_us: u64) {
        let live = Live::new(self.settings.clone());
        let log = Log::new();
        let clock = DeviceClock::new(&self.time);
        let housing = Housing(Rc::new(RefCell::new(Random::new(
            self.random.below(u64::MAX),
        ))));
        let pzem = Pzem::new(
            TimedUart::new(&self.line, &self.time),
            TimedDelay(self.time.clone()),
        );
        self.seen.borrow_mut().first_ms = None;
        let source = Watched {
            source: PzemLine::new(pzem, &self.settings.addresses),
            clock: clock.clone(),
            interval_ms: self.settings.interval_ms.into(),
            seen: self.seen.clone(),
        };
        let (flash, plan) = (self.flash.clone(), self.plan.clone());
        let (network, settings) = (self.server.network(), self.settings.clone());
        let (time_server, rtc, watchdog) = (
            self.time_servers.clone(),
            self.battery.clone(),
            self.dog.clone(),
        );
        self.dog.start();
        let device = async {
            let shared = SharedFlash::open(flash, clock.clone(), 0)
                .await
                .expect("two pages");
            let layout = plan.regions(&shared, 0).expect("whole pages");
            let states = SharedStates::new(States::new(layout.states).expect("enough pages"));
            let opened = Opened::open(&shared, layout.queues, &states, &log, 1).await;
            let opened = opened.expect("a layout that fits");
            assert!(!opened.is_damaged, "a power cut damages nothing");
            let meters = Meters::new(&settings, source.channels(), &opened.meters);
            let mut random = housing.clone();
            let sending = uplink::run(
                uplink::Parts {
                    network,
                    outbox: Outlet(&log),
                    enrolment: Enrolled(&states),
                    random: || random.random(),
                    mac: housing.mac(),
                },
                &clock,
                &live,
            );
            let parts = Parts {
                clock: &clock,
                source,
                time_server,
                rtc,
                watchdog,
                machine: housing.clone(),
                flash: &shared,
                keeper: opened.keeper,
                is_damaged: opened.is_damaged,
                meters: &meters,
                log: &log,
                live: &live,
            };
            app::run(parts, sending).await
        };
        let mut device = pin!(device);
        self.report.starts += 1;
        let mut counted = 0;
        loop {
            let is_audit = self.phases_left == 0 || self.time.now_us() >= end_us;
            let end = if is_audit {
                self.calm();
                End::Quiet(self.time.now_us() + 20_000_000)
            } else {
                self.phases_left -= 1;
                self.next_phase()
            };
            let _ = self.time.run(device.as_mut(), end.at_us());
            if self.time.is_dark() || matches!(end, End::Dark(_)) {
                break;
            }
            if is_audit {
                // Everything that was made has to come now.
                let limit_us = self.time.now_us() + DRAIN_US;
                while log.state().in_flash > 0 || log.state().in_ram > 0 {
                    let _ = self
                        .time
                        .run(device.as_mut(), self.time.now_us() + 1_000_000);
                    assert!(
                        self.time.now_us() < limit_us,
                        "seed {}: {:?} does not come to an end: {:?}",
                        self.seed,
                        log.state(),
                        live.uplink.borrow()
                    );
                }
                let repeated = log.state().repeated - counted;
                counted += repeated;
                self.ledger
                    .audit(&self.server, log.boot(), log.made(), repeated);
                self.ledger.weigh(&live, &self.seen.borrow().counters);
                self.phases_left = 12 + self.random.below(24) as u32;
                if self.time.now_us() >= end_us {
                    break;
                }
            }
        }
        self.dog.stop();
        let health = live.health.get();
        self.report.failed_polls += u64::from(health.polls.failed);
        self.report.missed_slots += u64::from(live.missed_slots.get());
        let now_ms = clock.now_ms();
        let mut life = Life::new(log.boot(), log.made(), log.state().repeated - counted);
        log.look(|record| {
            let is_reading = matches!(record.body, Body::Reading(_));
            life.in_ram(record.id, is_reading, now_ms.saturating_sub(record.at_ms));
        });
        assert_eq!(
            log.state().dropped,
            0,
            "seed {}: there is room for a day",
            self.seed
        );
        assert_eq!(
            log.state().failures,
            0,
            "seed {}: the flash is whole",
            self.seed
        );
        self.ledger.end(life);
    }
}
