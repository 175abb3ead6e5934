//! The driver for async buses.
//!
//! Dropping a future in the middle of a transfer is as safe as the bus device makes it. The driver's own
//! state stays right: events that were read are latched, windows that went by unread are reported.

use embedded_hal::digital::Error as _;
use embedded_hal_async::delay::DelayNs;
use embedded_hal_async::digital::Wait;
use embedded_hal_async::spi::SpiDevice;

use crate::commands::names::*;
use crate::commands::{measure, setup, transfer, waveform};

/// An ADE7753 on an async [`SpiDevice`] in mode 1.
#[derive(Debug)]
pub struct Ade7753<SPI, D> {
    spi: SPI,
    delay: D,
    state: State,
}

impl<SPI: SpiDevice, D: DelayNs> Ade7753<SPI, D> {
    transfer!(async await);
    setup!(async await);
    measure!(async await);
    waveform!(async await);

    /// Waits at the IRQ pin until one of the events has happened. They must be
    /// [enabled](Self::enable_events).
    ///
    /// # Errors
    /// [`Error::Pin`] when the pin fails, else as for [`take_events`](Self::take_events).
    pub async fn wait_events<P: Wait>(
        &mut self,
        irq: &mut P,
        which: Events,
    ) -> Result<Events, Error<SPI::Error>> {
        loop {
            // Before the wait: what is latched already will not pull the pin again.
            let events = self.take_events(which).await?;
            if !events.is_empty() {
                return Ok(events);
            }
            let low = irq.wait_for_low().await;
            low.map_err(|error| Error::Pin(error.kind()))?;
        }
    }

    /// Waits at the IRQ pin for the end of a window. `clock` gives the time in microseconds.
    ///
    /// Without mains there is no interrupt: put a timeout around this.
    ///
    /// # Errors
    /// As for [`poll_window`](Self::poll_window) and [`wait_events`](Self::wait_events).
    pub async fn window_at<P: Wait>(
        &mut self,
        irq: &mut P,
        mut clock: impl FnMut() -> u32,
    ) -> Result<Window, Error<SPI::Error>> {
        loop {
            if let Some(window) = self.poll_window(clock()).await? {
                return Ok(window);
            }
            let due_in_us = self.state.windows.as_ref();
            if let Some(us) = due_in_us.and_then(|tracker| tracker.due_in_us(clock())) {
                self.delay.delay_us(us).await;
                continue;
            }
            let low = irq.wait_for_low().await;
            low.map_err(|error| Error::Pin(error.kind()))?;
            self.interrupted(clock());
        }
    }

    /// Waits at the ZX pin for the next zero crossing and reads the rms values there.
    ///
    /// Without mains the pin does not move: put a timeout around this.
    ///
    /// # Errors
    /// [`Error::Pin`] when the pin fails, else as for [`read`](Self::read).
    pub async fn rms_at<P: Wait>(&mut self, zx: &mut P) -> Result<(Rms, u16), Error<SPI::Error>> {
        let edge = zx.wait_for_any_edge().await;
        edge.map_err(|error| Error::Pin(error.kind()))?;
        self.rms_from_here().await
    }
}
