//! One request and its reply as a state machine that does no input or output and reads no clock.
//!
//! ```text
//! quiet ──(request sent)──> receive ──> done
//!   │                                     ^
//!   └───────(line never silent)───────────┘
//! ```
//!
//! A shell does what [`Transaction::step`] says, moves bytes, and passes the time: microseconds of
//! a clock that may start anywhere and wrap.

use crate::config::{Config, EchoMode};
use crate::decoder::{Decoder, Tally};
use crate::error::Failure;
use crate::frame::Registers;
use crate::request::{Answer, Request};

/// Discarded bytes after which the line counts as babbling: ten times the longest reply.
const BABBLE: u32 = 250;

/// What the shell has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Step {
    /// Write [`Transaction::bytes`], wait until they have left, then call [`Transaction::sent`].
    Send,
    /// Read into [`Transaction::buffer`] and call [`Transaction::received`]; when nothing comes
    /// within `us` microseconds, call [`Transaction::step`] again.
    Listen {
        /// Time left until something else is due.
        us: u32,
    },
    /// Take the result from [`Transaction::finish`].
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Quiet,
    Receive,
    Done,
}

/// One request on its way to a reply; used again for the next.
#[derive(Clone, Copy, Debug)]
pub struct Transaction {
    request: Request,
    phase: Phase,
    /// Why there is no good reply; until one came, that none came.
    failure: Option<Failure>,
    /// When the present wait began, and how long it is.
    since_us: u32,
    wait_us: u32,
    /// The wait after the request.
    timeout_us: u32,
    echo: EchoMode,
    decoder: Decoder,
}

impl Transaction {
    /// A machine at rest: give it a request with [`start`](Self::start).
    #[must_use]
    pub const fn new() -> Self {
        Self {
            request: Request::NONE,
            phase: Phase::Done,
            failure: None,
            since_us: 0,
            wait_us: 0,
            timeout_us: 0,
            echo: EchoMode::Off,
            decoder: Decoder::new(),
        }
    }

    /// Takes `request` at `now_us`, whatever went before; nothing is sent until the line has been
    /// silent for a while.
    pub fn start(&mut self, request: Request, config: &Config, now_us: u32) {
        // The reply, and an echo of the request before it should the line make one.
        let wire_bytes = u32::from(request.reply_len()) + u32::from(request.len());
        let wire_us = wire_bytes * u32::from(config.byte_time_us);
        self.timeout_us = config.reply_timeout_us.max(request.timeout_us) + wire_us;
        // The same request once more, and the first has no good answer: it may still come.
        let unanswered = self.failure.is_some() && self.request.same_bytes(&request);
        let quiet_us = if unanswered {
            config.late_us
        } else {
            config.quiet_us
        };
        self.wait_us = quiet_us.max(request.quiet_us);
        self.echo = config.echo;
        self.request = request;
        self.phase = Phase::Quiet;
        self.failure = Some(Failure::NoReply);
        self.since_us = now_us;
        self.decoder.clear();
    }

    /// What to do at `now_us`.
    #[inline]
    pub fn step(&mut self, now_us: u32) -> Step {
        let passed = now_us.wrapping_sub(self.since_us);
        if passed < self.wait_us {
            return Step::Listen {
                us: self.wait_us - passed,
            };
        }
        match self.phase {
            Phase::Quiet => Step::Send,
            Phase::Receive => {
                let result = self.decoder.finish(&self.request, self.echo);
                self.end(result);
                Step::Done
            }
            Phase::Done => Step::Done,
        }
    }

    fn end(&mut self, result: Result<(), Failure>) {
        self.phase = Phase::Done;
        self.failure = result.err();
        self.wait_us = 0;
    }

    /// The bytes to send.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.request.bytes()
    }

    /// The last byte has left at `now_us`: the module's time starts.
    pub fn sent(&mut self, now_us: u32) {
        self.since_us = now_us;
        self.wait_us = self.timeout_us;
        self.phase = Phase::Receive;
        self.decoder.begin();
        if self.request.answer == Answer::Nothing {
            self.end(Ok(()));
        }
    }

    /// Where received bytes go.
    #[inline]
    pub fn buffer(&mut self) -> &mut [u8] {
        self.decoder.spare()
    }

    /// Takes `count` bytes that were read into [`buffer`](Self::buffer) by `now_us`.
    ///
    /// `true` when the wait that [`step`](Self::step) named is over and `step` has more to say.
    #[inline]
    pub fn received(&mut self, count: usize, now_us: u32) -> bool {
        if self.phase == Phase::Receive {
            if !self.decoder.advance(count) {
                return false;
            }
            if let Some(result) = self.decoder.scan(&self.request, self.echo) {
                self.end(result);
                return true;
            }
        } else {
            self.clear_line(count, now_us);
        }
        self.end_if_babbling();
        self.phase != Phase::Receive
    }

    /// Bytes from before the request: the silence starts anew.
    fn clear_line(&mut self, count: usize, now_us: u32) {
        let tally = &mut self.decoder.tally;
        tally.stale = tally.stale.wrapping_add(count as u32);
        self.since_us = now_us;
    }

    /// The receiver reported an error, such as an overrun or a framing error, at `now_us`.
    ///
    /// It counts as a discarded byte: the exchange goes on, and a port that only fails ends it.
    pub fn disturbed(&mut self, now_us: u32) {
        match self.phase {
            Phase::Quiet => self.clear_line(1, now_us),
            _ => self.decoder.discard(1),
        }
        self.end_if_babbling();
    }

    fn end_if_babbling(&mut self) {
        let tally = &self.decoder.tally;
        if tally.stale.wrapping_add(tally.discarded) > BABBLE {
            self.end(Err(Failure::Babble));
        }
    }

    /// The result, once [`step`](Self::step) said [`Step::Done`]; before that, no reply.
    #[must_use]
    pub fn finish(&self) -> Exchange<'_> {
        let result = match self.failure {
            None => Ok(Reply {
                data: self.decoder.data(self.request.answer),
            }),
            Some(failure) => Err(failure),
        };
        Exchange {
            result,
            tally: self.decoder.tally,
        }
    }
}

impl Default for Transaction {
    fn default() -> Self {
        Self::new()
    }
}

/// What came of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Exchange<'a> {
    /// The reply, or why there is none.
    pub result: Result<Reply<'a>, Failure>,
    /// What else was seen.
    pub tally: Tally,
}

/// A reply that fits the request in address, function, length and check value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Reply<'a> {
    data: &'a [u8],
}

impl<'a> Reply<'a> {
    /// The registers, when some were read.
    #[must_use]
    pub const fn registers(&self) -> Registers<'a> {
        Registers::new(self.data)
    }

    /// The bytes between the header and the check value.
    #[must_use]
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }
}
