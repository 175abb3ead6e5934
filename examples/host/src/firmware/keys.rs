//! Files with keys: PKCS #8 and SPKI in PEM, which OpenSSL reads too.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use ed25519_dalek::{SigningKey, VerifyingKey};

use crate::error::Problem;

fn about(path: &Path, error: &impl std::fmt::Display) -> Problem {
    Problem::Refused(format!("{}: {error}", path.display()))
}

/// Writes a new file; one that is there is never written over.
fn write_new(path: &Path, text: &str, is_secret: bool) -> Result<(), Problem> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if is_secret {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = is_secret;
    let mut file = options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Problem::Refused(format!(
            "{} is there already: a key that is lost can not be made again, so it stays",
            path.display()
        )),
        _ => about(path, &error),
    })?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| about(path, &error))
}

/// Writes both keys, the secret one for its owner alone.
pub(super) fn store(path: &Path, public_path: &Path, key: &SigningKey) -> Result<(), Problem> {
    let secret = key
        .to_pkcs8_pem(LineEnding::LF)
        .map_err(|error| about(path, &error))?;
    let public = key
        .verifying_key()
        .to_public_key_pem(LineEnding::LF)
        .map_err(|error| about(public_path, &error))?;
    if public_path.exists() {
        return Err(Problem::Refused(format!(
            "{} is there already",
            public_path.display()
        )));
    }
    write_new(path, &secret, true)?;
    write_new(public_path, &public, false)
}

/// Reads a secret key that nobody else can read.
pub(super) fn secret(path: &Path) -> Result<SigningKey, Problem> {
    let text = fs::read_to_string(path).map_err(|error| about(path, &error))?;
    let key = SigningKey::from_pkcs8_pem(&text).map_err(|_| {
        let hint = if text.contains("PUBLIC KEY") {
            "is the public key: the secret one is needed to sign"
        } else {
            "is no secret key: make one with `meter firmware keygen`"
        };
        about(path, &hint)
    })?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path)
            .map_err(|error| about(path, &error))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            let name = path.display();
            return Err(Problem::Refused(format!(
                "{name} can be read by others (mode {:03o}): `chmod 600 {name}`, and make a new key if anybody did",
                mode & 0o777
            )));
        }
    }
    Ok(key)
}

/// Reads a public key: a file, or the digits themselves.
pub(super) fn public(argument: &str) -> Result<VerifyingKey, Problem> {
    if let Some(bytes) = hex(argument) {
        return VerifyingKey::from_bytes(&bytes)
            .map_err(|_| Problem::Usage(format!("{argument} is no public key: check the digits")));
    }
    let path = Path::new(argument);
    let text = fs::read_to_string(path).map_err(|error| about(path, &error))?;
    VerifyingKey::from_public_key_pem(&text).map_err(|_| {
        let hint = if text.contains("PRIVATE KEY") {
            "is the secret key: the public one has .pub behind its name"
        } else {
            "is no public key"
        };
        about(path, &hint)
    })
}

/// 64 hexadecimal digits.
fn hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (place, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *place = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}
