//! Who is accepted, and who is not.

use super::*;

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
