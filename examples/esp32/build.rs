//! Public keys that firmware may be signed with go into the program: the files that `METER_FIRMWARE_KEYS` names, as
//! `meter firmware keygen` writes them, with colons between. Without it no update is taken.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

/// What comes before the 32 bytes of an ed25519 key in its DER form (RFC 8410, section 4).
const PREFIX: [u8; 12] = [
    0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00,
];

fn main() {
    println!("cargo:rerun-if-env-changed=METER_FIRMWARE_KEYS");
    println!("cargo:rerun-if-changed=build.rs");
    let mut text = String::from("&[");
    let files = env::var("METER_FIRMWARE_KEYS").unwrap_or_default();
    for file in files.split(':').filter(|file| !file.is_empty()) {
        println!("cargo:rerun-if-changed={file}");
        let pem = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let der = bytes(&pem);
        let key = der
            .strip_prefix(PREFIX.as_slice())
            .filter(|key| key.len() == 32)
            .unwrap_or_else(|| panic!("{file} is no ed25519 public key in PEM"));
        let _ = write!(text, "{key:?}, ");
    }
    text.push(']');
    let folder = env::var("OUT_DIR").unwrap_or_default();
    let written = fs::write(Path::new(&folder).join("keys.rs"), text);
    written.unwrap_or_else(|error| panic!("{folder}: {error}"));
}

/// The base64 between the two lines of dashes.
fn bytes(pem: &str) -> Vec<u8> {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    let values = lines
        .flat_map(str::bytes)
        .filter_map(|byte| digits.iter().position(|digit| *digit == byte));
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for value in values {
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
