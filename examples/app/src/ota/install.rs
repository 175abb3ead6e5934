//! An image on its way into the slot that does not run.

use sha2::{Digest, Sha256};

use super::error::UpdateError;
use super::image::{HEADER, Header};
use super::slots::Slots;
use super::verify::{Policy, Verifier};

/// Bytes that are written or read at once: a multiple of 4, and a sector is a multiple of it.
const PAGE: usize = 512;

/// Writes an image piece by piece. Whatever happens on the way, the firmware that runs is started again.
pub struct Install<'a, S: Slots> {
    slots: &'a mut S,
    policy: Policy<'a>,
    verifier: Verifier<'a>,
    page: heapless::Vec<u8, PAGE>,
    written: u32,
    erased: u32,
}

impl<'a, S: Slots> Install<'a, S> {
    /// Nothing has come yet. The room of the slot is put into the policy.
    pub fn new(slots: &'a mut S, policy: Policy<'a>) -> Self {
        let room = policy.room.min(slots.room());
        let policy = Policy { room, ..policy };
        Self {
            slots,
            policy,
            verifier: Verifier::new(policy),
            page: heapless::Vec::new(),
            written: 0,
            erased: 0,
        }
    }

    /// Bytes of the image that have come: what a server has to leave out when it sends the rest.
    #[must_use]
    pub fn received(&self) -> u32 {
        self.verifier.received()
    }

    /// How much has come in percent, once the header has.
    #[must_use]
    pub fn percent(&self) -> Option<u8> {
        let total = u64::from(self.verifier.header()?.length) + HEADER as u64;
        let percent = (u64::from(self.received()) * 100).checked_div(total)?;
        u8::try_from(percent).ok()
    }

    /// Begins again with the first byte.
    pub fn restart(&mut self) {
        self.verifier = Verifier::new(self.policy);
        self.page.clear();
        self.written = 0;
        self.erased = 0;
    }

    /// Takes a piece. Nothing is erased before the signature was verified. The future has to be run to its end.
    ///
    /// # Errors
    /// [`UpdateError`]: the image is not to be continued.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), UpdateError> {
        let mut body = self.verifier.push(bytes)?;
        while !body.is_empty() {
            let room = PAGE - self.page.len();
            let (part, rest) = body.split_at_checked(room).unwrap_or((body, &[]));
            // No more than there is room.
            let _ = self.page.extend_from_slice(part);
            body = rest;
            if self.page.is_full() {
                self.write_page().await?;
            }
        }
        Ok(())
    }

    /// All of it has come. It is read back from the slot and compared with what was signed. The future has to be run
    /// to its end.
    ///
    /// # Errors
    /// [`UpdateError`]: the image is not to be started.
    pub async fn finish(mut self) -> Result<Header, UpdateError> {
        if !self.page.is_empty() {
            while !self.page.len().is_multiple_of(4) {
                let _ = self.page.push(0xFF);
            }
            self.write_page().await?;
        }
        let Self {
            slots, verifier, ..
        } = self;
        let header = verifier.finish()?;
        let mut hash = Sha256::new();
        let mut buffer = [0; PAGE];
        let mut at = 0;
        while at < header.length {
            let left = usize::try_from(header.length - at).unwrap_or(PAGE);
            let wanted = left.next_multiple_of(4).min(PAGE);
            let Some(part) = buffer.get_mut(..wanted) else {
                return Err(UpdateError::ReadBack);
            };
            slots.read(at, part).await?;
            hash.update(part.get(..left).unwrap_or(part));
            at += u32::try_from(wanted).unwrap_or(u32::MAX);
        }
        if *hash.finalize() != header.sha256 {
            return Err(UpdateError::ReadBack);
        }
        Ok(header)
    }

    async fn write_page(&mut self) -> Result<(), UpdateError> {
        let end = self.written + u32::try_from(self.page.len()).unwrap_or(0);
        if end > self.erased {
            let to = end.next_multiple_of(S::SECTOR);
            self.slots.erase(self.erased, to).await?;
            self.erased = to;
        }
        self.slots.write(self.written, &self.page).await?;
        self.written = end;
        self.page.clear();
        Ok(())
    }
}
