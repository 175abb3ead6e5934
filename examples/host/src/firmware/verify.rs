//! `meter firmware verify`: what a meter would say to an image.

use std::fs;

use serde::Serialize;
use smart_meter::ota::{Chip, Policy, Refusal, Verifier, Version};

use super::cli::VerifyOptions;
use super::keys;
use crate::commands::{print, print_json};
use crate::error::Problem;

/// Where the number of the chip stands.
const CHIP: usize = 9;

#[derive(Serialize)]
struct Verified {
    ok: bool,
    version: String,
    chip: &'static str,
    replaces_any: bool,
    body_bytes: u32,
    key: String,
}

pub(crate) fn run(options: &VerifyOptions) -> Result<(), Problem> {
    let trusted = [keys::public(&options.key)?.to_bytes()];
    let name = options.file.display();
    let file =
        fs::read(&options.file).map_err(|error| Problem::Refused(format!("{name}: {error}")))?;
    let refused = |refusal: Refusal| Problem::Refused(format!("{name}: {refusal}"));
    // A meter of the chip it is for, with a version before all others.
    let number = file.get(CHIP).copied();
    let chip = Chip::ALL
        .into_iter()
        .find(|chip| Some(*chip as u8) == number);
    let chip = chip.unwrap_or(Chip::Host);
    let mut verifier = Verifier::new(Policy {
        keys: &trusted,
        chip,
        running: Version::default(),
        failed: None,
        room: u32::MAX,
    });
    verifier.push(&file).map_err(refused)?;
    let header = verifier.finish().map_err(refused)?;
    if options.json {
        return print_json(&Verified {
            ok: true,
            version: header.version.to_string(),
            chip: chip.name(),
            replaces_any: header.replaces_any,
            body_bytes: header.length,
            key: header.key.to_string(),
        });
    }
    let over = if header.replaces_any {
        ", over any version"
    } else {
        ""
    };
    print(&format!(
        "{name}: version {} for {chip}{over}, {} bytes, whole and signed with key {}",
        header.version, header.length, header.key
    ))
}
