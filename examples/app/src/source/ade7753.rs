//! An ADE7753 on SPI.

use ade7753::asynch::Ade7753;
use ade7753::register::{IRMS, VRMS};
use ade7753::{Error, Failure, LineCycles, Rms, Scale, Window};
use embedded_hal_async::delay::DelayNs;
use embedded_hal_async::spi::SpiDevice;
use meter_core::{Reading, ReadingSource, Source};

use crate::platform::{Cause, MeterSource, SourceError};

/// Windows that may turn out to be none before one is good: those that went by since the last reading, and one
/// that ended while it was read.
const TRIES: u8 = 4;

/// An ADE7753, read through the async driver.
///
/// Voltage, current and powers are those of a line-cycle window that ends with the reading; the counter is of the
/// registers that run all the time, so that nothing between two windows is lost. It begins at 0 with each start of
/// the program. A chip that has lost its supply is configured anew; what it had not yet told of its energy is gone.
pub struct Ade7753Source<SPI, D, T> {
    chip: Ade7753<SPI, D>,
    micros: T,
    length: LineCycles,
    is_ready: bool,
    /// Whether the voltage crossed no zero when it was looked for last.
    is_dead: bool,
}

impl<SPI: SpiDevice, D: DelayNs, T: FnMut() -> u32> Ade7753Source<SPI, D, T> {
    /// A chip whose windows have this length; 200 ms is a good one. `micros` gives the time in microseconds and may
    /// wrap. Nothing is sent before the first reading.
    pub const fn new(chip: Ade7753<SPI, D>, micros: T, length: LineCycles) -> Self {
        Self {
            chip,
            micros,
            length,
            is_ready: false,
            is_dead: false,
        }
    }

    /// The driver, for what is not measuring.
    pub const fn chip_mut(&mut self) -> &mut Ade7753<SPI, D> {
        &mut self.chip
    }

    fn scale(&self) -> Scale {
        self.chip.config().calibration().scale
    }

    async fn set_up(&mut self) -> Result<(), Error<SPI::Error>> {
        self.chip.init().await?;
        self.chip.start_windows(self.length).await?;
        self.is_ready = true;
        Ok(())
    }

    async fn measure(&mut self) -> Result<Reading, Error<SPI::Error>> {
        if !self.is_ready {
            self.set_up().await?;
        }
        self.chip.take_energy().await?;
        let scale = self.scale();
        let reading = match self.window().await {
            Ok(window) => {
                self.is_dead = false;
                scale.measure(&window).reading(0)
            }
            Err(Error::Chip(Failure::NoMains)) => {
                self.is_dead = true;
                self.without_mains().await?
            }
            Err(error) => return Err(error),
        };
        Ok(Reading {
            counter: Some(scale.counter(&self.chip.energy_totals())),
            ..reading
        })
    }

    /// The next window that ends.
    async fn window(&mut self) -> Result<Window, Error<SPI::Error>> {
        if self.is_dead {
            // Thirty milliseconds tell, where a window would take seconds.
            self.chip.rms_at_zero_crossing().await?;
        }
        let mut tries = TRIES;
        loop {
            tries = tries.saturating_sub(1);
            match self.chip.window(&mut self.micros).await {
                // Those of before this reading are no news.
                Err(Error::Chip(Failure::WindowsLost { .. })) if tries > 0 => {}
                // One that was noticed late has no voltage and no current.
                Ok(window) if window.rms.is_none() && tries > 0 => {}
                result => return result,
            }
        }
    }

    /// What can be told of a line whose voltage crosses no zero: the rms values. Powers, power factor and frequency
    /// are not known.
    async fn without_mains(&mut self) -> Result<Reading, Error<SPI::Error>> {
        let rms = Rms {
            current: self.chip.read(IRMS).await?.get(),
            voltage: self.chip.read(VRMS).await?.get(),
        };
        let scale = self.scale();
        let (voltage_mv, current_ua) = scale.measure_rms(rms, scale.period);
        Ok(Reading {
            voltage_mv: Some(voltage_mv),
            current_ma: Some(current_ua.saturating_add(500) / 1_000),
            is_calibrated: true,
            ..Reading::at(0)
        })
    }
}

impl<SPI: SpiDevice, D: DelayNs, T: FnMut() -> u32> MeterSource for Ade7753Source<SPI, D, T> {
    fn channels(&self) -> u8 {
        1
    }

    fn describe(&self, _: u8) -> Source {
        self.scale().describe()
    }

    async fn read(&mut self, _: u8) -> Result<Reading, SourceError> {
        let error = match self.measure().await {
            Ok(reading) => return Ok(reading),
            Err(error) => error,
        };
        // What has lost its settings, or is none, is set up anew, the next time if not at once.
        let is_lost = matches!(
            error,
            Error::Chip(
                Failure::Restarted
                    | Failure::NotIdentified(_)
                    | Failure::ResetTimeout
                    | Failure::WindowsOff
            )
        );
        if is_lost {
            self.is_ready = false;
        }
        if error.failure() == Some(Failure::Restarted)
            && let Ok(reading) = self.measure().await
        {
            return Ok(reading);
        }
        Err(SourceError::new(cause(&error), &error))
    }
}

/// What kind of failure an error of the driver is.
fn cause<E>(error: &Error<E>) -> Cause {
    let Some(failure) = error.failure() else {
        return Cause::Bus;
    };
    match failure {
        Failure::NotIdentified(_) | Failure::ResetTimeout => Cause::NoReply,
        Failure::Checksum { .. } | Failure::Lost { .. } => Cause::Garbled,
        Failure::ReadBack { .. } => Cause::Refused,
        _ => Cause::Implausible,
    }
}
