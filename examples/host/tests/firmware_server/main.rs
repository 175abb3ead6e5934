//! `meter firmware verify` against servers, good and bad: what a meter would load, and from whom.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "the suite of the station needs more of it")]
mod ca;
mod server;

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::Ordering;

use tokio_rustls::rustls::version::{TLS12, TLS13};

use ca::{Ca, NOW};
use server::{Manner, Server};

/// A folder with a key and an image that it signed.
struct Release(PathBuf);

impl Release {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("meter-release-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let release = Self(folder);
        let body: Vec<u8> = (0..30_000u32).map(|at| (at * 11 % 251) as u8).collect();
        std::fs::write(release.0.join("app.bin"), body).expect("written");
        let (key, image, signed) = (
            release.path("key"),
            release.path("app.bin"),
            release.path("app.img"),
        );
        let made = meter(&["keygen", "--output", &key]);
        assert_eq!(made.0, 0, "{}", made.1);
        let sign = [
            "sign",
            &image,
            "--key",
            &key,
            "--version",
            "1.2.0",
            "--chip",
            "host",
            "--output",
            &signed,
        ];
        assert_eq!(meter(&sign).0, 0);
        release
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("text").to_owned()
    }

    fn image(&self) -> Vec<u8> {
        std::fs::read(self.0.join("app.img")).expect("an image")
    }

    /// What the tool says of an address, with a CA or without.
    fn verify(&self, url: &str, ca: Option<&str>) -> (i32, String) {
        let public = self.path("key.pub");
        let mut arguments = vec!["verify", url, "--key", &public, "--chip", "host"];
        let file = self.path("ca.pem");
        if let Some(ca) = ca {
            std::fs::write(&file, ca).expect("written");
            arguments.extend(["--ca", &file]);
        }
        meter(&arguments)
    }

    fn accepted(&self, url: &str, ca: Option<&str>) {
        let (code, text) = self.verify(url, ca);
        assert_eq!(code, 0, "{text}");
        assert!(
            text.contains("version 1.2.0 for host, 30000 bytes, whole and signed"),
            "{text}"
        );
    }

    fn refused(&self, url: &str, ca: Option<&str>, part: &str) {
        let (code, text) = self.verify(url, ca);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains(part), "no \"{part}\" in: {text}");
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn meter(arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meter"));
    let output = command
        .arg("firmware")
        .args(arguments)
        .output()
        .expect("meter runs");
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().expect("an exit"),
        String::from_utf8(text).expect("text"),
    )
}

#[test]
fn an_image_on_a_server_is_loaded_as_a_meter_does() {
    let release = Release::new("plain");
    let server = Server::start(release.image(), Manner::Good, None);
    release.accepted(&server.url("http"), None);
    assert_eq!(server.requests.load(Ordering::Relaxed), 1);
    // A server that hangs up is asked for the rest.
    let server = Server::start(release.image(), Manner::HangsUp(9_000), None);
    release.accepted(&server.url("http"), None);
    assert_eq!(server.requests.load(Ordering::Relaxed), 4);
}

#[test]
fn what_a_meter_could_not_load_is_said() {
    let release = Release::new("wrong");
    for (reply, part) in [
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "no such file",
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
            "not followed",
        ),
        ("HTTP/1.1 200 OK\r\n\r\nSMARTMTR", "tells the length"),
    ] {
        let server = Server::start(release.image(), Manner::Says(reply), None);
        release.refused(&server.url("http"), None, part);
    }
    let mut damaged = release.image();
    damaged[20_000] ^= 1;
    let server = Server::start(damaged, Manner::Good, None);
    release.refused(&server.url("http"), None, "damaged on its way");
    release.refused("http://nowhere.invalid/x", None, "name is not known");
    let public = release.path("key.pub");
    let (code, text) = meter(&["verify", &server.url("http"), "--key", &public]);
    assert_eq!((code, text.contains("needs --chip")), (2, true), "{text}");
    let (code, text) = meter(&[
        "verify",
        &server.url("http"),
        "--key",
        &public,
        "--chip",
        "esp32c3",
    ]);
    assert_eq!(
        (code, text.contains("is for host, this is esp32c3")),
        (1, true),
        "{text}"
    );
}

#[test]
fn a_server_is_trusted_for_its_ca_its_name_and_its_dates() {
    let release = Release::new("tls");
    let (ca, other) = (Ca::new(), Ca::new());
    let serve = |config| Server::start(release.image(), Manner::Good, Some(config));
    let good = serve(ca.server("localhost", NOW));
    release.accepted(&good.url("https"), Some(&ca.pem()));
    release.accepted(&good.url("https"), Some(&(other.pem() + &ca.pem())));
    release.refused(&good.url("https"), None, "no CA certificate is stored");
    release.refused(
        &good.url("https"),
        Some(&other.pem()),
        "certificate is refused",
    );
    release.refused(
        &good.url("https"),
        Some("nothing"),
        "no certificate of a CA",
    );
    for config in [
        ca.server("elsewhere.example.org", NOW),
        ca.server("localhost", (2020, 2021)),
        ca.server("localhost", (2100, 2120)),
        ca.forged("localhost"),
    ] {
        release.refused(
            &serve(config).url("https"),
            Some(&ca.pem()),
            "certificate is refused",
        );
    }
}

#[test]
fn both_versions_of_tls_are_spoken() {
    let release = Release::new("versions");
    let ca = Ca::new();
    for version in [&TLS12, &TLS13] {
        let config = ca.speaking(version);
        let server = Server::start(release.image(), Manner::Good, Some(config));
        release.accepted(&server.url("https"), Some(&ca.pem()));
    }
}
