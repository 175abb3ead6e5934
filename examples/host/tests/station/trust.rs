//! TLS: who is trusted, and what is said when nobody is.

use std::thread;

use super::broker::Broker;
use super::ca::{Ca, NOW};
use super::process::{Folder, outcome, station};
use super::receiver::Receiver;

const REFUSED: &str = "the server's certificate is refused";

/// A station that makes three readings and sends them there.
fn send(way: &str, url: &str, ca: &str) -> (Option<i32>, String) {
    outcome(&["--count", "3", "--speed", "40", way, url, "--ca", ca])
}

fn refused(url: &str, ca: &str) {
    let (code, said) = send("--http", url, ca);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(REFUSED), "{said}");
}

#[test]
fn a_server_is_trusted_for_its_ca_its_name_and_its_dates() {
    let (ca, other, folder) = (Ca::new(), Ca::new(), Folder::new("tls"));
    let (ours, others) = (
        folder.file("ca.pem", &ca.pem()),
        folder.file("other.pem", &other.pem()),
    );
    let good = Receiver::with_tls(ca.server("localhost", NOW));
    let (code, said) = send("--http", &good.base(), &ours);
    assert_eq!(code, Some(0), "{said}");
    let readings = good.of(1);
    let readings = readings
        .iter()
        .filter(|record| record["voltage"].is_number());
    assert!(readings.count() >= 3);

    let bad = [
        ca.server("elsewhere.example.org", NOW),
        ca.server("localhost", (2020, 2021)),
        ca.server("localhost", (2100, 2120)),
        ca.forged("localhost"),
    ];
    // Each is tried again for a while.
    thread::scope(|scope| {
        for config in bad {
            let bad = Receiver::with_tls(config);
            let ours = &ours;
            scope.spawn(move || {
                refused(&bad.base(), ours);
                assert!(bad.records().is_empty(), "nothing was told");
            });
        }
        scope.spawn(|| refused(&good.base(), &others));
        // A server without TLS where TLS was wanted.
        scope.spawn(|| {
            let plain = Receiver::start([]);
            let url = plain.base().replace("http:", "https:");
            let (code, said) = send("--http", &url, &ours);
            assert_eq!(code, Some(1), "{said}");
            assert!(said.contains("the TLS handshake failed"), "{said}");
        });
    });
}

#[test]
fn tls_without_a_ca_is_refused() {
    for (way, url) in [
        ("--http", "https://example.org/api"),
        ("--mqtt", "mqtts://example.org"),
    ] {
        let (code, said) = outcome(&["--count", "1", way, url]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(url) && said.contains("--ca FILE"), "{said}");
    }
    let folder = Folder::new("no-ca");
    let nothing = folder.file("ca.pem", "nothing");
    let (code, said) = send("--http", "https://localhost/api", &nothing);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("no certificate of a CA"), "{said}");
    let (code, said) = send("--http", "https://localhost/api", "nowhere.pem");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("nowhere.pem"), "{said}");
}

#[test]
fn a_broker_with_tls_gets_everything() {
    let name = "a_broker_with_tls_gets_everything";
    let Some(mut broker) = Broker::start(name, "") else {
        return;
    };
    let (ca, folder) = (Ca::new(), Folder::new("mqtts"));
    let ours = folder.file("ca.pem", &ca.pem());
    let (chain, key) = ca.files("localhost");
    broker.file("chain.pem", &chain);
    broker.file("key.pem", &key);
    let port = broker.listen("certfile {folder}/chain.pem\nkeyfile {folder}/key.pem\n");
    broker.kill();
    broker.again();
    let url = format!("mqtts://localhost:{port}");
    let out = station(&[
        "--count", "3", "--speed", "40", "--mqtt", &url, "--ca", &ours,
    ]);
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
    assert!(said.contains("0 records wait to be sent"), "{said}");

    let others = folder.file("other.pem", &Ca::new().pem());
    let (code, said) = send("--mqtt", &url, &others);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(REFUSED), "{said}");
}
