//! Many places in flash.

use super::Snapshot;

/// What to do to store a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Write {
    /// The page to erase before.
    pub erase: Option<u16>,
    /// The page to write in.
    pub page: u16,
    /// Which place of it, from 0.
    pub place: u16,
    /// What to write there.
    pub bytes: [u8; Snapshot::BYTES],
}

/// Pages of flash with several places each, written one after the other: with `n` places a page is erased once in
/// `n` times that something is stored.
///
/// What a power cut can damage is one place that was being written, or one page that was being erased, which held
/// the oldest states: whatever it looks like afterwards, the latest state is in another page. After a restart it
/// goes on in a page that is erased anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ring {
    pages: u16,
    places: u16,
    /// Where the last one was stored.
    page: u16,
    place: u16,
    sequence: u32,
    is_found: bool,
}

impl Ring {
    /// So many pages, two at least, with so many places of [`Snapshot::BYTES`] each, one at least; `None` for fewer.
    #[must_use]
    pub const fn new(pages: u16, places: u16) -> Option<Self> {
        if pages < 2 || places == 0 {
            return None;
        }
        Some(Self {
            pages,
            places,
            page: pages - 1,
            place: places - 1,
            sequence: u32::MAX,
            is_found: false,
        })
    }

    /// Looks at what is in a place. After a restart every place has to be looked at, in any order. Gives the state in it
    /// when that is later than all before: the last one that is given is the one to go on from.
    pub fn look(&mut self, page: u16, bytes: &[u8; Snapshot::BYTES]) -> Option<Snapshot> {
        let snapshot = Snapshot::decode(bytes).ok()?;
        // Sequence numbers wrap, and those of a ring are never far apart.
        let is_earlier = snapshot.sequence.wrapping_sub(self.sequence) > u32::MAX / 2;
        if page >= self.pages || self.is_found && is_earlier {
            return None;
        }
        self.is_found = true;
        self.sequence = snapshot.sequence;
        self.page = page;
        // What is behind it in its page may be half written.
        self.place = self.places - 1;
        Some(snapshot)
    }

    /// What to write next and where. Write it whole before the next call; what fails costs no more than that, since
    /// the next one goes to another place.
    pub fn store(&mut self, mut snapshot: Snapshot) -> Write {
        self.sequence = self.sequence.wrapping_add(1);
        snapshot.sequence = self.sequence;
        let is_full = self.place + 1 >= self.places;
        if is_full {
            self.place = 0;
            self.page = if self.page + 1 < self.pages {
                self.page + 1
            } else {
                0
            };
        } else {
            self.place += 1;
        }
        Write {
            erase: is_full.then_some(self.page),
            page: self.page,
            place: self.place,
            bytes: snapshot.encode(),
        }
    }
}
