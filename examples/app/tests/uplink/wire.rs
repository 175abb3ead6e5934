//! A network whose connections are scripts.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::pending;
use std::rc::Rc;

use embedded_io_async::{ErrorType, Read, Write};
use smart_meter::platform::{ConnectError, Endpoint, Network};

/// What the peer does next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// It waits for a whole request.
    Request,
    /// It sends these bytes, a few at a time.
    Send(Vec<u8>),
    /// It says nothing more.
    Silence,
}

impl Step {
    pub(crate) fn send(text: &str) -> Self {
        Self::Send(text.as_bytes().to_vec())
    }
}

/// A request and an answer to it.
pub(crate) fn answer(text: &str) -> [Step; 2] {
    [Step::Request, Step::send(text)]
}

/// What became of a connection.
#[derive(Clone, Debug)]
pub(crate) enum Attempt {
    /// It comes about, and the peer does these steps, then closes.
    Peer(Vec<Step>),
    /// It does not.
    Fails(ConnectError),
    /// Neither.
    Hangs,
}

#[derive(Default)]
pub(crate) struct Log {
    /// Everything that was sent to the peer, by connection.
    pub(crate) received: Vec<Vec<u8>>,
    /// Where it connected to.
    pub(crate) endpoints: Vec<(String, u16, bool)>,
}

impl Log {
    /// All requests in order, as text.
    pub(crate) fn requests(&self) -> Vec<String> {
        let mut requests = Vec::new();
        for bytes in &self.received {
            let mut rest = std::str::from_utf8(bytes).unwrap();
            while !rest.is_empty() {
                let Some(len) = request_len(rest.as_bytes()) else {
                    requests.push(rest.to_owned());
                    break;
                };
                requests.push(rest[..len].to_owned());
                rest = &rest[len..];
            }
        }
        requests
    }
}

/// Length of the request at the beginning, if it is whole.
fn request_len(bytes: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(bytes).ok()?;
    let head = text.find("\r\n\r\n")? + 4;
    let length = text[..head]
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "))?;
    let whole = head + length.parse::<usize>().unwrap();
    (bytes.len() >= whole).then_some(whole)
}

/// A network without wires.
#[derive(Clone, Default)]
pub(crate) struct ScriptedNetwork {
    pub(crate) attempts: Rc<RefCell<VecDeque<Attempt>>>,
    pub(crate) log: Rc<RefCell<Log>>,
    pub(crate) is_down: Rc<std::cell::Cell<bool>>,
}

impl ScriptedNetwork {
    pub(crate) fn new(attempts: impl IntoIterator<Item = Attempt>) -> Self {
        Self {
            attempts: Rc::new(RefCell::new(attempts.into_iter().collect())),
            ..Self::default()
        }
    }

    /// One connection, with these steps.
    pub(crate) fn peer(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::new([Attempt::Peer(steps.into_iter().collect())])
    }
}

impl Network for ScriptedNetwork {
    type Stream<'a> = ScriptedStream;

    fn is_up(&self) -> bool {
        !self.is_down.get()
    }

    fn rssi_dbm(&self) -> Option<i8> {
        Some(-61)
    }

    async fn connect(&mut self, to: &Endpoint<'_>) -> Result<ScriptedStream, ConnectError> {
        let endpoint = (to.host.to_owned(), to.port, to.is_tls);
        self.log.borrow_mut().endpoints.push(endpoint);
        let attempt = self.attempts.borrow_mut().pop_front();
        match attempt {
            Some(Attempt::Peer(steps)) => {
                let received = &mut self.log.borrow_mut().received;
                received.push(Vec::new());
                Ok(ScriptedStream {
                    steps: steps.into(),
                    log: self.log.clone(),
                    index: received.len() - 1,
                    taken: 0,
                })
            }
            Some(Attempt::Fails(error)) => Err(error),
            Some(Attempt::Hangs) => pending().await,
            None => Err(ConnectError::Refused),
        }
    }
}

pub(crate) struct ScriptedStream {
    steps: VecDeque<Step>,
    log: Rc<RefCell<Log>>,
    index: usize,
    /// Bytes of requests the script has seen.
    taken: usize,
}

impl ErrorType for ScriptedStream {
    type Error = Infallible;
}

impl Write for ScriptedStream {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.log.borrow_mut().received[self.index].extend_from_slice(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Read for ScriptedStream {
    async fn read(&mut self, room: &mut [u8]) -> Result<usize, Infallible> {
        loop {
            match self.steps.front_mut() {
                None => return Ok(0),
                Some(Step::Silence) => pending().await,
                Some(Step::Request) => {
                    let len = request_len(&self.log.borrow().received[self.index][self.taken..]);
                    match len {
                        Some(len) => {
                            self.taken += len;
                            self.steps.pop_front();
                        }
                        None => pending().await,
                    }
                }
                Some(Step::Send(bytes)) => {
                    let count = bytes.len().min(room.len()).min(7);
                    room[..count].copy_from_slice(&bytes[..count]);
                    bytes.drain(..count);
                    if bytes.is_empty() {
                        self.steps.pop_front();
                    }
                    if count > 0 {
                        return Ok(count);
                    }
                }
            }
        }
    }
}
