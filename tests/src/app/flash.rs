//! A NOR flash in memory that can lose its supply in the middle of anything.

use std::cell::{Ref, RefCell};
use std::convert::Infallible;
use std::future::pending;
use std::rc::Rc;

use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};
use meter_sim::random::Random;

use super::time::Time;

/// Bytes of a page.
pub const PAGE: usize = 4_096;
/// Bytes of a word.
pub const WORD: usize = 4;

/// How long things take; the processor does nothing else meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Durations {
    /// To erase a page, in microseconds.
    pub erase_us: u64,
    /// To write up to 256 bytes.
    pub write_us: u64,
}

impl Durations {
    /// Typical values of the data sheets of 4 MB chips.
    pub const TYPICAL: Self = Self {
        erase_us: 45_000,
        write_us: 700,
    };
    /// Time does not pass.
    pub const NONE: Self = Self {
        erase_us: 0,
        write_us: 0,
    };
}

/// What happened to a flash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Pages erased.
    pub erases: u64,
    /// Bytes written.
    pub bytes_written: u64,
    /// Bytes read.
    pub bytes_read: u64,
    /// Times the supply went in the middle of a write or an erase.
    pub cuts: u64,
    /// Of these, those in the middle of an erase.
    pub erase_cuts: u64,
}

/// A flash; clones are handles to the same.
///
/// A word is written twice at most, the second time to clear bits. When the supply goes during a write, words
/// before the one it happens at are written, of that one some bits are; during an erase any part of the page may be
/// erased, anything or undefined.
#[derive(Clone, Debug)]
pub struct Flash {
    state: Rc<RefCell<State>>,
    time: Time,
}

#[derive(Debug)]
struct State {
    bytes: Vec<u8>,
    /// How often each word was written since it was erased.
    writes: Vec<u8>,
    page_erases: Vec<u32>,
    durations: Durations,
    counts: Counts,
    /// Words that can be written, or pages that can be erased as so many words, until the supply goes.
    words_left: Option<u64>,
    /// Nothing works any more.
    is_broken: bool,
    random: Random,
}

impl Flash {
    /// So many erased pages.
    #[must_use]
    pub fn new(pages: usize, seed: u64, time: &Time) -> Self {
        Self {
            state: Rc::new(RefCell::new(State {
                bytes: vec![0xFF; pages * PAGE],
                writes: vec![0; pages * PAGE / WORD],
                page_erases: vec![0; pages],
                durations: Durations::TYPICAL,
                counts: Counts::default(),
                words_left: None,
                is_broken: false,
                random: Random::new(seed),
            })),
            time: time.clone(),
        }
    }

    /// Other durations.
    pub fn set_durations(&self, durations: Durations) {
        self.state.borrow_mut().durations = durations;
    }

    /// The supply goes after so many more words: a page that is erased counts as 250.
    pub fn cut_after(&self, words: Option<u64>) {
        self.state.borrow_mut().words_left = words;
    }

    /// Writes and erases fail, or work again.
    pub fn set_broken(&self, is_broken: bool) {
        self.state.borrow_mut().is_broken = is_broken;
    }

    /// What happened so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.state.borrow().counts
    }

    /// How often each page was erased.
    #[must_use]
    pub fn page_erases(&self) -> Vec<u32> {
        self.state.borrow().page_erases.clone()
    }

    /// All of it.
    #[must_use]
    pub fn bytes(&self) -> Ref<'_, [u8]> {
        Ref::map(self.state.borrow(), |state| state.bytes.as_slice())
    }

    /// Overwrites bytes with noise, as what another program left there.
    pub fn scribble(&self, from: usize, length: usize) {
        let mut state = self.state.borrow_mut();
        for at in from..from + length {
            let byte = state.random.byte();
            if let Some(slot) = state.bytes.get_mut(at) {
                *slot = byte;
            }
        }
    }
}

/// Words that an erased page counts as.
const ERASE_WORDS: u64 = 250;

impl State {
    /// Whether the supply lasts for one more step.
    fn lasts(&mut self, words: u64) -> bool {
        match &mut self.words_left {
            None => true,
            Some(left) if *left >= words => {
                *left -= words;
                true
            }
            Some(_) => {
                self.words_left = None;
                self.counts.cuts += 1;
                false
            }
        }
    }

    /// Writes a word, as far as the supply lasts; whether it did.
    #[allow(clippy::panic, reason = "a test double that is misused")]
    fn write_word(&mut self, at: usize, word: &[u8]) -> bool {
        let lasts = self.lasts(1);
        let Some(writes) = self.writes.get_mut(at / WORD) else {
            panic!("a write beyond the end at {at:#x}");
        };
        *writes += 1;
        assert!(
            *writes <= 2,
            "a word is written for the third time at {at:#x}"
        );
        let noise: [u8; WORD] = std::array::from_fn(|_| self.random.byte());
        let slots = self.bytes.get_mut(at..at + WORD).unwrap_or_default();
        for ((slot, byte), noise) in slots.iter_mut().zip(word).zip(noise) {
            // Bits that are to become 0 do or do not when the supply goes.
            *slot &= if lasts { *byte } else { *byte | noise };
        }
        lasts
    }

    /// Erases a page, as far as the supply lasts; whether it did.
    fn erase_page(&mut self, page: usize) -> bool {
        let lasts = self.lasts(ERASE_WORDS);
        self.counts.erase_cuts += u64::from(!lasts);
        if let Some(count) = self.page_erases.get_mut(page) {
            *count += 1;
        }
        self.counts.erases += 1;
        let (start, end) = (page * PAGE, (page + 1) * PAGE);
        // An erase that is cut off has done part of the page, from either end, or left bits of all of it.
        let kind = if lasts { 0 } else { self.random.below(3) };
        let part = self.random.below(PAGE as u64) as usize;
        for at in start..end {
            let is_done = lasts || kind == 0 && at - start < part || kind == 1 && end - at <= part;
            let noise = self.random.byte();
            if let Some(slot) = self.bytes.get_mut(at) {
                *slot = if is_done {
                    0xFF
                } else if kind == 2 {
                    *slot | noise
                } else {
                    *slot
                };
            }
        }
        let words = start / WORD..end / WORD;
        for writes in self.writes.get_mut(words).unwrap_or_default() {
            *writes = 0;
        }
        lasts
    }
}

/// What goes wrong with a flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

impl embedded_storage_async::nor_flash::NorFlashError for Broken {
    fn kind(&self) -> embedded_storage_async::nor_flash::NorFlashErrorKind {
        embedded_storage_async::nor_flash::NorFlashErrorKind::Other
    }
}

impl ErrorType for Flash {
    type Error = Broken;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = WORD;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Broken> {
        let mut state = self.state.borrow_mut();
        let from = offset as usize;
        assert!(
            from.is_multiple_of(WORD) && bytes.len().is_multiple_of(WORD),
            "an unaligned read"
        );
        state.counts.bytes_read += bytes.len() as u64;
        bytes.copy_from_slice(&state.bytes[from..from + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.state.borrow().bytes.len()
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Broken> {
        let pages = from as usize / PAGE..to as usize / PAGE;
        assert!((from as usize).is_multiple_of(PAGE) && (to as usize).is_multiple_of(PAGE));
        for page in pages {
            let lasts = {
                let mut state = self.state.borrow_mut();
                if state.is_broken {
                    return Err(Broken);
                }
                self.time.stall_us(state.durations.erase_us);
                state.erase_page(page)
            };
            if !lasts {
                dark(&self.time).await;
            }
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Broken> {
        let from = offset as usize;
        assert!(
            from.is_multiple_of(WORD) && bytes.len().is_multiple_of(WORD),
            "an unaligned write"
        );
        assert!(
            (bytes.as_ptr() as usize).is_multiple_of(WORD),
            "a write from an unaligned address"
        );
        let mut lasts = true;
        {
            let mut state = self.state.borrow_mut();
            if state.is_broken {
                return Err(Broken);
            }
            let chunks = bytes.len().div_ceil(256) as u64;
            self.time.stall_us(state.durations.write_us * chunks);
            for (index, word) in bytes.chunks_exact(WORD).enumerate() {
                lasts = state.write_word(from + index * WORD, word);
                if !lasts {
                    break;
                }
                state.counts.bytes_written += WORD as u64;
            }
        }
        if !lasts {
            dark(&self.time).await;
        }
        Ok(())
    }
}

impl MultiwriteNorFlash for Flash {}

/// Nothing goes on from here.
async fn dark(time: &Time) -> Infallible {
    time.go_dark();
    pending().await
}
