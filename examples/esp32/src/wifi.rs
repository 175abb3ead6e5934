//! The radio of the chip as a station of a wireless network.

use core::cell::Cell;

use embassy_futures::select::{Either, select};
use embassy_net::Runner;
use embassy_time::{Duration, Timer};
use esp_hal::peripherals::WIFI;
use esp_hal::rng::Rng;
use esp_println::println;
use esp_radio::wifi::ap::AccessPointConfig;
use esp_radio::wifi::sta::StationConfig;
use esp_radio::wifi::{
    AuthenticationMethodConfig, Config, ControllerConfig, Interface, WifiController, WifiError,
};
use smart_meter::access::{Access, OPEN_MS};
use smart_meter::live::Live;
use smart_meter::platform::Machine;

use crate::machine::Chip;

/// The interface that frames go through.
pub type Device = Interface;

/// How often the strength of the signal is looked at.
const LOOK: Duration = Duration::from_secs(10);
/// Telephones and computers on the access point at a time.
const CLIENTS: u16 = 4;
/// Between attempts to connect.
const PAUSE: Duration = Duration::from_secs(5);

/// Why there is no radio.
#[derive(Debug)]
pub enum RadioError {
    /// The name of the network, or its password, is too long.
    Settings,
    /// The radio does not start.
    Radio(WifiError),
}

impl From<WifiError> for RadioError {
    fn from(error: WifiError) -> Self {
        Self::Radio(error)
    }
}

/// Starts the radio for this network; one without a password is taken for an open one.
///
/// # Errors
/// [`RadioError`].
pub fn start(
    radio: WIFI<'static>,
    name: &str,
    password: &str,
) -> Result<(WifiController<'static>, Device), RadioError> {
    let method = if password.is_empty() {
        AuthenticationMethodConfig::Open
    } else {
        let password = password.try_into().map_err(|_| RadioError::Settings)?;
        AuthenticationMethodConfig::Wpa2Personal(password)
    };
    let station = StationConfig::default()
        .with_ssid(name.try_into().map_err(|_| RadioError::Settings)?)
        .with_authentication(method);
    let config = controller().with_initial_config(Config::Station(station));
    let interface = Interface::station();
    Ok((WifiController::new(radio, config)?, interface))
}

/// No more frames at a time than a meter has: each takes 1.6 kB of heap.
fn controller() -> ControllerConfig {
    ControllerConfig::default()
        .with_static_rx_buf_num(6)
        .with_dynamic_rx_buf_num(8)
        .with_dynamic_tx_buf_num(8)
        .with_rx_ba_win(4)
}

/// Opens an access point; how to join it is told.
///
/// # Errors
/// [`RadioError`].
pub fn open(
    radio: WIFI<'static>,
    tell: impl FnOnce(Access),
) -> Result<(WifiController<'static>, Device), RadioError> {
    // The radio first: only with its noise nobody can guess the password.
    let mut radio = WifiController::new(radio, controller())?;
    let rng = Rng::new();
    let access = Access::new(Chip.mac(), || rng.random());
    let name = access.name.as_str();
    let password = access.password.as_str();
    let point = AccessPointConfig::default()
        .with_ssid(name.try_into().map_err(|_| RadioError::Settings)?)
        .with_authentication(AuthenticationMethodConfig::Wpa2Personal(
            password.try_into().map_err(|_| RadioError::Settings)?,
        ))
        .with_max_connections(CLIENTS);
    radio.set_config(&Config::AccessPoint(point))?;
    tell(access);
    Ok((radio, Interface::access_point()))
}

/// Closes the access point when its time is over.
#[embassy_executor::task]
pub async fn close_in_time(radio: WifiController<'static>, live: &'static Live) {
    Timer::after(Duration::from_millis(OPEN_MS)).await;
    drop(radio);
    live.access.set(None);
    println!("the access point is closed: a restart opens it again");
}

/// Keeps the radio connected, for ever.
#[embassy_executor::task]
pub async fn keep_connected(
    mut radio: WifiController<'static>,
    rssi: &'static Cell<Option<i8>>,
) -> ! {
    loop {
        match radio.connect_async().await {
            Ok(_) => watch(&radio, rssi).await,
            Err(error) => println!("no Wi-Fi: {error:?}"),
        }
        Timer::after(PAUSE).await;
    }
}

/// Until the connection is lost.
async fn watch(radio: &WifiController<'static>, rssi: &Cell<Option<i8>>) {
    println!("Wi-Fi: connected");
    loop {
        let dbm = radio.rssi().ok().and_then(|dbm| i8::try_from(dbm).ok());
        rssi.set(dbm);
        let lost = radio.wait_for_disconnect_async();
        if let Either::First(_) = select(lost, Timer::after(LOOK)).await {
            rssi.set(None);
            println!("Wi-Fi: lost");
            return;
        }
    }
}

/// Moves frames, for ever.
#[embassy_executor::task]
pub async fn run(mut runner: Runner<'static, Device>) -> ! {
    runner.run().await
}
