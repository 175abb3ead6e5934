//! TLS: random numbers, and who is trusted.

use esp_hal::peripherals::{ADC1, RNG};
use esp_hal::rng::{Trng, TrngSource};
use esp_println::println;
use smart_meter::live::Live;
use smart_meter::platform::{Clock, Network};
use smart_meter::settings::authority;
use smart_meter_tls::{Authority, Secure, SecureNetwork};
use static_cell::StaticCell;

use crate::clock::ChipClock;
use crate::device::Blobs;

/// MbedTLS with the stored certificates.
pub struct Secrets {
    secure: &'static Secure,
    authority: Option<Authority>,
}

impl Secrets {
    /// Loads the certificates of the authorities into `text` and takes them apart. Without one no secure connection is
    /// opened, and whoever wants one is told.
    ///
    /// # Panics
    /// When there is MbedTLS already, or no random numbers.
    pub async fn load(
        rng: RNG<'static>,
        adc: ADC1<'static>,
        mut blobs: &'static Blobs,
        text: &mut [u8],
    ) -> Self {
        static SOURCE: StaticCell<TrngSource<'static>> = StaticCell::new();
        static RANDOM: StaticCell<Trng> = StaticCell::new();
        static SECURE: StaticCell<Secure> = StaticCell::new();

        // It has to live as long as the numbers are wanted.
        SOURCE.init(TrngSource::new(rng, adc));
        let random = match Trng::try_new() {
            Ok(random) => RANDOM.init(random),
            Err(error) => panic!("no random numbers: {error:?}"),
        };
        let Some(secure) = Secure::new(random) else {
            panic!("TLS was started before");
        };
        let authority = match authority::load(&mut blobs, text).await {
            Ok(None) => None,
            Ok(Some(pem)) => Authority::from_pem(pem)
                .inspect_err(|error| println!("{error}"))
                .ok(),
            Err(error) => {
                println!("{error}");
                None
            }
        };
        Self {
            secure: SECURE.init(secure),
            authority,
        }
    }

    /// Secure connections over a network.
    pub fn over<N: Network>(
        &self,
        network: N,
        live: &'static Live,
    ) -> SecureNetwork<'static, N, ChipClock, impl Fn() -> Option<i64>> {
        let utc_s = || {
            let utc_ms = live.time.get().utc_ms(ChipClock.now_ms())?;
            Some(utc_ms.div_euclid(1_000))
        };
        let mut network = SecureNetwork::new(network, ChipClock, self.secure, utc_s);
        network.trust(self.authority.clone());
        network
    }
}
