//! The line as its users hold it.

use std::cell::{RefCell, RefMut};
use std::rc::Rc;

use super::uart::{Delay, Uart, UartError};
use super::wire::State;
use super::{AcModule, Fault, Faults, Module};

/// A module on a [`Line`], by the order in which it was attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ModuleId(pub(super) usize);

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

impl Line {
    /// 9600 baud, 8N1: ten bits a byte.
    #[must_use]
    pub fn new() -> Self {
        Self::with_frame(9_600, 10)
    }

    /// Another baud rate and number of bits a byte, start and stop bits included.
    #[must_use]
    pub fn with_frame(baud: u32, bits_per_byte: u8) -> Self {
        let byte_ns = u64::from(bits_per_byte) * 1_000_000_000 / u64::from(baud.max(1));
        Self {
            state: Rc::new(RefCell::new(State::new(byte_ns))),
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

    /// When the master's bytes have arrived, else when those of the modules have; `None` when nothing is under way.
    #[must_use]
    pub fn under_way_until_us(&self) -> Option<u64> {
        let at_ns = self.state().under_way_until_ns();
        at_ns.map(|at_ns| at_ns.div_ceil(1_000))
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
