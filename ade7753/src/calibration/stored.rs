//! The form in which a calibration is stored.

use crc::{CRC_32_ISO_HDLC, Crc, Table};

use super::{Calibration, Registers};
use crate::factor::Factor;
use crate::register::Signed;
use crate::scale::Scale;

/// Why stored bytes are no calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StoreError {
    /// The check value does not fit: the bytes were damaged, or nothing was ever stored.
    Crc,
    /// Stored by another version of this crate.
    Version(u8),
    /// A register value is out of its range.
    Range,
}

impl core::fmt::Display for StoreError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Crc => {
                f.write_str("the stored calibration is damaged or missing: calibrate again")
            }
            Self::Version(version) => write!(
                f,
                "the stored calibration has format {version}, this firmware reads {VERSION}: calibrate again"
            ),
            Self::Range => {
                f.write_str("the stored calibration holds an impossible value: calibrate again")
            }
        }
    }
}

impl core::error::Error for StoreError {}

/// Version of the stored form.
const VERSION: u8 = 1;
const CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

impl Calibration {
    /// Bytes of the stored form.
    pub const STORED: usize = 49;

    /// The stored form: version, flags, registers, scale, CRC-32, all little endian.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::STORED] {
        let mut bytes = [0; Self::STORED];
        let mut writer = Writer(&mut bytes);
        let Registers {
            wgain,
            apos,
            phcal,
            irmsos,
            vrmsos,
            vagain,
        } = self.registers;
        let scale = &self.scale;
        writer.put(&[
            VERSION,
            u8::from(scale.integrator) | u8::from(scale.reversed) << 1,
        ]);
        for value in [
            wgain.get(),
            apos.get(),
            phcal.get(),
            irmsos.get(),
            vrmsos.get(),
            vagain.get(),
        ] {
            writer.put(&(value as i16).to_le_bytes());
        }
        writer.put(&scale.clkin_hz.to_le_bytes());
        writer.put(&scale.period.to_le_bytes());
        for factor in [
            scale.voltage,
            scale.current,
            scale.active,
            scale.apparent,
            scale.reactive,
        ] {
            let (mantissa, shift) = factor.parts();
            writer.put(&mantissa.to_le_bytes());
            writer.put(&shift.to_le_bytes());
        }
        if let Some((body, crc)) = bytes.split_last_chunk_mut::<4>() {
            *crc = CRC.checksum(body).to_le_bytes();
        }
        bytes
    }

    /// The calibration in stored bytes.
    ///
    /// # Errors
    /// [`StoreError`] when they were damaged, or stored by another version.
    pub fn from_bytes(bytes: &[u8; Self::STORED]) -> Result<Self, StoreError> {
        let (body, crc) = bytes.split_last_chunk::<4>().ok_or(StoreError::Crc)?;
        if CRC.checksum(body) != u32::from_le_bytes(*crc) {
            return Err(StoreError::Crc);
        }
        let mut reader = Reader(body);
        let [version, flags] = reader.take();
        if version != VERSION {
            return Err(StoreError::Version(version));
        }
        let registers = Registers {
            wgain: reader.signed()?,
            apos: reader.signed()?,
            phcal: reader.signed()?,
            irmsos: reader.signed()?,
            vrmsos: reader.signed()?,
            vagain: reader.signed()?,
        };
        let scale = Scale {
            clkin_hz: u32::from_le_bytes(reader.take()),
            period: u16::from_le_bytes(reader.take()),
            voltage: reader.factor()?,
            current: reader.factor()?,
            active: reader.factor()?,
            apparent: reader.factor()?,
            reactive: reader.factor()?,
            integrator: flags & 1 != 0,
            reversed: flags & 2 != 0,
        };
        Ok(Self { registers, scale })
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

    fn signed<const BITS: u32>(&mut self) -> Result<Signed<BITS>, StoreError> {
        Signed::new(i16::from_le_bytes(self.take()).into()).ok_or(StoreError::Range)
    }

    fn factor(&mut self) -> Result<Factor, StoreError> {
        let mantissa = u32::from_le_bytes(self.take());
        let [shift] = self.take();
        Factor::from_parts(mantissa, shift.cast_signed()).ok_or(StoreError::Range)
    }
}
