//! A receiver of HTTP posts that misbehaves when told to, with TLS or without.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It is taken, and answered after so long.
    Late(Duration),
    /// It is refused for now.
    Fails,
    /// It is taken, and the answer breaks off in its middle.
    HangsUp,
    /// The connection is closed unread.
    Deaf,
}

/// Records by start and number.
pub(crate) type Records = BTreeMap<(u64, u64), Value>;

#[derive(Default)]
struct Got {
    records: Records,
    again: u32,
    heads: Vec<String>,
    manners: VecDeque<Manner>,
}

/// Knows what came by start and number of the record.
#[derive(Clone)]
pub(crate) struct Receiver {
    got: Arc<Mutex<Got>>,
    port: u16,
    is_tls: bool,
}

impl Receiver {
    /// Starts one that treats its first requests so, and the others well.
    pub(crate) fn start(manners: impl IntoIterator<Item = Manner>) -> Self {
        Self::serve(None, manners)
    }

    pub(crate) fn with_tls(config: ServerConfig) -> Self {
        Self::serve(Some(Arc::new(config)), [])
    }

    fn serve(config: Option<Arc<ServerConfig>>, manners: impl IntoIterator<Item = Manner>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let this = Self {
            got: Arc::default(),
            port: listener.local_addr().expect("an address").port(),
            is_tls: config.is_some(),
        };
        this.got.lock().unwrap().manners = manners.into_iter().collect();
        let serving = this.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (serving, config) = (serving.clone(), config.clone());
                thread::spawn(move || match config {
                    None => serving.talk(stream),
                    Some(config) => {
                        let session = ServerConnection::new(config).expect("a session");
                        serving.talk(StreamOwned::new(session, stream))
                    }
                });
            }
        });
        this
    }

    pub(crate) fn base(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://localhost:{}/api", self.port)
    }

    /// Everything that came, by start and number.
    pub(crate) fn records(&self) -> Records {
        self.got.lock().unwrap().records.clone()
    }

    /// What came of one start, in order.
    pub(crate) fn of(&self, boot: u64) -> Vec<Value> {
        let records = self.records();
        let of_boot = records.range((boot, 0)..=(boot, u64::MAX));
        of_boot.map(|(_, record)| record.clone()).collect()
    }

    /// Records that came although they were here.
    pub(crate) fn again(&self) -> u32 {
        self.got.lock().unwrap().again
    }

    /// Heads of the requests that were taken.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.got.lock().unwrap().heads.clone()
    }

    /// Manners that are still to come.
    pub(crate) fn left(&self) -> usize {
        self.got.lock().unwrap().manners.len()
    }

    fn talk(&self, stream: impl Read + Write) -> Option<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if stream.read_line(&mut head).ok()? == 0 {
                    return None;
                }
            }
            let manner = self.got.lock().unwrap().manners.pop_front();
            if manner == Some(Manner::Deaf) {
                return None;
            }
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("Content-Length: "))?;
            let mut body = vec![0; length.parse().ok()?];
            stream.read_exact(&mut body).ok()?;
            let stream = stream.get_mut();
            if manner == Some(Manner::Fails) {
                write!(
                    stream,
                    "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
                )
                .ok()?;
                stream.flush().ok()?;
                continue;
            }
            let count = self.take(head, &body);
            if let Some(Manner::Late(pause)) = manner {
                thread::sleep(pause);
            }
            let body = format!("{{\"success\":true,\"stored\":{count}}}");
            let mut answer = format!(
                "HTTP/1.1 201 Created\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let hangs_up = manner == Some(Manner::HangsUp);
            if hangs_up {
                answer.truncate(30);
            }
            stream.write_all(answer.as_bytes()).ok()?;
            stream.flush().ok()?;
            if hangs_up {
                return None;
            }
        }
    }

    fn take(&self, head: String, body: &[u8]) -> usize {
        let body: Value = serde_json::from_slice(body).expect("JSON");
        let records = body.as_array().cloned().unwrap_or_else(|| vec![body]);
        let mut got = self.got.lock().unwrap();
        for record in &records {
            if let (Some(boot), Some(seq)) = (record["boot_id"].as_u64(), record["seq"].as_u64()) {
                let before = got.records.insert((boot, seq), record.clone());
                if let Some(before) = before {
                    got.again += 1;
                    assert_eq!(
                        before["energy_kwh"], record["energy_kwh"],
                        "{before} {record}"
                    );
                }
            }
        }
        got.heads.push(head);
        records.len()
    }
}
