//! Snapshots in a log on NOR flash, as `sequential-storage` keeps it: the power goes at every word that is written and in
//! every quarter of an erase, and no register is ever lower than what was stored.

use core::task::Poll;

use embassy_futures::poll_once;
use meter_core::{EnergyMeter, Reading, Snapshot};
use metering_tests::nor::{Nor, PAGE};
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};

use super::{COUNTING, Fed, counted};

/// The key of the registers.
const KEY: u8 = 0;
/// Checkpoints of a run.
const CHECKPOINTS: u64 = 45;
/// Between two checkpoints.
const WH: u64 = 16;

/// As flash wants to be written from.
#[repr(align(4))]
struct Buffer([u8; Snapshot::BYTES + 8]);

struct Log {
    map: MapStorage<u8, Nor, Cache<Uncached, Uncached, Uncached, u8>>,
    buffer: Buffer,
}

impl Log {
    fn open(flash: Nor) -> Self {
        let pages = flash.erases.len();
        let config = MapConfig::new(0..(pages * PAGE) as u32);
        Self {
            map: MapStorage::new(flash, config, Cache::new_uncached()),
            buffer: Buffer([0; _]),
        }
    }

    /// Whether it was stored before the power went.
    fn store(&mut self, snapshot: &Snapshot) -> bool {
        let bytes = snapshot.encode();
        let value = bytes.as_slice();
        let store = self.map.store_item(&mut self.buffer.0, &KEY, &value);
        matches!(poll_once(store), Poll::Ready(Ok(())))
    }

    /// What is stored, with the power on.
    fn latest(&mut self) -> Option<Snapshot> {
        let fetch = self.map.fetch_item::<&[u8]>(&mut self.buffer.0, &KEY);
        let Poll::Ready(found) = poll_once(fetch) else {
            panic!("this flash never waits");
        };
        let bytes = found
            .expect("a flash that works")?
            .try_into()
            .expect("a whole one");
        Some(Snapshot::decode(bytes).expect("one that was stored"))
    }

    fn into_flash(self) -> Nor {
        let (mut flash, _) = self.map.destroy();
        flash.cut_after(None);
        flash
    }
}

/// The reading of a checkpoint.
fn reading(checkpoint: u64) -> Reading {
    counted(checkpoint * 60_000, 960_000, 500 + checkpoint * WH)
}

fn import_mwh(meter: &EnergyMeter) -> u64 {
    meter.registers().import.mwh()
}

/// Stores checkpoint after checkpoint until the power goes; gives the last one that was stored for certain.
fn run(flash: Nor) -> (Nor, Option<u64>) {
    let (mut log, mut meter) = (Log::open(flash), Fed::new(COUNTING));
    let mut stored = None;
    for checkpoint in 0..CHECKPOINTS {
        meter.push(&reading(checkpoint));
        if !log.store(&meter.meter.snapshot()) {
            break;
        }
        stored = Some(checkpoint);
    }
    (log.into_flash(), stored)
}

/// Two pages are the least a map needs.
fn flashes() -> [Nor; 2] {
    [2, 3].map(Nor::new)
}

#[test]
fn a_cut_at_every_write_position_loses_at_most_one_checkpoint() {
    for new in flashes() {
        let (whole, stored) = run(new.clone());
        assert_eq!(stored, Some(CHECKPOINTS - 1));
        assert!(
            whole.erases.iter().all(|erases| *erases > 0),
            "{:?}",
            whole.erases
        );
        let mut lost = 0;
        for cut in 0..whole.steps {
            let mut flash = new.clone();
            flash.cut_after(Some(cut));
            let (flash, stored) = run(flash);
            let mut log = Log::open(flash);
            let found = log.latest();
            let mut meter = Fed {
                meter: found.map_or(EnergyMeter::new(), |found| EnergyMeter::restore(&found)),
                ..Fed::new(COUNTING)
            };
            let at_least = stored.map_or(0, |checkpoint| checkpoint * WH * 1_000);
            let found_mwh = import_mwh(&meter.meter);
            assert!(
                found_mwh >= at_least,
                "cut at {cut}: {found_mwh} after {at_least}"
            );
            assert!(found_mwh <= at_least + WH * 1_000, "cut at {cut}");
            lost += u64::from(found_mwh == at_least);
            let Some(stored) = stored else {
                continue;
            };
            // The meter's counter knows the rest, and the log goes on from there.
            let now = stored + 2;
            meter.push(&Reading {
                at_ms: 5,
                ..reading(now)
            });
            assert_eq!(import_mwh(&meter.meter), now * WH * 1_000, "cut at {cut}");
            assert!(log.store(&meter.meter.snapshot()), "cut at {cut}");
            let found = Log::open(log.into_flash())
                .latest()
                .expect("what was stored");
            assert_eq!(import_mwh(&EnergyMeter::restore(&found)), now * WH * 1_000);
        }
        println!(
            "{} pages, {} cuts: {lost} lost the checkpoint that was being written, none more",
            whole.erases.len(),
            whole.steps
        );
        assert!(lost > whole.steps / 2);
    }
}

#[test]
fn further_cuts_while_the_log_is_put_in_order_lose_nothing_more() {
    for new in flashes() {
        let (whole, _) = run(new.clone());
        for cut in (7..whole.steps).step_by(3) {
            let mut flash = new.clone();
            flash.cut_after(Some(cut));
            let (mut flash, stored) = run(flash);
            let Some(mut stored) = stored else {
                continue;
            };
            // The power goes again and again, wherever the next checkpoint is stored or the log repaired.
            for again in [cut % 3, cut % 7, cut % 110, cut % 2, cut % 230] {
                let found = Log::open(flash.clone())
                    .latest()
                    .expect("something is stored");
                let mut meter = Fed {
                    meter: EnergyMeter::restore(&found),
                    ..Fed::new(COUNTING)
                };
                assert!(
                    import_mwh(&meter.meter) >= stored * WH * 1_000,
                    "cut at {cut}, then {again}"
                );
                meter.push(&reading(stored + 1));
                flash.cut_after(Some(again));
                let mut log = Log::open(flash);
                if log.store(&meter.meter.snapshot()) {
                    stored += 1;
                }
                flash = log.into_flash();
            }
            let found = Log::open(flash).latest().expect("something is stored");
            assert!(
                import_mwh(&EnergyMeter::restore(&found)) >= stored * WH * 1_000,
                "cut at {cut}"
            );
        }
    }
}

#[test]
fn a_year_of_checkpoints_wears_each_page_by_what_is_said() {
    // A checkpoint a minute in 8 pages of 4 KiB: the documentation of snapshots tells the wear of it.
    let (mut log, mut meter) = (Log::open(Nor::new(8)), Fed::new(COUNTING));
    let minutes = 4_000;
    for minute in 0..minutes {
        meter.push(&reading(minute));
        assert!(log.store(&meter.meter.snapshot()));
    }
    let erases: u64 = log.into_flash().erases.into_iter().map(u64::from).sum();
    let a_year = erases * 525_600 / minutes / 8;
    println!("{a_year} erases of each page a year");
    assert!((7_000..7_500).contains(&a_year), "{a_year}");
}
