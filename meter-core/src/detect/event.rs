//! What is reported, and the numbers others have for it.

/// What an event is about. The numbers are the project's own and stay what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[repr(u8)]
pub enum EventCode {
    /// The voltage is below 90 % of nominal.
    Sag = 1,
    /// The voltage is above 110 % of nominal.
    Swell = 2,
    /// The voltage is below 5 % of nominal.
    Interruption = 3,
    /// The frequency is more than 1 % off nominal.
    Frequency = 4,
    /// The frequency is more than 4 % above or 6 % below nominal.
    FrequencyExtreme = 5,
    /// The power is above its limit.
    Overload = 6,
    /// The current is above its limit.
    OverCurrent = 7,
    /// Much current at a low power factor: information, not theft.
    LowPowerFactor = 8,
    /// Active power is not voltage times current times power factor.
    Residual = 9,
    /// More active than apparent power.
    ImpossiblePower = 10,
    /// The counter and the integral of power disagree.
    EnergyMismatch = 11,
    /// The meter's counter was set to zero.
    CounterReset = 12,
    /// The meter's counter says nonsense.
    CounterGlitch = 13,
    /// The meter repeats itself.
    FrozenSource = 14,
    /// Readings fail or stay away.
    LinkLost = 15,
    /// Far less is used per day than before.
    ConsumptionDrop = 16,
    /// What is always on has become far less.
    BaseLoadShift = 17,
    /// A feeder delivers more than its meters count.
    FeederImbalance = 18,
    /// The clock was set.
    ClockStep = 19,
    /// The clock runs too fast or too slow.
    ClockDrift = 20,
    /// Current flows and no power: the naive rule for theft.
    TheftSuspicion = 21,
    /// Power above a fixed limit: the naive rule for high usage.
    HighUsage = 22,
}

impl EventCode {
    /// All of them, in the order of their numbers.
    pub const ALL: &'static [Self] = &[
        Self::Sag,
        Self::Swell,
        Self::Interruption,
        Self::Frequency,
        Self::FrequencyExtreme,
        Self::Overload,
        Self::OverCurrent,
        Self::LowPowerFactor,
        Self::Residual,
        Self::ImpossiblePower,
        Self::EnergyMismatch,
        Self::CounterReset,
        Self::CounterGlitch,
        Self::FrozenSource,
        Self::LinkLost,
        Self::ConsumptionDrop,
        Self::BaseLoadShift,
        Self::FeederImbalance,
        Self::ClockStep,
        Self::ClockDrift,
        Self::TheftSuspicion,
        Self::HighUsage,
    ];

    /// The one with this number, if there is one.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| *code as u8 == number)
    }

    /// Codes of IS 15959 for occurrence and restoration, where it has one (event tables of parts 1 and
    /// 2, as public decoders list them).
    #[must_use]
    pub const fn is15959(self, phase: Phase) -> Option<u16> {
        let occurrence = match self {
            Self::Swell => 7,
            Self::Sag => 9,
            Self::OverCurrent => 67,
            Self::Interruption => 101,
            Self::LowPowerFactor => 205,
            Self::Overload => 215,
            _ => return None,
        };
        // Odd numbers begin, even ones end.
        Some(match phase {
            Phase::Occurrence => occurrence,
            Phase::Restoration => occurrence + 1,
        })
    }

    /// Codes of the event logs of IDIS and DLMS meters, where they have one (as manuals of such meters
    /// list them): voltage missing and normal in phase 1, clock adjusted.
    #[must_use]
    pub const fn idis(self, phase: Phase) -> Option<u16> {
        Some(match (self, phase) {
            (Self::Interruption, Phase::Occurrence) => 82,
            (Self::Interruption, Phase::Restoration) => 85,
            (Self::ClockStep, Phase::Occurrence) => 4,
            (Self::ClockStep, Phase::Restoration) => 5,
            _ => return None,
        })
    }

    /// The name, for logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sag => "SAG",
            Self::Swell => "SWELL",
            Self::Interruption => "INTERRUPTION",
            Self::Frequency => "FREQUENCY",
            Self::FrequencyExtreme => "FREQUENCY_EXTREME",
            Self::Overload => "OVERLOAD",
            Self::OverCurrent => "OVER_CURRENT",
            Self::LowPowerFactor => "LOW_POWER_FACTOR",
            Self::Residual => "RESIDUAL",
            Self::ImpossiblePower => "IMPOSSIBLE_POWER",
            Self::EnergyMismatch => "ENERGY_MISMATCH",
            Self::CounterReset => "COUNTER_RESET",
            Self::CounterGlitch => "COUNTER_GLITCH",
            Self::FrozenSource => "FROZEN_SOURCE",
            Self::LinkLost => "LINK_LOST",
            Self::ConsumptionDrop => "CONSUMPTION_DROP",
            Self::BaseLoadShift => "BASE_LOAD_SHIFT",
            Self::FeederImbalance => "FEEDER_IMBALANCE",
            Self::ClockStep => "CLOCK_STEP",
            Self::ClockDrift => "CLOCK_DRIFT",
            Self::TheftSuspicion => "THEFT_SUSPICION",
            Self::HighUsage => "HIGH_USAGE",
        }
    }

    /// The unit of [`Event::value`].
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Sag | Self::Swell | Self::Interruption => "mV",
            Self::Frequency | Self::FrequencyExtreme => "mHz",
            Self::Overload
            | Self::Residual
            | Self::ImpossiblePower
            | Self::HighUsage
            | Self::BaseLoadShift => "mW",
            Self::OverCurrent | Self::TheftSuspicion => "mA",
            Self::LowPowerFactor | Self::LinkLost => "thousandths",
            Self::EnergyMismatch | Self::ConsumptionDrop | Self::FeederImbalance => "mWh",
            Self::CounterReset | Self::CounterGlitch => "steps",
            Self::FrozenSource | Self::ClockDrift => "ms",
            Self::ClockStep => "ms since 1970",
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u8
    }
}

/// Whether something begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Phase {
    /// It begins.
    Occurrence,
    /// It ends.
    Restoration,
}

/// What an event was seen by: a dip that one reading a second shows may have been deeper and shorter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Method {
    /// Single readings, each a mean over what the meter takes for one.
    #[default]
    Readings,
    /// Means over ten seconds (IEC 61000-4-30 for frequency).
    TenSeconds,
    /// Half cycles, by a chip that watches them itself.
    HalfCycles,
    /// Energies of days.
    Days,
}

/// The beginning or the end of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Event {
    /// What it is about.
    pub code: EventCode,
    /// Whether it begins or ends.
    pub phase: Phase,
    /// What it was seen by.
    pub method: Method,
    /// Time of the reading that decided, in milliseconds.
    pub at_ms: u64,
    /// What was measured then, in the [unit](EventCode::unit) of the code; at the end of a voltage event
    /// its extreme.
    pub value: i64,
}

/// Alarms that somebody has to see: each stays until it is acknowledged, also when it is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Latch {
    seen: u32,
    present: u32,
}

impl Latch {
    /// Nothing happened yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            seen: 0,
            present: 0,
        }
    }

    /// Takes an event.
    pub const fn note(&mut self, event: &Event) {
        let bit = event.code.bit();
        match event.phase {
            Phase::Occurrence => {
                self.seen |= bit;
                self.present |= bit;
            }
            Phase::Restoration => self.present &= !bit,
        }
    }

    /// Whether it is on, or was and nobody has acknowledged it.
    #[must_use]
    pub const fn is_set(&self, code: EventCode) -> bool {
        (self.seen | self.present) & code.bit() != 0
    }

    /// Whether it is on now.
    #[must_use]
    pub const fn is_present(&self, code: EventCode) -> bool {
        self.present & code.bit() != 0
    }

    /// Somebody has seen it; one that is still on stays until it is over.
    pub const fn acknowledge(&mut self, code: EventCode) {
        self.seen &= !code.bit();
    }
}
