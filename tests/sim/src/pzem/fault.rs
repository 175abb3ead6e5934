//! What can go wrong on the way from a module to the master.

use super::framing::sealed;
use crate::random::Random;

/// One kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// A byte is lost.
    Drop,
    /// One bit of a byte is turned.
    Flip,
    /// A byte of noise comes before a byte.
    Insert,
    /// The reply breaks off somewhere.
    Truncate,
    /// So many bytes of noise come before the reply.
    Prefix {
        /// Bytes of noise.
        bytes: u8,
    },
    /// The request comes back before the reply.
    Echo,
    /// The reply comes so much later.
    Late {
        /// Additional delay in ms.
        ms: u32,
    },
    /// A whole reply with another address.
    WrongAddress,
    /// A whole reply with another function code.
    WrongFunction,
    /// The reply comes twice.
    Duplicate,
    /// The data is noise under a right CRC.
    ValidCrcGarbage,
    /// No reply.
    Silence,
    /// Another transmitter pulls the line at the same time: every byte is ANDed with noise.
    Collision,
    /// The module loses its supply in the middle of the reply and is back after so long.
    BrownOut {
        /// Time without supply in ms.
        ms: u32,
    },
}

impl Fault {
    /// Every kind, with usual parameters, by the names used on command lines.
    pub const ALL: [(&'static str, Self); 14] = [
        ("drop", Self::Drop),
        ("flip", Self::Flip),
        ("insert", Self::Insert),
        ("truncate", Self::Truncate),
        ("prefix", Self::Prefix { bytes: 5 }),
        ("echo", Self::Echo),
        ("late", Self::Late { ms: 300 }),
        ("wrong-address", Self::WrongAddress),
        ("wrong-function", Self::WrongFunction),
        ("duplicate", Self::Duplicate),
        ("valid-crc-garbage", Self::ValidCrcGarbage),
        ("silence", Self::Silence),
        ("collision", Self::Collision),
        ("brown-out", Self::BrownOut { ms: 2_000 }),
    ];

    /// The kind with this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, fault)| *fault)
    }

    /// The name of the kind.
    #[must_use]
    pub fn name(&self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, known)| core::mem::discriminant(known) == core::mem::discriminant(self))
            .map_or("", |(name, _)| name)
    }

    /// Whether the kind strikes single bytes, not whole replies.
    #[must_use]
    pub const fn is_per_byte(&self) -> bool {
        matches!(self, Self::Drop | Self::Flip | Self::Insert)
    }
}

/// How often which fault strikes; the same seed gives the same faults in the same order.
#[derive(Clone, Debug)]
pub struct Faults {
    random: Random,
    rates: Vec<(Fault, u32)>,
    per_byte: Vec<(Fault, u32)>,
}

impl Faults {
    /// None yet.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            rates: Vec::new(),
            per_byte: Vec::new(),
        }
    }

    /// With `fault` striking `ppm` of a million bytes or replies, whichever its kind strikes.
    #[must_use]
    pub fn with(mut self, fault: Fault, ppm: u32) -> Self {
        match fault.is_per_byte() {
            true => self.per_byte.push((fault, ppm)),
            false => self.rates.push((fault, ppm)),
        }
        self
    }

    /// The fault that strikes the next reply as a whole, if any.
    pub(crate) fn draw(&mut self) -> Option<Fault> {
        let random = &mut self.random;
        let struck = self.rates.iter().find(|(_, ppm)| random.happens(*ppm));
        struck.map(|(fault, _)| *fault)
    }

    /// Lets per-byte faults strike; the last one that did.
    pub(crate) fn strike_bytes(&mut self, bytes: &mut Vec<u8>) -> Option<Fault> {
        if self.per_byte.is_empty() {
            return None;
        }
        let random = &mut self.random;
        let mut last = None;
        let mut struck = Vec::with_capacity(bytes.len() + 4);
        for byte in bytes.drain(..) {
            let fault = self.per_byte.iter().find(|(_, ppm)| random.happens(*ppm));
            match fault.map(|(fault, _)| *fault) {
                None => struck.push(byte),
                Some(fault) => {
                    last = Some(fault);
                    strike(fault, byte, random, &mut struck);
                }
            }
        }
        *bytes = struck;
        last
    }

    /// Lets a fault strike one byte of `bytes`, which one is drawn.
    pub(crate) fn strike_one(&mut self, fault: Fault, bytes: &mut Vec<u8>) {
        let at = self.random.below(bytes.len() as u64) as usize;
        let tail = bytes.split_off(at.min(bytes.len()));
        if let Some((byte, rest)) = tail.split_first() {
            strike(fault, *byte, &mut self.random, bytes);
            bytes.extend(rest);
        }
    }

    /// Applies a fault of the whole reply to its bytes and start.
    pub(crate) fn strike(&mut self, fault: Fault, request: &[u8], reply: &mut super::Reply) {
        let bytes = &mut reply.bytes;
        let random = &mut self.random;
        match fault {
            Fault::Drop | Fault::Flip | Fault::Insert => self.strike_one(fault, bytes),
            Fault::Truncate | Fault::BrownOut { .. } => {
                let length = random.below(bytes.len() as u64) as usize;
                bytes.truncate(length);
            }
            Fault::Prefix { bytes: count } => {
                let noise = (0..count).map(|_| random.byte());
                *bytes = noise.chain(bytes.drain(..)).collect();
            }
            Fault::Echo => {
                // The echo is on the line while the request goes out.
                reply.after_ns = 0;
                *bytes = request.iter().copied().chain(bytes.drain(..)).collect();
            }
            Fault::Late { ms } => reply.after_ns += u64::from(ms) * 1_000_000,
            Fault::WrongAddress => reseal(bytes, |body| {
                if let Some(address) = body.first_mut() {
                    *address = *address % 0xF7 + 1;
                }
            }),
            Fault::WrongFunction => reseal(bytes, |body| {
                if let Some(function) = body.get_mut(1) {
                    *function = if *function == 0x04 { 0x03 } else { 0x04 };
                }
            }),
            Fault::Duplicate => bytes.extend_from_within(..),
            Fault::ValidCrcGarbage => reseal(bytes, |body| {
                for byte in body.iter_mut().skip(3) {
                    *byte = random.byte();
                }
            }),
            Fault::Silence => bytes.clear(),
            Fault::Collision => bytes.iter_mut().for_each(|byte| *byte &= random.byte()),
        }
    }
}

fn strike(fault: Fault, byte: u8, random: &mut Random, out: &mut Vec<u8>) {
    match fault {
        Fault::Drop => {}
        Fault::Insert => out.extend([random.byte(), byte]),
        _ => out.push(byte ^ (1 << random.below(8))),
    }
}

/// Changes the body of a frame and gives it the right CRC again.
fn reseal(bytes: &mut Vec<u8>, change: impl FnOnce(&mut [u8])) {
    bytes.truncate(bytes.len().saturating_sub(2));
    change(bytes);
    *bytes = sealed(core::mem::take(bytes));
}
