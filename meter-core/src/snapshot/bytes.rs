//! Numbers in bytes, little endian.

use super::SnapshotError;
use crate::energy::Register;

pub(crate) struct Writer<'a>(pub(super) &'a mut [u8]);

impl Writer<'_> {
    // A hundred calls, which are not to be a hundred copies.
    #[inline(never)]
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        let slots = core::mem::take(&mut self.0);
        if let Some((slot, rest)) = slots.split_at_mut_checked(bytes.len()) {
            slot.copy_from_slice(bytes);
            self.0 = rest;
        }
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.put(&value.to_le_bytes());
    }
}

pub(crate) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    #[inline(never)]
    pub(crate) fn take<const N: usize>(&mut self) -> [u8; N] {
        let Some((head, rest)) = self.0.split_first_chunk() else {
            return [0; N];
        };
        self.0 = rest;
        *head
    }

    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    #[inline(never)]
    pub(crate) fn register(&mut self) -> Result<Register, SnapshotError> {
        let mwh = self.u64();
        let rest = u32::from_le_bytes(self.take());
        Register::from_parts(mwh, rest).ok_or(SnapshotError::Range)
    }
}
