//! The register map (data sheet Rev. C, table 12, pages 52 to 54), as far as the bus sees it.

/// A register: address, bits, reset value, and what a bus may do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) address: u8,
    pub(crate) bits: u32,
    pub(crate) reset: u32,
    pub(crate) writable: bool,
}

const fn read(address: u8, bits: u32) -> Entry {
    Entry {
        address,
        bits,
        reset: 0,
        writable: false,
    }
}

const fn both(address: u8, bits: u32, reset: u32) -> Entry {
    Entry {
        address,
        bits,
        reset,
        writable: true,
    }
}

pub(crate) const WAVEFORM: u8 = 0x01;
pub(crate) const AENERGY: u8 = 0x02;
pub(crate) const RAENERGY: u8 = 0x03;
pub(crate) const LAENERGY: u8 = 0x04;
pub(crate) const VAENERGY: u8 = 0x05;
pub(crate) const RVAENERGY: u8 = 0x06;
pub(crate) const LVAENERGY: u8 = 0x07;
pub(crate) const LVARENERGY: u8 = 0x08;
pub(crate) const MODE: u8 = 0x09;
pub(crate) const IRQEN: u8 = 0x0A;
pub(crate) const STATUS: u8 = 0x0B;
pub(crate) const RSTSTATUS: u8 = 0x0C;
pub(crate) const CH1OS: u8 = 0x0D;
pub(crate) const CH2OS: u8 = 0x0E;
pub(crate) const GAIN: u8 = 0x0F;
pub(crate) const PHCAL: u8 = 0x10;
pub(crate) const APOS: u8 = 0x11;
pub(crate) const WGAIN: u8 = 0x12;
pub(crate) const WDIV: u8 = 0x13;
pub(crate) const CFNUM: u8 = 0x14;
pub(crate) const CFDEN: u8 = 0x15;
pub(crate) const IRMS: u8 = 0x16;
pub(crate) const VRMS: u8 = 0x17;
pub(crate) const IRMSOS: u8 = 0x18;
pub(crate) const VRMSOS: u8 = 0x19;
pub(crate) const VAGAIN: u8 = 0x1A;
pub(crate) const VADIV: u8 = 0x1B;
pub(crate) const LINECYC: u8 = 0x1C;
pub(crate) const ZXTOUT: u8 = 0x1D;
pub(crate) const SAGCYC: u8 = 0x1E;
pub(crate) const SAGLVL: u8 = 0x1F;
pub(crate) const IPKLVL: u8 = 0x20;
pub(crate) const VPKLVL: u8 = 0x21;
pub(crate) const IPEAK: u8 = 0x22;
pub(crate) const RSTIPEAK: u8 = 0x23;
pub(crate) const VPEAK: u8 = 0x24;
pub(crate) const RSTVPEAK: u8 = 0x25;
pub(crate) const TEMP: u8 = 0x26;
pub(crate) const PERIOD: u8 = 0x27;
pub(crate) const CHKSUM: u8 = 0x3E;

const MAP: [Entry; 42] = [
    read(WAVEFORM, 24),
    read(AENERGY, 24),
    read(RAENERGY, 24),
    read(LAENERGY, 24),
    read(VAENERGY, 24),
    read(RVAENERGY, 24),
    read(LVAENERGY, 24),
    read(LVARENERGY, 24),
    both(MODE, 16, 0x000C),
    both(IRQEN, 16, 0x0040),
    read(STATUS, 16),
    read(RSTSTATUS, 16),
    both(CH1OS, 8, 0),
    both(CH2OS, 8, 0),
    both(GAIN, 8, 0),
    both(PHCAL, 6, 0x0D),
    both(APOS, 16, 0),
    both(WGAIN, 12, 0),
    both(WDIV, 8, 0),
    both(CFNUM, 12, 0x3F),
    both(CFDEN, 12, 0x3F),
    read(IRMS, 24),
    read(VRMS, 24),
    both(IRMSOS, 12, 0),
    both(VRMSOS, 12, 0),
    both(VAGAIN, 12, 0),
    both(VADIV, 8, 0),
    both(LINECYC, 16, 0xFFFF),
    both(ZXTOUT, 12, 0xFFF),
    both(SAGCYC, 8, 0xFF),
    both(SAGLVL, 8, 0),
    both(IPKLVL, 8, 0xFF),
    both(VPKLVL, 8, 0xFF),
    read(IPEAK, 24),
    read(RSTIPEAK, 24),
    read(VPEAK, 24),
    read(RSTVPEAK, 24),
    read(TEMP, 8),
    read(PERIOD, 16),
    both(0x3D, 8, 0),
    read(CHKSUM, 6),
    // No value of DIEREV is documented; any will do.
    Entry {
        address: 0x3F,
        bits: 8,
        reset: 0x03,
        writable: false,
    },
];

/// The register at an address; `None` where the map has a hole.
pub(crate) fn at(address: u8) -> Option<Entry> {
    MAP.iter().copied().find(|entry| entry.address == address)
}

pub(crate) fn all() -> impl Iterator<Item = Entry> {
    MAP.into_iter()
}

impl Entry {
    pub(crate) fn bytes(self) -> usize {
        self.bits.div_ceil(8) as usize
    }

    pub(crate) fn mask(self) -> u32 {
        (1 << self.bits) - 1
    }
}

/// A two's complement number of `bits` bits.
pub(crate) fn signed(raw: u32, bits: u32) -> f64 {
    let raw = i64::from(raw);
    f64::from(if raw >= 1 << (bits - 1) {
        (raw - (1 << bits)) as i32
    } else {
        raw as i32
    })
}
