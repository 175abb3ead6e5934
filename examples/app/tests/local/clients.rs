//! Clients of all kinds: polite ones, two at once, slow ones, and nonsense.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::device::{SECRET, usual};
use super::server::Device;

#[test]
fn every_page_says_what_it_is_and_that_nobody_may_keep_or_frame_it() {
    let device = Device::start(usual);
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/api/v1/now", "application/json"),
        (
            "/metrics",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
        ("/calibrate", "text/html; charset=utf-8"),
        (
            "/calibrate?kind=bulb&watts=100&volts=230",
            "text/html; charset=utf-8",
        ),
    ] {
        let reply = device.get(path);
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.header("content-type"), Some(kind), "{path}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(
            reply.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!reply.body.is_empty());
        assert!(
            !reply.body.contains(SECRET) && !reply.body.contains("somebody"),
            "{path}"
        );
    }
}

#[test]
fn unknown_paths_and_methods() {
    let device = Device::start(usual);
    for path in [
        "/favicon.ico",
        "/api/v1/now/",
        "//",
        "/api",
        "/%2e%2e/",
        "/index.html",
        "/%FF",
    ] {
        assert_eq!(device.get(path).status, 404, "{path}");
    }
    for path in ["/", "/metrics", "/api/v1/now"] {
        let reply = device.post(path, "127.0.0.1", "");
        assert_eq!(reply.status, 405, "{path}");
        assert_eq!(reply.header("allow"), Some("GET"), "{path}");
    }
    let answer = device.raw(b"DELETE /calibrate HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    assert!(answer.contains("Allow: GET, POST\r\n"), "{answer}");
}

#[test]
fn a_path_with_anything_in_it_is_not_shown_again() {
    let device = Device::start(usual);
    let answer = device.raw(b"GET /<script>alert(1)</script> HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert!(!answer.contains("script"), "{answer}");
}

#[test]
fn requests_that_are_too_long_or_no_requests() {
    let device = Device::start(usual);
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(3_000));
    let headers = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nCookie: {}\r\n\r\n",
        "x".repeat(3_000)
    );
    let colon = "GET / HTTP/1.1\r\nHost a\r\n\r\n";
    let words = "GET / is nice HTTP/1.1\r\n\r\n";
    let none = "\r\n\r\n";
    let binary = "GET / HTTP/1.1\r\nHost: \u{0}\u{0}\r\n\u{0}: \u{0}\r\n\r\n";
    for request in [&*long, &headers, colon, words, none] {
        let answer = device.raw(request.as_bytes());
        assert!(
            answer.starts_with("HTTP/1.1 400 "),
            "{answer} to {request:?}"
        );
    }
    let _ = device.raw(binary.as_bytes());
    let _ = device.raw(&[0xff; 5_000]);
    let _ = device.raw(b"");
    // A body that is longer than there is room for.
    let body = "x".repeat(5_000);
    let request = format!(
        "POST /calibrate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = device.raw(request.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // One that is announced and never comes.
    let request = "POST /calibrate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 20\r\n\r\ntoken=";
    let begun = Instant::now();
    let _ = device.raw(request.as_bytes());
    assert!(begun.elapsed() < Duration::from_secs(2));
    // All of them did no harm.
    assert_eq!(device.get("/").status, 200);
}

#[test]
fn nonsense_of_all_kinds_does_no_harm() {
    let device = Device::start(usual);
    let mut seed = 5_u64;
    let mut random = move || {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as usize
    };
    let good = b"POST /calibrate?kind=bulb&watts=100 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\ntoken=abc";
    for _ in 0..300 {
        let mut request = good.to_vec();
        for _ in 0..1 + random() % 6 {
            let at = random() % request.len();
            match random() % 3 {
                0 => request[at] = random() as u8,
                1 => drop(request.remove(at)),
                _ => request.insert(at, b" \r\n:?&=%/+"[random() % 10]),
            }
        }
        let mut stream = TcpStream::connect(device.address).unwrap();
        let _ = stream.write_all(&request);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert_eq!(device.get("/").status, 200);
}

#[test]
fn two_at_once() {
    let device = Device::start(usual);
    // One has connected and says nothing yet.
    let mut silent = TcpStream::connect(device.address).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    for _ in 0..5 {
        assert_eq!(device.get("/api/v1/now").status, 200);
    }
    silent
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    silent.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    let address = device.address;
    let clients: Vec<_> = (0..8)
        .map(|_| {
            std::thread::spawn(move || {
                for _ in 0..10 {
                    let reply = ureq::get(format!("http://{address}/")).call().unwrap();
                    assert_eq!(reply.status(), 200);
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
}

#[test]
fn slow_clients_are_left_behind() {
    let device = Device::start(usual);
    // Time runs ten times as fast here: 5 s to begin are half a second, 3 s for a request 0.3 s, 15 s in all 1.5 s.
    let begun = Instant::now();
    let mut silent: Vec<_> = (0..2)
        .map(|_| TcpStream::connect(device.address).unwrap())
        .collect();
    assert_eq!(device.get("/").status, 200);
    let waited = begun.elapsed();
    assert!((400..900).contains(&waited.as_millis()), "{waited:?}");
    for stream in &mut silent {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.is_empty());
    }

    // A byte now and then.
    let begun = Instant::now();
    let mut drops = TcpStream::connect(device.address).unwrap();
    let mut sent = 0;
    for byte in b"GET / HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" {
        if drops.write_all(&[*byte]).is_err() {
            break;
        }
        sent += 1;
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut rest = Vec::new();
    let _ = drops.read_to_end(&mut rest);
    let waited = begun.elapsed();
    assert!(
        sent < 20 && waited < Duration::from_millis(1_500),
        "{sent} bytes, {waited:?}"
    );
    assert_eq!(device.get("/").status, 200);

    // A request, and then the answer is not read: it is small enough to fit into the buffers on the way, so that
    // only the end of the connection is waited for.
    let mut deaf = TcpStream::connect(device.address).unwrap();
    let mut deaf_too = TcpStream::connect(device.address).unwrap();
    for stream in [&mut deaf, &mut deaf_too] {
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
    }
    let begun = Instant::now();
    assert_eq!(device.get("/").status, 200);
    assert!(
        begun.elapsed() < Duration::from_millis(1_700),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn a_client_that_other_people_use() {
    let device = Device::start(usual);
    let curl = std::process::Command::new("curl")
        .args(["--silent", "--show-error", "--fail", "--max-time", "10"])
        .arg(format!("http://{}/api/v1/now", device.address))
        .output();
    match curl {
        Ok(output) => {
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            assert!(output.stdout.starts_with(b"{\"meter_id\":\"MTR-1001\""));
        }
        Err(error) => println!("curl is not there, which leaves this out: {error}"),
    }
}
