//! What an application image of an ESP32 looks like, as far as signing the wrong file can be noticed.

use smart_meter::ota::Chip;

/// First byte of an image (esptool, "Firmware Image Format").
const MAGIC: u8 = 0xE9;
/// Where the chip stands, two bytes.
const CHIP: usize = 12;
/// Where a whole flash has its partition table, and how that begins.
const TABLE: (usize, [u8; 2]) = (0x8000, [0xAA, 0x50]);

/// Numbers of the chips in images.
const fn number(chip: Chip) -> Option<u16> {
    match chip {
        Chip::Esp32 => Some(0),
        Chip::Esp32c3 => Some(5),
        Chip::Esp32s3 => Some(9),
        Chip::Esp32c6 => Some(13),
        _ => None,
    }
}

/// Whether a file can be an application for a chip; what is wrong with it otherwise.
pub(super) fn check(bytes: &[u8], chip: Chip) -> Result<(), String> {
    if bytes.is_empty() {
        return Err("is empty".to_owned());
    }
    if bytes.starts_with(b"SMARTMTR") {
        return Err("is signed already: sign the image it was made of".to_owned());
    }
    let Some(wanted) = number(chip) else {
        return Ok(());
    };
    if bytes.starts_with(b"\x7FELF") {
        return Err(
            "is the program as it was linked: make an image of it with `espflash save-image`"
                .to_owned(),
        );
    }
    if bytes.first() != Some(&MAGIC) {
        return Err("is no application image: make one with `espflash save-image`".to_owned());
    }
    if bytes.get(TABLE.0..TABLE.0 + 2) == Some(&TABLE.1) {
        return Err(
            "is a whole flash: `espflash save-image` without --merge writes the application alone"
                .to_owned(),
        );
    }
    let found = bytes.get(CHIP..).and_then(|rest| rest.first_chunk());
    let found = found.map(|bytes| u16::from_le_bytes(*bytes));
    if found != Some(wanted) {
        let name = Chip::ALL
            .into_iter()
            .find(|chip| number(*chip).is_some() && number(*chip) == found);
        let name = name.map_or("another chip", Chip::name);
        return Err(format!("is for {name}, not for {chip}"));
    }
    Ok(())
}
