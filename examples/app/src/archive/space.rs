//! A search for free space in small steps. The file system would search in one go, which on a full card of 32 GB takes
//! seconds in which no meter is read.

use embedded_sdmmc::Block;

use super::guard::{Card, Fault, Guard};
use super::volume::{Layout, u32_at};

/// Where the hints are in the information block.
const FREE: usize = 488;
const NEXT: usize = 492;
/// Nobody knows.
const UNKNOWN: u32 = u32::MAX;

/// A search, from the hint on and once around.
pub(super) struct Search {
    layout: Layout,
    at: u32,
    left: u32,
}

/// What a step found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing yet.
    Nothing,
    /// Free space, and the hint says so now.
    Space,
    /// There is none.
    Full,
}

impl Search {
    pub(super) fn new<D: Card>(
        guard: &Guard<D>,
        layout: Layout,
        block: &mut Block,
    ) -> Result<Self, Fault> {
        let mut at = 2;
        if let Some(info) = layout.info {
            guard.read(block, info)?;
            let hint = u32_at(block, NEXT);
            if layout.has(hint) {
                at = hint;
            }
        }
        Ok(Self {
            layout,
            at,
            left: layout.end.saturating_sub(2),
        })
    }

    /// Looks at one block of the table.
    pub(super) fn step<D: Card>(
        &mut self,
        guard: &Guard<D>,
        block: &mut Block,
    ) -> Result<Found, Fault> {
        let per_block = 512 / self.layout.entry().0;
        guard.read(block, self.layout.block_of(self.at))?;
        let mut is_free = false;
        for entry in self
            .layout
            .entries(block)
            .skip((self.at % per_block) as usize)
        {
            is_free = entry == 0 && self.left > 0;
            if is_free || self.left == 0 {
                break;
            }
            self.left -= 1;
            self.at += 1;
            if self.at >= self.layout.end {
                self.at = 2;
                break;
            }
        }
        if is_free {
            self.tell(guard, block)?;
            return Ok(Found::Space);
        }
        Ok(if self.left == 0 {
            Found::Full
        } else {
            Found::Nothing
        })
    }

    /// Sets the hint. The number of free clusters becomes unknown: it is wrong after a power cut, and the file system
    /// would count it down below zero.
    fn tell<D: Card>(&self, guard: &Guard<D>, block: &mut Block) -> Result<(), Fault> {
        let Some(info) = self.layout.info else {
            return Ok(());
        };
        guard.read(block, info)?;
        let words = [(FREE, UNKNOWN), (NEXT, self.at)];
        if words.iter().all(|(at, word)| u32_at(block, *at) == *word) {
            return Ok(());
        }
        for (at, word) in words {
            if let Some(bytes) = block.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
                *bytes = word.to_le_bytes();
            }
        }
        guard.write(block, info)
    }
}
