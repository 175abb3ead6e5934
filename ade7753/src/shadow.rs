//! What the writable registers are meant to hold.

use crate::register::{ALL, Access, Description};

/// First and last writable register of the chip.
const FIRST: u8 = 0x09;
const LAST: u8 = 0x21;
const LENGTH: usize = (LAST - FIRST + 1) as usize;

/// A copy of the writable registers, by which a chip that has lost them is found and mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shadow([u16; LENGTH]);

impl Shadow {
    /// As after a reset.
    pub(crate) fn new() -> Self {
        let mut shadow = Self([0; LENGTH]);
        for register in Self::registers() {
            shadow.set(register.address, register.reset as u16);
        }
        shadow
    }

    /// The writable registers.
    pub(crate) fn registers() -> impl DoubleEndedIterator<Item = &'static Description> {
        ALL.iter()
            .filter(|register| register.access == Access::ReadWrite)
    }

    pub(crate) fn get(&self, address: u8) -> u16 {
        let index = usize::from(address.wrapping_sub(FIRST));
        self.0.get(index).copied().unwrap_or_default()
    }

    pub(crate) fn set(&mut self, address: u8, raw: u16) {
        let index = usize::from(address.wrapping_sub(FIRST));
        if let Some(slot) = self.0.get_mut(index) {
            *slot = raw;
        }
    }
}
