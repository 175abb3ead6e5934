//! PZEM modules and the serial line they share.

mod ac;
mod dc;
mod executor;
mod fault;
mod framing;
mod legacy;
mod line;
mod load;
mod uart;
mod wire;

pub use ac::AcModule;
pub use dc::DcModule;
pub use fault::{Fault, Faults};
pub use legacy::LegacyModule;
pub use line::{Counters, Line, ModuleId, ReplyRecord};
pub use load::Load;
pub use uart::{Delay, Uart, UartError};

/// What a module sends back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Time from the end of the request to the start of the first byte.
    pub after_ns: u64,
    /// The bytes, back to back.
    pub bytes: Vec<u8>,
}

/// A module on the line.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Module {
    /// PZEM-004T v3/v4, PZEM-014, PZEM-016.
    Ac(AcModule),
    /// PZEM-003, PZEM-017.
    Dc(DcModule),
    /// PZEM-004, PZEM-004T v1/v2.
    Legacy(LegacyModule),
    /// A defective module that answers with a burst of noise.
    Babbling(BabblingModule),
}

impl Module {
    pub(crate) fn hear(&mut self, byte: u8, at_ns: u64, byte_ns: u64) -> Option<Reply> {
        match self {
            Self::Ac(module) => module.hear(byte, at_ns, byte_ns),
            Self::Dc(module) => module.hear(byte, at_ns, byte_ns),
            Self::Legacy(module) => module.hear(byte, at_ns, byte_ns),
            Self::Babbling(module) => module.hear(byte, at_ns, byte_ns),
        }
    }

    /// Whether the module's transmitter keeps the line from the others even while it is idle.
    pub(crate) fn blocks_others(&self) -> bool {
        matches!(self, Self::Ac(module) if module.push_pull && module.powered)
    }

    pub(crate) fn lose_power_until(&mut self, until_ns: u64) {
        if let Self::Ac(module) = self {
            module.lose_power_until(until_ns);
        }
    }
}

impl From<AcModule> for Module {
    fn from(module: AcModule) -> Self {
        Self::Ac(module)
    }
}

impl From<DcModule> for Module {
    fn from(module: DcModule) -> Self {
        Self::Dc(module)
    }
}

impl From<LegacyModule> for Module {
    fn from(module: LegacyModule) -> Self {
        Self::Legacy(module)
    }
}

impl From<BabblingModule> for Module {
    fn from(module: BabblingModule) -> Self {
        Self::Babbling(module)
    }
}

/// A defective module: whatever is asked at its address is answered with noise.
#[derive(Clone, Debug)]
pub struct BabblingModule {
    address: u8,
    length: usize,
    random: crate::random::Random,
    receiver: framing::Receiver,
}

impl BabblingModule {
    /// Answers `address` with `length` bytes of noise drawn from `seed`.
    #[must_use]
    pub fn new(address: u8, length: usize, seed: u64) -> Self {
        Self {
            address,
            length,
            random: crate::random::Random::new(seed),
            receiver: framing::Receiver::default(),
        }
    }

    fn hear(&mut self, byte: u8, at_ns: u64, byte_ns: u64) -> Option<Reply> {
        let request = self.receiver.push(byte, at_ns, byte_ns)?;
        if request.first() != Some(&self.address) {
            return None;
        }
        Some(Reply {
            after_ns: 10_000_000,
            bytes: (0..self.length).map(|_| self.random.byte()).collect(),
        })
    }
}
