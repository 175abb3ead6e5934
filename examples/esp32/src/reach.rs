//! The network of the device: the radio, or the interface of the emulator.

use core::cell::Cell;

use embassy_executor::Spawner;
use embassy_net::Stack;
use smart_meter::live::{Live, NetworkState};
use static_cell::StaticCell;

use crate::network;

/// What connections are made over.
#[derive(Clone, Copy)]
pub struct Reach {
    /// Addresses, names and sockets.
    pub stack: Stack<'static>,
    /// Strength of the signal, while there is one.
    pub rssi: &'static Cell<Option<i8>>,
}

static RSSI: StaticCell<Cell<Option<i8>>> = StaticCell::new();

impl Reach {
    /// Starts the radio, as the settings say. Without the name of a network it stays silent.
    ///
    /// # Panics
    /// When the radio does not start.
    #[cfg(feature = "wifi")]
    #[must_use]
    pub fn start(
        spawner: Spawner,
        radio: esp_hal::peripherals::WIFI<'static>,
        settings: &smart_meter::settings::Settings,
    ) -> Self {
        use crate::wifi;
        let rssi = &*RSSI.init(Cell::new(None));
        let password = settings.wifi_password.reveal();
        let (radio, interface) = match wifi::start(radio, &settings.wifi_ssid, password) {
            Ok(started) => started,
            Err(error) => panic!("the radio does not start: {error:?}"),
        };
        let (stack, runner) = network::stack(interface);
        if let (Ok(keeper), Ok(runner)) = (wifi::keep_connected(radio, rssi), wifi::run(runner)) {
            spawner.spawn(keeper);
            spawner.spawn(runner);
        }
        Self { stack, rssi }
    }

    /// Starts the interface of the emulator.
    #[cfg(feature = "emulator-net")]
    #[must_use]
    pub fn start(spawner: Spawner) -> Self {
        use crate::emulator_net;
        let rssi = &*RSSI.init(Cell::new(None));
        let interface = emulator_net::Device::new([2, 0, 0, 0, 0, 1]);
        let (stack, runner) = network::stack(interface);
        if let Ok(runner) = emulator_net::run(runner) {
            spawner.spawn(runner);
        }
        Self { stack, rssi }
    }

    /// Shows how the network is.
    pub fn show(&self, live: &Live) {
        let config = self.stack.config_v4();
        live.network.set(NetworkState {
            is_up: self.stack.is_config_up(),
            address: config.map(|config| config.address.address().octets()),
        });
        live.with_health(|health| health.rssi_dbm = self.rssi.get());
    }
}
