use proptest::prelude::*;
use smart_meter::uplink::http::reply::Reply;

/// The reply to these bytes, given one by one, and whether it is whole.
fn fed(bytes: &[u8]) -> Option<Reply> {
    let mut reply = Reply::new();
    for byte in bytes {
        reply.feed(&[*byte]).ok()?;
    }
    Some(reply)
}

#[test]
fn a_body_of_known_length_ends_the_reply() {
    let mut reply = fed(b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhell").unwrap();
    assert!(!reply.is_done());
    reply.feed(b"o").unwrap();
    assert!(reply.is_done() && reply.keeps_connection());
    assert_eq!(reply.status(), 201);
}

#[test]
fn more_than_was_announced_costs_the_connection() {
    let mut reply = Reply::new();
    reply
        .feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 no\r\n\r\n")
        .unwrap();
    assert!(reply.is_done() && !reply.keeps_connection());
    assert_eq!(reply.status(), 200);
}

#[test]
fn chunks_are_followed_to_the_end() {
    let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\nA;name=x\r\n0123456789\r\n0\r\nX: y\r\n\r\n";
    for end in 0..bytes.len() {
        assert!(!fed(&bytes[..end]).unwrap().is_done(), "{end}");
    }
    let reply = fed(bytes).unwrap();
    assert!(reply.is_done() && reply.keeps_connection());
}

#[test]
fn broken_chunks_are_no_reply() {
    for size in ["", "x", "+5", "-1", "11111111111111111", "5 5"] {
        let text = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\n");
        assert!(fed(text.as_bytes()).is_none(), "{size:?}");
    }
    let text = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc";
    assert!(fed(text).is_none());
}

#[test]
fn interim_replies_are_passed_over() {
    let reply = fed(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        .unwrap();
    assert!(reply.is_done());
    assert_eq!(reply.status(), 201);
}

#[test]
fn a_head_may_be_longer_than_any_buffer() {
    let cookie = "c".repeat(3_000);
    let text =
        format!("HTTP/1.1 200 OK\r\nSet-Cookie: {cookie}\r\n{cookie}\r\nContent-Length: 0\r\n\r\n");
    let reply = fed(text.as_bytes()).unwrap();
    assert!(reply.is_done() && reply.keeps_connection());
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "c".repeat(20_000));
    assert!(fed(endless.as_bytes()).is_none());
}

#[test]
fn who_closes_after_the_head_has_answered() {
    let mut cut = fed(b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhe").unwrap();
    assert!(cut.close() && !cut.keeps_connection());
    assert_eq!(cut.status(), 201);
    let mut early = fed(b"HTTP/1.1 201 Created\r\nContent-Le").unwrap();
    assert!(!early.close());
    assert!(fed(b"").unwrap().is_untouched());
    // Without a length the end of the connection is the end of the body.
    let mut to_end = fed(b"HTTP/1.0 200 OK\r\n\r\nhello").unwrap();
    assert!(!to_end.is_done() && to_end.close() && to_end.is_done());
}

#[test]
fn headers_say_how_long_a_connection_lives() {
    let head =
        |headers: &str| fed(format!("HTTP/1.1 204 No\r\n{headers}\r\n\r\n").as_bytes()).unwrap();
    assert!(head("A: b").keeps_connection());
    assert!(!head("connection: Close").keeps_connection());
    assert!(!head("Connection: upgrade , close").keeps_connection());
    assert!(!fed(b"HTTP/1.0 204 No\r\n\r\n").unwrap().keeps_connection());
    assert_eq!(head("Keep-Alive: timeout=5, max=100").idle_s, Some(5));
    assert_eq!(head("Keep-Alive: max=100").idle_s, None);
    assert_eq!(head("Retry-After: 120").retry_after_s, Some(120));
    assert_eq!(
        head("Retry-After: Fri, 31 Dec 1999 23:59:59 GMT").retry_after_s,
        None
    );
}

#[test]
fn nonsense_is_no_reply() {
    for text in [
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/2 200 OK\r\n",
        "HTTP/1.1 20 OK\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 999 OK\r\n",
        "HTTP/1.1 +20 OK\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
    ] {
        assert!(fed(text.as_bytes()).is_none(), "{text:?}");
    }
}

#[test]
fn a_long_body_is_not_read() {
    let mut reply = fed(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").unwrap();
    for _ in 0..10 {
        reply.feed(&[b'x'; 500]).unwrap();
    }
    assert!(reply.is_done() && !reply.keeps_connection());
}

#[test]
fn a_batch_is_told_how_many_were_stored() {
    let stored = |body: &str| {
        let text = format!(
            "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        );
        fed(text.as_bytes()).unwrap().stored()
    };
    assert_eq!(stored("{\"success\":true,\"stored\":16}"), Some(16));
    assert_eq!(stored("{\"stored\": 3, \"x\":1}"), Some(3));
    assert_eq!(stored("{\"success\":true}"), None);
    assert_eq!(stored("{\"stored\":1"), None);
    assert_eq!(stored("{\"stored\":\"16\"}"), None);
    assert_eq!(stored("<html>"), None);
}

proptest! {
    #[test]
    fn no_bytes_make_it_fail_badly(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = fed(&bytes);
        let mut with_head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        with_head.extend(&bytes);
        let _ = fed(&with_head);
    }

    #[test]
    fn it_does_not_matter_how_the_bytes_come(cuts in proptest::collection::vec(1_usize..40, 1..20), body in "[a-z]{0,200}") {
        let text = format!("HTTP/1.1 201 Created\r\nKeep-Alive: timeout=7\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}x\r\n0\r\n\r\n", body.len() + 1);
        let mut reply = Reply::new();
        let mut rest = text.as_bytes();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            reply.feed(now).unwrap();
            rest = later;
        }
        prop_assert!(reply.is_done() && reply.keeps_connection());
        prop_assert_eq!(reply.status(), 201);
        prop_assert_eq!(reply.idle_s, Some(7));
    }
}
