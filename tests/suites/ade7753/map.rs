//! The register map, restated from table 12 of the data sheet, against the driver's and the model.

use ade7753::blocking::Ade7753;
use ade7753::register::{ALL, Access, Description, Events, Gain, Kind, Mode, OffsetCh1, OffsetCh2};
use ade7753::register::{ChannelRange, Pga, Signed, Unsigned, Value};

use embedded_hal_mock::eh1::delay::NoopDelay;
use embedded_hal_mock::eh1::spi::{Mock, Transaction};

use Access::{Read, ReadClear, ReadWrite};
use Kind::{Flags, SignMagnitude, Signed as S, Unsigned as U};

/// Name, address, bits, kind, access, reset value.
const MAP: [(&str, u8, u32, Kind, Access, u32); 42] = [
    ("WAVEFORM", 0x01, 24, S, Read, 0),
    ("AENERGY", 0x02, 24, S, Read, 0),
    ("RAENERGY", 0x03, 24, S, ReadClear, 0),
    ("LAENERGY", 0x04, 24, S, Read, 0),
    ("VAENERGY", 0x05, 24, U, Read, 0),
    ("RVAENERGY", 0x06, 24, U, ReadClear, 0),
    ("LVAENERGY", 0x07, 24, U, Read, 0),
    ("LVARENERGY", 0x08, 24, S, Read, 0),
    ("MODE", 0x09, 16, Flags, ReadWrite, 0x000C),
    ("IRQEN", 0x0A, 16, Flags, ReadWrite, 0x0040),
    ("STATUS", 0x0B, 16, Flags, Read, 0),
    ("RSTSTATUS", 0x0C, 16, Flags, ReadClear, 0),
    ("CH1OS", 0x0D, 8, SignMagnitude, ReadWrite, 0),
    ("CH2OS", 0x0E, 8, SignMagnitude, ReadWrite, 0),
    ("GAIN", 0x0F, 8, Flags, ReadWrite, 0),
    ("PHCAL", 0x10, 6, S, ReadWrite, 0x0D),
    ("APOS", 0x11, 16, S, ReadWrite, 0),
    ("WGAIN", 0x12, 12, S, ReadWrite, 0),
    ("WDIV", 0x13, 8, U, ReadWrite, 0),
    ("CFNUM", 0x14, 12, U, ReadWrite, 0x3F),
    ("CFDEN", 0x15, 12, U, ReadWrite, 0x3F),
    ("IRMS", 0x16, 24, U, Read, 0),
    ("VRMS", 0x17, 24, U, Read, 0),
    ("IRMSOS", 0x18, 12, S, ReadWrite, 0),
    ("VRMSOS", 0x19, 12, S, ReadWrite, 0),
    ("VAGAIN", 0x1A, 12, S, ReadWrite, 0),
    ("VADIV", 0x1B, 8, U, ReadWrite, 0),
    ("LINECYC", 0x1C, 16, U, ReadWrite, 0xFFFF),
    ("ZXTOUT", 0x1D, 12, U, ReadWrite, 0xFFF),
    ("SAGCYC", 0x1E, 8, U, ReadWrite, 0xFF),
    ("SAGLVL", 0x1F, 8, U, ReadWrite, 0),
    ("IPKLVL", 0x20, 8, U, ReadWrite, 0xFF),
    ("VPKLVL", 0x21, 8, U, ReadWrite, 0xFF),
    ("IPEAK", 0x22, 24, U, Read, 0),
    ("RSTIPEAK", 0x23, 24, U, ReadClear, 0),
    ("VPEAK", 0x24, 24, U, Read, 0),
    ("RSTVPEAK", 0x25, 24, U, ReadClear, 0),
    ("TEMP", 0x26, 8, S, Read, 0),
    ("PERIOD", 0x27, 16, U, Read, 0),
    // TMODE may be written, but no bit of it is documented: the driver only reads it.
    ("TMODE", 0x3D, 8, U, Read, 0),
    ("CHKSUM", 0x3E, 6, U, Read, 0),
    ("DIEREV", 0x3F, 8, U, Read, 0),
];

#[test]
fn the_map_is_that_of_the_data_sheet() {
    let table = ALL
        .iter()
        .map(|r| (r.name, r.address, r.bits, r.kind, r.access, r.reset));
    assert_eq!(table.collect::<Vec<_>>(), MAP);
    for (register, (name, _, bits, ..)) in ALL.iter().zip(MAP) {
        assert_eq!(register.bytes(), bits.div_ceil(8) as usize, "{name}");
    }
}

/// Reads and writes one register through the model, with patterns of its width.
fn exercise(
    driver: &mut Ade7753<meter_sim::ade7753::Spi, meter_sim::ade7753::Delay>,
    board: &meter_sim::ade7753::Board,
    register: &Description,
) {
    let width = (1u64 << register.bits) as u32 - 1;
    for pattern in [
        0,
        width,
        0x00A5_5A3C & width,
        width ^ width >> 1,
        width >> 1,
    ] {
        // What reads set to zero, and what the chip computes, has a source of its own.
        let source = match register.address {
            0x0C => 0x0B,
            0x23 => 0x22,
            0x25 => 0x24,
            address => address,
        };
        if matches!(
            register.address,
            0x02 | 0x03 | 0x05 | 0x06 | 0x16 | 0x17 | 0x3E
        ) {
            continue;
        }
        board.set_register(source, pattern);
        assert_eq!(driver.read_raw(register), Ok(pattern), "{}", register.name);
        let left = board.register(source);
        assert_eq!(
            left,
            if register.access == ReadClear {
                0
            } else {
                pattern
            },
            "{}",
            register.name
        );
    }
}

#[test]
fn every_register_is_read_with_its_width() {
    let board = super::board();
    board.apply(meter_sim::ade7753::Inputs::NONE);
    let mut driver = super::driver(&board);
    for register in ALL {
        exercise(&mut driver, &board, register);
    }
    assert_eq!(board.violations(), []);
}

fn s<const N: u32>(value: i32) -> Signed<N> {
    Signed::new(value).expect("a number that fits")
}

fn u<const N: u32>(value: u32) -> Unsigned<N> {
    Unsigned::new(value).expect("a number that fits")
}

macro_rules! written {
    ($($name:ident $address:literal $value:expr => $raw:literal;)*) => {
        /// Addresses and bits that [`write_all`] writes.
        const WRITTEN: &[(u8, u32)] = &[$(($address, $raw)),*];

        /// Writes every register that can be written; `check` sees each one afterwards.
        fn write_all<SPI, D>(
            driver: &mut Ade7753<SPI, D>,
            mut check: impl FnMut(&mut Ade7753<SPI, D>, u8, u32),
        ) where
            SPI: embedded_hal::spi::SpiDevice,
            D: embedded_hal::delay::DelayNs,
        {
            $(
                driver.write(ade7753::register::$name, $value).expect(stringify!($name));
                check(driver, $address, $raw);
            )*
        }
    };
}

written! {
    MODE 0x09 Mode::CYCMODE | Mode::POAM => 0x8080;
    MODE 0x09 Mode::NONE => 0x0000;
    IRQEN 0x0A Events::CYCEND | Events::PNEG => 0x4004;
    CH1OS 0x0D OffsetCh1::new(-31, true).unwrap() => 0xBF;
    CH1OS 0x0D OffsetCh1::new(31, false).unwrap() => 0x1F;
    CH2OS 0x0E OffsetCh2::new(-1).unwrap() => 0x21;
    CH2OS 0x0E OffsetCh2::new(5).unwrap() => 0x05;
    GAIN 0x0F Gain { ch1: Pga::X16, range: ChannelRange::V0_125, ch2: Pga::X2 } => 0x34;
    PHCAL 0x10 s(-31) => 0x21;
    PHCAL 0x10 s(31) => 0x1F;
    APOS 0x11 s(-32_768) => 0x8000;
    APOS 0x11 s(32_767) => 0x7FFF;
    WGAIN 0x12 s(-2_048) => 0x800;
    WGAIN 0x12 s(2_047) => 0x7FF;
    WDIV 0x13 u(255) => 0xFF;
    CFNUM 0x14 u(4_095) => 0xFFF;
    CFDEN 0x15 u(489) => 0x1E9;
    IRMSOS 0x18 s(-1) => 0xFFF;
    VRMSOS 0x19 s(-2_048) => 0x800;
    VAGAIN 0x1A s(1_000) => 0x3E8;
    VADIV 0x1B u(1) => 0x01;
    LINECYC 0x1C u(65_535) => 0xFFFF;
    ZXTOUT 0x1D u(4_095) => 0xFFF;
    SAGCYC 0x1E u(4) => 0x04;
    SAGLVL 0x1F u(0x4A) => 0x4A;
    IPKLVL 0x20 u(0x50) => 0x50;
    VPKLVL 0x21 u(0x4A) => 0x4A;
}

#[test]
fn every_writable_register_takes_its_values_with_width_and_sign() {
    let board = super::board();
    let mut driver = super::driver(&board);
    write_all(&mut driver, |driver, address, raw| {
        assert_eq!(board.register(address), raw, "0x{address:02X}");
        let register = ade7753::register::at(address).expect("a register");
        assert_eq!(driver.read_raw(register), Ok(raw), "0x{address:02X}");
    });
    assert_eq!(board.violations(), []);
    let mut addresses: Vec<u8> = WRITTEN.iter().map(|(address, _)| *address).collect();
    addresses.dedup();
    let writable = MAP.iter().filter(|row| row.4 == ReadWrite).map(|row| row.1);
    assert!(writable.eq(addresses), "one is left out");
}

#[test]
fn every_write_sends_its_bytes() {
    let expected: Vec<_> = WRITTEN
        .iter()
        .flat_map(|(address, raw)| {
            let bits = MAP.iter().find(|row| row.1 == *address).expect("a row").2;
            let mut frame = vec![0x80 | address];
            frame.extend(&raw.to_be_bytes()[4 - bits.div_ceil(8) as usize..]);
            [
                Transaction::transaction_start(),
                Transaction::write_vec(frame),
                Transaction::delay(4_000),
                Transaction::transaction_end(),
            ]
        })
        .collect();
    let mut driver = Ade7753::new(
        Mock::new(&expected),
        NoopDelay::new(),
        super::config().with_verify(false),
    );
    write_all(&mut driver, |_, _, _| ());
    driver.release().0.done();
}

#[test]
fn every_read_takes_its_bytes() {
    for (name, address, bits, ..) in MAP {
        let bytes = bits.div_ceil(8) as usize;
        let raw = 0x00C3_5AA5 & ((1u64 << bits) as u32 - 1);
        let expected = [
            Transaction::transaction_start(),
            Transaction::write_vec(vec![address]),
            Transaction::delay(if address == 0x01 { 500 } else { 4_000 }),
            Transaction::read_vec(raw.to_be_bytes()[4 - bytes..].to_vec()),
            Transaction::transaction_end(),
        ];
        let config = super::config().with_verify(false);
        let mut driver = Ade7753::new(Mock::new(&expected), NoopDelay::new(), config);
        let register = ade7753::register::at(address).expect("a register");
        assert_eq!(driver.read_raw(register).ok(), Some(raw), "{name}");
        driver.release().0.done();
    }
}

#[test]
fn signed_registers_have_signs_and_unsigned_ones_have_none() {
    assert_eq!(Signed::<24>::from_raw(0x80_0000).get(), -8_388_608);
    assert_eq!(Signed::<24>::from_raw(0xFF_FFFF).get(), -1);
    assert_eq!(Signed::<8>::from_raw(0xF1).get(), -15);
    assert_eq!(Unsigned::<24>::from_raw(0xFF_FFFF).get(), 16_777_215);
    assert_eq!(Unsigned::<8>::from_raw(0xFF).get(), 255);
    assert_eq!(OffsetCh2::from_raw(0x3F).steps(), -31);
    assert_eq!(OffsetCh2::new(-1).unwrap().to_raw(), 0x21);
    assert_eq!(Signed::<12>::new(2_048), None);
    assert_eq!(Unsigned::<12>::new(4_096), None);
    assert_eq!(OffsetCh1::new(32, false), None);
}

#[test]
fn the_reset_bit_of_mode_can_not_be_written() {
    assert_eq!(Mode::from_bits(0xFFFF).bits(), 0xFFBF);
    let board = super::board();
    let mut driver = super::driver(&board);
    let before = board.register(0x10);
    driver
        .modify_mode(|mode| Mode::from_bits(mode.bits() | 0x0040))
        .unwrap();
    assert_eq!(board.register(0x10), before);
}
