//! Ways out of the device: records to a server, newer firmware from one, the page for whoever asks.

use core::pin::pin;

use embassy_executor::Spawner;
use embassy_futures::join::join;
use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use smart_meter::live::Live;
use smart_meter::ota::{Start, updater};
use smart_meter::platform::{Clock, Machine, Network};
use smart_meter::store::{Enrolled, Log, Outlet, SharedStates};
use smart_meter::uplink;

use crate::clock::ChipClock;
use crate::device::Blobs;
use crate::firmware;
use crate::machine::Chip;
use crate::slots::FirmwareSlots;

/// What the network needs of the chip.
pub struct Radio {
    /// The radio.
    #[cfg(feature = "wifi")]
    pub wifi: esp_hal::peripherals::WIFI<'static>,
    /// Random numbers that nobody can guess, from the noise of the converter.
    #[cfg(feature = "tls")]
    pub rng: esp_hal::peripherals::RNG<'static>,
    /// The converter.
    #[cfg(feature = "tls")]
    pub adc: esp_hal::peripherals::ADC1<'static>,
}

/// What the network needs, taken out of the peripherals of the chip.
#[macro_export]
macro_rules! radio {
    ($p:ident) => {
        $crate::outside::Radio {
            #[cfg(feature = "wifi")]
            wifi: $p.WIFI,
            #[cfg(feature = "tls")]
            rng: $p.RNG,
            #[cfg(feature = "tls")]
            adc: $p.ADC1,
        }
    };
}

/// What the ways out need of the rest.
pub struct Inside<'a, 'f, F: MultiwriteNorFlash, C: Clock> {
    pub log: &'a Log,
    pub states: &'a SharedStates<'f, F, C>,
    pub blobs: &'static Blobs,
    pub slots: FirmwareSlots,
    pub start: Start,
    pub is_store_open: bool,
    pub live: &'static Live,
}

/// Sends records and loads firmware, each over a network of its own.
async fn send_and_load<F: MultiwriteNorFlash, C: Clock>(
    inside: Inside<'_, '_, F, C>,
    sends: impl Network,
    mut loads: impl Network,
) {
    let Inside {
        log,
        states,
        mut blobs,
        mut slots,
        start,
        is_store_open,
        live,
    } = inside;
    let parts = uplink::Parts {
        network: sends,
        outbox: Outlet(log),
        enrolment: Enrolled(states),
        random: || Chip.random(),
        mac: Chip.mac(),
    };
    let mut buffer = [0; 2_048];
    let this = firmware::this();
    // As in `run`: each where it stays.
    let sending = pin!(uplink::run(parts, &ChipClock, live));
    let loading = pin!(updater(
        &mut loads,
        &ChipClock,
        &mut blobs,
        &mut slots,
        &this,
        start,
        is_store_open,
        live,
        &mut buffer,
    ));
    join(sending, loading).await;
}

#[cfg(not(feature = "network"))]
mod ways {
    use smart_meter::settings::Settings;

    use super::*;
    use crate::offline::Offline;

    /// None.
    pub struct Outside;

    impl Outside {
        pub(crate) async fn start(
            _: Spawner,
            _: Radio,
            _: &Settings,
            _: &'static Live,
            _: &'static Blobs,
            _: &mut [u8],
        ) -> Self {
            Self
        }

        pub(crate) fn time_server(&self) -> Offline {
            Offline
        }

        pub(crate) fn show(&self, _: &Live) {}

        pub(crate) async fn ways<F: MultiwriteNorFlash, C: Clock>(
            &self,
            inside: Inside<'_, '_, F, C>,
        ) {
            send_and_load(inside, Offline, Offline).await;
        }
    }
}

#[cfg(feature = "network")]
mod ways {
    use embassy_futures::join::join3;
    use smart_meter::local::{self, Site};
    use smart_meter::settings::Settings;
    use static_cell::StaticCell;

    use super::*;
    use crate::access;
    use crate::network::{Buffers, Port, Tcp};
    use crate::reach::Reach;
    #[cfg(feature = "tls")]
    use crate::secure::Secrets;
    use crate::sntp::Sntp;

    /// The network.
    pub struct Outside {
        reach: Reach,
        #[cfg(feature = "tls")]
        secrets: Secrets,
    }

    impl Outside {
        #[allow(
            unused_variables,
            reason = "not every network needs all of what there is"
        )]
        /// Starts the network. `text` has room for the certificates that are stored.
        pub(crate) async fn start(
            spawner: Spawner,
            radio: Radio,
            settings: &Settings,
            live: &'static Live,
            #[cfg_attr(not(feature = "tls"), expect(unused, reason = "for TLS"))]
            blobs: &'static Blobs,
            #[cfg_attr(not(feature = "tls"), expect(unused, reason = "for TLS"))] text: &mut [u8],
        ) -> Self {
            Self {
                #[cfg(feature = "tls")]
                secrets: Secrets::load(radio.rng, radio.adc, blobs, text).await,
                #[cfg(feature = "wifi")]
                reach: Reach::start(spawner, radio.wifi, settings, live),
                #[cfg(feature = "emulator-net")]
                reach: Reach::start(spawner, settings, live),
            }
        }

        pub(crate) const fn time_server(&self) -> Sntp {
            self.reach.time_server()
        }

        pub(crate) fn show(&self, live: &Live) {
            self.reach.show(live);
        }

        /// The buffers are as large as they have to be for one request or message; an image comes in larger pieces.
        pub(crate) async fn ways<F: MultiwriteNorFlash, C: Clock>(
            &self,
            inside: Inside<'_, '_, F, C>,
        ) {
            static SENDS: StaticCell<Buffers<2_048, 2_048>> = StaticCell::new();
            static LOADS: StaticCell<Buffers<4_096, 1_024>> = StaticCell::new();
            static NONE: StaticCell<[Buffers<1, 1>; 2]> = StaticCell::new();
            static SHOWS: StaticCell<Buffers<1_024, 1_536>> = StaticCell::new();

            let live = inside.live;
            let (packets, images) = (SENDS.init(Buffers::new()), LOADS.init(Buffers::new()));
            // A device that is to be set up reaches nobody, and has other use for the room.
            let (sends, loads, lent) = if self.reach.is_open {
                let [none, nothing] = NONE.init([const { Buffers::new() }; 2]);
                let (sends, loads) = (Tcp::new(self.reach, none), Tcp::new(self.reach, nothing));
                (sends, loads, Some((packets.lend(), images.lend())))
            } else {
                let (sends, loads) = (Tcp::new(self.reach, packets), Tcp::new(self.reach, images));
                (sends, loads, None)
            };
            #[cfg(feature = "tls")]
            let (sends, loads) = (
                self.secrets.over(sends, live),
                self.secrets.over(loads, live),
            );
            let random = || Chip.random();
            let site = Site::new(live, &random);
            let port = Port::new(self.reach.stack, 80, SHOWS.init(Buffers::new()));
            let page = pin!(async {
                if let Some((packets, request)) = lent {
                    let page = pin!(local::serve(port, &ChipClock, &site, request));
                    join(page, access::give_addresses(self.reach.stack, packets)).await;
                } else {
                    let mut request = [0; local::REQUEST];
                    local::serve(port, &ChipClock, &site, &mut request).await;
                }
            });
            let watch = pin!(site.watch(&ChipClock));
            let records = pin!(send_and_load(inside, sends, loads));
            join3(records, page, watch).await;
        }
    }
}

pub use ways::Outside;
