//! The commands of a v1/v2 module.

use super::{Command, LegacyAddress, Value, checksum, value};
use crate::config::Config;
use crate::error::Failure;
use crate::operation::{Operation, Progress};
use crate::request::Request;
use crate::transaction::Exchange;

fn request(command: Command, address: LegacyAddress, data: u8) -> Request {
    let LegacyAddress([a, b, c, d]) = address;
    let opcode = command.opcode();
    let sum = checksum(&[opcode, a, b, c, d, data]);
    Request::legacy([opcode, a, b, c, d, data, sum], command.reply_opcode())
}

fn reply_value(exchange: &Exchange<'_>, command: Command) -> Result<Value, Failure> {
    let reply = exchange.result?;
    reply
        .data()
        .try_into()
        .ok()
        .and_then(|payload: [u8; 5]| value(command.reply_opcode(), payload))
        .ok_or(Failure::Malformed)
}

/// Sends one command; a read is repeated, a write is not.
fn settle(result: Result<Value, Failure>, repeated: &mut u8, retries: u8) -> Progress<Value> {
    if result.is_err() && *repeated < retries {
        *repeated += 1;
        return Progress::Again;
    }
    Progress::Done(result)
}

/// Reads one value.
#[derive(Clone, Copy, Debug)]
pub struct Read {
    command: Command,
    address: LegacyAddress,
    repeated: u8,
}

impl Read {
    /// Reads the voltage.
    #[must_use]
    pub const fn voltage(address: LegacyAddress) -> Self {
        Self::new(Command::Voltage, address)
    }

    /// Reads the current.
    #[must_use]
    pub const fn current(address: LegacyAddress) -> Self {
        Self::new(Command::Current, address)
    }

    /// Reads the power.
    #[must_use]
    pub const fn power(address: LegacyAddress) -> Self {
        Self::new(Command::Power, address)
    }

    /// Reads the energy.
    #[must_use]
    pub const fn energy(address: LegacyAddress) -> Self {
        Self::new(Command::Energy, address)
    }

    const fn new(command: Command, address: LegacyAddress) -> Self {
        Self {
            command,
            address,
            repeated: 0,
        }
    }
}

impl Operation for Read {
    type Output = Value;

    fn request(&self) -> Request {
        request(self.command, self.address, 0)
    }

    fn conclude(&mut self, exchange: Exchange<'_>, config: &Config) -> Progress<Value> {
        let result = reply_value(&exchange, self.command);
        settle(result, &mut self.repeated, config.read_retries)
    }
}

/// The four values of a module, read one after the other: they are not of one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LegacyMeasurement {
    /// RMS voltage in 0.1 V.
    pub voltage_dv: u32,
    /// RMS current in 0.01 A.
    pub current_ca: u32,
    /// Active power in W.
    pub power_w: u32,
    /// Active energy in Wh, 24 bits.
    pub energy_wh: u32,
}

/// Reads all four values.
#[derive(Clone, Copy, Debug)]
pub struct ReadAll {
    read: Read,
    so_far: LegacyMeasurement,
}

impl ReadAll {
    /// Reads the module at `address`.
    #[must_use]
    pub fn new(address: LegacyAddress) -> Self {
        Self {
            read: Read::voltage(address),
            so_far: LegacyMeasurement::default(),
        }
    }
}

impl Operation for ReadAll {
    type Output = LegacyMeasurement;

    fn request(&self) -> Request {
        self.read.request()
    }

    fn conclude(&mut self, exchange: Exchange<'_>, config: &Config) -> Progress<Self::Output> {
        let value = match self.read.conclude(exchange, config) {
            Progress::Again => return Progress::Again,
            Progress::Done(Err(failure)) => return Progress::Done(Err(failure)),
            Progress::Done(Ok(value)) => value,
        };
        let address = self.read.address;
        self.read = match value {
            Value::VoltageDv(voltage_dv) => {
                self.so_far.voltage_dv = voltage_dv;
                Read::current(address)
            }
            Value::CurrentCa(current_ca) => {
                self.so_far.current_ca = current_ca;
                Read::power(address)
            }
            Value::PowerW(power_w) => {
                self.so_far.power_w = power_w;
                Read::energy(address)
            }
            Value::EnergyWh(energy_wh) => {
                self.so_far.energy_wh = energy_wh;
                return Progress::Done(Ok(self.so_far));
            }
            // The opcode was checked: a read is never answered with these.
            Value::AddressSet | Value::AlarmSet => {
                return Progress::Done(Err(Failure::Malformed));
            }
        };
        Progress::Again
    }
}

/// Gives the only module on the line an address. Sent once; every module needs it once.
#[derive(Clone, Copy, Debug)]
pub struct SetAddress(LegacyAddress);

impl SetAddress {
    /// Sets `address`.
    #[must_use]
    pub const fn new(address: LegacyAddress) -> Self {
        Self(address)
    }
}

impl Operation for SetAddress {
    type Output = ();

    fn request(&self) -> Request {
        request(Command::SetAddress, self.0, 0)
    }

    fn conclude(&mut self, exchange: Exchange<'_>, _: &Config) -> Progress<()> {
        Progress::Done(reply_value(&exchange, Command::SetAddress).map(|_| ()))
    }
}

/// Sets the alarm threshold in kW. Sent once; the module has no way to read it back.
#[derive(Clone, Copy, Debug)]
pub struct SetAlarm {
    address: LegacyAddress,
    kilowatts: u8,
}

impl SetAlarm {
    /// Sets the threshold of the module at `address`, 1 to 22 kW (PZEM-004 manual).
    ///
    /// # Errors
    /// [`Failure::InvalidArgument`] outside that range.
    pub const fn new(address: LegacyAddress, kilowatts: u8) -> Result<Self, Failure> {
        match kilowatts {
            1..=22 => Ok(Self { address, kilowatts }),
            _ => Err(Failure::InvalidArgument),
        }
    }
}

impl Operation for SetAlarm {
    type Output = ();

    fn request(&self) -> Request {
        request(Command::SetAlarm, self.address, self.kilowatts)
    }

    fn conclude(&mut self, exchange: Exchange<'_>, _: &Config) -> Progress<()> {
        Progress::Done(reply_value(&exchange, Command::SetAlarm).map(|_| ()))
    }
}
