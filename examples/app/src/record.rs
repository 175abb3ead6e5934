//! What leaves the device: readings, events, intervals of the load profile, its own health.

use meter_core::health::Health;
use meter_core::{Event, Outputs, Reading, Registers};
use serde::{Deserialize, Serialize};

/// Names a record for ever: the start of the device it was made in, and its number there. A server that has seen a
/// name ignores it the next time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Id {
    /// Starts of the device, counted from 1.
    pub boot: u32,
    /// Records of this start, counted from 0.
    pub seq: u32,
}

/// What is to be known about a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Quality(u8);

impl Quality {
    /// Everything was measured, at a known time.
    pub const GOOD: Self = Self(0);
    /// Part of the energy was estimated.
    pub const ESTIMATED: Self = Self(1);
    /// Readings were missing before it.
    pub const GAP: Self = Self(1 << 1);
    /// The time of the day was not known when it was made.
    pub const CLOCK_INVALID: Self = Self(1 << 2);
    /// The time was worked out later, from a clock that was set afterwards.
    pub const RESTAMPED: Self = Self(1 << 3);

    /// Whether all of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Without the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The bits, to be stored.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// What was stored.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// The one word that tells it in payloads: the worst that applies.
    #[must_use]
    pub const fn word(self) -> &'static str {
        if self.contains(Self::CLOCK_INVALID) {
            "clock_invalid"
        } else if self.contains(Self::ESTIMATED) {
            "estimated"
        } else if self.contains(Self::GAP) {
            "after_gap"
        } else if self.contains(Self::RESTAMPED) {
            "restamped"
        } else {
            "measured"
        }
    }
}

/// Values of one moment; what a meter does not measure is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Values {
    /// In millivolts.
    pub voltage_mv: Option<u32>,
    /// In milliamperes.
    pub current_ma: Option<u32>,
    /// In milliwatts.
    pub power_mw: Option<i32>,
    /// In millivars.
    pub reactive_mvar: Option<i32>,
    /// In millihertz.
    pub frequency_mhz: Option<u32>,
    /// In thousandths.
    pub power_factor_milli: Option<i16>,
    /// The import register of the device in milliwatt-hours, which never decreases; not the meter's own counter.
    pub import_mwh: u64,
    /// The export register.
    pub export_mwh: u64,
}

impl Values {
    /// A calibrated reading with the registers after it.
    #[must_use]
    pub const fn new(reading: &Reading, registers: &Registers) -> Self {
        Self {
            voltage_mv: reading.voltage_mv,
            current_ma: reading.current_ma,
            power_mw: reading.power_mw,
            reactive_mvar: reading.reactive_mvar,
            frequency_mhz: reading.frequency_mhz,
            power_factor_milli: reading.power_factor_milli,
            import_mwh: registers.import.mwh(),
            export_mwh: registers.export.mwh(),
        }
    }
}

/// An event of `meter-core`, or one of the device's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EventRecord {
    /// Number of the code: those of [`meter_core::EventCode`], and from 128 on [`DeviceEvent`].
    pub code: u8,
    /// Whether it begins; else it ends.
    pub is_occurrence: bool,
    /// In the unit of the code.
    pub value: i64,
}

/// What happens to the device itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[repr(u8)]
pub enum DeviceEvent {
    /// It started; the value is the [cause](meter_core::health::ResetCause) as a number.
    Started = 128,
    /// The clock was set; the value is by how much, in milliseconds.
    ClockSet = 129,
    /// Records were dropped since the store was full; the value is how many.
    RecordsDropped = 130,
    /// The SD card went away, or came back.
    CardLost = 131,
    /// New firmware was activated; the value is its version.
    Updated = 132,
    /// New firmware did not confirm itself and was taken back; the value is its version.
    RolledBack = 133,
    /// Settings were changed.
    SettingsChanged = 134,
    /// The server refused a record for good; the value is its answer.
    Refused = 135,
    /// Stored registers or records could not be read: they begin anew.
    StoreDamaged = 136,
}

impl DeviceEvent {
    /// The one with this number, if there is one.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            128 => Self::Started,
            129 => Self::ClockSet,
            130 => Self::RecordsDropped,
            131 => Self::CardLost,
            132 => Self::Updated,
            133 => Self::RolledBack,
            134 => Self::SettingsChanged,
            135 => Self::Refused,
            136 => Self::StoreDamaged,
            _ => return None,
        })
    }

    /// The name, for logs and payloads.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Started => "STARTED",
            Self::ClockSet => "CLOCK_SET",
            Self::RecordsDropped => "RECORDS_DROPPED",
            Self::CardLost => "CARD_LOST",
            Self::Updated => "UPDATED",
            Self::RolledBack => "ROLLED_BACK",
            Self::SettingsChanged => "SETTINGS_CHANGED",
            Self::Refused => "REFUSED",
            Self::StoreDamaged => "STORE_DAMAGED",
        }
    }
}

impl EventRecord {
    /// An event of the device itself.
    #[must_use]
    pub const fn device(event: DeviceEvent, is_occurrence: bool, value: i64) -> Self {
        Self {
            code: event as u8,
            is_occurrence,
            value,
        }
    }

    /// The unit of the value; `None` where it has none.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        match meter_core::EventCode::from_number(self.code) {
            Some(code) => Some(code.unit()),
            None => match DeviceEvent::from_number(self.code)? {
                DeviceEvent::ClockSet => Some("ms"),
                DeviceEvent::RecordsDropped => Some("records"),
                _ => None,
            },
        }
    }

    /// Name of what it is about; a number that newer firmware knows has none.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        match meter_core::EventCode::from_number(self.code) {
            Some(code) => Some(code.name()),
            None => DeviceEvent::from_number(self.code).map(DeviceEvent::name),
        }
    }
}

/// An interval of the load profile, as [`meter_core::Record`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Interval {
    /// When it ended, in seconds since 1970.
    pub end_s: i64,
    /// In milliwatt-hours.
    pub import_mwh: u64,
    /// In milliwatt-hours.
    pub export_mwh: u64,
    /// In millivolts.
    pub voltage_min_mv: Option<u32>,
    /// In millivolts.
    pub voltage_mean_mv: Option<u32>,
    /// In millivolts.
    pub voltage_max_mv: Option<u32>,
    /// In milliamperes.
    pub current_max_ma: Option<u32>,
    /// Readings in it.
    pub readings: u16,
    /// The bits of [`meter_core::Status`].
    pub status: u16,
}

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Body {
    /// Values of one moment.
    Reading(Values),
    /// Something happened.
    Event(EventRecord),
    /// An interval is over.
    Interval(Interval),
}

/// A record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Record {
    /// Its name.
    pub id: Id,
    /// Which meter, from 0.
    pub channel: u8,
    /// When it was made, in milliseconds since that start of the device.
    pub at_ms: u64,
    /// The same in milliseconds since 1970, when that was known then.
    pub utc_ms: Option<i64>,
    /// What is to be known about it.
    pub quality: Quality,
    /// What it holds.
    pub body: Body,
}

impl From<&Event> for EventRecord {
    fn from(event: &Event) -> Self {
        Self {
            code: event.code as u8,
            is_occurrence: event.phase == meter_core::Phase::Occurrence,
            value: event.value,
        }
    }
}

impl From<&meter_core::Record> for Interval {
    fn from(record: &meter_core::Record) -> Self {
        Self {
            end_s: record.end_s,
            import_mwh: record.import_mwh,
            export_mwh: record.export_mwh,
            voltage_min_mv: record.voltage_min_mv,
            voltage_mean_mv: record.voltage_mean_mv,
            voltage_max_mv: record.voltage_max_mv,
            current_max_ma: record.current_max_ma,
            readings: record.readings,
            status: record.status.bits(),
        }
    }
}

/// What a device sends of itself from time to time, and shows. It is never stored: the next one says more.
pub type HealthReport = Health;

/// What the flags of a step say about a record.
#[must_use]
pub const fn quality_of(outputs: &Outputs) -> Quality {
    let mut quality = Quality::GOOD;
    if outputs.step.flags.contains(meter_core::Flags::ESTIMATED) {
        quality = quality.with(Quality::ESTIMATED);
    }
    if outputs.step.flags.contains(meter_core::Flags::GAP) {
        quality = quality.with(Quality::GAP);
    }
    quality
}
