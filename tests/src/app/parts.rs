//! The small parts of a device: watchdog, clock with a battery, time servers, and a look at when meters are read.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use meter_core::health::ResetCause;
use meter_core::{Reading, Source};
use meter_sim::random::Random;
use smart_meter::platform::{
    Clock, ConnectError, Machine, MeterSource, Rtc, SourceError, TimeServer, Watchdog,
};

use super::time::Time;

/// UTC at the beginning of the world: 25 October 2026, 0:00, a day on which Europe sets its clocks back.
pub const BEGIN_S: i64 = 1_792_886_400;

/// The true time in milliseconds since 1970.
#[must_use]
pub fn utc_ms(time: &Time) -> i64 {
    BEGIN_S * 1_000 + (time.now_us() / 1_000) as i64
}

/// Remembers the longest time it was not fed.
#[derive(Clone, Debug, Default)]
pub struct Dog {
    longest_us: Rc<Cell<u64>>,
    fed_us: Rc<Cell<u64>>,
    time: Time,
}

impl Dog {
    /// Fed now.
    #[must_use]
    pub fn new(time: &Time) -> Self {
        let dog = Self {
            time: time.clone(),
            ..Self::default()
        };
        dog.start();
        dog
    }

    /// The device starts.
    pub fn start(&self) {
        self.fed_us.set(self.time.now_us());
    }

    /// The longest time so far.
    #[must_use]
    pub fn longest_us(&self) -> u64 {
        self.longest_us.get()
    }

    /// The device stops: the time since the last feeding counts too.
    pub fn stop(&self) {
        let since = self.time.now_us().saturating_sub(self.fed_us.get());
        self.longest_us.set(self.longest_us.get().max(since));
    }
}

impl Watchdog for Dog {
    fn feed(&mut self) {
        self.stop();
        self.start();
    }
}

/// A device without peculiarities.
#[derive(Clone, Debug)]
pub struct Housing(pub Rc<RefCell<Random>>);

impl Machine for Housing {
    fn random(&mut self) -> u32 {
        self.0.borrow_mut().below(1 << 32) as u32
    }

    fn mac(&self) -> [u8; 6] {
        [2, 0, 0, 0, 0, 1]
    }

    fn reset_cause(&self) -> ResetCause {
        ResetCause::PowerOn
    }

    #[allow(clippy::panic, reason = "nothing restarts in these tests")]
    fn restart(&mut self) -> ! {
        panic!("a restart nobody asked for")
    }
}

/// A clock with a battery that is a little slow, or has none.
#[derive(Clone, Debug)]
pub struct Battery {
    /// How much it is off, in seconds; `None` when its battery is empty and it was not set since the supply came.
    pub off_s: Rc<Cell<Option<i64>>>,
    /// The true time.
    pub time: Time,
}

impl Rtc for Battery {
    fn read(&mut self) -> Option<i64> {
        self.off_s
            .get()
            .map(|off_s| utc_ms(&self.time).div_euclid(1_000) + off_s)
    }

    fn set(&mut self, utc_s: i64) -> bool {
        self.off_s
            .set(Some(utc_s - utc_ms(&self.time).div_euclid(1_000)));
        true
    }
}

/// How time servers are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeMood {
    /// They answer.
    pub is_up: bool,
    /// They are off by so much, in milliseconds.
    pub off_ms: i64,
}

impl TimeMood {
    /// They answer, and are right.
    pub const GOOD: Self = Self {
        is_up: true,
        off_ms: 0,
    };
}

/// Time servers.
#[derive(Clone, Debug)]
pub struct Servers {
    /// How they are.
    pub mood: Rc<Cell<TimeMood>>,
    /// The true time.
    pub time: Time,
}

impl TimeServer for Servers {
    async fn query(&mut self, _: &str) -> Result<i64, ConnectError> {
        let mood = self.mood.get();
        let wait_us = if mood.is_up { 30_000 } else { 3_000_000 };
        self.time.until_us(self.time.now_us() + wait_us).await;
        if mood.is_up {
            Ok(utc_ms(&self.time) + mood.off_ms)
        } else {
            Err(ConnectError::Timeout)
        }
    }
}

/// Looks at when meters are read.
#[derive(Debug)]
pub struct Watched<S, C> {
    /// The meters.
    pub source: S,
    /// The time of the device.
    pub clock: C,
    /// Time between readings in milliseconds.
    pub interval_ms: u64,
    /// What is seen.
    pub seen: Rc<RefCell<Seen>>,
    /// Their counters begin at 0 with each start of the device, as those of a chip do that the device counts for:
    /// where they began, and what they said last.
    pub volatile: Option<[Option<[u64; 2]>; 4]>,
}

/// What is seen of the reading of meters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// When the first reading of this start began, in milliseconds since.
    pub first_ms: Option<u64>,
    /// The most that any began late, in milliseconds.
    pub latest_ms: u64,
    /// What the counter of each meter said last, in its own steps; of volatile ones, the sum of all starts.
    pub counters: [u64; 4],
    /// Readings of all meters, in all starts.
    pub readings: u64,
}

impl<S: MeterSource, C: Clock> MeterSource for Watched<S, C> {
    fn channels(&self) -> u8 {
        self.source.channels()
    }

    fn describe(&self, channel: u8) -> Source {
        let mut source = self.source.describe(channel);
        if self.volatile.is_some() {
            source.moduli = &[];
        }
        source
    }

    async fn read(&mut self, channel: u8) -> Result<Reading, SourceError> {
        if channel == 0 {
            let now_ms = self.clock.now_ms();
            let mut seen = self.seen.borrow_mut();
            let first_ms = *seen.first_ms.get_or_insert(now_ms);
            let late_ms = (now_ms - first_ms) % self.interval_ms;
            seen.latest_ms = seen.latest_ms.max(late_ms);
        }
        let mut reading = self.source.read(channel).await?;
        let mut seen = self.seen.borrow_mut();
        seen.readings += 1;
        let slot = seen.counters.get_mut(usize::from(channel));
        if let (Some(slot), Some(counter)) = (slot, &mut reading.counter) {
            let volatile = self.volatile.as_mut();
            match volatile.and_then(|counters| counters.get_mut(usize::from(channel))) {
                None => *slot = counter.import,
                Some(known) => {
                    let [first, last] = known.unwrap_or([counter.import; 2]);
                    *slot += counter.import.saturating_sub(last);
                    *known = Some([first, counter.import]);
                    counter.import = counter.import.saturating_sub(first);
                }
            }
        }
        Ok(reading)
    }
}
