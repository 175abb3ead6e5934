//! Certificates that are pasted: whole ones are stored, everything else is refused in words.

use embassy_futures::block_on;
use smart_meter::blobs::{Blobs, FlashBlobs, Key};
use smart_meter::settings::authority::{MAX_AUTHORITY, Pem, PemError, forget, load, store};

use crate::flash::{Chip, Region};

/// Made by OpenSSL 3.0: a self-signed certificate on P-256 of 383 bytes.
pub(crate) const CA: &str = "-----BEGIN CERTIFICATE-----
MIIBezCCASGgAwIBAgIUWXWQ8LJcZJgx0QBIT3MyJWLkPPswCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHdGVzdCBDQTAgFw0yNjExMjYxMjA1NTZaGA8yMTI2MTEwMjEy
MDU1NlowEjEQMA4GA1UEAwwHdGVzdCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABBfUL2RnZqSrfrW1+Abu+9U+l4Jm0N9bI+yslHlOwV2BgSRojpJD1SuGqq+N
8nYCLvi2P+Vfh2a2KHPoli70xKWjUzBRMB0GA1UdDgQWBBQ7fWWtghH/HWxPz7IA
S3IMTwGRgDAfBgNVHSMEGDAWgBQ7fWWtghH/HWxPz7IAS3IMTwGRgDAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDiRsM8ykgejb+Spzzk21X6VBZ5
KfTEuz5aEqDynCZl9wIgDPwN2t7L+bc88+m+nRMHxF6phsahr80kmyWBGMbsRko=
-----END CERTIFICATE-----
";

fn paste(text: &str) -> Result<(Vec<u8>, u8), PemError> {
    let mut buffer = [0; MAX_AUTHORITY];
    let mut pem = Pem::new(&mut buffer);
    text.lines().try_for_each(|line| pem.line(line))?;
    let count = pem.count();
    pem.finish().map(|bytes| (bytes.to_vec(), count))
}

#[test]
fn what_is_pasted_is_kept_as_it_is() {
    let (bytes, count) = paste(CA).unwrap();
    assert_eq!(
        (bytes.as_slice(), count),
        ([CA.as_bytes(), &[0]].concat().as_slice(), 1)
    );
    // Two, with the remarks that bundles have, and ends of lines of other systems.
    let bundle = format!("# Root 1\n{CA}\nRoot 2\n======\n{CA}").replace('\n', "\r\n");
    let (bytes, count) = paste(&bundle).unwrap();
    assert_eq!(
        (bytes.as_slice(), count),
        ([CA.as_bytes(), CA.as_bytes(), &[0]].concat().as_slice(), 2)
    );
}

#[test]
fn what_is_not_whole_is_refused() {
    let lines: Vec<&str> = CA.lines().collect();
    for missing in 0..lines.len() {
        let rest: Vec<&str> = lines
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != missing)
            .map(|(_, line)| *line)
            .collect();
        let expected = match missing {
            0 => PemError::End,
            missing if missing == lines.len() - 1 => PemError::Open,
            _ => PemError::Length,
        };
        assert_eq!(
            paste(&rest.join("\n")),
            Err(expected),
            "line {missing} is missing"
        );
    }
    for at in 28..CA.len() - 28 {
        let damaged = |with: &str| format!("{}{with}{}", &CA[..at], &CA[at + 1..]);
        if CA.as_bytes()[at] == b'\n' || CA.as_bytes()[at] == b'=' {
            continue;
        }
        assert!(paste(&damaged("")).is_err(), "character {at} is missing");
        assert_eq!(
            paste(&damaged("?")),
            Err(PemError::Base64),
            "character {at}"
        );
        assert!(paste(&damaged("AA")).is_err(), "one too many at {at}");
    }
    for (text, error) in [
        (String::new(), PemError::None),
        ("hello\nworld".to_owned(), PemError::None),
        (format!("{}\n{CA}", lines[0]), PemError::Nested),
        (
            "-----BEGIN EC PRIVATE KEY-----\nAAAA\n".to_owned(),
            PemError::PrivateKey,
        ),
        (format!("{}\n{}", lines[0], lines[9]), PemError::Length),
        (CA.repeat(6), PemError::TooLong),
    ] {
        assert_eq!(paste(&text), Err(error), "{text}");
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn what_is_stored_is_there_after_a_restart() {
    let chip = Chip::new(2);
    let blobs = || FlashBlobs::<Region, 3_200>::new(Region::whole(&chip)).unwrap();
    let mut buffer = [0; MAX_AUTHORITY];
    assert_eq!(block_on(load(&mut blobs(), &mut buffer)), Ok(None));
    // The longest that can be.
    let (longest, count) = paste(&CA.repeat(5)).unwrap();
    assert_eq!((longest.len(), count), (5 * 574 + 1, 5));
    block_on(store(&mut blobs(), &longest)).unwrap();
    let loaded = block_on(load(&mut blobs(), &mut buffer)).unwrap().unwrap();
    assert_eq!(loaded.to_str().unwrap(), CA.repeat(5));
    block_on(forget(&mut blobs())).unwrap();
    assert_eq!(block_on(load(&mut blobs(), &mut buffer)), Ok(None));
    block_on(blobs().write(Key::Authority, b"no zero at its end")).unwrap();
    assert!(block_on(load(&mut blobs(), &mut buffer)).is_err());
}
