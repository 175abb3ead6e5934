//! What images are taken, and that no other is: a changed bit, a cut, a wrong key, an old version.

use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};
use smart_meter::ota::{Chip, Policy, Refusal, Verifier, Version};

/// An image made without the code under test: field by field as its table has it.
#[derive(Clone)]
pub(crate) struct Maker {
    pub(crate) chip: u8,
    pub(crate) flags: u8,
    pub(crate) version: [u16; 3],
    pub(crate) body: Vec<u8>,
    pub(crate) seed: [u8; 32],
}

impl Maker {
    pub(crate) fn new(version: [u16; 3], body: &[u8]) -> Self {
        Self {
            chip: 2,
            flags: 0,
            version,
            body: body.to_vec(),
            seed: core::array::from_fn(|at| at as u8),
        }
    }

    pub(crate) fn public(&self) -> [u8; 32] {
        SigningKey::from_bytes(&self.seed)
            .verifying_key()
            .to_bytes()
    }

    pub(crate) fn header(&self) -> Vec<u8> {
        let mut header = b"SMARTMTR".to_vec();
        header.extend_from_slice(&[1, self.chip, self.flags, 0]);
        self.version
            .iter()
            .for_each(|part| header.extend_from_slice(&part.to_le_bytes()));
        header.extend_from_slice(&[0, 0]);
        header.extend_from_slice(&(self.body.len() as u32).to_le_bytes());
        header.extend_from_slice(&Sha256::digest(&self.body));
        header.extend_from_slice(&Sha256::digest(self.public())[..8]);
        header
    }

    pub(crate) fn sign(&self, header: &[u8]) -> Vec<u8> {
        let signature = SigningKey::from_bytes(&self.seed).sign(header);
        [header, &signature.to_bytes(), &self.body].concat()
    }

    pub(crate) fn image(&self) -> Vec<u8> {
        self.sign(&self.header())
    }
}

const BODY: &[u8] = b"firmware of a meter\nfirmware of a meter\nfirmware of a meter\n";
/// Public key, header and signature that OpenSSL 3.0 made of the key 00 01 02 .. 1f.
const PUBLIC: &str = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";
const HEADER: &str = "534d4152544d54520102000001000400020000003c00000034879e1fc53b159a\
                      584e3fbd1045b8d2d52122c608b77cde7483115b76d26fa656475aa75463474c";
const SIGNATURE: &str = "f49f97acfb2b3ebc5f748be9e0bdb602f100ae22c8fa7739f511370ddedb35dd\
                         b9032de1d5f4fb2a5ad46ba11346c405540c82f6f2f9e07a480573cd4d7c6203";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn public() -> [u8; 32] {
    bytes(PUBLIC).try_into().unwrap()
}

fn policy(keys: &[[u8; 32]]) -> Policy<'_> {
    Policy {
        keys,
        chip: Chip::Esp32c3,
        running: Version::new(1, 4, 1),
        failed: None,
        room: 1_000,
    }
}

/// Looks at an image that comes in pieces.
fn look(image: &[u8], piece: usize, policy: Policy<'_>) -> Result<Vec<u8>, Refusal> {
    let mut verifier = Verifier::new(policy);
    let mut body = Vec::new();
    for piece in image.chunks(piece) {
        body.extend_from_slice(verifier.push(piece)?);
    }
    verifier.finish().map(|_| body)
}

fn refused(image: &[u8], policy: Policy<'_>) -> Refusal {
    let refusal = look(image, 7, policy).expect_err("refused");
    assert_eq!(
        look(image, 4_096, policy),
        Err(refusal),
        "the pieces it comes in do not matter"
    );
    refusal
}

#[test]
fn an_image_that_openssl_signed_is_taken() {
    let image = [bytes(HEADER), bytes(SIGNATURE), BODY.to_vec()].concat();
    for piece in 1..=image.len() {
        assert_eq!(
            look(&image, piece, policy(&[public()])).as_deref(),
            Ok(BODY)
        );
    }
    // The maker of these tests makes the same.
    assert_eq!(Maker::new([1, 4, 2], BODY).image(), image);
    let keys = [public()];
    let mut verifier = Verifier::new(policy(&keys));
    verifier.push(&image[..127]).unwrap();
    assert_eq!(
        verifier.header(),
        None,
        "nothing is said before the signature is there"
    );
}

#[test]
fn the_header_is_written_as_it_is_read() {
    let image = Maker::new([1, 4, 2], BODY).image();
    let keys = [public()];
    let mut verifier = Verifier::new(policy(&keys));
    verifier.push(&image).unwrap();
    assert_eq!(verifier.received() as usize, image.len());
    let header = verifier.finish().unwrap();
    assert_eq!(header.version, Version::new(1, 4, 2));
    assert_eq!(header.length as usize, BODY.len());
    assert_eq!(header.to_bytes(), image[..64]);
}

#[test]
fn every_changed_bit_is_refused() {
    let image = Maker::new([1, 4, 2], BODY).image();
    for bit in 0..image.len() * 8 {
        let mut changed = image.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let refusal = refused(&changed, policy(&[public()]));
        let expected = match bit / 8 {
            0..8 => matches!(refusal, Refusal::NotAnImage),
            8 => matches!(refusal, Refusal::Format(_)),
            56..64 => matches!(refusal, Refusal::UnknownKey(_)),
            9..128 => refusal == Refusal::Signature,
            _ => refusal == Refusal::Body,
        };
        assert!(expected, "bit {bit}: {refusal:?}");
    }
}

#[test]
fn every_cut_is_refused_and_so_is_anything_behind_the_end() {
    let image = Maker::new([1, 4, 2], BODY).image();
    for length in 0..image.len() {
        let want = if length < 128 {
            128
        } else {
            128 + BODY.len() as u32
        };
        assert_eq!(
            refused(&image[..length], policy(&[public()])),
            Refusal::Truncated(length as u32, want)
        );
    }
    let longer = [&image[..], &[0]].concat();
    assert_eq!(refused(&longer, policy(&[public()])), Refusal::Surplus);
}

#[test]
fn the_wrong_key_is_refused_and_a_second_one_is_trusted() {
    let mut stranger = Maker::new([1, 4, 2], BODY);
    stranger.seed = [7; 32];
    let image = stranger.image();
    assert!(matches!(
        refused(&image, policy(&[public()])),
        Refusal::UnknownKey(_)
    ));
    assert!(look(&image, 64, policy(&[public(), stranger.public()])).is_ok());
    assert!(matches!(
        refused(&image, policy(&[])),
        Refusal::UnknownKey(_)
    ));

    // Somebody else's signature under the name of the trusted key.
    let mut header = stranger.header();
    header[56..].copy_from_slice(&Sha256::digest(public())[..8]);
    assert_eq!(
        refused(&stranger.sign(&header), policy(&[public()])),
        Refusal::Signature
    );
    // A key that is none.
    let mut nobody = stranger.header();
    nobody[56..].copy_from_slice(&Sha256::digest([2; 32])[..8]);
    assert_eq!(
        refused(&stranger.sign(&nobody), policy(&[[2; 32]])),
        Refusal::Signature
    );
}

#[test]
fn signed_headers_that_do_not_fit_the_device_are_refused() {
    let maker = Maker::new([1, 4, 2], BODY);
    let device = policy;
    let keys = [public()];

    let other = Maker {
        chip: 3,
        ..maker.clone()
    };
    let refusal = refused(&other.image(), device(&keys));
    assert_eq!(
        refusal.to_string(),
        "the image is for esp32c6, this is esp32c3"
    );
    let unknown = Maker {
        chip: 99,
        ..maker.clone()
    };
    assert_eq!(
        refused(&unknown.image(), device(&keys)).to_string(),
        "the image is for another chip, this is esp32c3"
    );

    let empty = Maker {
        body: Vec::new(),
        ..maker.clone()
    };
    assert_eq!(refused(&empty.image(), device(&keys)), Refusal::Empty);
    let long = Maker {
        body: vec![0; 1_001],
        ..maker.clone()
    };
    assert_eq!(
        refused(&long.image(), device(&keys)),
        Refusal::TooLong(1_001, 1_000)
    );
    let fits = Maker {
        body: vec![0; 1_000],
        ..maker.clone()
    };
    assert!(look(&fits.image(), 100, device(&keys)).is_ok());
    let unknown_flag = Maker {
        flags: 2,
        ..maker.clone()
    };
    assert_eq!(
        refused(&unknown_flag.image(), device(&keys)),
        Refusal::Signature
    );
    for reserved in [11, 18, 19] {
        let mut header = maker.header();
        header[reserved] = 1;
        assert_eq!(
            refused(&maker.sign(&header), device(&keys)),
            Refusal::Signature
        );
    }
}

#[test]
fn only_newer_versions_are_taken_unless_the_signer_says_so() {
    let keys = [public()];
    for (version, is_newer) in [
        ([1, 4, 2], true),
        ([1, 5, 0], true),
        ([2, 0, 0], true),
        ([1, 4, 1], false),
        ([1, 4, 0], false),
        ([1, 3, 9], false),
        ([0, 65_535, 65_535], false),
    ] {
        let maker = Maker::new(version, BODY);
        let taken = look(&maker.image(), 50, policy(&keys));
        assert_eq!(taken.is_ok(), is_newer, "{version:?}");
        if !is_newer {
            let [major, minor, patch] = version;
            let image = Version::new(major, minor, patch);
            assert_eq!(taken, Err(Refusal::NotNewer(image, Version::new(1, 4, 1))));
        }
        let forced = Maker { flags: 1, ..maker };
        assert!(look(&forced.image(), 50, policy(&keys)).is_ok());
    }
    let failed = Policy {
        failed: Some(Version::new(1, 4, 2)),
        ..policy(&keys)
    };
    let again = Maker::new([1, 4, 2], BODY);
    assert_eq!(
        refused(&again.image(), failed),
        Refusal::FailedBefore(Version::new(1, 4, 2))
    );
    assert!(look(&Maker::new([1, 4, 3], BODY).image(), 50, failed).is_ok());
    assert!(look(&Maker { flags: 1, ..again }.image(), 50, failed).is_ok());
}

#[test]
fn versions_are_three_numbers() {
    assert_eq!(Version::parse("1.4.0"), Some(Version::new(1, 4, 0)));
    assert_eq!(
        Version::parse("65535.0.65535"),
        Some(Version::new(65_535, 0, 65_535))
    );
    for wrong in [
        "",
        "1",
        "1.2",
        "1.2.3.4",
        "1.2.x",
        "1.2.-3",
        "+1.2.3",
        "1.2.65536",
        "1..3",
        " 1.2.3",
        "1.2.3-rc1",
    ] {
        assert_eq!(Version::parse(wrong), None, "{wrong}");
    }
    assert_eq!(Version::new(1, 10, 0).to_string(), "1.10.0");
    assert!(Version::new(1, 10, 0) > Version::new(1, 9, 9));
    assert_eq!(Version::new(1, 2, 3).number(), 0x1_0002_0003);
}
