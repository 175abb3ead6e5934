//! Registers that survive a power cut at any moment.

use crc::{CRC_32_ISO_HDLC, Crc, Table};

use crate::energy::{Config, EnergyMeter, Register, Registers};
use crate::reading::{CounterReading, Source};

/// Version of the stored form.
const VERSION: u8 = 1;
const CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);
/// Bytes of a register: milliwatt-hours and the rest.
const REGISTER: usize = 12;
const REGISTERS: usize = 11;

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

/// The state of an [`EnergyMeter`] at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Snapshot {
    /// Counts up with each one; tells which of two is the later.
    pub sequence: u32,
    registers: Registers,
    counter: Option<CounterReading>,
    utc_s: Option<i64>,
}

impl EnergyMeter {
    /// The state, to be stored.
    #[must_use]
    pub const fn snapshot(&self, sequence: u32) -> Snapshot {
        Snapshot {
            sequence,
            registers: self.registers,
            counter: self.counter,
            utc_s: self.utc_s,
        }
    }

    /// Goes on from a stored state. The first reading's counter tells what flowed meanwhile.
    #[must_use]
    pub const fn restore(source: Source, config: Config, snapshot: &Snapshot) -> Self {
        let mut meter = Self::with_registers(source, config, snapshot.registers);
        meter.counter = snapshot.counter;
        meter.utc_s = snapshot.utc_s;
        meter
    }
}

impl Snapshot {
    /// Bytes of the stored form.
    pub const BYTES: usize = 1 + 1 + 4 + REGISTERS * REGISTER + 8 + 6 + 16 + 8 + 4;

    /// The stored form: little endian, ends in a CRC-32.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let mut writer = Writer(&mut bytes);
        let flags = u8::from(self.counter.is_some()) | u8::from(self.utc_s.is_some()) << 1;
        writer.put(&[VERSION, flags]);
        writer.put(&self.sequence.to_le_bytes());
        let r = &self.registers;
        let [q1, q2, q3, q4] = r.quadrants;
        let registers: [Register; REGISTERS] = [
            r.import,
            r.export,
            r.estimated,
            r.integrated_import,
            r.integrated_export,
            r.apparent,
            r.nonactive,
            q1,
            q2,
            q3,
            q4,
        ];
        for register in registers {
            writer.put(&register.mwh().to_le_bytes());
            writer.put(&register.rest().to_le_bytes());
        }
        writer.put(&r.gap_ms.to_le_bytes());
        for count in [r.resets, r.wraps, r.glitches] {
            writer.put(&count.to_le_bytes());
        }
        let counter = self.counter.unwrap_or_default();
        writer.put(&counter.import.to_le_bytes());
        writer.put(&counter.export.to_le_bytes());
        writer.put(&self.utc_s.unwrap_or_default().to_le_bytes());
        if let Some((body, crc)) = bytes.split_last_chunk_mut::<4>() {
            *crc = CRC.checksum(body).to_le_bytes();
        }
        bytes
    }

    /// The state in stored bytes.
    ///
    /// # Errors
    /// [`SnapshotError`] when they were damaged or come from another version.
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
        let sequence = u32::from_le_bytes(reader.take());
        let registers = Registers {
            import: reader.register()?,
            export: reader.register()?,
            estimated: reader.register()?,
            integrated_import: reader.register()?,
            integrated_export: reader.register()?,
            apparent: reader.register()?,
            nonactive: reader.register()?,
            quadrants: [
                reader.register()?,
                reader.register()?,
                reader.register()?,
                reader.register()?,
            ],
            gap_ms: u64::from_le_bytes(reader.take()),
            resets: u16::from_le_bytes(reader.take()),
            wraps: u16::from_le_bytes(reader.take()),
            glitches: u16::from_le_bytes(reader.take()),
        };
        let counter = CounterReading {
            import: u64::from_le_bytes(reader.take()),
            export: u64::from_le_bytes(reader.take()),
        };
        let utc_s = i64::from_le_bytes(reader.take());
        Ok(Self {
            sequence,
            registers,
            counter: (flags & 1 != 0).then_some(counter),
            utc_s: (flags & 2 != 0).then_some(utc_s),
        })
    }
}

/// Two places that are written in turn: a write that is cut off leaves the other one whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Slots {
    next: u8,
    sequence: u32,
}

impl Slots {
    /// Looks at what is in both places: where to go on, and the later whole state, if there is one.
    #[must_use]
    pub fn open(slots: [&[u8; Snapshot::BYTES]; 2]) -> (Self, Option<Snapshot>) {
        let [first, second] = slots.map(|bytes| Snapshot::decode(bytes).ok());
        let (latest, next) = match (first, second) {
            // Sequence numbers wrap, and two places are never far apart.
            (Some(a), Some(b)) if b.sequence.wrapping_sub(a.sequence) < 1 << 31 => (Some(b), 0),
            (Some(a), _) => (Some(a), 1),
            (None, latest) => (latest, 0),
        };
        let sequence = latest.map_or(0, |snapshot| snapshot.sequence.wrapping_add(1));
        (Self { next, sequence }, latest)
    }

    /// The place to write next, 0 or 1, and what to write there. Write it whole before the next call.
    pub fn store(&mut self, meter: &EnergyMeter) -> (u8, [u8; Snapshot::BYTES]) {
        let place = self.next;
        let bytes = meter.snapshot(self.sequence).encode();
        self.next ^= 1;
        self.sequence = self.sequence.wrapping_add(1);
        (place, bytes)
    }
}

struct Writer<'a>(&'a mut [u8]);

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) {
        let slots = core::mem::take(&mut self.0);
        if let Some((slot, rest)) = slots.split_at_mut_checked(bytes.len()) {
            slot.copy_from_slice(bytes);
            self.0 = rest;
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let Some((head, rest)) = self.0.split_first_chunk() else {
            return [0; N];
        };
        self.0 = rest;
        *head
    }

    fn register(&mut self) -> Result<Register, SnapshotError> {
        let mwh = u64::from_le_bytes(self.take());
        let rest = u32::from_le_bytes(self.take());
        Register::from_parts(mwh, rest).ok_or(SnapshotError::Range)
    }
}
