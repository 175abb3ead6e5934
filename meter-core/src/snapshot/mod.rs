//! Registers that survive a power cut at any moment.
//!
//! [`Meter::snapshot`](crate::Meter::snapshot) gives the state of a meter, [`Snapshot::encode`] its bytes with a check
//! value, and [`Meter::restore`](crate::Meter::restore) goes on from them. A checkpoint a minute, and one whenever
//! [a record or a day has ended](crate::Outputs::asks_for_storing), is a good rule: with a meter that counts by itself
//! nothing is lost but what the stages learnt since, without one a minute of energy.
//!
//! # Where to put them
//!
//! * [`Slots`]: two places in memory that does not wear, as FRAM or an EEPROM, or a flash that is written once a day.
//! * [`Ring`]: a few pages of NOR flash. With 4 KiB pages there are ten places in each, so that at a checkpoint a
//!   minute each of 8 pages is erased 6 570 times a year, and lasts fifteen at 100 000 times.
//! * A log that others use too, as a map of the crate
//!   [`sequential-storage`](https://docs.rs/sequential-storage), which spreads the wear of everything that is kept. This
//!   crate does not depend on it; any key does:
//!
//!   ```ignore
//!   let bytes = meter.snapshot().encode();
//!   map.store_item(&mut buffer, &KEY, &bytes.as_slice()).await?;
//!   // And after a restart:
//!   if let Some(bytes) = map.fetch_item::<&[u8]>(&mut buffer, &KEY).await? {
//!       let snapshot = Snapshot::decode(bytes.try_into()?)?;
//!   }
//!   ```
//!
//!   The buffer takes [`Snapshot::BYTES`] and the key, in whole words. The map withstands power cuts at every word and
//!   in every quarter of an erase, as long as a word is written or not and an erase goes through a page from its
//!   beginning; a page that an erase left in any other state can cost all that is in the map. Where the flash promises no
//!   such thing, remember which page is being erased and erase it again first, or take a [`Ring`], whose pages may look
//!   like anything.

mod bytes;
mod ring;
mod slots;

pub(crate) use bytes::{Reader, Writer};
use crc::{CRC_32_ISO_HDLC, Crc, Table};
pub use ring::{Ring, Write};
pub use slots::Slots;

use crate::demand::{Demand, Peak};
use crate::detect::{BaseLoad, ConsumptionDrop};
use crate::energy::{EnergyMeter, Registers};
use crate::freeze::{Begun, Freeze};
use crate::meter::History;
use crate::profile::Profile;
use crate::reading::CounterReading;
use crate::tariff::RateRegisters;

/// Version of the stored form.
const VERSION: u8 = 1;
/// Rates that are stored.
const RATES: usize = 8;
const CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// Why stored bytes are no registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SnapshotError {
    /// The check value does not fit: a write that was cut off, or nothing was ever stored.
    Crc,
    /// Stored by another version of this crate.
    Version(u8),
    /// A value that no register has.
    Range,
}

impl core::fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Crc => f.write_str("the stored registers are damaged or were never written"),
            Self::Version(version) => write!(
                f,
                "the stored registers have format {version}, this firmware reads {VERSION}"
            ),
            Self::Range => f.write_str("the stored registers hold an impossible value"),
        }
    }
}

impl core::error::Error for SnapshotError {}

/// The state of a meter at one moment: its registers, and of the stages that add up over days what they need to
/// go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Snapshot {
    /// Counts up with each one that is stored; tells which of two is the later.
    pub sequence: u32,
    registers: Registers,
    counter: Option<CounterReading>,
    utc_s: Option<i64>,
    rates_mwh: [u64; RATES],
    rate: u8,
    freeze: Option<Begun>,
    peak: Option<Peak>,
    /// End, and registers at the beginning, of the interval of the load profile that was going on.
    interval: Option<(i64, [u64; 2])>,
    history: History,
}

impl EnergyMeter {
    /// The state, to be stored.
    #[must_use]
    pub const fn snapshot(&self) -> Snapshot {
        Snapshot {
            sequence: 0,
            registers: *self.registers(),
            counter: self.counter(),
            utc_s: self.utc_s(),
            rates_mwh: [0; RATES],
            rate: u8::MAX,
            freeze: None,
            peak: None,
            interval: None,
            history: History::new(),
        }
    }

    /// Goes on from a stored state. The first reading's counter tells what flowed meanwhile.
    #[must_use]
    pub const fn restore(snapshot: &Snapshot) -> Self {
        Self::from_parts(snapshot.registers, snapshot.counter, snapshot.utc_s)
    }
}

impl Snapshot {
    /// Bytes of the stored form: a multiple of four, as flash is written.
    pub const BYTES: usize = 400;

    /// The same of a meter whose counter begins at 0 with each start of the program.
    #[must_use]
    pub const fn with_counter_at_zero(mut self) -> Self {
        if self.counter.is_some() {
            self.counter = Some(CounterReading::ZERO);
        }
        self
    }

    pub(crate) fn set_rates<const R: usize>(&mut self, rates: &RateRegisters<R>) {
        const { assert!(R <= RATES, "up to eight rates are stored") };
        for (slot, mwh) in self.rates_mwh.iter_mut().zip(rates.mwh()) {
            *slot = mwh;
        }
        self.rate = rates.rate;
    }

    /// The registers of a tariff; what flows until the first reading counts to the rate that was in force.
    #[must_use]
    pub fn rates<const R: usize>(&self) -> RateRegisters<R> {
        const { assert!(R <= RATES, "up to eight rates are stored") };
        let mut rates = RateRegisters::new();
        for (slot, mwh) in rates.rates_mwh.iter_mut().zip(self.rates_mwh) {
            *slot = mwh;
        }
        rates.before_mwh = self.registers.import.mwh();
        rates.rate = self.rate;
        rates
    }

    pub(crate) const fn set_freeze(&mut self, freeze: &Freeze) {
        self.freeze = Some(freeze.begun());
    }

    pub(crate) const fn freeze(&self) -> Option<Begun> {
        self.freeze
    }

    pub(crate) const fn set_demand<const N: usize>(&mut self, demand: &Demand<N>) {
        self.peak = demand.max();
    }

    /// The largest demand, if it was stored.
    #[must_use]
    pub const fn peak(&self) -> Option<Peak> {
        self.peak
    }

    pub(crate) fn set_profile(&mut self, profile: &Profile) {
        let end_s = profile.intervals.end_s();
        self.interval = end_s.map(|end_s| (end_s, profile.base_mwh));
    }

    pub(crate) const fn interval(&self) -> Option<(i64, [u64; 2])> {
        self.interval
    }

    pub(crate) const fn set_history(&mut self, history: &History) {
        self.history = History {
            consumption: history.consumption,
            base_load: history.base_load.at_rest(),
        };
    }

    /// What was learnt of days and nights.
    #[must_use]
    pub const fn history(&self) -> History {
        self.history
    }

    /// The stored form: little endian, ends in a CRC-32.
    #[must_use]
    #[inline(never)]
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let mut writer = Writer(&mut bytes);
        let present = [
            self.counter.is_some(),
            self.utc_s.is_some(),
            self.freeze.is_some(),
            self.peak.is_some(),
            self.interval.is_some(),
        ];
        let flags = present
            .into_iter()
            .rev()
            .fold(0, |flags, is| flags << 1 | u8::from(is));
        writer.put(&[VERSION, flags]);
        writer.put(&self.sequence.to_le_bytes());
        let r = &self.registers;
        let [q1, q2, q3, q4] = r.quadrants;
        let registers = [
            r.import,
            r.export,
            r.estimated,
            r.integrated,
            r.apparent,
            r.nonactive,
            q1,
            q2,
            q3,
            q4,
        ];
        for register in registers {
            writer.u64(register.mwh());
            writer.put(&register.rest().to_le_bytes());
        }
        writer.u64(r.gap_ms);
        for count in [r.resets, r.wraps, r.glitches] {
            writer.put(&count.to_le_bytes());
        }
        let counter = self.counter.unwrap_or_default();
        writer.u64(counter.import);
        writer.u64(counter.export);
        writer.put(&self.utc_s.unwrap_or_default().to_le_bytes());
        self.rates_mwh.into_iter().for_each(|mwh| writer.u64(mwh));
        let begun = self.freeze.unwrap_or(Begun::NONE);
        let (month, day) = begun.date;
        writer.put(&[self.rate, month, day, begun.complete]);
        begun
            .bases_mwh
            .into_iter()
            .flatten()
            .for_each(|mwh| writer.u64(mwh));
        let peak = self.peak.unwrap_or_default();
        writer.u64(peak.mw);
        writer.put(&peak.end_s.to_le_bytes());
        let (interval, base_mwh) = self.interval.unwrap_or_default();
        writer.put(&interval.to_le_bytes());
        base_mwh.into_iter().for_each(|mwh| writer.u64(mwh));
        self.history.consumption.write(&mut writer);
        self.history.base_load.write(&mut writer);
        if let Some((body, crc)) = bytes.split_last_chunk_mut::<4>() {
            *crc = CRC.checksum(body).to_le_bytes();
        }
        bytes
    }

    /// The state in stored bytes.
    ///
    /// # Errors
    /// [`SnapshotError`] when they were damaged or come from another version.
    #[inline(never)]
    pub fn decode(bytes: &[u8; Self::BYTES]) -> Result<Self, SnapshotError> {
        let (body, crc) = bytes.split_last_chunk::<4>().ok_or(SnapshotError::Crc)?;
        if CRC.checksum(body) != u32::from_le_bytes(*crc) {
            return Err(SnapshotError::Crc);
        }
        let mut reader = Reader(body);
        let [version, flags] = reader.take();
        if version != VERSION {
            return Err(SnapshotError::Version(version));
        }
        if flags >= 1 << 5 {
            return Err(SnapshotError::Range);
        }
        let has = |bit: u8| flags & 1 << bit != 0;
        let sequence = u32::from_le_bytes(reader.take());
        let registers = Registers {
            import: reader.register()?,
            export: reader.register()?,
            estimated: reader.register()?,
            integrated: reader.register()?,
            apparent: reader.register()?,
            nonactive: reader.register()?,
            quadrants: [
                reader.register()?,
                reader.register()?,
                reader.register()?,
                reader.register()?,
            ],
            gap_ms: reader.u64(),
            resets: u16::from_le_bytes(reader.take()),
            wraps: u16::from_le_bytes(reader.take()),
            glitches: u16::from_le_bytes(reader.take()),
        };
        let counter = CounterReading {
            import: reader.u64(),
            export: reader.u64(),
        };
        let utc_s = i64::from_le_bytes(reader.take());
        let mut rates_mwh = [0; RATES];
        rates_mwh.iter_mut().for_each(|slot| *slot = reader.u64());
        let [rate, month, day, complete] = reader.take();
        if month > 12 || day > 31 || complete > 7 {
            return Err(SnapshotError::Range);
        }
        let mut freeze = Begun {
            date: (month, day),
            complete,
            ..Begun::NONE
        };
        for slot in freeze.bases_mwh.iter_mut().flatten() {
            *slot = reader.u64();
        }
        let peak = Peak {
            mw: reader.u64(),
            end_s: i64::from_le_bytes(reader.take()),
        };
        let interval = i64::from_le_bytes(reader.take());
        let base_mwh = [reader.u64(), reader.u64()];
        let history = History {
            consumption: ConsumptionDrop::read(&mut reader),
            base_load: BaseLoad::read(&mut reader),
        };
        Ok(Self {
            sequence,
            registers,
            counter: has(0).then_some(counter),
            utc_s: has(1).then_some(utc_s),
            rates_mwh,
            rate,
            freeze: has(2).then_some(freeze),
            peak: has(3).then_some(peak),
            interval: has(4).then_some((interval, base_mwh)),
            history,
        })
    }
}
