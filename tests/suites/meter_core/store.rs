//! A power cut at every byte and every word of every write, and in the middle of erases.

use core::task::Poll;

use embassy_futures::poll_once;
use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};
use meter_core::snapshot::Write;
use meter_core::{EnergyMeter, Ring, Slots, Snapshot, SnapshotError};
use metering_tests::app::flash::{Durations, Flash, PAGE};
use metering_tests::app::time::Time;

use super::{COUNTING, Fed, counted};

#[test]
fn a_cut_at_any_byte_of_any_write_loses_at_most_one_checkpoint() {
    for cut in 0..=Snapshot::BYTES {
        for checkpoints in 0..5u64 {
            let mut flash = [[0xFF; Snapshot::BYTES]; 2];
            let (mut slots, none) = Slots::open([&flash[0], &flash[1]]);
            assert!(none.is_none());
            let mut meter = Fed::new(COUNTING);
            let mut stored = 0;
            for checkpoint in 0..=checkpoints {
                meter.push(&counted(
                    checkpoint * 60_000,
                    1_000_000,
                    500 + checkpoint * 100,
                ));
                let (place, bytes) = slots.store(meter.meter.snapshot());
                let written = if checkpoint == checkpoints {
                    cut
                } else {
                    Snapshot::BYTES
                };
                let slot = &mut flash[usize::from(place)];
                slot[..written].copy_from_slice(&bytes[..written]);
                if written == Snapshot::BYTES {
                    stored = meter.registers().import.mwh();
                }
            }
            let (mut slots, found) = Slots::open([&flash[0], &flash[1]]);
            let registers = found.map_or(0, |snapshot| {
                EnergyMeter::restore(&snapshot).registers().import.mwh()
            });
            assert_eq!(registers, stored, "cut at {cut} of write {checkpoints}");
            // The counter makes up for what was not stored.
            if let Some(snapshot) = found {
                let mut meter = Fed {
                    meter: EnergyMeter::restore(&snapshot),
                    ..Fed::new(COUNTING)
                };
                meter.push(&counted(0, 0, 500 + checkpoints * 100));
                assert_eq!(meter.registers().import.mwh(), checkpoints * 100_000);
                // And the next write does not go over the only good one.
                let (place, _) = slots.store(meter.meter.snapshot());
                let good = Snapshot::decode(&flash[usize::from(place ^ 1)]).unwrap();
                assert_eq!(good, snapshot);
            }
        }
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let mut meter = Fed::new(COUNTING);
    meter.push(&counted(0, 1_000_000, 7));
    meter.push(&counted(9_000, 1_000_000, 9));
    let snapshot = meter.meter.snapshot();
    let bytes = snapshot.encode();
    assert_eq!(Snapshot::decode(&bytes), Ok(snapshot));
    for at in 0..bytes.len() * 8 {
        let mut damaged = bytes;
        damaged[at / 8] ^= 1 << (at % 8);
        assert_eq!(Snapshot::decode(&damaged), Err(SnapshotError::Crc));
    }
    assert_eq!(
        Snapshot::decode(&[0; Snapshot::BYTES]),
        Err(SnapshotError::Crc)
    );
    assert_eq!(
        Snapshot::decode(&[0xFF; Snapshot::BYTES]),
        Err(SnapshotError::Crc)
    );
}

#[test]
fn the_later_of_two_states_is_found_when_sequence_numbers_wrap() {
    let state = |sequence| {
        let mut snapshot = EnergyMeter::new().snapshot();
        snapshot.sequence = sequence;
        snapshot.encode()
    };
    let (old, new) = (state(u32::MAX), state(0));
    for slots in [[&old, &new], [&new, &old]] {
        assert_eq!(
            Slots::open(slots).1.map(|snapshot| snapshot.sequence),
            Some(0)
        );
    }
}

#[test]
fn a_write_that_fails_does_not_cost_the_good_place() {
    let mut flash = [[0xFF; Snapshot::BYTES]; 2];
    let (mut slots, _) = Slots::open([&flash[0], &flash[1]]);
    let mut meter = Fed::new(COUNTING);
    let mut good = None;
    for number in 0..20 {
        meter.push(&counted(number * 1_000, 0, number));
        let (place, bytes) = slots.store(meter.meter.snapshot());
        let place = usize::from(place);
        if number % 3 == 1 {
            flash[place][..50].copy_from_slice(&bytes[..50]);
            slots.failed();
        } else {
            flash[place] = bytes;
            good = Some(meter.registers().import);
        }
        let (_, found) = Slots::open([&flash[0], &flash[1]]);
        let found = found.map(|found| EnergyMeter::restore(&found).registers().import);
        assert_eq!(found, good, "{number}");
    }
}

/// Places of a page.
const PLACES: u16 = (PAGE / Snapshot::BYTES) as u16;

/// A ring in a flash whose words and pages are torn at random when the supply goes.
struct Pages {
    ring: Ring,
    flash: Flash,
}

impl Pages {
    /// After a restart: where to go on, and the latest state.
    fn open(flash: &Flash, pages: u16) -> (Self, Option<Snapshot>) {
        let (mut ring, mut flash) = (Ring::new(pages, PLACES).unwrap(), flash.clone());
        let mut latest = None;
        for page in 0..pages {
            for place in 0..PLACES {
                let mut bytes = [0; Snapshot::BYTES];
                let read = poll_once(flash.read(Self::address(page, place), &mut bytes));
                assert_eq!(read, Poll::Ready(Ok(())));
                latest = ring.look(page, &bytes).or(latest);
            }
        }
        (Self { ring, flash }, latest)
    }

    fn address(page: u16, place: u16) -> u32 {
        u32::from(page) * PAGE as u32 + u32::from(place) * Snapshot::BYTES as u32
    }

    /// Whether it was stored before the power went.
    fn store(&mut self, meter: &Fed) -> bool {
        #[repr(align(4))]
        struct Aligned([u8; Snapshot::BYTES]);
        let Write {
            erase,
            page,
            place,
            bytes,
        } = self.ring.store(meter.meter.snapshot());
        if let Some(page) = erase {
            let from = Self::address(page, 0);
            if poll_once(self.flash.erase(from, from + PAGE as u32)).is_pending() {
                return false;
            }
        }
        let bytes = Aligned(bytes);
        poll_once(self.flash.write(Self::address(page, place), &bytes.0)).is_ready()
    }
}

fn restored(found: Option<Snapshot>) -> Fed {
    Fed {
        meter: found.map_or(EnergyMeter::new(), |found| EnergyMeter::restore(&found)),
        ..Fed::new(COUNTING)
    }
}

#[test]
fn a_ring_loses_at_most_one_checkpoint_wherever_power_goes_and_whatever_is_torn() {
    const WH: u64 = 16;
    let reading = |checkpoint: u64| counted(checkpoint * 60_000, 960_000, 500 + checkpoint * WH);
    let mut cuts_in_erases = 0;
    for (pages, every) in [(2, 1), (3, 5)] {
        for cut in (0..).step_by(every) {
            let flash = Flash::new(pages.into(), cut, &Time::new());
            flash.set_durations(Durations::NONE);
            let (mut stored, mut is_whole) = (None, true);
            let mut meter = Fed::new(COUNTING);
            // The power goes then, and twice more soon after.
            for cut in [cut, cut % 397, cut % 53] {
                flash.cut_after(Some(cut));
                let (mut ring, found) = Pages::open(&flash, pages);
                assert!(found.is_some() || stored.is_none(), "cut at {cut}");
                let before = meter.registers().import.mwh();
                meter = restored(found);
                let found_mwh = meter.registers().import.mwh();
                let at_least = stored.unwrap_or(0) * WH * 1_000;
                assert!(
                    found_mwh >= at_least,
                    "cut at {cut}: {found_mwh} after {at_least}"
                );
                assert!(found_mwh + WH * 1_000 >= before, "cut at {cut}");
                for _ in 0..35 {
                    let checkpoint = stored.map_or(0, |stored| stored + 1);
                    meter.push(&reading(checkpoint));
                    assert_eq!(meter.registers().import.mwh(), checkpoint * WH * 1_000);
                    if !ring.store(&meter) {
                        is_whole = false;
                        break;
                    }
                    stored = Some(checkpoint);
                }
                if is_whole {
                    break;
                }
            }
            cuts_in_erases += flash.counts().erase_cuts;
            if is_whole {
                break;
            }
        }
    }
    println!("{cuts_in_erases} cuts in erases");
    assert!(cuts_in_erases > 2_000);
}

#[test]
fn a_ring_goes_round_and_erases_a_page_before_its_first_place() {
    assert_eq!((Ring::new(1, 9), Ring::new(2, 0)), (None, None));
    let mut ring = Ring::new(3, 2).unwrap();
    let snapshot = EnergyMeter::new().snapshot();
    let seen: Vec<_> = (0..7)
        .map(|_| ring.store(snapshot))
        .map(|write| (write.erase, write.page, write.place))
        .collect();
    assert_eq!(
        seen,
        [
            (Some(0), 0, 0),
            (None, 0, 1),
            (Some(1), 1, 0),
            (None, 1, 1),
            (Some(2), 2, 0),
            (None, 2, 1),
            (Some(0), 0, 0)
        ]
    );
    // The latest one counts, also where sequence numbers wrap.
    let state = |sequence| {
        let mut snapshot = snapshot;
        snapshot.sequence = sequence;
        snapshot.encode()
    };
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
        let mut ring = Ring::new(3, 2).unwrap();
        let mut latest = None;
        for page in order {
            let bytes = state([u32::MAX, 0, u32::MAX - 1][page]);
            latest = ring.look(page as u16, &bytes).or(latest);
        }
        assert_eq!(latest.map(|found| found.sequence), Some(0));
        let write = ring.store(snapshot);
        assert_eq!((write.erase, write.page, write.place), (Some(2), 2, 0));
        assert_eq!(Snapshot::decode(&write.bytes).unwrap().sequence, 1);
    }
}
