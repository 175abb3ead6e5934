//! What the blocking and the async shell have in common, written once.
//!
//! `commands!()` makes blocking methods, `commands!(async await)` async ones. A shell has the fields
//! `uart`, `delay`, `config`, `stats` and `transaction`, and an `exchange` that brings the transaction
//! of one request to its end.

/// The names the methods need.
pub(crate) mod names {
    pub(crate) use crate::address::{Address, Target};
    pub(crate) use crate::config::Config;
    pub(crate) use crate::dc::{CurrentRange, DcMeasurement, DcSettings};
    pub(crate) use crate::error::Error;
    pub(crate) use crate::measurement::{Measurement, Quantity};
    pub(crate) use crate::operation::{
        AlarmThreshold, Broadcast, Calibrate, CalibrationToken, DcBlock, DcSettingsBlock, Diagnose,
        Diagnosis, Family, FullBlock, Operation, Presence, Probe, Progress, ReadAddress,
        ReadRegisters, ResetEnergy, SetAddress, Value, WithoutAlarm, WriteSetting,
    };
    pub(crate) use crate::request::Request;
    pub(crate) use crate::stats::Stats;
    pub(crate) use crate::transaction::{Step, Transaction};
}

macro_rules! commands {
    ($($async:ident $await:ident)?) => {
        /// Takes the port and the delay; nothing is sent.
        pub const fn new(uart: U, delay: D) -> Self {
            Self::with_config(uart, delay, Config::new())
        }

        /// As [`new`](Self::new) with other settings.
        pub const fn with_config(uart: U, delay: D, config: Config) -> Self {
            Self {
                uart,
                delay,
                config,
                stats: Stats::new(),
                transaction: Transaction::new(),
            }
        }

        /// Gives the port and the delay back.
        pub fn release(self) -> (U, D) {
            (self.uart, self.delay)
        }

        /// The settings, to be changed between two calls.
        pub const fn config_mut(&mut self) -> &mut Config {
            &mut self.config
        }

        /// What happened on this line so far.
        pub const fn stats(&self) -> &Stats {
            &self.stats
        }

        /// The port, for what the driver does not do, such as changing the baud rate.
        pub const fn uart_mut(&mut self) -> &mut U {
            &mut self.uart
        }

        /// Runs an operation to its end.
        ///
        /// # Errors
        /// [`Error::Uart`] when the port failed in the exchange that decided, else what the
        /// operation makes of it.
        pub $($async)? fn run<O: Operation>(
            &mut self,
            mut operation: O,
        ) -> Result<O::Output, Error<U::Error>> {
            loop {
                let disturbance = self.exchange(operation.request())$(.$await)?
                    .map_err(Error::Uart)?;
                let exchange = self.transaction.finish();
                self.stats.record(exchange.result.err(), &exchange.tally);
                if let Progress::Done(result) = operation.conclude(exchange, &self.config) {
                    return Error::blame(result, disturbance);
                }
            }
        }

        /// Reads all ten measurement registers of an AC module in one exchange.
        ///
        /// # Errors
        /// [`Failure`](crate::Failure) tells a silent, a garbled, a refusing and an implausible
        /// module apart; a failed read is never answered with an earlier value.
        pub $($async)? fn read(
            &mut self,
            target: impl Into<Target>,
        ) -> Result<Measurement, Error<U::Error>> {
            self.run(ReadRegisters::new(target, FullBlock))$(.$await)?
        }

        /// Reads the nine measurement registers of an AC module without the alarm status.
        ///
        /// # Errors
        /// As [`read`](Self::read).
        pub $($async)? fn read_without_alarm(
            &mut self,
            target: impl Into<Target>,
        ) -> Result<Measurement, Error<U::Error>> {
            self.run(ReadRegisters::new(target, WithoutAlarm))$(.$await)?
        }

        /// Reads one value of an AC module, in the module's own unit
        /// (0.1 V, 1 mA, 0.1 W, 1 Wh, 0.1 Hz, 0.01).
        ///
        /// # Errors
        /// As [`read`](Self::read).
        pub $($async)? fn read_value(
            &mut self,
            target: impl Into<Target>,
            quantity: Quantity,
        ) -> Result<u32, Error<U::Error>> {
            self.run(ReadRegisters::new(target, Value(quantity)))$(.$await)?
        }

        /// Reads the power alarm threshold of an AC module in W.
        ///
        /// This is the setting; whether the alarm is on is [`Measurement::alarm`].
        ///
        /// # Errors
        /// As [`read`](Self::read).
        pub $($async)? fn alarm_threshold(
            &mut self,
            target: impl Into<Target>,
        ) -> Result<u16, Error<U::Error>> {
            self.run(ReadRegisters::new(target, AlarmThreshold))$(.$await)?
        }

        /// Sets the power alarm threshold of an AC module in W and reads it back.
        ///
        /// # Errors
        /// [`Failure::NotApplied`](crate::Failure::NotApplied) when the module still has another,
        /// [`Failure::Unconfirmed`](crate::Failure::Unconfirmed) when it can not be asked.
        pub $($async)? fn set_alarm_threshold(
            &mut self,
            target: impl Into<Target>,
            watts: u16,
        ) -> Result<(), Error<U::Error>> {
            self.run(WriteSetting::alarm_threshold(target, watts))$(.$await)?
        }

        /// Reads the address a module keeps: with [`Target::General`], that of the only module on
        /// the line.
        ///
        /// # Errors
        /// As [`read`](Self::read).
        pub $($async)? fn address(
            &mut self,
            target: impl Into<Target>,
        ) -> Result<Address, Error<U::Error>> {
            self.run(ReadAddress::new(target))$(.$await)?
        }

        /// Moves a module to another address and makes sure that it answers there.
        ///
        /// # Errors
        /// [`Failure::AddressInUse`](crate::Failure::AddressInUse) when something answers at the
        /// new address already (nothing was changed);
        /// [`Failure::NotApplied`](crate::Failure::NotApplied) when the module kept the old one;
        /// [`Failure::Unconfirmed`](crate::Failure::Unconfirmed) when it answers at neither.
        pub $($async)? fn set_address(
            &mut self,
            from: Address,
            to: Address,
        ) -> Result<(), Error<U::Error>> {
            self.run(SetAddress::new(from, to))$(.$await)?
        }

        /// Gives the only module on the line a new address, whatever address it has.
        ///
        /// With several modules on the line all of them take it: connect one.
        ///
        /// # Errors
        /// As [`set_address`](Self::set_address).
        pub $($async)? fn set_address_of_only_module(
            &mut self,
            to: Address,
        ) -> Result<(), Error<U::Error>> {
            self.run(SetAddress::of_only_module(to))$(.$await)?
        }

        /// Sets the energy counter of an AC module to zero, makes sure that it dropped, and
        /// returns what it was in Wh.
        ///
        /// # Errors
        /// [`Failure::NotApplied`](crate::Failure::NotApplied) when the counter did not drop,
        /// [`Failure::Unconfirmed`](crate::Failure::Unconfirmed) when it can not be read. The
        /// reset is sent once, never repeated.
        pub $($async)? fn reset_energy(
            &mut self,
            target: impl Into<Target>,
        ) -> Result<u32, Error<U::Error>> {
            self.run(ResetEnergy::new(target, Family::Ac))$(.$await)?
        }

        /// Overwrites the factory calibration of the only module on the line. Takes 3 to 4 s.
        ///
        /// # Errors
        /// Whatever came instead of the echo; never repeated.
        pub $($async)? fn calibrate(
            &mut self,
            token: CalibrationToken,
        ) -> Result<(), Error<U::Error>> {
            self.run(Calibrate::new(token))$(.$await)?
        }

        /// Sends a request to every module on the line and waits for nothing.
        ///
        /// # Errors
        /// Only those of sending: nobody answers.
        pub $($async)? fn broadcast(&mut self, request: Broadcast) -> Result<(), Error<U::Error>> {
            self.run(request)$(.$await)?
        }

        /// Asks once whether something answers, and what kind of module it is.
        ///
        /// # Errors
        /// The port's own, and a line that never falls silent.
        pub $($async)? fn probe(
            &mut self,
            target: impl Into<Target>,
        ) -> Result<Presence, Error<U::Error>> {
            self.run(Probe::new(target))$(.$await)?
        }

        /// Reads a few times and tells a silent, garbled, echoing and answering line apart.
        ///
        /// # Errors
        /// The port's own: everything the line does is in the [`Diagnosis`].
        pub $($async)? fn diagnose(
            &mut self,
            target: impl Into<Target>,
        ) -> Result<Diagnosis, Error<U::Error>> {
            self.run(Diagnose::new(target))$(.$await)?
        }

        /// Reads all eight measurement registers of a DC module in one exchange.
        ///
        /// # Errors
        /// As [`read`](Self::read).
        pub $($async)? fn read_dc(
            &mut self,
            target: impl Into<Target>,
        ) -> Result<DcMeasurement, Error<U::Error>> {
            self.run(ReadRegisters::new(target, DcBlock))$(.$await)?
        }

        /// Reads thresholds, address and current range of a DC module.
        ///
        /// # Errors
        /// As [`read`](Self::read).
        pub $($async)? fn dc_settings(
            &mut self,
            target: impl Into<Target>,
        ) -> Result<DcSettings, Error<U::Error>> {
            self.run(ReadRegisters::new(target, DcSettingsBlock))$(.$await)?
        }

        /// Sets the high-voltage threshold of a DC module in 0.01 V (5 to 350 V) and reads it back.
        ///
        /// # Errors
        /// [`Failure::InvalidArgument`](crate::Failure::InvalidArgument) outside the range, with
        /// nothing sent; else as [`set_alarm_threshold`](Self::set_alarm_threshold).
        pub $($async)? fn set_dc_high_voltage(
            &mut self,
            target: impl Into<Target>,
            centivolts: u16,
        ) -> Result<(), Error<U::Error>> {
            self.run(WriteSetting::dc_high_voltage(target, centivolts)?)$(.$await)?
        }

        /// Sets the low-voltage threshold of a DC module in 0.01 V (1 to 350 V) and reads it back.
        ///
        /// # Errors
        /// As [`set_dc_high_voltage`](Self::set_dc_high_voltage).
        pub $($async)? fn set_dc_low_voltage(
            &mut self,
            target: impl Into<Target>,
            centivolts: u16,
        ) -> Result<(), Error<U::Error>> {
            self.run(WriteSetting::dc_low_voltage(target, centivolts)?)$(.$await)?
        }

        /// Tells a PZEM-017 which shunt it has and reads the setting back.
        ///
        /// # Errors
        /// As [`set_dc_high_voltage`](Self::set_dc_high_voltage).
        pub $($async)? fn set_dc_current_range(
            &mut self,
            target: impl Into<Target>,
            range: CurrentRange,
        ) -> Result<(), Error<U::Error>> {
            self.run(WriteSetting::dc_current_range(target, range)?)$(.$await)?
        }

        /// Sets the energy counter of a DC module to zero; as
        /// [`reset_energy`](Self::reset_energy).
        ///
        /// # Errors
        /// As [`reset_energy`](Self::reset_energy).
        pub $($async)? fn reset_dc_energy(
            &mut self,
            target: impl Into<Target>,
        ) -> Result<u32, Error<U::Error>> {
            self.run(ResetEnergy::new(target, Family::Dc))$(.$await)?
        }
    };
}

pub(crate) use commands;
