//! The blocking shell: `embedded-io` and a delay.
//!
//! It keeps time by the delays it makes, so it needs no clock; a module that does not answer costs
//! the reply timeout and nothing more.

use core::ops::RangeInclusive;

use embedded_hal::delay::DelayNs;
use embedded_io::{Read, ReadReady, Write};

use crate::commands::commands;
use crate::commands::names::*;

/// A line with one or more modules on it, driven by blocking calls.
///
/// `U` is the serial port at 9600 baud, 8N1 (8N2 for DC modules); `D` the delay.
#[derive(Debug)]
pub struct Pzem<U, D> {
    uart: U,
    delay: D,
    config: Config,
    stats: Stats,
    transaction: Transaction,
}

impl<U, D> Pzem<U, D>
where
    U: Read + ReadReady + Write,
    D: DelayNs,
{
    commands!();

    /// Probes the addresses one after the other, one with each step of the iterator.
    ///
    /// A silent address costs the reply timeout: all 247 take about a minute.
    pub fn scan(&mut self, addresses: RangeInclusive<Address>) -> Scan<'_, U, D> {
        let (first, last) = (addresses.start().get(), addresses.end().get());
        Scan {
            line: self,
            next: first,
            last,
        }
    }

    /// Brings one transaction to its end; the first error of the receiver, if any.
    fn exchange(&mut self, request: Request) -> Result<Option<U::Error>, U::Error> {
        let mut now_us = 0_u32;
        let mut disturbance = None;
        self.transaction.start(request, &self.config, now_us);
        loop {
            match self.transaction.step(now_us) {
                Step::Send => {
                    let written = self.write();
                    // The line is left idle before the first error is reported.
                    let flushed = self.uart.flush();
                    written.and(flushed)?;
                    self.transaction.sent(now_us);
                }
                Step::Listen { .. } => match self.look(now_us) {
                    Ok(true) => {}
                    Ok(false) => {
                        let step_us = u32::from(self.config.poll_step_us);
                        self.delay.delay_us(step_us);
                        now_us = now_us.wrapping_add(step_us);
                    }
                    Err(error) => {
                        self.stats.uart_errors = self.stats.uart_errors.wrapping_add(1);
                        self.transaction.disturbed(now_us);
                        disturbance = disturbance.or(Some(error));
                    }
                },
                Step::Done => return Ok(disturbance),
            }
        }
    }

    /// Writes the request. A port that takes no byte breaks its own contract; the module then
    /// stays silent, which is reported as such.
    fn write(&mut self) -> Result<(), U::Error> {
        let mut bytes = self.transaction.bytes();
        while !bytes.is_empty() {
            let count = self.uart.write(bytes)?;
            bytes = match bytes.get(count..) {
                Some(rest) if count > 0 => rest,
                _ => break,
            };
        }
        Ok(())
    }

    /// Takes what has arrived; `false` when nothing has.
    fn look(&mut self, now_us: u32) -> Result<bool, U::Error> {
        if !self.uart.read_ready()? {
            return Ok(false);
        }
        let count = self.uart.read(self.transaction.buffer())?;
        self.transaction.received(count, now_us);
        Ok(count > 0)
    }
}

/// Probes one address with each step; made by [`Pzem::scan`].
#[derive(Debug)]
pub struct Scan<'a, U, D> {
    line: &'a mut Pzem<U, D>,
    next: u8,
    last: u8,
}

impl<U, D> Iterator for Scan<'_, U, D>
where
    U: Read + ReadReady + Write,
    D: DelayNs,
{
    type Item = (Address, Result<Presence, Error<U::Error>>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.next > self.last {
            return None;
        }
        let address = Address::new(self.next)?;
        self.next += 1;
        Some((address, self.line.probe(address)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::from(self.last.saturating_add(1).saturating_sub(self.next));
        (left, Some(left))
    }
}
