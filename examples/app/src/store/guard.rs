//! Which page is being erased: an erase that the supply cut off is done again before anybody reads that page.
//!
//! A page that was erased in part may look like anything, even like one that was written to. So its number is written
//! down before, and struck out after. The list takes two pages that are used in turn; a word of it is `0xFFFF_FFFF`
//! where it goes on, a page number beside its complement while that page is being erased, and 0 when that is done.
//! Sixteen of its bits are 0 and sixteen are 1: no word that was written or struck out in part looks like this.

/// Pages of the list.
pub(super) const PAGES: u32 = 2;
const FREE: u32 = u32::MAX;
const DONE: u32 = 0;

/// The word for a page.
pub(super) const fn word(page: u16) -> u32 {
    (!page as u32) << 16 | page as u32
}

/// The page of a word, if it is one.
const fn page(entry: u32) -> Option<u16> {
    let page = entry as u16;
    if entry == word(page) {
        Some(page)
    } else {
        None
    }
}

/// What is found in a page of the list, looked through from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scan {
    /// Entries that are taken.
    pub(super) used: u32,
    /// The page that was being erased when the list ends with it.
    pub(super) pending: Option<u16>,
    /// It holds what no list holds: it was itself being erased.
    pub(super) is_torn: bool,
}

impl Scan {
    pub(super) const fn new() -> Self {
        Self {
            used: 0,
            pending: None,
            is_torn: false,
        }
    }

    /// Takes the next word.
    pub(super) const fn push(&mut self, at: u32, entry: u32) {
        if entry == FREE {
            return;
        }
        // After a free one, and after one that was not struck out, there is nothing more.
        if at != self.used || self.pending.is_some() {
            self.is_torn = true;
        }
        self.used = at.saturating_add(1);
        if entry != DONE {
            self.pending = page(entry);
        }
    }
}
