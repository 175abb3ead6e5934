//! What the blocking and the async shell have in common, written once.
//!
//! Each macro makes blocking methods when it is called with nothing, async ones when it is called with
//! `async await`. A shell has the fields `spi`, `delay` and `state`.

mod measure;
mod setup;
mod transfer;
mod waveform;

pub(crate) use measure::measure;
pub(crate) use setup::setup;
pub(crate) use transfer::transfer;
pub(crate) use waveform::waveform;

/// The names the methods need.
pub(crate) mod names {
    pub(crate) use crate::access::{Read, Write};
    pub(crate) use crate::calibration::Calibration;
    pub(crate) use crate::config::{Config, Variant};
    pub(crate) use crate::energy::{self, EnergyDelta, EnergyTotals};
    pub(crate) use crate::error::{Error, Failure, Symptom};
    pub(crate) use crate::identify::{self, DEFAULTS, PATTERNS};
    pub(crate) use crate::level::{PeakLevels, PulseOutput, Sag, zero_cross_timeout};
    pub(crate) use crate::register::{
        self, AENERGY, Access, CFDEN, CFNUM, CHKSUM, DIEREV, Description, Events, IPKLVL, IRMS,
        IRQEN, LAENERGY, LINECYC, LVAENERGY, LVARENERGY, MODE, Mode, PERIOD, RAENERGY, RSTIPEAK,
        RSTSTATUS, RSTVPEAK, RVAENERGY, Register, SAGCYC, SAGLVL, STATUS, SampleRate, Signed, TEMP,
        Unsigned, VAENERGY, VPKLVL, VRMS, Value, WAVEFORM, WDIV, WaveformSource, Writable, ZXTOUT,
    };
    pub(crate) use crate::shadow::Shadow;
    pub(crate) use crate::state::{State, Stats};
    pub(crate) use crate::temperature::Temperature;
    pub(crate) use crate::waveform::{SelfTest, judge_capture};
    pub(crate) use crate::window::{End, LineCycles, Poll, Rms, Tracker, Window, quarter_us};
}
