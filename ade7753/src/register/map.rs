//! The register map (data sheet Rev. C, table 12, pages 52 to 54).

use super::{
    Access, Description, Events, Gain, Mode, OffsetCh1, OffsetCh2, Register, Signed, Unsigned,
    Writable,
};

macro_rules! registers {
    ($($(#[$doc:meta])* $name:ident = $address:literal $access:ident $value:ty, $reset:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            #[cfg_attr(feature = "defmt", derive(defmt::Format))]
            pub struct $name;

            impl Register for $name {
                const ADDRESS: u8 = $address;
                const NAME: &'static str = stringify!($name);
                const ACCESS: Access = Access::$access;
                const RESET: u32 = $reset;
                type Value = $value;
            }

            registers!(@access $access $name);
        )*

        /// Every register, by address.
        pub const ALL: &[Description] = &[$($name::DESCRIPTION),*];
    };
    (@access ReadWrite $name:ident) => {
        impl Writable for $name {}
    };
    (@access $access:ident $name:ident) => {};
}

registers! {
    /// A sample of channel 1, channel 2 or the active power, as MODE selects.
    WAVEFORM = 0x01 Read Signed<24>, 0;
    /// Active energy: the upper 24 bits of the accumulator, which wraps.
    AENERGY = 0x02 Read Signed<24>, 0;
    /// AENERGY, set to zero by the read.
    RAENERGY = 0x03 ReadClear Signed<24>, 0;
    /// Active energy of the last line-cycle window.
    LAENERGY = 0x04 Read Signed<24>, 0;
    /// Apparent energy: the upper 24 bits of the accumulator, which wraps.
    VAENERGY = 0x05 Read Unsigned<24>, 0;
    /// VAENERGY, set to zero by the read.
    RVAENERGY = 0x06 ReadClear Unsigned<24>, 0;
    /// Apparent energy of the last line-cycle window.
    LVAENERGY = 0x07 Read Unsigned<24>, 0;
    /// Reactive energy of the last line-cycle window; reserved in the ADE7763.
    LVARENERGY = 0x08 Read Signed<24>, 0;
    /// What the chip does.
    MODE = 0x09 ReadWrite Mode, 0x000C;
    /// Events that pull the IRQ pin low.
    IRQEN = 0x0A ReadWrite Events, 0x0040;
    /// Events so far.
    STATUS = 0x0B Read Events, 0;
    /// STATUS, set to zero by the read, which also releases the IRQ pin.
    RSTSTATUS = 0x0C ReadClear Events, 0;
    /// Offset of channel 1, and its integrator.
    CH1OS = 0x0D ReadWrite OffsetCh1, 0;
    /// Offset of channel 2.
    CH2OS = 0x0E ReadWrite OffsetCh2, 0;
    /// Gains in front of the converters.
    GAIN = 0x0F ReadWrite Gain, 0;
    /// Delay of channel 2, 8/CLKIN a step, none at 13. The useful range is -31 to 31 (page 27; table
    /// 12 and Eq. 60 disagree about it).
    PHCAL = 0x10 ReadWrite Signed<6>, 0x0D;
    /// Active power offset, 1/256 of an LPF2 code a step.
    APOS = 0x11 ReadWrite Signed<16>, 0;
    /// Active power gain, 1 + WGAIN/4096.
    WGAIN = 0x12 ReadWrite Signed<12>, 0;
    /// Divider of the active energy; 0 acts as 1.
    WDIV = 0x13 ReadWrite Unsigned<8>, 0;
    /// Numerator of the CF pulse divider, less one.
    CFNUM = 0x14 ReadWrite Unsigned<12>, 0x3F;
    /// Denominator of the CF pulse divider, less one.
    CFDEN = 0x15 ReadWrite Unsigned<12>, 0x3F;
    /// Rms of channel 1.
    IRMS = 0x16 Read Unsigned<24>, 0;
    /// Rms of channel 2, by its mean absolute value: right for a sine.
    VRMS = 0x17 Read Unsigned<24>, 0;
    /// Offset of the square of IRMS, 32768 a step.
    IRMSOS = 0x18 ReadWrite Signed<12>, 0;
    /// Offset of VRMS.
    VRMSOS = 0x19 ReadWrite Signed<12>, 0;
    /// Apparent power gain, 1 + VAGAIN/4096.
    VAGAIN = 0x1A ReadWrite Signed<12>, 0;
    /// Divider of the apparent energy; 0 acts as 1.
    VADIV = 0x1B ReadWrite Unsigned<8>, 0;
    /// Half line cycles of a line-cycle window.
    LINECYC = 0x1C ReadWrite Unsigned<16>, 0xFFFF;
    /// Time without a zero crossing until the event, 128/CLKIN a step.
    ZXTOUT = 0x1D ReadWrite Unsigned<12>, 0xFFF;
    /// Line cycles below SAGLVL until the event, plus one.
    SAGCYC = 0x1E ReadWrite Unsigned<8>, 0xFF;
    /// Level of a sag, 0x4A at full scale.
    SAGLVL = 0x1F ReadWrite Unsigned<8>, 0;
    /// Level of a current peak, 0x50 at full scale.
    IPKLVL = 0x20 ReadWrite Unsigned<8>, 0xFF;
    /// Level of a voltage peak, 0x4A at full scale.
    VPKLVL = 0x21 ReadWrite Unsigned<8>, 0xFF;
    /// Largest absolute sample of channel 1.
    IPEAK = 0x22 Read Unsigned<24>, 0;
    /// IPEAK, set to zero by the read.
    RSTIPEAK = 0x23 ReadClear Unsigned<24>, 0;
    /// Twice the largest absolute sample of channel 2.
    VPEAK = 0x24 Read Unsigned<24>, 0;
    /// VPEAK, set to zero by the read.
    RSTVPEAK = 0x25 ReadClear Unsigned<24>, 0;
    /// Temperature, about 1.5 a kelvin, 0 near -25 degrees Celsius.
    TEMP = 0x26 Read Signed<8>, 0;
    /// Line period, 8/CLKIN a step; bit 15 is always 0.
    PERIOD = 0x27 Read Unsigned<16>, 0;
    /// Test mode. The data sheet allows writes but documents no bit of it, so there is none here.
    TMODE = 0x3D Read Unsigned<8>, 0;
    /// Number of ones in the register read before.
    CHKSUM = 0x3E Read Unsigned<6>, 0;
    /// Revision of the silicon; no value of it is documented.
    DIEREV = 0x3F Read Unsigned<8>, 0;
}
