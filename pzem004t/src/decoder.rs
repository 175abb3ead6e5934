//! Finds the reply to one request in whatever the line delivers.

use crate::config::EchoMode;
use crate::error::{Exception, Failure};
use crate::frame;
use crate::request::{Answer, Request, function};

/// The longest reply: ten registers.
const CAPACITY: usize = 25;

/// What an exchange saw besides its result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tally {
    /// Bytes that were on the line before the request.
    pub stale: u32,
    /// Bytes after the request that were no part of an answer.
    pub discarded: u32,
    /// Whether the request came back.
    pub echo: bool,
}

/// A sliding window over the received bytes.
///
/// It asks for just as many bytes as it takes to decide about the frame at its front, and drops
/// one byte whenever that can not be one. A whole frame that does not answer the request is
/// dropped as a whole and remembered, so that a failure can name it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decoder {
    window: [u8; CAPACITY],
    len: usize,
    need: usize,
    /// Address and function of the last good frame that was no answer.
    stray: Option<(u8, u8)>,
    pub(crate) tally: Tally,
}

impl Decoder {
    pub(crate) const fn new() -> Self {
        Self {
            window: [0; CAPACITY],
            len: 0,
            need: CAPACITY,
            stray: None,
            tally: Tally {
                stale: 0,
                discarded: 0,
                echo: false,
            },
        }
    }

    /// Where the next bytes go; never empty before a reply is found.
    pub(crate) fn spare(&mut self) -> &mut [u8] {
        self.window.get_mut(self.len..self.need).unwrap_or_default()
    }

    /// Bytes of the reply between its header and its check value.
    pub(crate) fn data(&self, answer: Answer) -> &[u8] {
        let data = match answer {
            Answer::Registers { bytes } => 3..3 + usize::from(bytes),
            Answer::Echo | Answer::Nothing => 0..0,
            #[cfg(feature = "legacy")]
            Answer::Legacy { .. } => 1..6,
        };
        self.window.get(data).unwrap_or_default()
    }

    /// Forgets everything, before a new request.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
        self.need = CAPACITY;
        self.stray = None;
        self.tally = Tally::default();
    }

    /// The request is out: what comes now may answer it.
    pub(crate) fn begin(&mut self) {
        self.need = frame::SHORTEST_START;
    }

    /// Counts `count` bytes that are no part of a reply.
    pub(crate) fn discard(&mut self, count: usize) {
        self.tally.discarded = self.tally.discarded.wrapping_add(count as u32);
    }

    /// Takes `count` bytes that were put into [`spare`](Self::spare); whether there are enough now
    /// to [`scan`](Self::scan).
    #[inline]
    pub(crate) fn advance(&mut self, count: usize) -> bool {
        // A port that claims more than fits breaks its own contract; the window holds all the same.
        self.len = self.len.wrapping_add(count).min(self.need);
        self.len == self.need
    }

    /// No more bytes come: looks for the reply among what is left.
    pub(crate) fn finish(&mut self, request: &Request, echo: EchoMode) -> Result<(), Failure> {
        let in_vain = self.tally.discarded as usize + self.len;
        while self.len > 0 {
            // A false start claimed more bytes than came; the reply may begin inside it.
            self.drop_front(1);
            if let Some(result) = self.scan(request, echo) {
                return result;
            }
        }
        Err(match self.stray {
            Some((address, function)) => Failure::Stray { address, function },
            None if in_vain == 0 => Failure::NoReply,
            None => Failure::Garbled {
                received: in_vain as u16,
            },
        })
    }

    /// Looks at the front of the window; `Some` ends the exchange.
    #[inline(never)]
    pub(crate) fn scan(
        &mut self,
        request: &Request,
        mode: EchoMode,
    ) -> Option<Result<(), Failure>> {
        loop {
            let bytes = self.window.get(..self.len)?;
            let length = length(bytes, request);
            let Some(frame) = bytes.get(..length) else {
                self.need = length;
                return None;
            };
            match judge(frame, request) {
                Judgement::Reply => return Some(Ok(())),
                Judgement::Refusal(exception) => {
                    return Some(Err(Failure::Exception(exception)));
                }
                Judgement::Request if self.is_reply(request, mode) => {
                    return Some(Ok(()));
                }
                Judgement::Request => {
                    self.tally.echo = true;
                    self.drop_front(length);
                }
                Judgement::Stray { address, function } => {
                    self.stray = Some((address, function));
                    self.discard(length);
                    self.drop_front(length);
                }
                Judgement::Broken => {
                    self.discard(1);
                    self.drop_front(1);
                }
            }
        }
    }

    /// Whether the request, come back, is the module's good reply.
    fn is_reply(&self, request: &Request, mode: EchoMode) -> bool {
        request.answer == Answer::Echo && (mode == EchoMode::Off || self.tally.echo)
    }

    #[inline(never)]
    fn drop_front(&mut self, count: usize) {
        for _ in 0..count {
            let filled = self.window.get_mut(..self.len);
            let mut moving = 0;
            for byte in filled.unwrap_or_default().iter_mut().rev() {
                moving = core::mem::replace(byte, moving);
            }
            self.len = self.len.saturating_sub(1);
        }
    }
}

/// What the front of the window is.
enum Judgement {
    /// It answers the request.
    Reply,
    /// The module refuses the request.
    Refusal(Exception),
    /// The request itself.
    Request,
    /// A good frame that is something else.
    Stray { address: u8, function: u8 },
    /// No good frame.
    Broken,
}

/// Length of the frame at the front, as in [`frame::length`].
#[inline]
fn length(bytes: &[u8], request: &Request) -> usize {
    #[cfg(feature = "legacy")]
    if let Answer::Legacy { opcode } = request.answer {
        return crate::legacy::length(bytes, opcode);
    }
    let _ = request;
    frame::length(bytes)
}

#[inline]
fn judge(frame: &[u8], request: &Request) -> Judgement {
    #[cfg(feature = "legacy")]
    if let Answer::Legacy { opcode } = request.answer {
        return match crate::legacy::fits(frame, opcode) {
            true => Judgement::Reply,
            false => Judgement::Broken,
        };
    }
    let ([address, code, third, ..], [to, asked, ..]) = (frame, request.bytes()) else {
        return Judgement::Broken;
    };
    if !frame::crc_fits(frame) {
        return Judgement::Broken;
    }
    if frame.iter().eq(request.bytes()) {
        return Judgement::Request;
    }
    let stray = Judgement::Stray {
        address: *address,
        function: *code,
    };
    if address != to {
        return stray;
    }
    if *code == asked | function::EXCEPTION {
        return Judgement::Refusal(Exception(*third));
    }
    match request.answer {
        Answer::Registers { bytes } if code == asked && *third == bytes => Judgement::Reply,
        _ => stray,
    }
}
