//! A serial line that plays a script: which bytes must be sent, and what comes back when.
//!
//! One line serves all three kinds of shell. Time is virtual: delays move it, and so do bytes,
//! 1042 us each as at 9600 baud.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

const BYTE_US: u64 = 1_042;

/// Bytes from a hexadecimal text; blanks are ignored.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| (byte as char).to_digit(16).expect("hex digit") as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// `body` with its CRC-16/MODBUS, low byte first, computed bit by bit.
pub fn with_crc(mut body: Vec<u8>) -> Vec<u8> {
    let crc = body.iter().fold(0xFFFF_u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xA001
            } else {
                crc >> 1
            }
        })
    });
    body.extend(crc.to_le_bytes());
    body
}

/// An error of the scripted port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortError {
    /// A byte was lost.
    Overrun,
    /// The port is gone.
    Unplugged,
}

impl std::fmt::Display for PortError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("scripted port error")
    }
}

impl std::error::Error for PortError {}

impl embedded_io::Error for PortError {
    fn kind(&self) -> embedded_io::ErrorKind {
        embedded_io::ErrorKind::Other
    }
}

impl embedded_hal_nb::serial::Error for PortError {
    fn kind(&self) -> embedded_hal_nb::serial::ErrorKind {
        embedded_hal_nb::serial::ErrorKind::Overrun
    }
}

type Arrival = (u64, Result<u8, PortError>);

struct Turn {
    expect: Vec<u8>,
    /// Bytes or errors, with the time after the end of the request.
    replies: Vec<(u64, Vec<Result<u8, PortError>>)>,
}

#[derive(Default)]
struct State {
    now_us: u64,
    turns: VecDeque<Turn>,
    sending: Vec<u8>,
    sent_at: u64,
    arrivals: VecDeque<Arrival>,
    timers: Vec<u64>,
    chunk: usize,
    write_error: Option<PortError>,
}

/// The script and the line that plays it; clones are handles to the same line.
#[derive(Clone, Default)]
pub struct Script {
    state: Rc<RefCell<State>>,
}

impl Script {
    /// A line on which nothing is expected yet.
    pub fn new() -> Self {
        let script = Self::default();
        script.state.borrow_mut().chunk = usize::MAX;
        script
    }

    /// Expects `request`; nothing answers.
    pub fn expect(self, request: &[u8]) -> Self {
        self.state.borrow_mut().turns.push_back(Turn {
            expect: request.to_vec(),
            replies: Vec::new(),
        });
        self
    }

    /// Lets `bytes` come `after_ms` after the end of the request expected last.
    pub fn reply(self, after_ms: u64, bytes: &[u8]) -> Self {
        self.reply_with(after_ms, bytes.iter().copied().map(Ok).collect())
    }

    /// Lets the receiver report `error` at that time.
    pub fn fail(self, after_ms: u64, error: PortError) -> Self {
        self.reply_with(after_ms, vec![Err(error)])
    }

    fn reply_with(self, after_ms: u64, bytes: Vec<Result<u8, PortError>>) -> Self {
        let mut state = self.state.borrow_mut();
        let turn = state.turns.back_mut().expect("a request before its reply");
        turn.replies.push((after_ms * 1_000, bytes));
        drop(state);
        self
    }

    /// Lets `bytes` be on the line before anything is sent.
    pub fn noise(self, bytes: &[u8]) -> Self {
        let now = self.state.borrow().now_us;
        self.state
            .borrow_mut()
            .arrivals
            .extend(bytes.iter().map(|byte| (now, Ok(*byte))));
        self
    }

    /// Reads deliver at most `count` bytes each.
    pub fn chunk(self, count: usize) -> Self {
        self.state.borrow_mut().chunk = count;
        self
    }

    /// The next write fails.
    pub fn fail_write(self, error: PortError) -> Self {
        self.state.borrow_mut().write_error = Some(error);
        self
    }

    /// Starts the clock at `now_us`.
    pub fn starting_at(self, now_us: u64) -> Self {
        self.state.borrow_mut().now_us = now_us;
        self
    }

    /// A port on this line.
    pub fn port(&self) -> Port {
        Port(self.clone())
    }

    /// A delay on this line's clock.
    pub fn delay(&self) -> Delay {
        Delay(self.clone())
    }

    /// The virtual time in us.
    pub fn now_us(&self) -> u64 {
        self.state.borrow().now_us
    }

    /// Moves the clock.
    pub fn advance_us(&self, us: u64) {
        self.state.borrow_mut().now_us += us;
    }

    /// Fails the test when a request was expected that never came.
    pub fn done(&self) {
        let state = self.state.borrow();
        assert!(state.sending.is_empty(), "a request was not flushed");
        assert_eq!(state.turns.len(), 0, "requests were expected and not sent");
    }

    /// Runs a future on the virtual clock.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            self.state.borrow_mut().timers.clear();
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return value;
            }
            let mut state = self.state.borrow_mut();
            let arrival = state.arrivals.front().map(|(at, _)| *at);
            let timer = state.timers.iter().min().copied();
            let next = arrival.into_iter().chain(timer).min();
            state.now_us = next.expect("something to wait for").max(state.now_us);
        }
    }

    fn finish_sending(&self) {
        let mut state = self.state.borrow_mut();
        if state.sending.is_empty() {
            return;
        }
        let turn = state
            .turns
            .pop_front()
            .unwrap_or_else(|| panic!("nothing was expected, {:02X?} was sent", state.sending));
        assert_eq!(state.sending, turn.expect, "the wrong bytes were sent");
        state.sending.clear();
        let end = state.now_us;
        for (after, bytes) in turn.replies {
            for (index, byte) in bytes.into_iter().enumerate() {
                let at = end + after + (index as u64 + 1) * BYTE_US;
                state.arrivals.push_back((at, byte));
            }
        }
        let mut sorted: Vec<_> = state.arrivals.drain(..).collect();
        sorted.sort_by_key(|(at, _)| *at);
        state.arrivals.extend(sorted);
    }

    fn ready(&self) -> bool {
        let state = self.state.borrow();
        state
            .arrivals
            .front()
            .is_some_and(|(at, _)| *at <= state.now_us)
    }

    fn take(&self, buffer: &mut [u8]) -> Result<usize, PortError> {
        let mut state = self.state.borrow_mut();
        let limit = buffer.len().min(state.chunk);
        let mut count = 0;
        while count < limit {
            match state.arrivals.front().copied() {
                Some((at, Ok(byte))) if at <= state.now_us => {
                    buffer[count] = byte;
                    count += 1;
                    state.arrivals.pop_front();
                }
                Some((at, Err(error))) if at <= state.now_us && count == 0 => {
                    state.arrivals.pop_front();
                    return Err(error);
                }
                _ => break,
            }
        }
        Ok(count)
    }

    fn put(&self, bytes: &[u8]) -> Result<usize, PortError> {
        let mut state = self.state.borrow_mut();
        if let Some(error) = state.write_error.take() {
            return Err(error);
        }
        state.sending.extend(bytes);
        state.sent_at = state.now_us.max(state.sent_at) + bytes.len() as u64 * BYTE_US;
        Ok(bytes.len())
    }
}

/// The port: `embedded-io`, `embedded-io-async` and `embedded-hal-nb`.
#[derive(Clone)]
pub struct Port(Script);

impl embedded_io::ErrorType for Port {
    type Error = PortError;
}

impl embedded_io::Read for Port {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, PortError> {
        assert!(self.0.ready(), "a read that would block for ever");
        self.0.take(buffer)
    }
}

impl embedded_io::ReadReady for Port {
    fn read_ready(&mut self) -> Result<bool, PortError> {
        Ok(self.0.ready())
    }
}

impl embedded_io::Write for Port {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, PortError> {
        self.0.put(buffer)
    }

    fn flush(&mut self) -> Result<(), PortError> {
        let end = {
            let state = self.0.state.borrow();
            state.sent_at.max(state.now_us)
        };
        self.0.state.borrow_mut().now_us = end;
        self.0.finish_sending();
        Ok(())
    }
}

impl embedded_io_async::Read for Port {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, PortError> {
        std::future::poll_fn(|_| {
            if self.0.ready() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        self.0.take(buffer)
    }
}

impl embedded_io_async::Write for Port {
    async fn write(&mut self, buffer: &[u8]) -> Result<usize, PortError> {
        self.0.put(buffer)
    }

    async fn flush(&mut self) -> Result<(), PortError> {
        embedded_io::Write::flush(self)
    }
}

impl embedded_hal_nb::serial::ErrorType for Port {
    type Error = PortError;
}

impl embedded_hal_nb::serial::Read for Port {
    fn read(&mut self) -> nb::Result<u8, PortError> {
        let mut byte = [0];
        match self.0.take(&mut byte) {
            Ok(0) => Err(nb::Error::WouldBlock),
            Ok(_) => Ok(byte[0]),
            Err(error) => Err(nb::Error::Other(error)),
        }
    }
}

impl embedded_hal_nb::serial::Write for Port {
    fn write(&mut self, byte: u8) -> nb::Result<(), PortError> {
        self.0.put(&[byte]).map(|_| ()).map_err(nb::Error::Other)
    }

    fn flush(&mut self) -> nb::Result<(), PortError> {
        let pending = {
            let state = self.0.state.borrow();
            state.sent_at > state.now_us
        };
        if pending {
            return Err(nb::Error::WouldBlock);
        }
        self.0.finish_sending();
        Ok(())
    }
}

/// The delay: blocking and async.
#[derive(Clone)]
pub struct Delay(Script);

impl embedded_hal::delay::DelayNs for Delay {
    fn delay_ns(&mut self, ns: u32) {
        self.0.advance_us(u64::from(ns.div_ceil(1_000)));
    }

    fn delay_us(&mut self, us: u32) {
        self.0.advance_us(u64::from(us));
    }
}

impl embedded_hal_async::delay::DelayNs for Delay {
    async fn delay_ns(&mut self, ns: u32) {
        embedded_hal_async::delay::DelayNs::delay_us(self, ns.div_ceil(1_000)).await;
    }

    async fn delay_us(&mut self, us: u32) {
        let end = self.0.now_us() + u64::from(us);
        let script = &self.0;
        std::future::poll_fn(|_| {
            if script.now_us() >= end {
                Poll::Ready(())
            } else {
                script.state.borrow_mut().timers.push(end);
                Poll::Pending
            }
        })
        .await;
    }
}
