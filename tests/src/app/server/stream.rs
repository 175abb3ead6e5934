//! Connections to the server.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::Poll;

use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use smart_meter::platform::{ConnectError, Endpoint, Network};

use super::{Mood, Reply, Server, http, mqtt};

/// The way to a [`Server`].
#[derive(Clone, Debug)]
pub struct MemoryNetwork(pub(super) Server);

impl Network for MemoryNetwork {
    type Stream<'a> = MemoryStream;

    fn is_up(&self) -> bool {
        self.0.state.borrow().mood != Mood::Offline
    }

    async fn connect(&mut self, _: &Endpoint<'_>) -> Result<MemoryStream, ConnectError> {
        let (mood, latency_us, killed) = {
            let mut state = self.0.state.borrow_mut();
            let mood = state.present();
            match mood {
                Mood::Refuses => state.deeds.refused += 1,
                Mood::Hangs => state.deeds.silent += 1,
                Mood::WrongCertificate => state.deeds.certificates += 1,
                _ => {}
            }
            let latency_us = 5_000 + state.random.below(40_000);
            (mood, latency_us, state.deeds.killed)
        };
        let time = &self.0.time;
        time.until_us(time.now_us() + latency_us).await;
        match mood {
            Mood::Offline => Err(ConnectError::Offline),
            Mood::Refuses => Err(ConnectError::Refused),
            Mood::WrongCertificate => Err(ConnectError::Certificate),
            Mood::Hangs => {
                time.until_us(time.now_us() + 120_000_000).await;
                Err(ConnectError::Timeout)
            }
            _ => Ok(MemoryStream {
                server: self.0.clone(),
                killed,
                is_mqtt: None,
                request: Vec::new(),
                replies: VecDeque::new(),
                is_closed: false,
                is_lost: false,
            }),
        }
    }
}

/// A connection to a [`Server`].
#[derive(Debug)]
pub struct MemoryStream {
    server: Server,
    /// How often the server had been killed when this began.
    killed: u64,
    /// Which protocol it is, once that is known.
    is_mqtt: Option<bool>,
    request: Vec<u8>,
    /// What comes, and when.
    replies: VecDeque<(u64, VecDeque<u8>)>,
    /// Nothing comes after that.
    is_closed: bool,
    /// What is sent gets lost.
    is_lost: bool,
}

impl MemoryStream {
    fn is_dead(&self) -> bool {
        self.server.state.borrow().deeds.killed != self.killed
    }

    /// Takes the requests that are whole.
    fn serve(&mut self) {
        let Some(first) = self.request.first() else {
            return;
        };
        let is_mqtt = *self.is_mqtt.get_or_insert(mqtt::is_connect(*first));
        while !self.is_closed && self.serve_one(is_mqtt) {}
    }

    fn serve_one(&mut self, is_mqtt: bool) -> bool {
        let (path, from, to) = if is_mqtt {
            match mqtt::whole(&self.request) {
                Some((from, to)) => (String::new(), from, to),
                None => return false,
            }
        } else {
            match http::whole(&self.request) {
                Some(whole) => whole,
                None => return false,
            }
        };
        let request: Vec<u8> = self.request.drain(..to).collect();
        if self.request.is_empty() {
            // Room that is not needed is given back: somebody counts it.
            self.request = Vec::new();
        }
        let (first, body) = (request.first().copied(), request.get(from..));
        let (first, body) = (first.unwrap_or_default(), body.unwrap_or_default());
        if self.is_lost || is_mqtt && !mqtt::wants_answer(first) {
            return true;
        }
        let now_us = self.server.time.now_us();
        let mut state = self.server.state.borrow_mut();
        let fate = state.next_fate();
        let (is_stored, reply) = (fate.is_stored, fate.reply);
        let mut answer = if is_mqtt {
            mqtt::answer(&mut state, first, body, now_us, is_stored, reply)
        } else {
            http::answer(&mut state, &path, body, now_us, is_stored, reply)
        };
        match reply {
            Reply::Whole | Reply::Error => {}
            Reply::Part => {
                // What says that it has stored has.
                let keep = state.random.below(answer.len().max(1) as u64) as usize;
                answer.truncate(if is_stored { keep } else { 0 });
                self.is_closed = true;
            }
            Reply::None => {
                self.is_lost = true;
                return true;
            }
        }
        // One after the other.
        let before_us = self.replies.back().map_or(now_us, |(at_us, _)| *at_us);
        let at_us = before_us.max(now_us) + fate.think_us;
        self.replies.push_back((at_us, answer.into()));
        true
    }

    /// What is there at this moment; `None` for what may come later.
    fn take(&mut self, buffer: &mut [u8]) -> Option<Result<usize, ErrorKind>> {
        if self.is_dead() {
            return Some(Err(ErrorKind::ConnectionReset));
        }
        loop {
            let Some((at_us, bytes)) = self.replies.front_mut() else {
                self.replies = VecDeque::new();
                return self.is_closed.then_some(Ok(0));
            };
            if self.server.time.now_us() < *at_us {
                self.server.time.wake_at_us(*at_us);
                return None;
            }
            let count = bytes.len().min(buffer.len());
            for (slot, byte) in buffer.iter_mut().zip(bytes.drain(..count)) {
                *slot = byte;
            }
            if bytes.is_empty() {
                self.replies.pop_front();
            }
            if count > 0 {
                return Some(Ok(count));
            }
        }
    }
}

impl ErrorType for MemoryStream {
    type Error = ErrorKind;
}

impl Read for MemoryStream {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        // Everybody is asked again whenever time goes on.
        poll_fn(|_| match self.take(buffer) {
            Some(result) => Poll::Ready(result),
            None => Poll::Pending,
        })
        .await
    }
}

impl Write for MemoryStream {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        if self.is_closed || self.is_dead() {
            return Err(ErrorKind::ConnectionReset);
        }
        self.request.extend_from_slice(bytes);
        self.serve();
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}
