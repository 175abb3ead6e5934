//! Lines in and out over a serial port.

use core::cell::Cell;
use core::fmt::{self, Write as _};

use embassy_futures::select::{Either, select};
use embedded_io_async::{Read, Write};
use heapless::String;

use super::line::{Line, Typed};
use crate::platform::Clock;

/// Longest line that is written at once.
const LONGEST: usize = 240;

/// So long after the last key somebody is thought to be at the console.
const QUIET_S: u64 = 10;

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entered {
    /// It is there.
    Line,
    /// Something is wrong with it, and was said.
    Refused,
    /// Somebody wants to do something else.
    Abandoned,
}

pub(super) struct Terminal<'a, S, C> {
    serial: S,
    clock: C,
    until_s: &'a Cell<u32>,
    line: Line,
    text: String<LONGEST>,
}

impl<'a, S: Read + Write, C: Clock> Terminal<'a, S, C> {
    /// `until_s` is until when nothing else is to be shown.
    pub(super) const fn new(serial: S, clock: C, until_s: &'a Cell<u32>) -> Self {
        Self {
            serial,
            clock,
            until_s,
            line: Line::new(),
            text: String::new(),
        }
    }

    pub(super) const fn clock(&self) -> &C {
        &self.clock
    }

    /// Prepares text; to be [sent](Self::send). What does not fit is left out.
    pub(super) fn put(&mut self, text: fmt::Arguments<'_>) -> &mut Self {
        self.text.clear();
        if self.text.write_fmt(text).is_err() {
            // The rest is missing, and is seen to be.
            for _ in 0..3 {
                self.text.pop();
            }
            let _ = self.text.push_str("...");
        }
        self
    }

    /// Sends it. A port that takes nothing is no reason to stop.
    pub(super) async fn send(&mut self) {
        let _ = self.serial.write_all(self.text.as_bytes()).await;
        let _ = self.serial.flush().await;
    }

    /// Sends it as a line.
    pub(super) async fn end(&mut self) {
        let _ = self.serial.write_all(self.text.as_bytes()).await;
        let _ = self.serial.write_all(b"\r\n").await;
        let _ = self.serial.flush().await;
    }

    /// Shows a prompt and waits for a line.
    pub(super) async fn ask(&mut self, prompt: &str) -> Entered {
        self.line.clear();
        self.put(format_args!("{prompt}")).send().await;
        loop {
            let byte = self.byte().await;
            let typed = self.line.push(byte);
            match typed {
                Typed::Nothing => {}
                Typed::Shown(byte) => self.echo(&[byte]).await,
                Typed::Bell => self.echo(b"\x07").await,
                Typed::Erased => self.echo(b"\x08 \x08").await,
                Typed::AllErased(count) => {
                    for _ in 0..count {
                        self.echo(b"\x08 \x08").await;
                    }
                }
                Typed::Done => {
                    self.echo(b"\r\n").await;
                    if self.line.text().is_some() {
                        return Entered::Line;
                    }
                    self.put(format_args!("that is no text: set the terminal to UTF-8"))
                        .end()
                        .await;
                    return Entered::Refused;
                }
                Typed::TooLong => {
                    self.echo(b"\r\n").await;
                    let most = super::line::LONGEST;
                    self.put(format_args!(
                        "that line is longer than {most} bytes: nothing was done"
                    ))
                    .end()
                    .await;
                    return Entered::Refused;
                }
                Typed::Abandoned => {
                    self.echo(b"^C\r\n").await;
                    return Entered::Abandoned;
                }
            }
        }
    }

    /// The line that was entered.
    pub(super) fn line(&self) -> &str {
        self.line.text().unwrap_or_default()
    }

    /// Forgets it: it may have been a password.
    pub(super) fn forget(&mut self) {
        self.line.clear();
        self.text.clear();
    }

    /// Waits for a byte.
    pub(super) async fn byte(&mut self) -> u8 {
        let mut byte = [0];
        loop {
            match self.serial.read(&mut byte).await {
                Ok(1) => {
                    let now_s = self.clock.now_ms() / 1_000;
                    let until_s = now_s.saturating_add(QUIET_S);
                    self.until_s.set(u32::try_from(until_s).unwrap_or(u32::MAX));
                    let [byte] = byte;
                    return byte;
                }
                // Nobody is there, or the line is noisy.
                _ => self.clock.sleep_ms(200).await,
            }
        }
    }

    /// Waits for a byte, until then.
    pub(super) async fn byte_until(&mut self, until_ms: u64) -> Option<u8> {
        let mut byte = [0];
        match select(
            self.serial.read(&mut byte),
            self.clock.sleep_until(until_ms),
        )
        .await
        {
            Either::First(Ok(1)) => byte.first().copied(),
            Either::First(_) => {
                self.clock.sleep_until(until_ms).await;
                None
            }
            Either::Second(()) => None,
        }
    }

    async fn echo(&mut self, bytes: &[u8]) {
        let _ = self.serial.write_all(bytes).await;
        let _ = self.serial.flush().await;
    }
}

/// Writes a line: `say!(terminal, "format {}", value)`.
macro_rules! say {
    ($terminal:expr, $($format:tt)*) => {
        $terminal.put(format_args!($($format)*)).end().await
    };
}
pub(super) use say;
