//! A NOR flash in memory whose supply goes after so many steps.

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

/// Bytes of a page.
pub const PAGE: usize = 4_096;
/// Bytes of a word.
pub const WORD: usize = 4;
/// A page is erased in so many steps.
const PARTS: usize = 4;

/// A flash: each word that is written and each quarter of a page that is erased is a step. When the supply goes, a word is
/// not written, and a page is erased up to the middle of a quarter. That is what `sequential-storage` takes a flash for;
/// [`Flash`](crate::app::flash::Flash) tears words and pages.
#[derive(Clone, Debug)]
pub struct Nor {
    bytes: Vec<u8>,
    /// Steps until the supply goes; `None` for ever.
    left: Option<u64>,
    /// Steps so far.
    pub steps: u64,
    /// How often each page was erased.
    pub erases: Vec<u32>,
}

/// The supply is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Off;

impl NorFlashError for Off {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl Nor {
    /// So many erased pages.
    #[must_use]
    pub fn new(pages: usize) -> Self {
        Self {
            bytes: vec![0xFF; pages * PAGE],
            left: None,
            steps: 0,
            erases: vec![0; pages],
        }
    }

    /// The supply is there, and goes in the middle of the step after so many.
    pub fn cut_after(&mut self, steps: Option<u64>) {
        self.left = steps;
    }

    /// Takes a step; whether the supply lasts to its end.
    fn step(&mut self) -> Result<bool, Off> {
        match &mut self.left {
            None => {}
            Some(0) => {
                // Below zero: nothing works any more.
                self.left = Some(u64::MAX);
                return Ok(false);
            }
            Some(u64::MAX) => return Err(Off),
            Some(left) => *left -= 1,
        }
        self.steps += 1;
        Ok(true)
    }
}

impl ErrorType for Nor {
    type Error = Off;
}

impl ReadNorFlash for Nor {
    const READ_SIZE: usize = WORD;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Off> {
        if self.left == Some(u64::MAX) {
            return Err(Off);
        }
        let from = offset as usize;
        bytes.copy_from_slice(&self.bytes[from..from + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl NorFlash for Nor {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Off> {
        assert!((from as usize).is_multiple_of(PAGE) && (to as usize).is_multiple_of(PAGE));
        for page in from as usize / PAGE..to as usize / PAGE {
            for part in 0..PARTS {
                let begin = page * PAGE + part * PAGE / PARTS;
                let lasts = self.step()?;
                // A part in which the supply goes is erased up to its middle.
                let length = PAGE / PARTS / if lasts { 1 } else { 2 };
                self.bytes[begin..begin + length].fill(0xFF);
                if !lasts {
                    return Err(Off);
                }
            }
            self.erases[page] += 1;
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Off> {
        let from = offset as usize;
        assert!(from.is_multiple_of(WORD) && bytes.len().is_multiple_of(WORD));
        for (index, word) in bytes.chunks(WORD).enumerate() {
            let lasts = self.step()?;
            let at = from + index * WORD;
            if !lasts {
                return Err(Off);
            }
            for (slot, byte) in self.bytes[at..at + WORD].iter_mut().zip(word) {
                *slot &= *byte;
            }
        }
        Ok(())
    }
}

impl MultiwriteNorFlash for Nor {}
