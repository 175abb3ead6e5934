//! What is missing, and what is no TLS server at all.

use super::*;

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
