//! Servers that are away, not trusted, or answer something else.

use super::*;

#[test]
fn replies_that_are_no_file_are_refused_in_words() {
    for (reply, error) in [
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            UpdateError::Status(404),
        ),
        (
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
            UpdateError::Status(403),
        ),
        (
            "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
            UpdateError::Status(500),
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: https://elsewhere\r\nContent-Length: 0\r\n\r\n",
            UpdateError::Redirect,
        ),
        ("HTTP/1.1 200 OK\r\n\r\nbody", UpdateError::Reply),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
            UpdateError::Reply,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Encoding: gzip\r\n\r\nbody",
            UpdateError::Reply,
        ),
        (
            "HTTP/1.1 206 Partial\r\nContent-Length: 4\r\n\r\nbody",
            UpdateError::Reply,
        ),
        (
            "HTTP/1.1 206 Partial\r\nContent-Length: 4\r\nContent-Range: bytes 9-12/40\r\n\r\nbody",
            UpdateError::Reply,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
            UpdateError::Refused(Refusal::Truncated(4, 128)),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            UpdateError::Refused(Refusal::Truncated(0, 128)),
        ),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", UpdateError::Reply),
        ("<html>", UpdateError::Reply),
    ] {
        let (device, web) = (device(), Web::serving(&[]));
        web.reply.replace(Some(reply.to_owned()));
        let outcome = run(&device, &web);
        assert_eq!(outcome, Err(error), "{reply}");
        assert_unchanged(&device, reply);
        assert_eq!(
            device.chip.borrow().erases,
            0,
            "{reply}: nothing is erased for it"
        );
    }
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(700));
    let (device, web) = (device(), Web::serving(&[]));
    web.reply.replace(Some(long));
    assert_eq!(run(&device, &web), Err(UpdateError::Reply));
    web.reply.replace(Some(
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
    ));
    assert_eq!(
        run(&device, &web).unwrap_err().to_string(),
        "the server has no such file: check update.url"
    );
}

#[test]
fn what_may_not_be_asked_is_not_asked() {
    let plain = "http://updates.example.org:8080/f";
    for (url, allow_plain, error) in [
        ("", true, UpdateError::NoAddress),
        ("example.org/x", true, UpdateError::Address),
        ("mqtts://updates.example.org", true, UpdateError::Address),
        (plain, false, UpdateError::Plain),
    ] {
        let (device, web) = (device(), Web::serving(&image()));
        assert_eq!(run_from(&device, &web, url, allow_plain), Err(error));
        assert!(web.requests.borrow().is_empty());
    }
    let (device, web) = (device(), Web::serving(&image()));
    assert_eq!(
        run_from(&device, &web, plain, true),
        Ok(NEW),
        "the signature decides anyway"
    );
    assert!(web.requests.borrow()[0].contains("Host: updates.example.org:8080\r\n"));
}

#[test]
fn a_server_that_is_not_trusted_is_asked_once_and_one_that_is_away_more_often() {
    for (error, is_final) in [
        (ConnectError::Certificate, true),
        (ConnectError::NoAuthority, true),
        (ConnectError::Refused, false),
        (ConnectError::NoTime, false),
    ] {
        let (device, web) = (device(), Web::serving(&image()));
        web.refuses.set(Some(error));
        assert_eq!(run(&device, &web), Err(UpdateError::Connect(error)));
        assert_eq!(device.clock.0.get() == 0, is_final, "{error:?}");
    }
}
