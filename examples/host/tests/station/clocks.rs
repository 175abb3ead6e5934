//! A time server whose time jumps.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::failures::{is_whole, never_falls};
use super::process::{Folder, Running, outcome};
use super::receiver::Receiver;

const SPEED: i64 = 100;
/// Seconds from 1900, where NTP begins, to 1970.
const ERA_S: i64 = 2_208_988_800;
/// 2026-07-01T12:00:00Z.
const BEGIN_MS: i64 = 1_782_907_200_000;

/// Tells a time that goes as fast as the station's.
struct TimeServer {
    port: u16,
    /// By how much its answers are ahead, in milliseconds.
    ahead_ms: Arc<AtomicI64>,
    answers: Arc<AtomicU32>,
}

impl TimeServer {
    fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let this = Self {
            port: socket.local_addr().unwrap().port(),
            ahead_ms: Arc::default(),
            answers: Arc::default(),
        };
        let (ahead_ms, answers) = (this.ahead_ms.clone(), this.answers.clone());
        let begin = Instant::now();
        thread::spawn(move || {
            let mut packet = [0; 48];
            while let Ok((_, from)) = socket.recv_from(&mut packet) {
                let passed_ms = begin.elapsed().as_millis() as i64 * SPEED;
                let now_ms = BEGIN_MS + passed_ms + ahead_ms.load(Ordering::Relaxed);
                let seconds = (now_ms / 1_000 + ERA_S) as u32;
                let fraction = ((now_ms % 1_000) << 32) / 1_000;
                let mut time = [0; 8];
                time[..4].copy_from_slice(&seconds.to_be_bytes());
                time[4..].copy_from_slice(&(fraction as u32).to_be_bytes());
                // RFC 4330: version 4, server, a clock of its own; what the client sent comes back.
                let sent: [u8; 8] = packet[40..].try_into().unwrap();
                let mut answer = [0; 48];
                answer[..4].copy_from_slice(&[0x24, 1, 6, 0xec]);
                answer[16..24].copy_from_slice(&time);
                answer[24..32].copy_from_slice(&sent);
                answer[32..40].copy_from_slice(&time);
                answer[40..].copy_from_slice(&time);
                socket.send_to(&answer, from).unwrap();
                answers.fetch_add(1, Ordering::Relaxed);
            }
        });
        this
    }
}

fn utc_ms(record: &Value) -> i64 {
    let text = record["timestamp"].as_str().expect("a time");
    let time: jiff::Timestamp = text.parse().unwrap();
    time.as_millisecond()
}

#[test]
fn a_clock_that_jumps_harms_no_record() {
    let (server, received, folder) = (
        TimeServer::start(),
        Receiver::start([]),
        Folder::new("clock"),
    );
    let (port, base) = (server.port.to_string(), received.base());
    let way = [
        "--data",
        folder.path(),
        "--http",
        &base,
        "--speed",
        "100",
        "--set",
        "time.server-1=127.0.0.1",
        "--ntp-port",
        &port,
        "--set",
        "sampling.interval=20s",
    ];
    let running = Running::start(&way);
    let wait = |answers| {
        let begin = Instant::now();
        while server.answers.load(Ordering::Relaxed) < answers {
            assert!(begin.elapsed().as_secs() < 60, "it asks once an hour");
            thread::sleep(Duration::from_millis(20));
        }
    };
    wait(1);
    let jump_ms = 300_000;
    server.ahead_ms.store(jump_ms, Ordering::Relaxed);
    wait(2);
    thread::sleep(Duration::from_millis(800));
    running.end();
    // The next start has an hour less.
    server.ahead_ms.store(-3_600_000, Ordering::Relaxed);
    let (code, said) = outcome(&[&way[..], &["--count", "10"]].concat());
    assert_eq!(code, Some(0), "{said}");

    let records = received.records();
    assert!(is_whole(&records) > 150);
    never_falls(&records);
    let first = received.of(1);
    let steps: Vec<i64> = first
        .iter()
        .filter(|record| record["event"] == "CLOCK_SET")
        .map(|record| record["value"].as_i64().unwrap())
        .collect();
    // Nobody knew the time, then it was moved: what the server and the way to it take is a hundredfold as well.
    assert_eq!(steps.len(), 2, "{steps:?}");
    assert_eq!(steps[0], 0);
    assert!(
        (jump_ms - 60_000..jump_ms + 60_000).contains(&steps[1]),
        "{steps:?}"
    );
    let times: Vec<i64> = first.iter().map(utc_ms).collect();
    assert!(times.is_sorted(), "it was moved forward once");
    let most = times
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .max()
        .unwrap();
    assert!(most >= jump_ms - 60_000, "{most}");
    let begin = BEGIN_MS..BEGIN_MS + 3_600_000;
    assert!(
        begin.contains(&times[0]),
        "what came before the first answer was stamped later"
    );
    let second = received.of(2);
    assert!(utc_ms(&second[0]) < *times.last().unwrap());
}
