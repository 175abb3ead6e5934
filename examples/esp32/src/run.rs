//! The application on the parts of the chip, joined.

use core::cell::RefCell;
use core::pin::pin;

use embassy_executor::Spawner;
use embassy_futures::join::{join3, join4};
use embassy_futures::select::select;
use embassy_time::{Duration, Timer};
use embedded_hal_bus::i2c::RefCellDevice;
use esp_hal::Blocking;
use esp_hal::gpio::{Input, Output};
use esp_hal::i2c::master::I2c;
use esp_hal::peripherals::RTC_TIMER;
use esp_println::println;
use smart_meter::live::Live;
use smart_meter::platform::{Machine, MeterSource};
use smart_meter::sampler::Meters;
use smart_meter::settings::{keep, stored};
use smart_meter::store::{Log, Opened, Plan, SharedFlash, SharedStates, States};
use smart_meter::{app, archive, button, console, display, indicator};
use static_cell::StaticCell;

use crate::bus;
use crate::card::Card;
use crate::clock::ChipClock;
use crate::console::Serial;
use crate::device::Device;
use crate::display::Oled;
use crate::flash::Partition;
use crate::machine::Chip;
use crate::outside::{Inside, Outside, Radio};
use crate::panel::{Contact, Light};
use crate::rtc::BatteryClock;
use crate::stack;
use crate::watchdog::Guard;
use crate::witness::Witness;

/// The application says every second that all is well, unless a handshake or the flash keeps the chip busy.
const WATCHDOG_S: u32 = 30;
/// Memory is told once in this time.
const TELL: Duration = Duration::from_secs(60);
/// A restart that is wanted does not wait longer for the flash.
const SETTLE: Duration = Duration::from_secs(10);

/// What is around the meter. Display, clock and card may be missing.
pub struct Around {
    /// The bus of display and clock.
    pub i2c: I2c<'static, Blocking>,
    /// Selects the card.
    pub card: bus::Device,
    /// The light.
    pub led: Output<'static>,
    /// The button.
    pub button: Input<'static>,
    /// The console.
    pub serial: Serial,
    /// The timer of the watchdog.
    pub timer: RTC_TIMER<'static>,
    /// What the network needs.
    pub radio: Radio,
}

/// What is around the meter, taken out of the peripherals of the chip; `$led` is the pin of the light.
#[macro_export]
macro_rules! around {
    ($p:ident, $bus:ident, $led:ident) => {
        $crate::run::Around {
            i2c: $crate::board::i2c(
                $p.I2C0.into(),
                $crate::pin!($p, sda).into(),
                $crate::pin!($p, scl).into(),
            ),
            card: $crate::card::device($bus, $crate::pin!($p, card_cs).into()),
            led: $crate::board::led($crate::pin!($p, $led).into()),
            button: $crate::board::pulled_up($crate::pin!($p, button).into()),
            serial: $crate::serial!($p),
            timer: $p.RTC_TIMER,
            radio: $crate::radio!($p),
        }
    };
}

impl Device {
    /// Runs the application, for ever.
    ///
    /// # Panics
    /// When the flash has not the partitions of `partitions.csv`, or does not answer.
    pub async fn run(self, spawner: Spawner, source: impl MeterSource, around: Around) -> ! {
        static LOG: StaticCell<Log> = StaticCell::new();
        static WITNESS: StaticCell<Witness> = StaticCell::new();
        static I2C: StaticCell<RefCell<I2c<'static, Blocking>>> = StaticCell::new();

        let live = self.live;
        let watchdog = Guard::new(around.timer, WATCHDOG_S);
        let witness = &*WITNESS.init(Witness::new(live));
        witness.start();
        let Some(partition) = Partition::named(self.flash, "store") else {
            panic!("there is no partition \"store\": flash partitions.csv along");
        };
        let plan = Plan::of(partition.pages());
        let Some(plan) = plan else {
            panic!("the partition \"store\" is too small");
        };
        let store = SharedFlash::open(partition, ChipClock, 0).await;
        let store = store.unwrap_or_else(|error| panic!("{error}"));
        let layout = plan.regions(&store, 0);
        let layout = layout.unwrap_or_else(|error| panic!("{error}"));
        let states = States::new(layout.states);
        let states = SharedStates::new(states.unwrap_or_else(|error| panic!("{error}")));
        let log = &*LOG.init(Log::new());
        let number = Chip.random();
        let opened = Opened::open(&store, layout.queues, &states, log, number).await;
        let opened = opened.unwrap_or_else(|error| panic!("{error}"));
        let meters = Meters::new(&live.settings.borrow(), &source, &opened.meters);
        println!("start {}", log.boot());

        let i2c = &*I2C.init(RefCell::new(around.i2c));
        let settings = live.settings.borrow().clone();
        let outside = Outside::start(
            spawner,
            around.radio,
            &settings,
            live,
            self.blobs,
            self.text,
        )
        .await;
        let parts = app::Parts {
            clock: ChipClock,
            source,
            time_server: outside.time_server(),
            rtc: BatteryClock::new(RefCellDevice::new(i2c)),
            watchdog,
            machine: Chip,
            flash: &store,
            keeper: opened.keeper,
            is_damaged: opened.is_damaged,
            meters: &meters,
            log,
            live,
        };
        // Each future is put where it stays before the next one is made: what is moved into another future takes its
        // room twice, and the stack's as well.
        let mut screen = Oled::new(RefCellDevice::new(i2c));
        let screen = pin!(display::run(&mut screen, ChipClock, live));
        let light = pin!(indicator::run(Light(around.led), ChipClock, live));
        let button = pin!(button::run(Contact(around.button), ChipClock, live));
        let card = Card::new(around.card);
        let archive = pin!(archive::run(card, &witness.inbox, ChipClock, live));
        let (mut typed, mut wished) = (self.blobs, self.blobs);
        let mut room = [0; stored::MAX_STORED];
        let console = pin!(console::console(
            around.serial,
            ChipClock,
            &mut typed,
            live,
            self.text
        ));
        let say = |error: &dyn core::fmt::Display| println!("{error}");
        let keeper = pin!(keep::keeper(&mut wished, live, &mut room, say));
        let ways = pin!(outside.ways(Inside {
            log,
            states: &states,
            blobs: self.blobs,
            slots: self.slots,
            start: self.start,
            is_store_open: !opened.is_damaged,
            live,
        }));
        let looks = join4(screen, light, button, archive);
        let setting_up = join3(console, keeper, witness.log.watch(ChipClock, live));
        let rest = join3(show(&outside, live), tell(), restarts(log, live));
        let others = pin!(join4(looks, setting_up, ways, rest));
        app::run(parts, others).await
    }
}

/// Shows how network and stack are.
async fn show(outside: &Outside, live: &Live) -> ! {
    loop {
        outside.show(live);
        let (used, _) = stack::used();
        live.with_health(|health| health.stack_most = Some(used));
        Timer::after_secs(1).await;
    }
}

/// Prints how much memory there is left.
async fn tell() -> ! {
    // The first time when all has begun.
    Timer::after(TELL / 4).await;
    loop {
        let (used, size) = stack::used();
        println!("stack: {used} of {size} bytes used at most");
        if let Some((free, least)) = Chip.heap() {
            println!("heap: {free} bytes free, {least} at least");
        }
        Timer::after(TELL).await;
    }
}

/// Restarts when somebody wants it, with everything in flash that was to be.
async fn restarts(log: &Log, live: &Live) -> ! {
    live.restart.wait().await;
    println!("restarting");
    select(log.settle(), Timer::after(SETTLE)).await;
    Chip.restart()
}
