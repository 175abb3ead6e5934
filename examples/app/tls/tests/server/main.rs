//! Sessions with a server of OpenSSL, whose certificates are made here: who is accepted, and who is not.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod heap;
mod openssl;
mod socket;

use std::ffi::CString;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use embassy_futures::block_on;
use embedded_io_async::{Read, Write};
use smart_meter::platform::{Clock, ConnectError, Endpoint, Network};
use smart_meter_tls::{Authority, AuthorityError, Secure, SecureNetwork, Session};

use openssl::{Ca, Key, Server};
use socket::{Random, Socket};

const DAY_S: i64 = 86_400;

/// MbedTLS is there once.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn secure() -> Secure {
    Secure::new(Box::leak(Box::new(Random))).expect("the only one")
}

fn now_s() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

fn authority(ca: &Ca) -> Authority {
    Authority::from_pem(&CString::new(ca.pem()).unwrap()).unwrap()
}

type Opened<'s> = Result<Session<'s, Socket>, ConnectError>;

fn open<'s>(secure: &'s Secure, server: &Server, ca: &Ca, host: &str, utc_s: i64) -> Opened<'s> {
    let socket = Socket::connect(server.port);
    block_on(secure.open(socket, Some(&authority(ca)), host, Some(utc_s)))
}

fn get(stream: &mut (impl Read + Write)) -> String {
    block_on(async {
        let request = b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n";
        stream.write_all(request).await.expect("sent");
        stream.flush().await.expect("sent");
        let (mut reply, mut buffer) = (Vec::new(), [0; 1_000]);
        while let Ok(count) = stream.read(&mut buffer).await {
            if count == 0 {
                break;
            }
            reply.extend_from_slice(&buffer[..count]);
        }
        String::from_utf8_lossy(&reply).into_owned()
    })
}

/// Whether the session can be used.
fn talks(opened: Opened<'_>) -> bool {
    let mut session = opened.expect("accepted");
    get(&mut session).starts_with("HTTP/1.0 200")
}

#[test]
fn a_good_server_is_accepted_and_talks() {
    let _alone = alone();
    let (secure, ca) = (secure(), Ca::new("good", Key::Curve));
    for key in [Key::Curve, Key::Rsa, Key::Curve384] {
        let leaf = ca.leaf("localhost", "DNS:localhost,IP:127.0.0.1", key);
        let server = Server::start(&leaf, &[]);
        assert!(
            talks(open(&secure, &server, &ca, "localhost", now_s())),
            "{key:?}"
        );
        assert!(
            talks(open(&secure, &server, &ca, "127.0.0.1", now_s())),
            "{key:?} by address"
        );
    }
    let rsa = Ca::new("rsa", Key::Rsa);
    let server = Server::start(&rsa.leaf("localhost", "DNS:localhost", Key::Rsa), &[]);
    assert!(talks(open(&secure, &server, &rsa, "localhost", now_s())));
}

#[test]
fn both_versions_are_spoken_and_none_before() {
    let _alone = alone();
    let (secure, ca) = (secure(), Ca::new("versions", Key::Curve));
    for key in [Key::Curve, Key::Rsa] {
        let leaf = ca.leaf("localhost", "DNS:localhost", key);
        for version in ["-tls1_2", "-tls1_3"] {
            let server = Server::start(&leaf, &[version]);
            assert!(
                talks(open(&secure, &server, &ca, "localhost", now_s())),
                "{version} {key:?}"
            );
        }
        let old = Server::start(&leaf, &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]);
        let refused = open(&secure, &old, &ca, "localhost", now_s()).err();
        assert_eq!(refused, Some(ConnectError::Handshake));
    }
}

#[test]
fn a_server_under_another_name_is_refused() {
    let _alone = alone();
    let (secure, ca) = (secure(), Ca::new("name", Key::Curve));
    let leaf = ca.leaf(
        "elsewhere.example.org",
        "DNS:elsewhere.example.org",
        Key::Curve,
    );
    let server = Server::start(&leaf, &[]);
    for host in [
        "localhost",
        "example.org",
        "elsewhere.example.com",
        "x.elsewhere.example.org",
        "127.0.0.1",
    ] {
        let refused = open(&secure, &server, &ca, host, now_s()).err();
        assert_eq!(refused, Some(ConnectError::Certificate), "{host}");
    }
    assert!(talks(open(
        &secure,
        &server,
        &ca,
        "elsewhere.example.org",
        now_s()
    )));
    for host in ["", "a\0b", &"a".repeat(256)] {
        assert_eq!(
            open(&secure, &server, &ca, host, now_s()).err(),
            Some(ConnectError::Name)
        );
    }
}

#[test]
fn a_server_of_another_authority_is_refused() {
    let _alone = alone();
    let (secure, ours, theirs) = (
        secure(),
        Ca::new("ours", Key::Curve),
        Ca::new("theirs", Key::Curve),
    );
    let server = Server::start(&theirs.leaf("localhost", "DNS:localhost", Key::Curve), &[]);
    let refused = open(&secure, &server, &ours, "localhost", now_s()).err();
    assert_eq!(refused, Some(ConnectError::Certificate));
    // One that has the same name, and another key.
    let impostor = Ca::new("ours", Key::Curve);
    let server = Server::start(
        &impostor.leaf("localhost", "DNS:localhost", Key::Curve),
        &[],
    );
    let refused = open(&secure, &server, &ours, "localhost", now_s()).err();
    assert_eq!(refused, Some(ConnectError::Certificate));
    // One that signed itself.
    let server = Server::start(&ours.self_signed("localhost"), &[]);
    let refused = open(&secure, &server, &ours, "localhost", now_s()).err();
    assert_eq!(refused, Some(ConnectError::Certificate));
}

#[test]
fn two_authorities_can_be_trusted_at_once() {
    let _alone = alone();
    let (secure, old, new) = (
        secure(),
        Ca::new("old", Key::Curve),
        Ca::new("new", Key::Curve),
    );
    let both = CString::new(old.pem() + &new.pem()).unwrap();
    let both = Authority::from_pem(&both).unwrap();
    for ca in [&old, &new] {
        let server = Server::start(&ca.leaf("localhost", "DNS:localhost", Key::Curve), &[]);
        let socket = Socket::connect(server.port);
        assert!(talks(block_on(secure.open(
            socket,
            Some(&both),
            "localhost",
            Some(now_s())
        ))));
    }
}

#[test]
fn dates_are_looked_at() {
    let _alone = alone();
    let (secure, ca) = (secure(), Ca::new("dates", Key::Curve));
    // Valid for 30 days; the authority for ten years.
    let server = Server::start(&ca.leaf("localhost", "DNS:localhost", Key::Curve), &[]);
    let now_s = now_s();
    for (utc_s, is_valid) in [
        (now_s - DAY_S, false),
        (now_s + 60, true),
        (now_s + 29 * DAY_S, true),
        (now_s + 31 * DAY_S, false),
        (now_s + 20 * 365 * DAY_S, false),
        (0, false),
        (946_684_800, false),
        (-1, false),
    ] {
        let opened = open(&secure, &server, &ca, "localhost", utc_s);
        assert_eq!(
            opened.err(),
            (!is_valid).then_some(ConnectError::Certificate),
            "at {utc_s}"
        );
    }
    for utc_s in [i64::MAX, i64::MIN, 253_402_300_800] {
        let opened = open(&secure, &server, &ca, "localhost", utc_s);
        assert_eq!(
            opened.err(),
            Some(ConnectError::NoTime),
            "{utc_s} is no time"
        );
    }
    let expired = Server::start(&ca.expired_leaf("localhost", "DNS:localhost"), &[]);
    let refused = open(&secure, &expired, &ca, "localhost", now_s).err();
    assert_eq!(refused, Some(ConnectError::Certificate));
}

#[test]
fn who_may_not_sign_does_not() {
    let _alone = alone();
    let (secure, ca) = (secure(), Ca::new("root", Key::Curve));
    // An intermediate authority may.
    let between = ca.intermediate("between", true);
    let leaf = between.leaf("localhost", "DNS:localhost", Key::Curve);
    let server = Server::start(
        &leaf,
        &["-cert_chain", between.pem_path().to_str().unwrap()],
    );
    assert!(talks(open(&secure, &server, &ca, "localhost", now_s())));
    // The owner of any certificate of that authority may not.
    let owner = ca.intermediate("owner.example.org", false);
    let forged = owner.leaf("localhost", "DNS:localhost", Key::Curve);
    let server = Server::start(
        &forged,
        &["-cert_chain", owner.pem_path().to_str().unwrap()],
    );
    let refused = open(&secure, &server, &ca, "localhost", now_s()).err();
    assert_eq!(refused, Some(ConnectError::Certificate));
    // Without the one between, nobody knows who it is.
    let server = Server::start(&leaf, &[]);
    let refused = open(&secure, &server, &ca, "localhost", now_s()).err();
    assert_eq!(refused, Some(ConnectError::Certificate));
}

#[test]
fn without_a_time_or_an_authority_nothing_is_sent() {
    let _alone = alone();
    let (secure, ca) = (secure(), Ca::new("nothing", Key::Curve));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let authority = authority(&ca);
    for (authority, utc_s, error) in [
        (None, Some(now_s()), ConnectError::NoAuthority),
        (None, None, ConnectError::NoAuthority),
        (Some(&authority), None, ConnectError::NoTime),
    ] {
        let opened = block_on(secure.open(Socket::connect(port), authority, "localhost", utc_s));
        assert_eq!(opened.err(), Some(error));
        let (mut accepted, _) = listener.accept().unwrap();
        accepted.set_nonblocking(false).unwrap();
        assert_eq!(
            accepted.read(&mut [0; 100]).unwrap(),
            0,
            "{error:?}: a byte was sent"
        );
    }
}

#[test]
fn what_is_no_tls_server_is_told_so() {
    let _alone = alone();
    let (secure, ca) = (secure(), Ca::new("other", Key::Curve));
    for answer in [
        &b""[..],
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        &[0x16, 0x03, 0x03, 0x00, 0x05],
        &[0xFF; 300],
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let hello = stream.read(&mut [0; 2_000]).unwrap();
            stream.write_all(answer).unwrap();
            hello
        });
        let opened = block_on(secure.open(
            Socket::connect(port),
            Some(&authority(&ca)),
            "localhost",
            Some(now_s()),
        ));
        assert_eq!(opened.err(), Some(ConnectError::Handshake), "{answer:?}");
        assert!(server.join().unwrap() > 100, "a hello was sent");
    }
}

#[test]
fn a_certificate_that_is_none_is_no_authority() {
    let _alone = alone();
    let _secure = secure();
    for text in [
        "",
        "nonsense",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let authority = Authority::from_pem(&CString::new(text).unwrap());
        assert_eq!(
            authority.err(),
            Some(AuthorityError::NotACertificate),
            "{text}"
        );
    }
    assert!(Authority::from_der(&[0x30, 0x03, 1, 2, 3]).is_err());
    let ca = Ca::new("der", Key::Curve);
    let der = ca.der();
    assert!(Authority::from_der(&der).is_ok());
    assert!(Authority::from_der(&der[..der.len() - 1]).is_err());
}

/// Time that does not pass.
struct Still;

impl Clock for Still {
    fn now_ms(&self) -> u64 {
        0
    }

    async fn sleep_until(&self, _: u64) {
        core::future::pending().await
    }
}

struct Local(u16);

impl Network for Local {
    type Stream<'a> = Socket;

    fn is_up(&self) -> bool {
        true
    }

    async fn connect(&mut self, to: &Endpoint<'_>) -> Result<Socket, ConnectError> {
        assert!(!to.is_tls, "what is below is plain");
        Ok(Socket::connect(self.0))
    }
}

#[test]
fn a_network_is_secure_where_the_endpoint_wants_it() {
    let _alone = alone();
    let (secure, ca) = (secure(), Ca::new("network", Key::Curve));
    let server = Server::start(&ca.leaf("localhost", "DNS:localhost", Key::Curve), &[]);
    let time = std::cell::Cell::new(None);
    let mut network = SecureNetwork::new(Local(server.port), Still, &secure, || time.get());
    let to = Endpoint {
        host: "localhost",
        port: server.port,
        is_tls: true,
    };
    assert_eq!(
        block_on(network.connect(&to)).err(),
        Some(ConnectError::NoAuthority)
    );
    network.trust(Some(authority(&ca)));
    assert_eq!(
        block_on(network.connect(&to)).err(),
        Some(ConnectError::NoTime)
    );
    time.set(Some(now_s()));
    let mut stream = block_on(network.connect(&to)).expect("accepted");
    assert!(get(&mut stream).starts_with("HTTP/1.0 200"));
    drop(stream);
    network.trust(None);
    assert_eq!(
        block_on(network.connect(&to)).err(),
        Some(ConnectError::NoAuthority)
    );

    // Plain text to a server that speaks TLS: it comes through as it is, and is not understood.
    let mut plain = block_on(network.connect(&Endpoint {
        is_tls: false,
        ..to
    }))
    .expect("connected");
    assert!(!get(&mut plain).starts_with("HTTP/1.0 200"));
}

#[test]
fn a_session_leaves_nothing_on_the_heap_and_takes_no_more_than_is_said() {
    let _alone = alone();
    let (secure, ca) = (secure(), Ca::new("heap", Key::Rsa));
    let mut largest = 0;
    for (version, key) in [
        ("-tls1_2", Key::Curve),
        ("-tls1_2", Key::Rsa),
        ("-tls1_3", Key::Curve),
        ("-tls1_3", Key::Rsa),
    ] {
        let server = Server::start(&ca.leaf("localhost", "DNS:localhost", key), &[version]);
        // What MbedTLS sets up once, with the first session.
        drop(open(&secure, &server, &ca, "localhost", now_s()));
        heap::install();
        let authority = authority(&ca);
        let open = || {
            let socket = Socket::connect(server.port);
            block_on(secure.open(socket, Some(&authority), "localhost", Some(now_s())))
                .expect("accepted")
        };
        // The first session leaves with the authority what makes the next ones faster.
        drop(open());
        let trusted = heap::now();
        let mut session = open();
        let opened = heap::now();
        assert!(get(&mut session).starts_with("HTTP/1.0 200"));
        drop(session);
        assert_eq!(heap::now(), trusted, "a session leaves something behind");
        drop(authority);
        assert_eq!(heap::now(), 0, "an authority leaves something behind");
        println!(
            "TLS {}, server with {key:?}: authority {trusted} bytes of heap, session {} once open, {} at most",
            version.trim_start_matches("-tls").replace('_', "."),
            opened - trusted,
            heap::most() - trusted,
        );
        largest = largest.max(heap::most());
    }
    println!("at most {largest} bytes of heap with 64-bit pointers, authority included");
    assert!(
        largest <= 48 * 1024,
        "{largest} bytes: more than the README says"
    );
}
