//! Sessions with a server of OpenSSL, whose certificates are made here: who is accepted, and who is not.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod heap;
mod memory;
mod network;
mod openssl;
mod other;
mod socket;
mod trust;

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
