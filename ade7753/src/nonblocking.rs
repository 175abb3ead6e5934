//! Waiting as [`nb::Result`], on the blocking driver: what has not happened yet is `WouldBlock`.

use embedded_hal::delay::DelayNs;
use embedded_hal::spi::SpiDevice;

use crate::blocking::Ade7753;
use crate::error::Error;
use crate::register::{Events, Signed};
use crate::window::Window;

pub use nb;

fn ready<T, E>(result: Result<Option<T>, Error<E>>) -> nb::Result<T, Error<E>> {
    match result {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err(nb::Error::WouldBlock),
        Err(error) => Err(nb::Error::Other(error)),
    }
}

impl<SPI: SpiDevice, D: DelayNs> Ade7753<SPI, D> {
    /// [`poll_window`](Self::poll_window) for `nb`.
    ///
    /// # Errors
    /// `WouldBlock` while the window lasts, else as there.
    pub fn nb_window(&mut self, now_us: u32) -> nb::Result<Window, Error<SPI::Error>> {
        ready(self.poll_window(now_us))
    }

    /// [`poll_sample`](Self::poll_sample) for `nb`.
    ///
    /// # Errors
    /// `WouldBlock` while there is no new sample, else as there.
    pub fn nb_sample(&mut self) -> nb::Result<Signed<24>, Error<SPI::Error>> {
        ready(self.poll_sample())
    }

    /// [`take_events`](Self::take_events) for `nb`.
    ///
    /// # Errors
    /// `WouldBlock` while none of the events has happened, else as there.
    pub fn nb_events(&mut self, which: Events) -> nb::Result<Events, Error<SPI::Error>> {
        let events = self.take_events(which);
        ready(events.map(|events| Some(events).filter(|events| !events.is_empty())))
    }
}
