//! The `nb` shell: `embedded-hal-nb` serial traits and the caller's own clock.

use embedded_hal_nb::serial::{Read, Write};

use crate::config::Config;
use crate::error::Error;
use crate::operation::{Operation, Progress};
use crate::stats::Stats;
use crate::transaction::{Step, Transaction};

pub use embedded_hal_nb;
pub use nb;

/// An operation under way; made by [`Pzem::start`], driven by [`Pzem::poll`].
#[derive(Clone, Copy, Debug)]
pub struct Job<O, E> {
    operation: O,
    /// Bytes of the request that were handed to the port.
    written: usize,
    /// The first error of the receiver in this exchange.
    disturbance: Option<E>,
}

/// A line with one or more modules on it, polled from a main loop.
///
/// Time is a microsecond counter of the caller's that may start anywhere and wrap.
#[derive(Debug)]
pub struct Pzem<U> {
    uart: U,
    config: Config,
    stats: Stats,
    transaction: Transaction,
}

impl<U> Pzem<U>
where
    U: Read<u8> + Write<u8>,
{
    /// Takes the port; nothing is sent.
    pub fn new(uart: U) -> Self {
        Self::with_config(uart, Config::new())
    }

    /// As [`new`](Self::new) with other settings.
    pub fn with_config(uart: U, config: Config) -> Self {
        Self {
            uart,
            config,
            stats: Stats::new(),
            transaction: Transaction::new(),
        }
    }

    /// Gives the port back.
    pub fn release(self) -> U {
        self.uart
    }

    /// The settings, to be changed between two jobs.
    pub const fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// What happened on this line so far.
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Starts any [operation](crate::operation); nothing is sent before the first poll.
    ///
    /// One job at a time per line: starting the next one ends whatever went before.
    pub fn start<O: Operation>(&mut self, operation: O, now_us: u32) -> Job<O, U::Error> {
        self.transaction
            .start(operation.request(), &self.config, now_us);
        Job {
            operation,
            written: 0,
            disturbance: None,
        }
    }

    /// Does what can be done without waiting.
    ///
    /// # Errors
    /// [`nb::Error::WouldBlock`] while the job is under way; then the operation's own, or
    /// [`Error::Uart`] when the port failed in the exchange that decided.
    pub fn poll<O: Operation>(
        &mut self,
        job: &mut Job<O, U::Error>,
        now_us: u32,
    ) -> nb::Result<O::Output, Error<U::Error>> {
        loop {
            match self.transaction.step(now_us) {
                Step::Send => {
                    self.send(job)?;
                    self.transaction.sent(now_us);
                }
                Step::Listen { .. } => self.listen(job, now_us)?,
                Step::Done => {
                    let exchange = self.transaction.finish();
                    self.stats.record(exchange.result.err(), &exchange.tally);
                    let disturbance = job.disturbance.take();
                    if let Progress::Done(result) = job.operation.conclude(exchange, &self.config) {
                        return Error::blame(result, disturbance).map_err(nb::Error::Other);
                    }
                    self.transaction
                        .start(job.operation.request(), &self.config, now_us);
                    job.written = 0;
                }
            }
        }
    }

    fn send<O>(&mut self, job: &mut Job<O, U::Error>) -> nb::Result<(), Error<U::Error>> {
        while let Some(byte) = self.transaction.bytes().get(job.written) {
            self.uart.write(*byte).map_err(|e| e.map(Error::Uart))?;
            job.written += 1;
        }
        self.uart.flush().map_err(|e| e.map(Error::Uart))
    }

    fn listen<O>(
        &mut self,
        job: &mut Job<O, U::Error>,
        now_us: u32,
    ) -> nb::Result<(), Error<U::Error>> {
        match self.uart.read() {
            Ok(byte) => {
                if let Some(slot) = self.transaction.buffer().first_mut() {
                    *slot = byte;
                }
                self.transaction.received(1, now_us);
                Ok(())
            }
            Err(nb::Error::Other(error)) => {
                self.stats.uart_errors = self.stats.uart_errors.wrapping_add(1);
                self.transaction.disturbed(now_us);
                job.disturbance = job.disturbance.take().or(Some(error));
                Ok(())
            }
            Err(nb::Error::WouldBlock) => Err(nb::Error::WouldBlock),
        }
    }
}
