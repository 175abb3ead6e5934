//! The network of the device: the radio, or the interface of the emulator.

use core::cell::Cell;

use embassy_executor::Spawner;
use embassy_net::Stack;
#[cfg(feature = "emulator-net")]
use smart_meter::access::Access;
use smart_meter::live::{Live, NetworkState};
#[cfg(feature = "emulator-net")]
use smart_meter::platform::Machine;
use smart_meter::settings::Settings;
use static_cell::StaticCell;

#[cfg(feature = "emulator-net")]
use crate::machine::Chip;
use crate::sntp::Sntp;
use crate::{access, network};

/// What connections are made over.
#[derive(Clone, Copy)]
pub struct Reach {
    /// Addresses, names and sockets.
    pub stack: Stack<'static>,
    /// Strength of the signal, while there is one.
    pub rssi: &'static Cell<Option<i8>>,
    /// Whether this is the network of the device itself, where nobody is but who sets it up.
    pub is_open: bool,
}

static RSSI: StaticCell<Cell<Option<i8>>> = StaticCell::new();

impl Reach {
    /// Starts the radio, as the settings say. Without the name of a network the device opens one of its own.
    ///
    /// # Panics
    /// When the radio does not start.
    #[cfg(feature = "wifi")]
    #[must_use]
    pub fn start(
        spawner: Spawner,
        radio: esp_hal::peripherals::WIFI<'static>,
        settings: &Settings,
        live: &'static Live,
    ) -> Self {
        use crate::wifi;
        let rssi = &*RSSI.init(Cell::new(None));
        let is_open = settings.wifi_ssid.is_empty();
        let password = settings.wifi_password.reveal();
        let started = if is_open {
            wifi::open(radio, |access| access::tell(access, live))
        } else {
            wifi::start(radio, &settings.wifi_ssid, password)
        };
        let (radio, interface) = match started {
            Ok(started) => started,
            Err(error) => panic!("the radio does not start: {error:?}"),
        };
        let (stack, runner) = network::stack(interface, config(is_open));
        if is_open {
            if let Ok(closer) = wifi::close_in_time(radio, live) {
                spawner.spawn(closer);
            }
        } else if let Ok(keeper) = wifi::keep_connected(radio, rssi) {
            spawner.spawn(keeper);
        }
        if let Ok(runner) = wifi::run(runner) {
            spawner.spawn(runner);
        }
        Self {
            stack,
            rssi,
            is_open,
        }
    }

    /// Starts the interface of the emulator.
    #[cfg(feature = "emulator-net")]
    #[must_use]
    pub fn start(spawner: Spawner, settings: &Settings, live: &'static Live) -> Self {
        use crate::emulator_net;
        let rssi = &*RSSI.init(Cell::new(None));
        let is_open = settings.wifi_ssid.is_empty();
        if is_open {
            access::tell(Access::new(Chip.mac(), || Chip.random()), live);
        }
        let interface = emulator_net::Device::new([2, 0, 0, 0, 0, 1]);
        let (stack, runner) = network::stack(interface, config(is_open));
        if let Ok(runner) = emulator_net::run(runner) {
            spawner.spawn(runner);
        }
        Self {
            stack,
            rssi,
            is_open,
        }
    }

    /// Whether somebody else can be reached.
    #[must_use]
    pub fn is_up(&self) -> bool {
        !self.is_open && self.stack.is_config_up()
    }

    /// Time servers.
    #[must_use]
    pub const fn time_server(self) -> Sntp {
        Sntp::new(self.stack)
    }

    /// Shows how the network is.
    pub fn show(&self, live: &Live) {
        let config = self.stack.config_v4();
        live.network.set(NetworkState {
            is_up: self.is_up(),
            address: config.map(|config| config.address.address().octets()),
        });
        live.with_health(|health| health.rssi_dbm = self.rssi.get());
    }
}

fn config(is_open: bool) -> embassy_net::Config {
    if is_open {
        network::fixed()
    } else {
        network::dynamic()
    }
}
