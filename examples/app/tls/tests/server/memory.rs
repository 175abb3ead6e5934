//! What a session takes from the heap.

use super::*;

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
