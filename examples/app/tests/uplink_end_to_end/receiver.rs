//! A server of the HTTP interface that misbehaves when told to.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// What it does with a request for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Stores it and says so.
    Store,
    /// Stores it, says so in pieces, in chunks, under a long head.
    StoreAtLength,
    /// Stores it, says so and closes.
    StoreAndClose,
    /// Stores it and closes in the middle of the answer.
    StoreAndCut,
    /// Stores it and closes without a word.
    StoreAndVanish,
    /// Stores it, and needs so long to say so.
    StoreSlowly(u64),
    /// Answers with a status.
    Status(u16),
    /// Closes without a word.
    Vanish,
}

#[derive(Default)]
struct Inner {
    acts: RefCell<VecDeque<Act>>,
    takes_batches: Cell<bool>,
    wants_key: RefCell<Option<&'static str>>,
    stored: RefCell<BTreeMap<(u32, u32), u32>>,
    arrivals: RefCell<Vec<(u32, Instant)>>,
    requests: RefCell<Vec<(String, Value)>>,
}

/// The receiver.
#[derive(Clone)]
pub(crate) struct Receiver {
    listener: Rc<TcpListener>,
    inner: Rc<Inner>,
}

impl Receiver {
    pub(crate) async fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        let inner = Inner::default();
        inner.acts.borrow_mut().extend(acts);
        Self {
            listener: Rc::new(TcpListener::bind("127.0.0.1:0").await.unwrap()),
            inner: Rc::new(inner),
        }
    }

    /// Knows `/readings/batch`.
    pub(crate) fn with_batches(self) -> Self {
        self.inner.takes_batches.set(true);
        self
    }

    pub(crate) fn with_key(self, key: &'static str) -> Self {
        *self.inner.wants_key.borrow_mut() = Some(key);
        self
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}/api", self.listener.local_addr().unwrap())
    }

    /// How often each record was taken in.
    pub(crate) fn stored(&self) -> BTreeMap<(u32, u32), u32> {
        self.inner.stored.borrow().clone()
    }

    /// Numbers of records and when they came.
    pub(crate) fn arrivals(&self) -> Vec<(u32, Instant)> {
        self.inner.arrivals.borrow().clone()
    }

    /// Paths and bodies of all requests.
    pub(crate) fn requests(&self) -> Vec<(String, Value)> {
        self.inner.requests.borrow().clone()
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|(path, _)| path).collect()
    }

    /// Serves while the test goes on.
    pub(crate) async fn during<T>(&self, test: impl Future<Output = T>) -> T {
        let serve = async {
            let tasks = tokio::task::LocalSet::new();
            tasks
                .run_until(async {
                    let mut connections = JoinSet::new();
                    loop {
                        let (stream, _) = self.listener.accept().await.unwrap();
                        let inner = self.inner.clone();
                        connections.spawn_local(async move { serve(stream, &inner).await });
                    }
                })
                .await
        };
        tokio::select! {
            () = serve => unreachable!(),
            result = test => result,
        }
    }
}

/// Serves a connection until one of the two has enough of it.
async fn serve(mut stream: TcpStream, inner: &Inner) {
    stream.set_nodelay(true).unwrap();
    let mut bytes = Vec::new();
    loop {
        let Some((head, body)) = request(&mut stream, &mut bytes).await else {
            return;
        };
        let path = head
            .split(' ')
            .nth(1)
            .unwrap()
            .strip_prefix("/api")
            .unwrap()
            .to_owned();
        let value: Value = serde_json::from_str(&body).unwrap();
        inner
            .requests
            .borrow_mut()
            .push((path.clone(), value.clone()));
        let wants_key = *inner.wants_key.borrow();
        if let Some(key) = wants_key
            && !head.contains(&format!("\r\nX-API-Key: {key}\r\n"))
        {
            answer(&mut stream, 401, "{}").await;
            continue;
        }
        let records: Vec<&Value> = match path.as_str() {
            "/readings/create" | "/events/create" | "/intervals/create" => vec![&value],
            "/readings/batch" if inner.takes_batches.get() => {
                value.as_array().unwrap().iter().collect()
            }
            _ => {
                answer(&mut stream, 404, "Cannot POST").await;
                continue;
            }
        };
        let act = inner.acts.borrow_mut().pop_front().unwrap_or(Act::Store);
        match act {
            Act::Status(status) => {
                answer(&mut stream, status, "{\"error\":\"told to\"}").await;
                continue;
            }
            Act::Vanish => return,
            _ => {}
        }
        if path == "/readings/create" && (value["voltage"].is_null() || value["current"].is_null())
        {
            answer(
                &mut stream,
                400,
                "{\"error\":\"voltage and current are needed\"}",
            )
            .await;
            continue;
        }
        let mut was_there = true;
        for record in &records {
            let number = |name: &str| record[name].as_u64().unwrap() as u32;
            let id = (number("boot_id"), number("seq"));
            was_there &= inner.stored.borrow().contains_key(&id);
            *inner.stored.borrow_mut().entry(id).or_insert(0) += 1;
            inner.arrivals.borrow_mut().push((id.1, Instant::now()));
        }
        let said = match records.len() {
            1 => "{\"success\":true}".to_owned(),
            count => format!("{{\"success\":true,\"stored\":{count}}}"),
        };
        match act {
            Act::StoreAndVanish => return,
            Act::StoreAndCut => {
                let _ = stream
                    .write_all(b"HTTP/1.1 201 Created\r\nContent-Le")
                    .await;
                return;
            }
            Act::StoreAndClose => {
                let text = format!(
                    "HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{said}",
                    said.len()
                );
                let _ = stream.write_all(text.as_bytes()).await;
                return;
            }
            Act::StoreAtLength => {
                let cookie = "c".repeat(3_000);
                let head = format!(
                    "HTTP/1.1 201 Created\r\nSet-Cookie: {cookie}\r\nTransfer-Encoding: chunked\r\n\r\n"
                );
                let chunk = format!("{:X}\r\n{said}\r\n0\r\n\r\n", said.len());
                for piece in [&head[..1_500], &head[1_500..], &chunk[..3], &chunk[3..]] {
                    if stream.write_all(piece.as_bytes()).await.is_err() {
                        return;
                    }
                    sleep(Duration::from_millis(1)).await;
                }
            }
            Act::StoreSlowly(ms) => {
                sleep(Duration::from_millis(ms)).await;
                answer(&mut stream, 201, &said).await;
            }
            // One that is there already is a conflict, as some servers have it.
            _ if was_there && records.len() == 1 => answer(&mut stream, 409, "{}").await,
            _ => answer(&mut stream, 201, &said).await,
        }
    }
}

async fn answer(stream: &mut TcpStream, status: u16, body: &str) {
    let text = format!(
        "HTTP/1.1 {status} told\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    // The client may be gone.
    let _ = stream.write_all(text.as_bytes()).await;
}

/// The next request: its head and its body.
async fn request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<(String, String)> {
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end + 2].to_vec()).unwrap();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("Content-Length: "))
                .unwrap();
            let whole = end + 4 + length.parse::<usize>().unwrap();
            if bytes.len() >= whole {
                let body = String::from_utf8(bytes[end + 4..whole].to_vec()).unwrap();
                bytes.drain(..whole);
                return Some((head, body));
            }
        }
        if stream.read_buf(bytes).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}
