//! Counters of one line, for logs, displays and health records.

use crate::decoder::Tally;
use crate::error::Failure;

/// What happened on a line since the counters were last cleared.
///
/// A plain struct: read it, copy it, store it, set it to `Stats::new()`. Counters
/// wrap, so that the difference of two copies is right for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Stats {
    /// Exchanges with a good reply, broadcasts included.
    pub ok: u32,
    /// Exchanges in which not one byte came back.
    pub no_reply: u32,
    /// Exchanges with bytes but no whole frame, and those in which the line never fell silent.
    pub garbled: u32,
    /// Exchanges in which whole frames came, but none that answers.
    pub stray: u32,
    /// Requests the module refused.
    pub exceptions: u32,
    /// Exchanges in which the request came back.
    pub echoes: u32,
    /// Bytes that were no part of a reply.
    pub discarded_bytes: u32,
    /// Errors the receiver reported: overrun, framing, noise.
    pub uart_errors: u32,
}

impl Stats {
    /// All zero.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ok: 0,
            no_reply: 0,
            garbled: 0,
            stray: 0,
            exceptions: 0,
            echoes: 0,
            discarded_bytes: 0,
            uart_errors: 0,
        }
    }

    pub(crate) fn record(&mut self, result: Option<Failure>, tally: &Tally) {
        let counter = match result {
            None => &mut self.ok,
            Some(Failure::NoReply) => &mut self.no_reply,
            Some(Failure::Exception(_)) => &mut self.exceptions,
            Some(Failure::Stray { .. }) => &mut self.stray,
            // Garbled or babbling: there is nothing else an exchange fails with.
            Some(_) => &mut self.garbled,
        };
        *counter = counter.wrapping_add(1);
        self.echoes = self.echoes.wrapping_add(u32::from(tally.echo));
        self.discarded_bytes = self
            .discarded_bytes
            .wrapping_add(tally.stale.wrapping_add(tally.discarded));
    }

    /// Exchanges altogether.
    #[must_use]
    pub const fn exchanges(&self) -> u32 {
        self.ok
            .wrapping_add(self.no_reply)
            .wrapping_add(self.garbled)
            .wrapping_add(self.stray)
            .wrapping_add(self.exceptions)
    }
}
