//! What is on its way: who hears what when.

use std::collections::VecDeque;

use super::line::{Counters, ModuleId, ReplyRecord};
use super::uart::UartError;
use super::{Fault, Faults, Module, Reply};

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) now_ns: u64,
    byte_ns: u64,
    pub(super) modules: Vec<Module>,
    /// Bytes of the master with the time at which their last bit is out.
    outgoing: VecDeque<(u64, u8)>,
    /// The bytes of the request as sent so far, for echoes.
    request: Vec<u8>,
    request_ns: u64,
    pub(crate) sent_until_ns: u64,
    /// Bytes on their way to the master, in order of time.
    incoming: VecDeque<(u64, u8)>,
    pub(crate) timers: Vec<u64>,
    pub(crate) pending_error: Option<UartError>,
    pub(crate) chunk: usize,
    pub(super) rx_capacity: usize,
    pub(super) echo: bool,
    pub(super) faults: Faults,
    pub(super) next_fault: Option<Fault>,
    pub(super) counters: Counters,
    pub(super) last_reply: Option<ReplyRecord>,
}

impl State {
    /// A silent line on which a byte takes so long.
    pub(super) fn new(byte_ns: u64) -> Self {
        Self {
            now_ns: 0,
            byte_ns,
            modules: Vec::new(),
            outgoing: VecDeque::new(),
            request: Vec::new(),
            request_ns: 0,
            sent_until_ns: 0,
            incoming: VecDeque::new(),
            timers: Vec::new(),
            pending_error: None,
            chunk: usize::MAX,
            rx_capacity: usize::MAX,
            echo: false,
            faults: Faults::seeded(0),
            next_fault: None,
            counters: Counters::default(),
            last_reply: None,
        }
    }

    pub(crate) fn advance_to(&mut self, to_ns: u64) {
        while let Some((end_ns, byte)) = self.outgoing.front().copied() {
            if end_ns > to_ns {
                break;
            }
            self.outgoing.pop_front();
            self.now_ns = self.now_ns.max(end_ns);
            self.hear(byte, end_ns);
        }
        self.now_ns = self.now_ns.max(to_ns);
    }

    pub(crate) fn transmit(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let end_ns = self.sent_until_ns.max(self.now_ns) + self.byte_ns;
            self.sent_until_ns = end_ns;
            self.outgoing.push_back((end_ns, *byte));
        }
        self.counters.bytes_sent += bytes.len() as u64;
    }

    fn hear(&mut self, byte: u8, end_ns: u64) {
        if end_ns.saturating_sub(self.request_ns) > 5 * self.byte_ns {
            self.request.clear();
        }
        self.request.push(byte);
        self.request_ns = end_ns;
        if self.echo {
            self.put(end_ns - self.byte_ns, &[byte]);
        }
        let byte_ns = self.byte_ns;
        let mut replies: Vec<(usize, Reply)> = Vec::new();
        for (index, module) in self.modules.iter_mut().enumerate() {
            if let Some(reply) = module.hear(byte, end_ns, byte_ns) {
                replies.push((index, reply));
            }
        }
        if !replies.is_empty() {
            self.deliver(replies, end_ns);
            self.request.clear();
        }
    }

    /// Sends replies back: each with its faults, several at once on top of each other.
    fn deliver(&mut self, replies: Vec<(usize, Reply)>, end_ns: u64) {
        let several = replies.len() > 1;
        let mut together: Vec<u8> = Vec::new();
        let mut start_ns = end_ns;
        for (index, mut reply) in replies {
            let intended = reply.bytes.clone();
            let mut fault = self.faults.strike_bytes(&mut reply.bytes);
            if let Some(whole) = self.next_fault.take().or_else(|| self.faults.draw()) {
                self.faults.strike(whole, &self.request, &mut reply);
                if let (Fault::BrownOut { ms }, Some(module)) = (whole, self.modules.get_mut(index))
                {
                    module.lose_power_until(end_ns + u64::from(ms) * 1_000_000);
                }
                fault = Some(whole);
            }
            // An idle push-pull transmitter holds the line against every other module.
            let blocked = self
                .modules
                .iter()
                .enumerate()
                .any(|(other, module)| other != index && module.blocks_others());
            if blocked {
                reply.bytes.clear();
                fault = fault.or(Some(Fault::Collision));
            }
            start_ns = start_ns.max(end_ns + reply.after_ns);
            if together.len() < reply.bytes.len() {
                together.resize(reply.bytes.len(), 0xFF);
            }
            // A start bit or a zero of any transmitter pulls the line down.
            for (byte, other) in together.iter_mut().zip(&reply.bytes) {
                *byte &= other;
            }
            self.counters.replies += 1;
            self.counters.faulty_replies += u64::from(fault.is_some() || several);
            self.last_reply = Some(ReplyRecord {
                module: ModuleId(index),
                intended,
                on_wire: reply.bytes,
                fault: fault.or(several.then_some(Fault::Collision)),
            });
        }
        self.put(start_ns, &together);
    }

    /// Puts bytes on the way to the master, the first of them starting at `start_ns` or, when the
    /// line is still busy, behind what is on it.
    pub(super) fn put(&mut self, start_ns: u64, bytes: &[u8]) {
        let mut at_ns = start_ns;
        if let Some((last_ns, _)) = self.incoming.back() {
            at_ns = at_ns.max(*last_ns);
        }
        for byte in bytes {
            at_ns += self.byte_ns;
            self.incoming.push_back((at_ns, *byte));
        }
        self.counters.bytes_received += bytes.len() as u64;
    }

    /// When the next byte has arrived as a whole.
    pub(crate) fn next_arrival_ns(&self) -> Option<u64> {
        self.incoming.front().map(|(at_ns, _)| *at_ns)
    }

    /// When the bytes under way have arrived, those of the master first.
    pub(crate) fn under_way_until_ns(&self) -> Option<u64> {
        let bytes = self.outgoing.back().or(self.incoming.back());
        bytes.map(|(at_ns, _)| *at_ns)
    }

    /// When something is going to happen by itself.
    pub(crate) fn next_event_ns(&self) -> Option<u64> {
        let sent = self.outgoing.front().map(|(end_ns, _)| *end_ns);
        let arrival = self.next_arrival_ns();
        let timer = self.timers.iter().min().copied();
        [sent, arrival, timer].into_iter().flatten().min()
    }

    pub(crate) fn has_arrived(&self) -> bool {
        self.pending_error.is_some() || self.next_arrival_ns().is_some_and(|at| at <= self.now_ns)
    }

    pub(crate) fn take_arrived(&mut self) -> Option<u8> {
        let (at_ns, byte) = self.incoming.front().copied()?;
        if at_ns > self.now_ns {
            return None;
        }
        self.incoming.pop_front();
        Some(byte)
    }

    /// Drops what the receiver could not hold; the error that reports it.
    pub(crate) fn overflow(&mut self) -> Option<UartError> {
        if self.rx_capacity == usize::MAX {
            return None;
        }
        let now_ns = self.now_ns;
        let arrived = self
            .incoming
            .iter()
            .take_while(|(at, _)| *at <= now_ns)
            .count();
        if arrived <= self.rx_capacity {
            return None;
        }
        self.incoming.drain(self.rx_capacity..arrived);
        Some(UartError::Overrun)
    }
}
