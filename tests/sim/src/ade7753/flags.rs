//! Bits of the registers that hold bits.

/// Event bits of STATUS, RSTSTATUS and IRQEN (page 56).
pub(crate) mod event {
    pub(crate) const AEHF: u32 = 1 << 0;
    pub(crate) const SAG: u32 = 1 << 1;
    pub(crate) const CYCEND: u32 = 1 << 2;
    pub(crate) const WSMP: u32 = 1 << 3;
    pub(crate) const ZX: u32 = 1 << 4;
    pub(crate) const TEMP: u32 = 1 << 5;
    pub(crate) const RESET: u32 = 1 << 6;
    pub(crate) const AEOF: u32 = 1 << 7;
    pub(crate) const PKV: u32 = 1 << 8;
    pub(crate) const PKI: u32 = 1 << 9;
    pub(crate) const VAEHF: u32 = 1 << 10;
    pub(crate) const VAEOF: u32 = 1 << 11;
    pub(crate) const ZXTO: u32 = 1 << 12;
    pub(crate) const PPOS: u32 = 1 << 13;
    pub(crate) const PNEG: u32 = 1 << 14;
}

/// Bits of MODE (pages 55 and 56).
pub(crate) mod mode {
    pub(crate) const DISHPF: u32 = 1 << 0;
    pub(crate) const DISCF: u32 = 1 << 2;
    pub(crate) const ASUSPEND: u32 = 1 << 4;
    pub(crate) const TEMPSEL: u32 = 1 << 5;
    pub(crate) const SWRST: u32 = 1 << 6;
    pub(crate) const CYCMODE: u32 = 1 << 7;
    pub(crate) const DISCH1: u32 = 1 << 8;
    pub(crate) const DISCH2: u32 = 1 << 9;
    pub(crate) const POAM: u32 = 1 << 15;
}
