//! The line: who hears what when.

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::rc::Rc;

use super::uart::{Delay, Uart, UartError};
use super::{AcModule, Fault, Faults, Module, Reply};

/// A module on a [`Line`], by the order in which it was attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ModuleId(usize);

/// What happened on a line so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Bytes the master sent.
    pub bytes_sent: u64,
    /// Bytes that came back.
    pub bytes_received: u64,
    /// Replies the modules made.
    pub replies: u64,
    /// Replies that were altered, delayed or suppressed.
    pub faulty_replies: u64,
}

/// A reply as the module made it and as it went over the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyRecord {
    /// Who made it.
    pub module: ModuleId,
    /// What the module sent.
    pub intended: Vec<u8>,
    /// What came out of the line.
    pub on_wire: Vec<u8>,
    /// What struck it; with several, the last.
    pub fault: Option<Fault>,
}

/// A serial line in virtual time, with its modules; clones are handles to the same line.
///
/// Time stands still except when a delay, a blocking read, a flush or [`advance_us`](Self::advance_us)
/// moves it.
#[derive(Clone, Debug)]
pub struct Line {
    state: Rc<RefCell<State>>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) now_ns: u64,
    byte_ns: u64,
    modules: Vec<Module>,
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
    rx_capacity: usize,
    echo: bool,
    faults: Faults,
    next_fault: Option<Fault>,
    counters: Counters,
    last_reply: Option<ReplyRecord>,
}

impl Line {
    /// 9600 baud, 8N1: ten bits a byte.
    #[must_use]
    pub fn new() -> Self {
        Self::with_frame(9_600, 10)
    }

    /// Another baud rate and number of bits a byte, start and stop bits included.
    #[must_use]
    pub fn with_frame(baud: u32, bits_per_byte: u8) -> Self {
        Self {
            state: Rc::new(RefCell::new(State {
                now_ns: 0,
                byte_ns: u64::from(bits_per_byte) * 1_000_000_000 / u64::from(baud.max(1)),
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
            })),
        }
    }

    pub(crate) fn state(&self) -> RefMut<'_, State> {
        self.state.borrow_mut()
    }

    /// Puts a module on the line.
    pub fn attach(&self, module: impl Into<Module>) -> ModuleId {
        let mut state = self.state();
        state.modules.push(module.into());
        ModuleId(state.modules.len() - 1)
    }

    /// Looks at or changes a module; `None` when there is no such one.
    pub fn module<T>(&self, id: ModuleId, look: impl FnOnce(&mut Module) -> T) -> Option<T> {
        self.state().modules.get_mut(id.0).map(look)
    }

    /// Looks at or changes an AC module; `None` when this is none.
    pub fn ac<T>(&self, id: ModuleId, look: impl FnOnce(&mut AcModule) -> T) -> Option<T> {
        match self.state().modules.get_mut(id.0) {
            Some(Module::Ac(module)) => Some(look(module)),
            _ => None,
        }
    }

    /// A port on this line.
    #[must_use]
    pub fn uart(&self) -> Uart {
        Uart(self.clone())
    }

    /// A delay in this line's time.
    #[must_use]
    pub fn delay(&self) -> Delay {
        Delay(self.clone())
    }

    /// The time in us.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        self.state().now_ns / 1_000
    }

    /// Lets time pass.
    pub fn advance_us(&self, us: u64) {
        let mut state = self.state();
        let to = state.now_ns + us * 1_000;
        state.advance_to(to);
    }

    /// Lets time pass until `us`; a time that is over already changes nothing.
    pub fn advance_to_us(&self, us: u64) {
        self.state().advance_to(us * 1_000);
    }

    /// Queues bytes of the master; time does not pass.
    pub fn transmit(&self, bytes: &[u8]) {
        self.state().transmit(bytes);
    }

    /// Everything that has arrived by now.
    pub fn take_received(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut state = self.state();
        while let Some(byte) = state.take_arrived() {
            bytes.push(byte);
        }
        bytes
    }

    /// Whether everything the master sends comes back at once, as with an RS485 adapter whose
    /// receiver stays on.
    pub fn set_echo(&self, echo: bool) {
        self.state().echo = echo;
    }

    /// Lets faults strike from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.state().faults = faults;
    }

    /// Lets `fault` strike the next reply.
    pub fn inject(&self, fault: Fault) {
        self.state().next_fault = Some(fault);
    }

    /// Puts bytes of noise on the line, from now on, back to back.
    pub fn inject_bytes(&self, bytes: &[u8]) {
        let mut state = self.state();
        let now = state.now_ns;
        state.put(now, bytes);
    }

    /// The next read reports `error`.
    pub fn inject_uart_error(&self, error: UartError) {
        self.state().pending_error = Some(error);
    }

    /// How many bytes the receiver holds; more are lost, and the next read says so.
    pub fn set_rx_capacity(&self, bytes: usize) {
        self.state().rx_capacity = bytes;
    }

    /// Reads deliver at most so many bytes each.
    pub fn set_chunk(&self, bytes: usize) {
        self.state().chunk = bytes.max(1);
    }

    /// What happened so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.state().counters
    }

    /// The last reply a module made.
    #[must_use]
    pub fn last_reply(&self) -> Option<ReplyRecord> {
        self.state().last_reply.clone()
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
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
    fn put(&mut self, start_ns: u64, bytes: &[u8]) {
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
