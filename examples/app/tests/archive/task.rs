//! The task in virtual time: cards that come and go while a reading is made every five seconds.

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use smart_meter::archive::{Inbox, run};
use smart_meter::live::{CardState, Live, TimeSource, TimeState};
use smart_meter::platform::Clock;
use smart_meter::record::{Body, DeviceEvent, EventRecord, Quality, Record};
use smart_meter::settings::Settings;
use smart_meter::store::Log;

use super::disk::{Cut, Disk};
use super::records::{numbers, reading};

#[derive(Clone, Default)]
struct Time(Rc<Cell<u64>>);

impl Clock for Time {
    fn now_ms(&self) -> u64 {
        self.0.get()
    }

    async fn sleep_until(&self, at_ms: u64) {
        std::future::poll_fn(|_| {
            if self.0.get() >= at_ms {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Room of the inbox.
const ROOM: usize = 24;

struct Bench {
    live: Live,
    inbox: Inbox<ROOM>,
    time: Time,
    made: Cell<u32>,
}

impl Bench {
    fn new() -> Self {
        let live = Live::new(Settings::default());
        live.time.set(TimeState {
            offset_ms: Some(1_795_689_936_123),
            source: TimeSource::Server,
        });
        Self {
            live,
            inbox: Inbox::new(),
            time: Time::default(),
            made: Cell::new(0),
        }
    }

    /// Runs the task for a time; `each_s` is called at the beginning of each second.
    fn run(&self, disk: &Disk, seconds: u64, mut each_s: impl FnMut(u64)) {
        let mut task = pin!(run(
            disk.clone(),
            &self.inbox,
            self.time.clone(),
            &self.live
        ));
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let mut context = Context::from_waker(&waker);
        let end_ms = self.time.now_ms() + 1_000 * seconds;
        while self.time.now_ms() < end_ms {
            let now_ms = self.time.now_ms();
            if now_ms.is_multiple_of(1_000) {
                each_s(now_ms / 1_000);
            }
            if now_ms.is_multiple_of(5_000) {
                self.inbox.offer(&reading(self.made.get()));
                self.made.set(self.made.get() + 1);
            }
            let accesses = disk.reads() + disk.writes();
            loop {
                woken.0.store(false, Ordering::Relaxed);
                assert!(task.as_mut().poll(&mut context).is_pending());
                if !woken.0.load(Ordering::Relaxed) {
                    break;
                }
            }
            // The meters are read at the beginning of an interval, and nobody may stand in their way then.
            if now_ms % 5_000 < 1_250 {
                assert_eq!(disk.reads() + disk.writes(), accesses, "at {now_ms} ms");
            }
            self.time.0.set(now_ms + 50);
        }
    }

    fn events(&self) -> Vec<EventRecord> {
        std::iter::from_fn(|| self.live.told.try_receive().ok()).collect()
    }

    /// Every record is in the file, or waits, or was counted as dropped.
    fn check(&self, disk: &Disk) -> Vec<u32> {
        let state = self.live.archive.get();
        let found = numbers(&disk.file("data.csv"));
        assert_eq!(found.len(), state.written as usize);
        assert_eq!(
            self.made.get(),
            state.written + state.dropped + u32::from(state.waiting)
        );
        assert!(found.is_sorted_by(|a, b| a < b), "{found:?}");
        found
    }
}

#[test]
fn a_card_that_stays() {
    let (bench, disk) = (Bench::new(), Disk::small());
    bench.run(&disk, 3_600, |_| {});
    let found = bench.check(&disk);
    assert_eq!(
        found,
        (0..u32::try_from(found.len()).unwrap()).collect::<Vec<_>>()
    );
    // No more is missing than a minute may hold, and a line that waits for another.
    assert!(found.len() >= 720 - 13, "{}", found.len());
    assert_eq!(bench.live.archive.get().card, CardState::Ready);
    assert_eq!(bench.events(), []);
    println!("{} blocks written for {} lines", disk.writes(), found.len());
}

#[test]
fn no_card_and_then_one() {
    let (bench, disk) = (Bench::new(), Disk::small());
    disk.take_out();
    bench.run(&disk, 300, |second| {
        if second == 20 {
            assert_eq!(bench.live.archive.get().card, CardState::Absent);
        }
        if second == 200 {
            disk.put_in();
        }
        if second == 240 {
            assert_eq!(bench.live.archive.get().card, CardState::Ready);
        }
    });
    let found = bench.check(&disk);
    // What came first was kept.
    assert_eq!(
        found[..ROOM],
        (0..u32::try_from(ROOM).unwrap()).collect::<Vec<_>>()
    );
    assert!(bench.live.archive.get().dropped > 10);
    // A device without a card has lost none.
    assert_eq!(bench.events(), []);
    // It is looked for every half minute.
    assert!(disk.restarts() < 10, "{}", disk.restarts());
}

#[test]
fn a_card_that_is_away_for_ten_minutes() {
    let (bench, disk) = (Bench::new(), Disk::small());
    bench.run(&disk, 2_000, |second| match second {
        600 => disk.take_out(),
        700 => assert_eq!(bench.live.archive.get().card, CardState::Absent),
        1_200 => disk.put_in(),
        1_240 => assert_eq!(bench.live.archive.get().card, CardState::Ready),
        _ => {}
    });
    bench.check(&disk);
    let dropped = bench.live.archive.get().dropped;
    // Up to 127 readings came until it was looked for again; of 24 places up to 13 were taken.
    assert!((120 - 24..=127 - 24 + 13).contains(&dropped), "{dropped}");
    assert_eq!(
        bench.events(),
        [
            EventRecord::device(DeviceEvent::CardLost, true, CardState::Absent as i64),
            EventRecord::device(DeviceEvent::CardLost, false, dropped.into()),
        ]
    );
}

#[test]
fn taken_out_at_any_write_nothing_is_lost_or_doubled() {
    let (bench, disk) = (Bench::new(), Disk::small());
    bench.run(&disk, 200, |_| {});
    let writes = disk.writes();
    assert!(writes > 30, "{writes}");
    for cut in 0..writes {
        for bytes in [0, 256, 512] {
            let (bench, disk) = (Bench::new(), Disk::small());
            disk.cut(Some(Cut { writes: cut, bytes }));
            bench.run(&disk, 400, |second| {
                if second == 210 {
                    disk.cut(None);
                }
            });
            let found = numbers(&disk.file("data.csv"));
            let expected: Vec<u32> = (0..bench.made.get())
                .filter(|seq| found.contains(seq) || *seq < 40)
                .collect();
            let dropped = bench.live.archive.get().dropped;
            if dropped == 0 {
                assert_eq!(found, expected, "cut {cut} after {bytes}");
            }
            assert!(
                found.is_sorted_by(|a, b| a < b),
                "cut {cut} after {bytes}: {found:?}"
            );
            let waiting = u32::from(bench.live.archive.get().waiting);
            assert_eq!(
                u32::try_from(found.len()).unwrap() + waiting + dropped,
                bench.made.get(),
                "cut {cut} after {bytes}"
            );
        }
    }
}

#[test]
fn a_full_card_that_is_emptied() {
    let (bench, disk) = (Bench::new(), Disk::small());
    disk.put_file("big.bin", &vec![1; (disk.clusters_free() - 20) * 512]);
    bench.run(&disk, 3_000, |second| match second {
        1_000 => assert_eq!(bench.live.archive.get().card, CardState::Full),
        1_500 => disk.on_pc(|root| root.remove("big.bin").unwrap()),
        _ => {}
    });
    assert_eq!(bench.live.archive.get().card, CardState::Ready);
    bench.check(&disk);
    let dropped = bench.live.archive.get().dropped;
    assert!(dropped > 0);
    assert_eq!(
        bench.events(),
        [
            EventRecord::device(DeviceEvent::CardLost, true, CardState::Full as i64),
            EventRecord::device(DeviceEvent::CardLost, false, dropped.into()),
        ]
    );
}

#[test]
fn a_card_without_fat_that_is_formatted() {
    let (bench, disk) = (Bench::new(), Disk::small());
    let good = disk.edit(|bytes| bytes.to_vec());
    disk.edit(|bytes| bytes.fill(0));
    bench.run(&disk, 300, |second| match second {
        100 => {
            assert_eq!(bench.live.archive.get().card, CardState::WrongFormat);
            let lost =
                EventRecord::device(DeviceEvent::CardLost, true, CardState::WrongFormat as i64);
            assert_eq!(bench.events(), [lost]);
            disk.edit(|bytes| bytes.copy_from_slice(&good));
        }
        200 => assert_eq!(bench.live.archive.get().card, CardState::Ready),
        _ => {}
    });
    bench.check(&disk);
    assert_eq!(bench.events().len(), 1);
}

#[test]
fn a_card_that_can_not_be_written_to() {
    let (bench, disk) = (Bench::new(), Disk::small());
    bench.run(&disk, 300, |_| {});
    disk.protect(true);
    bench.run(&disk, 300, |_| {});
    assert_eq!(bench.live.archive.get().card, CardState::Faulty);
    let lost = EventRecord::device(DeviceEvent::CardLost, true, CardState::Faulty as i64);
    assert_eq!(bench.events(), [lost]);
}

#[test]
fn lines_get_the_time_that_came_to_be_known() {
    let (bench, disk) = (Bench::new(), Disk::small());
    let time = bench.live.time.get();
    bench.live.time.set(TimeState::default());
    let inbox = &bench.inbox;
    let mut record = reading(0);
    record.utc_ms = None;
    record.quality = Quality::CLOCK_INVALID;
    record.at_ms = 1_000;
    inbox.offer(&record);
    disk.take_out();
    bench.run(&disk, 100, |second| {
        if second == 50 {
            bench.live.time.set(time);
            disk.put_in();
        }
    });
    let file = disk.file("data.csv");
    let first = str::from_utf8(&file[256..512]).unwrap();
    // A second after the start, which was at 10:45:36.123.
    assert!(
        first.starts_with("2026-11-26T10:45:37.123Z,230.00,"),
        "{first}"
    );
    assert!(first.contains(",restamped,"), "{first}");
}

#[test]
fn every_record_of_the_store_is_offered_when_it_is_made() {
    // Statics, as a device has them.
    let inbox: &'static Inbox<ROOM> = Box::leak(Box::default());
    let witness: &'static dyn Fn(&Record) =
        Box::leak(Box::new(|record: &Record| inbox.offer(record)));
    let live = Live::new(Settings::default());
    live.witness.set(Some(witness));
    let log = Log::new();
    let Body::Reading(values) = reading(0).body else {
        panic!("a reading");
    };
    let id = log.add(&live, 1, 5_000, Quality::GOOD, Body::Reading(values));
    log.note(&live, 6_000, DeviceEvent::ClockSet, -250);
    assert_eq!(inbox.waiting(), 2);
    let first = inbox.get(0).unwrap();
    assert_eq!((first.id, first.channel, first.at_ms), (id, 1, 5_000));
    assert_eq!(first.quality, Quality::CLOCK_INVALID);
    assert_eq!(inbox.get(1).unwrap().id.seq, id.seq + 1);
}
