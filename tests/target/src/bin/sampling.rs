//! The step of the application that is made every five seconds, on the UART of QEMU's `virt` machine: the module is
//! polled, the reading goes through all stages, the record into the log. Counts the instructions of each.
//!
//! Run with `-icount shift=0`, so that `minstret` counts exactly. What goes by while the future waits for the line is
//! left out: an executor sleeps then.
#![no_std]
#![no_main]

use core::cell::Cell;
use core::fmt::Write as _;

use meter_core::{Reading, Source};
use on_target::awaited::{Machine, Port, Wait, now_us};
use on_target::emulated::{Host, end};
use pzem::asynch::Pzem;
use riscv_rt::entry;
use smart_meter::live::Live;
use smart_meter::platform::{Clock, MeterSource, SourceError};
use smart_meter::sampler::{Meters, sample};
use smart_meter::settings::Settings;
use smart_meter::source::PzemLine;
use smart_meter::store::Log;

/// Fewer than the log has room for: nobody takes them out here.
const READINGS: u32 = 64;
/// An interval of the load profile ends within them.
const INTERVAL_MS: u32 = 15_000;
/// 2026-01-01T00:00:00Z.
const START_MS: i64 = 1_767_225_600_000;

/// The timer of the machine, which jumps over the time between readings.
#[derive(Default)]
struct Leaps(Cell<u64>);

impl Clock for &Leaps {
    fn now_ms(&self) -> u64 {
        u64::from(now_us() / 1_000) + self.0.get()
    }

    async fn sleep_until(&self, at_ms: u64) {
        let left_ms = at_ms.saturating_sub(self.now_ms());
        self.0.set(self.0.get() + left_ms);
    }
}

/// The line, and what its polls have cost.
struct Counted<'a> {
    line: PzemLine<Port<'a>, Wait<'a>>,
    machine: &'a Machine,
    /// What the last poll cost, if it went well at once: the module is another program, which may be slow.
    poll: &'a Cell<Option<u32>>,
}

impl MeterSource for Counted<'_> {
    fn channels(&self) -> u8 {
        self.line.channels()
    }

    fn describe(&self, channel: u8) -> Source {
        self.line.describe(channel)
    }

    async fn read(&mut self, channel: u8) -> Result<Reading, SourceError> {
        let stats = *self.line.line_mut().stats();
        let before = self.machine.worked();
        let result = self.line.read(channel).await;
        let cost = self.machine.worked().wrapping_sub(before);
        let mut expected = stats;
        expected.ok += 1;
        let is_one = *self.line.line_mut().stats() == expected;
        self.poll.set((is_one && result.is_ok()).then_some(cost));
        result
    }
}

/// Least, mean and most of something.
#[derive(Clone, Copy)]
struct Spread {
    least: u32,
    most: u32,
    sum: u32,
    count: u32,
}

impl Spread {
    const NONE: Self = Self {
        least: u32::MAX,
        most: 0,
        sum: 0,
        count: 0,
    };

    fn add(cell: &Cell<Self>, value: u32) {
        let mut this = cell.get();
        this.least = this.least.min(value);
        this.most = this.most.max(value);
        this.sum += value;
        this.count += 1;
        cell.set(this);
    }

    fn show(&self, what: &str) {
        let mean = self.sum / self.count.max(1);
        let (least, most) = (self.least, self.most);
        let _ = writeln!(
            Host,
            "{what}: {mean} instructions, {least} at least, {most} at most"
        );
    }
}

#[entry]
fn main() -> ! {
    let settings = Settings {
        interval_ms: INTERVAL_MS,
        ..Settings::default()
    };
    let live = Live::new(settings.clone());
    let mut time = live.time.get();
    time.offset_ms = Some(START_MS);
    live.time.set(time);
    let log = Log::new();
    let machine = Machine::new();
    let clock = Leaps::default();
    let poll = Cell::new(None);
    let source = Counted {
        line: PzemLine::new(Pzem::new(Port(&machine), Wait(&machine)), &[]),
        machine: &machine,
        poll: &poll,
    };
    let meters = Meters::new(&settings, &source, &Default::default());
    let (polls, readings) = (Cell::new(Spread::NONE), Cell::new(Spread::NONE));
    let began = Cell::new(None);
    let steps = Cell::new(0);
    let pace = |is_sampling: bool, _| {
        let now = machine.worked();
        if is_sampling {
            began.set(Some(now));
        } else if let Some(before) = began.take() {
            steps.set(steps.get() + 1);
            if let Some(cost) = poll.get() {
                Spread::add(&polls, cost);
                Spread::add(&readings, now.wrapping_sub(before) - cost);
            }
        }
    };
    let step = sample(&clock, source, &live, &log, &meters, pace);
    let bytes = size_of_val(&step);
    machine.run(step, || steps.get() >= READINGS);
    polls.get().show("a poll of the module");
    readings
        .get()
        .show("a reading through all stages into the log");
    let counted = polls.get().count;
    if counted < READINGS * 3 / 4 {
        let _ = writeln!(Host, "{counted} of {READINGS} polls went well at once");
        end(1);
    }
    let _ = writeln!(
        Host,
        "RAM: {bytes} bytes of the sampler, {} of the meters, {} of the log, {} of the present",
        size_of_val(&meters),
        size_of_val(&log),
        size_of_val(&live)
    );
    end(0)
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let _ = writeln!(Host, "{info}");
    end(101)
}
