//! A web server in memory, behind a network that breaks.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use embedded_io_async::{ErrorType, Read, Write};
use smart_meter::platform::{ConnectError, Endpoint, Network};

#[derive(Default)]
pub(crate) struct Web {
    pub(crate) file: RefCell<Vec<u8>>,
    /// Whether it sends parts.
    pub(crate) has_ranges: Cell<bool>,
    /// Bytes of a reply after which the connection breaks; each connection takes one, later ones hold.
    pub(crate) cuts: RefCell<Vec<usize>>,
    /// Whether connections fail once the cuts are used up.
    pub(crate) is_down_after_cuts: Cell<bool>,
    /// Why there is no connection.
    pub(crate) refuses: Cell<Option<ConnectError>>,
    /// Sent instead of the file.
    pub(crate) reply: RefCell<Option<String>>,
    /// What was asked.
    pub(crate) requests: RefCell<Vec<String>>,
    /// Most bytes a read gives.
    pub(crate) piece: Cell<usize>,
}

impl Web {
    pub(crate) fn serving(file: &[u8]) -> Rc<Self> {
        let web = Self::default();
        web.file.replace(file.to_vec());
        web.has_ranges.set(true);
        web.piece.set(1_460);
        Rc::new(web)
    }

    fn answer(&self, request: &str) -> Vec<u8> {
        self.requests.borrow_mut().push(request.to_owned());
        if let Some(reply) = &*self.reply.borrow() {
            return reply.clone().into_bytes();
        }
        let file = self.file.borrow();
        let from = request
            .lines()
            .find_map(|line| line.strip_prefix("Range: bytes="));
        let from: usize = from.map_or(0, |range| range.trim_end_matches('-').parse().unwrap());
        let head = if from == 0 || !self.has_ranges.get() {
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", file.len())
        } else if from >= file.len() {
            return b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n".to_vec();
        } else {
            let (left, end, all) = (file.len() - from, file.len() - 1, file.len());
            format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Length: {left}\r\nContent-Range: bytes {from}-{end}/{all}\r\n\r\n"
            )
        };
        let from = if self.has_ranges.get() { from } else { 0 };
        [head.as_bytes(), &file[from..]].concat()
    }
}

pub(crate) struct Link(pub(crate) Rc<Web>);

pub(crate) struct Stream {
    web: Rc<Web>,
    request: Vec<u8>,
    reply: Vec<u8>,
    at: usize,
    cut: usize,
}

impl Network for Link {
    type Stream<'a> = Stream;

    fn is_up(&self) -> bool {
        true
    }

    async fn connect(&mut self, to: &Endpoint<'_>) -> Result<Stream, ConnectError> {
        assert_eq!(
            (to.host, to.port),
            ("updates.example.org", if to.is_tls { 443 } else { 8080 })
        );
        if let Some(error) = self.0.refuses.get() {
            return Err(error);
        }
        let mut cuts = self.0.cuts.borrow_mut();
        if cuts.is_empty() && self.0.is_down_after_cuts.get() {
            return Err(ConnectError::Offline);
        }
        let cut = if cuts.is_empty() {
            usize::MAX
        } else {
            cuts.remove(0)
        };
        Ok(Stream {
            web: self.0.clone(),
            request: Vec::new(),
            reply: Vec::new(),
            at: 0,
            cut,
        })
    }
}

impl ErrorType for Stream {
    type Error = embedded_io_async::ErrorKind;
}

impl Read for Stream {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        let end = self.reply.len().min(self.cut);
        let count = (end - self.at).min(buffer.len()).min(self.web.piece.get());
        if count == 0 && self.at >= self.cut {
            return Err(embedded_io_async::ErrorKind::ConnectionReset);
        }
        buffer[..count].copy_from_slice(&self.reply[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

impl Write for Stream {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        self.request.extend_from_slice(bytes);
        if self.request.ends_with(b"\r\n\r\n") {
            let request = String::from_utf8(core::mem::take(&mut self.request)).unwrap();
            self.reply = self.web.answer(&request);
        }
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}
