//! Replies of an HTTP server, taken apart byte by byte: heads of any length need a buffer for one line only.
//!
//! Written here and not taken from `reqwless` 0.14: that needs the whole head in one buffer, takes an interim
//! reply (1xx) for the answer, and subtracts more than there is when a body is longer than announced.

use heapless::Vec;

/// What is kept of a line.
const LINE: usize = 96;
/// What is kept of a body.
const BODY: usize = 64;
/// A head longer than that is none.
const LONGEST_HEAD: u32 = 16_384;
/// A body longer than that is not read: the connection is given up instead.
const LONGEST_BODY: u64 = 4_096;

/// It is no HTTP reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Status,
    Header,
    Body { left: u64 },
    ToEnd,
    ChunkSize,
    Chunk { left: u64 },
    ChunkEnd,
    Trailer,
    Done,
}

/// A reply that comes in.
#[derive(Clone, Debug)]
pub struct Reply {
    state: State,
    line: Vec<u8, LINE>,
    body: Vec<u8, BODY>,
    head_len: u32,
    body_len: u64,
    status: u16,
    length: Option<u64>,
    is_chunked: bool,
    is_coded: bool,
    must_close: bool,
    /// Seconds after which the server wants to be asked again.
    pub retry_after_s: Option<u32>,
    /// Seconds for which the server keeps an idle connection.
    pub idle_s: Option<u32>,
}

impl Default for Reply {
    fn default() -> Self {
        Self::new()
    }
}

impl Reply {
    /// Nothing has come.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: State::Status,
            line: Vec::new(),
            body: Vec::new(),
            head_len: 0,
            body_len: 0,
            status: 0,
            length: None,
            is_chunked: false,
            is_coded: false,
            must_close: false,
            retry_after_s: None,
            idle_s: None,
        }
    }

    /// Takes what came.
    ///
    /// # Errors
    /// When it is no HTTP reply.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Malformed> {
        while let Some((&byte, rest)) = bytes.split_first() {
            bytes = match self.state {
                State::Status | State::Header | State::ChunkSize | State::Trailer => {
                    self.head_len += 1;
                    if self.head_len > LONGEST_HEAD {
                        return Err(Malformed);
                    }
                    if byte == b'\n' {
                        self.end_line()?;
                    } else {
                        // What does not fit is of no interest: only short values are looked at.
                        let _ = self.line.push(byte);
                    }
                    rest
                }
                State::ChunkEnd => {
                    match byte {
                        b'\r' => {}
                        b'\n' => self.state = State::ChunkSize,
                        _ => return Err(Malformed),
                    }
                    rest
                }
                State::Body { left } => {
                    let (left, rest) = self.take_body(bytes, left);
                    self.state = if left == 0 {
                        State::Done
                    } else {
                        State::Body { left }
                    };
                    rest
                }
                State::Chunk { left } => {
                    let (left, rest) = self.take_body(bytes, left);
                    self.state = if left == 0 {
                        State::ChunkEnd
                    } else {
                        State::Chunk { left }
                    };
                    rest
                }
                State::ToEnd => self.take_body(bytes, u64::MAX).1,
                State::Done => {
                    // More than the reply: whatever that is, nothing after it can be trusted.
                    self.must_close = true;
                    return Ok(());
                }
            };
            if self.body_len > LONGEST_BODY && self.state != State::Done {
                self.must_close = true;
                self.state = State::Done;
            }
        }
        Ok(())
    }

    /// The server closed the connection. Gives whether there is an answer all the same: its head is there.
    pub fn close(&mut self) -> bool {
        self.must_close = true;
        let has_answer = !matches!(self.state, State::Status | State::Header);
        if has_answer {
            self.state = State::Done;
        }
        has_answer
    }

    /// Whether all of it is there.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Whether not a byte of it is there.
    #[must_use]
    pub const fn is_untouched(&self) -> bool {
        self.head_len == 0
    }

    /// The status code.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Whether another request may be sent over the connection.
    #[must_use]
    pub const fn keeps_connection(&self) -> bool {
        !self.must_close
    }

    /// The number behind `"stored":` at the beginning of the body: what the answer to a batch has to say.
    #[must_use]
    pub fn stored(&self) -> Option<u32> {
        let text = core::str::from_utf8(&self.body).ok()?;
        let (_, value) = text.split_once("\"stored\":")?;
        let value = value.trim_start();
        let end = value.find(|character: char| !character.is_ascii_digit())?;
        value.get(..end)?.parse().ok()
    }

    fn take_body<'a>(&mut self, bytes: &'a [u8], left: u64) -> (u64, &'a [u8]) {
        let count = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let (taken, rest) = bytes.split_at_checked(count).unwrap_or((bytes, &[]));
        for byte in taken {
            if self.body.push(*byte).is_err() {
                break;
            }
        }
        let count = taken.len() as u64;
        self.body_len = self.body_len.saturating_add(count);
        (left.saturating_sub(count), rest)
    }

    fn end_line(&mut self) -> Result<(), Malformed> {
        let line = core::mem::take(&mut self.line);
        let text = line.strip_suffix(b"\r").unwrap_or(&line);
        match self.state {
            State::Status => self.status_line(text),
            State::Header if text.is_empty() => {
                self.end_head();
                Ok(())
            }
            State::Header => self.header(text),
            State::ChunkSize => self.chunk_size(text),
            State::Trailer => {
                if text.is_empty() {
                    self.state = State::Done;
                }
                Ok(())
            }
            _ => Err(Malformed),
        }
    }

    fn status_line(&mut self, line: &[u8]) -> Result<(), Malformed> {
        let rest = line.strip_prefix(b"HTTP/1.").ok_or(Malformed)?;
        let (minor, status) = match rest {
            [minor @ b'0'..=b'9', b' ', status @ ..] => (*minor, status),
            _ => return Err(Malformed),
        };
        let digits = match status {
            [a, b, c] | [a, b, c, b' ', ..] => [*a, *b, *c],
            _ => return Err(Malformed),
        };
        self.status = u16::try_from(number(&digits).ok_or(Malformed)?).map_err(|_| Malformed)?;
        if !(100..600).contains(&self.status) {
            return Err(Malformed);
        }
        self.must_close = minor == b'0';
        self.state = State::Header;
        Ok(())
    }

    fn header(&mut self, line: &[u8]) -> Result<(), Malformed> {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            // The end of a folded line, or a name too long to be one that matters here.
            return if line.starts_with(b" ") || line.starts_with(b"\t") || line.len() == LINE {
                Ok(())
            } else {
                Err(Malformed)
            };
        };
        let (name, value) = line.split_at_checked(colon).ok_or(Malformed)?;
        let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted.as_bytes());
        if is("content-length") {
            let length = number(value).ok_or(Malformed)?;
            if self.length.is_some_and(|before| before != length) {
                return Err(Malformed);
            }
            self.length = Some(length);
        } else if is("transfer-encoding") {
            self.is_chunked = value.eq_ignore_ascii_case(b"chunked");
            self.is_coded = !self.is_chunked;
        } else if is("connection") {
            self.must_close |= value
                .split(|byte| *byte == b',')
                .any(|token| token.trim_ascii().eq_ignore_ascii_case(b"close"));
        } else if is("retry-after") {
            self.retry_after_s = number(value).and_then(|s| u32::try_from(s).ok());
        } else if is("keep-alive") {
            self.idle_s = value
                .split(|byte| *byte == b',')
                .find_map(|part| part.trim_ascii().strip_prefix(b"timeout="))
                .and_then(number)
                .and_then(|s| u32::try_from(s).ok());
        }
        Ok(())
    }

    /// RFC 9112, section 6.3.
    fn end_head(&mut self) {
        self.state = match self.status {
            // The answer itself is still to come.
            100..=199 => {
                let head_len = self.head_len;
                *self = Self::new();
                self.head_len = head_len;
                State::Status
            }
            204 | 304 => State::Done,
            _ if self.is_coded => State::ToEnd,
            _ if self.is_chunked => {
                // Both is how requests are smuggled.
                self.must_close |= self.length.is_some();
                State::ChunkSize
            }
            _ => match self.length {
                Some(0) => State::Done,
                Some(left) => State::Body { left },
                None => State::ToEnd,
            },
        };
        self.must_close |= self.state == State::ToEnd;
    }

    fn chunk_size(&mut self, line: &[u8]) -> Result<(), Malformed> {
        let digits = line
            .split(|byte| *byte == b';')
            .next()
            .unwrap_or_default()
            .trim_ascii();
        let text = core::str::from_utf8(digits).map_err(|_| Malformed)?;
        if text.starts_with('+') {
            return Err(Malformed);
        }
        let left = u64::from_str_radix(text, 16).map_err(|_| Malformed)?;
        self.state = if left == 0 {
            State::Trailer
        } else {
            State::Chunk { left }
        };
        Ok(())
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    core::str::from_utf8(digits).ok()?.parse().ok()
}
