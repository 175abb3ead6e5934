//! `meter firmware sign`: an image that meters take.

use std::fs;

use ed25519_dalek::Signer;
use sha2::{Digest, Sha256};
use smart_meter::ota::Header;
use smart_meter::ota::image::KeyId;

use super::cli::SignOptions;
use super::{image, keys};
use crate::commands::print;
use crate::error::Problem;

pub(crate) fn run(options: &SignOptions) -> Result<(), Problem> {
    let name = options.image.display();
    let body =
        fs::read(&options.image).map_err(|error| Problem::Refused(format!("{name}: {error}")))?;
    image::check(&body, options.chip)
        .map_err(|wrong| Problem::Refused(format!("{name} {wrong}")))?;
    let length = u32::try_from(body.len())
        .map_err(|_| Problem::Refused(format!("{name} is larger than any flash")))?;
    let key = keys::secret(&options.key)?;
    let header = Header {
        chip: options.chip as u8,
        version: options.version,
        replaces_any: options.replaces_any,
        length,
        sha256: Sha256::digest(&body).into(),
        key: KeyId::of(&key.verifying_key().to_bytes()),
    };
    let signed = header.to_bytes();
    let signature = key.sign(&signed).to_bytes();
    let file = [&signed[..], &signature, &body].concat();
    let output = options.output.display();
    fs::write(&options.output, &file)
        .map_err(|error| Problem::Refused(format!("{output}: {error}")))?;
    print(&format!(
        "{output}: version {} for {}, {} bytes, key {}",
        header.version,
        options.chip,
        file.len(),
        header.key
    ))
}
