//! `meter firmware`, as a user runs it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("meter-firmware-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("text").to_owned()
    }

    fn put(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.0.join(name), bytes).expect("written");
        self.path(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).expect("read")
    }

    /// With a key in it.
    fn with_key(name: &str) -> Self {
        let folder = Self::new(name);
        let (code, text) = run(&["keygen", "--output", &folder.path("key")]);
        assert_eq!(code, 0, "{text}");
        folder
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn output(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meter"));
    command
        .arg("firmware")
        .args(arguments)
        .output()
        .expect("meter runs")
}

/// Exit code, and everything that was said.
fn run(arguments: &[&str]) -> (i32, String) {
    let output = output(arguments);
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().expect("an exit"),
        String::from_utf8(text).expect("text"),
    )
}

fn refused(arguments: &[&str], code: i32, parts: &[&str]) {
    let (found, text) = run(arguments);
    assert_eq!(found, code, "{text}");
    for part in parts {
        assert!(text.contains(part), "no \"{part}\" in: {text}");
    }
    assert_eq!(
        text.lines()
            .filter(|line| line.starts_with("meter: "))
            .count(),
        usize::from(code == 1),
        "{text}"
    );
}

/// What an image for the ESP32-C3 begins with: magic, and the chip's number 5 at byte 12.
fn application() -> Vec<u8> {
    let mut image: Vec<u8> = (0..50_000u32).map(|at| (at * 7 % 253) as u8).collect();
    image[0] = 0xE9;
    image[12..14].copy_from_slice(&[5, 0]);
    image
}

fn sign<'a>(image: &'a str, key: &'a str, output: &'a str) -> Vec<&'a str> {
    vec![
        "sign",
        image,
        "--key",
        key,
        "--version",
        "1.4.2",
        "--chip",
        "esp32c3",
        "--output",
        output,
    ]
}

#[test]
fn what_is_signed_is_verified() {
    let folder = Folder::with_key("round");
    let (image, key) = (folder.put("app.bin", &application()), folder.path("key"));
    let (signed, public) = (folder.path("app.img"), folder.path("key.pub"));
    let (code, text) = run(&sign(&image, &key, &signed));
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("version 1.4.2 for esp32c3, 50128 bytes, key "),
        "{text}"
    );

    let file = folder.read("app.img");
    assert_eq!(file.len(), 50_128);
    assert_eq!(
        file[..20],
        *b"SMARTMTR\x01\x02\x00\x00\x01\x00\x04\x00\x02\x00\x00\x00"
    );
    assert_eq!(file[128..], application());

    let (code, text) = run(&["verify", &signed, "--key", &public]);
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("version 1.4.2 for esp32c3, 50000 bytes, whole and signed"),
        "{text}"
    );
    let json = output(&["verify", &signed, "--key", &public, "--json"]);
    let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(json["version"], "1.4.2");
    assert_eq!(json["body_bytes"], 50_000);
    assert_eq!(json["replaces_any"], false);

    let mut forced = sign(&image, &key, &signed);
    forced.push("--replaces-any");
    assert_eq!(run(&forced).0, 0);
    assert_eq!(folder.read("app.img")[10], 1);
    assert!(
        run(&["verify", &signed, "--key", &public])
            .1
            .contains("over any version")
    );
}

#[test]
fn openssl_agrees_about_keys_and_signatures() {
    let folder = Folder::with_key("openssl");
    let (image, key, signed) = (
        folder.put("app.bin", &application()),
        folder.path("key"),
        folder.path("app.img"),
    );
    assert_eq!(run(&sign(&image, &key, &signed)).0, 0);
    let file = folder.read("app.img");
    let (header, signature) = (
        folder.put("header", &file[..64]),
        folder.put("signature", &file[64..128]),
    );
    let public = folder.path("key.pub");
    let verified = Command::new("openssl")
        .args([
            "pkeyutl", "-verify", "-pubin", "-inkey", &public, "-rawin", "-in", &header,
            "-sigfile", &signature,
        ])
        .output();
    let Ok(verified) = verified else {
        println!("not compared: no openssl here");
        return;
    };
    let text = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(
        text.contains("Signature Verified Successfully"),
        "{text}{verified:?}"
    );
    // And a key that OpenSSL made is one.
    let other = folder.path("other");
    let made = Command::new("openssl")
        .args(["genpkey", "-algorithm", "ed25519", "-out", &other])
        .output();
    assert!(made.expect("openssl").status.success());
    #[cfg(unix)]
    set_mode(&other, 0o600);
    assert_eq!(run(&sign(&image, &other, &signed)).0, 0);
    refused(
        &["verify", &signed, "--key", &public],
        1,
        &["does not trust"],
    );
}

#[cfg(unix)]
fn set_mode(path: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
}

#[test]
#[cfg(unix)]
fn the_secret_key_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::with_key("mode");
    let key = folder.path("key");
    let mode = std::fs::metadata(&key)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    set_mode(&key, 0o644);
    let (image, signed) = (
        folder.put("app.bin", &application()),
        folder.path("app.img"),
    );
    refused(
        &sign(&image, &key, &signed),
        1,
        &["can be read by others (mode 644)", "chmod 600"],
    );
    assert!(!folder.0.join("app.img").exists());
}

#[test]
fn a_key_is_never_written_over() {
    let folder = Folder::with_key("over");
    let before = folder.read("key");
    refused(
        &["keygen", "--output", &folder.path("key")],
        1,
        &["is there already"],
    );
    std::fs::remove_file(folder.0.join("key.pub")).expect("removed");
    refused(
        &["keygen", "--output", &folder.path("key")],
        1,
        &["is there already", "can not be made again"],
    );
    assert_eq!(folder.read("key"), before);
    let other = Folder::with_key("other");
    assert_ne!(other.read("key"), before, "each key is another");
}

#[test]
fn the_public_key_is_taken_as_digits_too() {
    let folder = Folder::new("digits");
    let (_, said) = run(&["keygen", "--output", &folder.path("key")]);
    let digits = said
        .lines()
        .find_map(|line| line.strip_prefix("for firmware "))
        .expect("digits");
    let (image, signed) = (
        folder.put("app.bin", &application()),
        folder.path("app.img"),
    );
    assert_eq!(run(&sign(&image, &folder.path("key"), &signed)).0, 0);
    assert_eq!(run(&["verify", &signed, "--key", digits]).0, 0);
    let wrong = "0".repeat(63) + "2";
    refused(
        &["verify", &signed, "--key", &wrong],
        1,
        &["does not trust"],
    );
    refused(
        &["verify", &signed, "--key", &folder.path("key")],
        1,
        &["is the secret key"],
    );
    refused(&["verify", &signed, "--key", "nothing"], 1, &["nothing: "]);
    refused(
        &sign(&image, &folder.path("key.pub"), &signed),
        1,
        &["is the public key"],
    );
    refused(&sign(&image, &image, &signed), 1, &[]);
}

#[test]
fn a_changed_file_is_refused() {
    let folder = Folder::with_key("changed");
    let (image, signed) = (
        folder.put("app.bin", &application()),
        folder.path("app.img"),
    );
    assert_eq!(run(&sign(&image, &folder.path("key"), &signed)).0, 0);
    let file = folder.read("app.img");
    let public = folder.path("key.pub");
    for (at, part) in [
        (0, "no signed image"),
        (13, "signature does not fit"),
        (100, "signature does not fit"),
        (40_000, "damaged"),
    ] {
        let mut changed = file.clone();
        changed[at] ^= 4;
        let changed = folder.put("changed.img", &changed);
        refused(&["verify", &changed, "--key", &public], 1, &[part]);
    }
    let short = folder.put("short.img", &file[..30_000]);
    refused(
        &["verify", &short, "--key", &public],
        1,
        &["ends after 30000 of 50128 bytes"],
    );
    refused(
        &["verify", &image, "--key", &public],
        1,
        &["no signed image"],
    );
}

#[test]
fn files_that_are_no_application_are_not_signed() {
    let folder = Folder::with_key("wrong");
    let (key, signed) = (folder.path("key"), folder.path("app.img"));
    let mut other_chip = application();
    other_chip[12] = 13;
    let mut whole_flash = application();
    whole_flash[0x8000..0x8002].copy_from_slice(&[0xAA, 0x50]);
    for (name, bytes, part) in [
        ("empty", Vec::new(), "is empty"),
        (
            "elf",
            b"\x7FELF\x01\x01\x01".to_vec(),
            "espflash save-image",
        ),
        ("text", b"hello".to_vec(), "is no application image"),
        ("other", other_chip, "is for esp32c6, not for esp32c3"),
        ("flash", whole_flash, "is a whole flash"),
        ("short", vec![0xE9; 5], "is for another chip"),
    ] {
        let image = folder.put(name, &bytes);
        refused(&sign(&image, &key, &signed), 1, &[name, part]);
        assert!(!folder.0.join("app.img").exists());
    }
    let image = folder.put("app.bin", &application());
    assert_eq!(run(&sign(&image, &key, &signed)).0, 0);
    refused(
        &sign(&signed, &key, &folder.path("twice")),
        1,
        &["is signed already"],
    );

    let mut arguments = sign(&image, &key, &signed);
    for (version, part) in [
        ("0.0.0", "no version is lower"),
        ("1.2", "three numbers"),
        ("1.2.3-rc", "three numbers"),
    ] {
        arguments[5] = version;
        refused(&arguments, 2, &[part]);
    }
    arguments[5] = "1.0.0";
    arguments[7] = "esp8266";
    refused(&arguments, 2, &["esp32c3, esp32c6"]);
    // A PC takes anything.
    arguments[7] = "host";
    let text = folder.put("text", b"hello");
    arguments[1] = &text;
    assert_eq!(run(&arguments).0, 0);
}
