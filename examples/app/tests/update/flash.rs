//! NOR flash in memory whose power can be cut at any word that is written or sector that is erased.

use std::cell::RefCell;
use std::rc::Rc;

use embedded_storage_async::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

pub(crate) const SECTOR: usize = 4_096;
pub(crate) const WORD: usize = 4;

/// The chip: what survives a power cut.
pub(crate) struct Chip {
    pub(crate) bytes: Vec<u8>,
    /// Words and sectors that may still change before the power goes; `None` for a supply that holds.
    pub(crate) budget: Option<u32>,
    /// Words written and sectors erased so far.
    pub(crate) steps: u32,
    pub(crate) erases: u32,
    /// A byte that reads as zero once it was written.
    pub(crate) stuck_at_zero: Option<usize>,
}

impl Chip {
    pub(crate) fn new(sectors: usize) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            bytes: vec![0xFF; sectors * SECTOR],
            budget: None,
            steps: 0,
            erases: 0,
            stuck_at_zero: None,
        }))
    }

    /// Whether there was power for one more step.
    fn step(&mut self) -> bool {
        match &mut self.budget {
            Some(0) => return false,
            Some(left) => *left -= 1,
            None => {}
        }
        self.steps += 1;
        true
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The power is gone: whatever still runs must not change anything.
    PowerCut,
    OutOfBounds,
    Unaligned,
}

impl core::fmt::Display for Fault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl NorFlashError for Fault {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::PowerCut => NorFlashErrorKind::Other,
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::Unaligned => NorFlashErrorKind::NotAligned,
        }
    }
}

/// A part of the chip.
#[derive(Clone)]
pub(crate) struct Region {
    pub(crate) chip: Rc<RefCell<Chip>>,
    pub(crate) start: usize,
    pub(crate) length: usize,
}

impl Region {
    pub(crate) fn whole(chip: &Rc<RefCell<Chip>>) -> Self {
        let length = chip.borrow().bytes.len();
        Self {
            chip: chip.clone(),
            start: 0,
            length,
        }
    }

    fn at(&self, offset: u32, length: usize) -> Result<core::ops::Range<usize>, Fault> {
        let offset = offset as usize;
        if offset + length > self.length {
            return Err(Fault::OutOfBounds);
        }
        Ok(self.start + offset..self.start + offset + length)
    }
}

impl ErrorType for Region {
    type Error = Fault;
}

impl ReadNorFlash for Region {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Fault> {
        let range = self.at(offset, bytes.len())?;
        let chip = self.chip.borrow();
        if chip.budget == Some(0) {
            return Err(Fault::PowerCut);
        }
        bytes.copy_from_slice(&chip.bytes[range]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.length
    }
}

impl NorFlash for Region {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = SECTOR;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Fault> {
        if !(from as usize | to as usize).is_multiple_of(SECTOR) {
            return Err(Fault::Unaligned);
        }
        let range = self.at(from, (to - from) as usize)?;
        let mut chip = self.chip.borrow_mut();
        for start in range.step_by(SECTOR) {
            if !chip.step() {
                // An erase that was cut off leaves some bits as they were and others not.
                let before = &mut chip.bytes[start..start + SECTOR];
                before.iter_mut().step_by(3).for_each(|byte| *byte |= 0xA5);
                return Err(Fault::PowerCut);
            }
            chip.erases += 1;
            chip.bytes[start..start + SECTOR].fill(0xFF);
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Fault> {
        if !(offset as usize | bytes.len()).is_multiple_of(WORD) {
            return Err(Fault::Unaligned);
        }
        let range = self.at(offset, bytes.len())?;
        let mut chip = self.chip.borrow_mut();
        for (start, word) in range.step_by(WORD).zip(bytes.chunks(WORD)) {
            if !chip.step() {
                return Err(Fault::PowerCut);
            }
            for (place, byte) in chip.bytes[start..start + WORD].iter_mut().zip(word) {
                // A write only clears bits.
                *place &= byte;
            }
            if let Some(at) = chip
                .stuck_at_zero
                .filter(|at| (start..start + WORD).contains(at))
            {
                chip.bytes[at] = 0;
            }
        }
        Ok(())
    }
}
