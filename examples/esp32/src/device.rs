//! A device from its first instruction to its settings: what comes before radio, display and meter.

use core::cell::RefCell;

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use esp_hal::peripherals::FLASH;
use esp_println::println;
use esp_storage::FlashStorage;
use smart_meter::blobs::FlashBlobs;
use smart_meter::console;
use smart_meter::live::Live;
use smart_meter::ota::{Start, guard};
use smart_meter::platform::Machine;
use smart_meter::settings::{Settings, stored};
use static_cell::StaticCell;

use crate::flash::{Flash, Partition};
use crate::machine::Chip;
use crate::slots::FirmwareSlots;
use crate::{firmware, stack};

/// Settings, certificates and the state of updates, which several tasks use in turn. The largest are certificates.
pub type Blobs = Mutex<NoopRawMutex, FlashBlobs<Partition, 3_072>>;

/// A device with its settings.
pub struct Device {
    pub(crate) flash: &'static Flash,
    pub(crate) blobs: &'static Blobs,
    pub(crate) slots: FirmwareSlots,
    pub(crate) start: Start,
    pub(crate) live: &'static Live,
    /// Room for what is typed at the console, and for certificates before that.
    pub(crate) text: &'static mut [u8; console::BUFFER],
}

impl Device {
    /// Counts the start of firmware that has not proved itself, then loads the settings. To be called before anything
    /// else that could fail, so that firmware that fails is taken back.
    ///
    /// # Panics
    /// When the flash has not the partitions of `partitions.csv`.
    pub async fn start(flash: FLASH<'static>) -> Self {
        static FLASH_CHIP: StaticCell<Flash> = StaticCell::new();
        static BLOBS: StaticCell<Blobs> = StaticCell::new();
        static LIVE: StaticCell<Live> = StaticCell::new();
        static TEXT: StaticCell<[u8; console::BUFFER]> = StaticCell::new();

        stack::paint();
        let flash = &*FLASH_CHIP.init(RefCell::new(FlashStorage::new(flash)));
        let blobs = Partition::named(flash, "settings").and_then(FlashBlobs::new);
        let (Some(blobs), Some(mut slots)) = (blobs, FirmwareSlots::new(flash)) else {
            panic!("the flash has other partitions: flash partitions.csv along");
        };
        let mut blobs = &*BLOBS.init(Mutex::new(blobs));
        let this = firmware::this();
        let start = guard::start(&mut blobs, &mut slots, this.version).await;
        if start == Start::GiveUp {
            println!("this firmware did not prove itself: the one before starts again");
            Chip.restart();
        }
        let text = TEXT.init([0; _]);
        let loaded = stored::load(&mut blobs, text).await;
        println!("smart meter {} on {}", this.version, this.chip.name());
        if let Some(problem) = loaded.problem {
            println!("{problem}");
        }
        if !loaded.is_provisioned {
            println!("nothing is set yet: `help` lists what can be");
        }
        let live = &*LIVE.init(Live::new(loaded.settings));
        Self {
            flash,
            blobs,
            slots,
            start,
            live,
            text,
        }
    }

    /// The settings as they are now.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.live.settings.borrow().clone()
    }
}
