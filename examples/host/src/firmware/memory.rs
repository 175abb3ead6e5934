//! A slot for firmware in memory, to load an image as a meter does without being one.

use smart_meter::ota::{Slot, SlotError, Slots};

/// As much as the largest partition of a meter with 4 MB has.
const ROOM: u32 = 0x1F_0000;

pub(super) struct MemorySlot(Vec<u8>);

impl MemorySlot {
    pub(super) fn new() -> Self {
        Self(vec![0xFF; ROOM as usize])
    }

    fn part(&mut self, at: u32, length: usize) -> Option<&mut [u8]> {
        let at = usize::try_from(at).ok()?;
        self.0.get_mut(at..at.checked_add(length)?)
    }
}

impl Slots for MemorySlot {
    fn running(&self) -> Slot {
        Slot::A
    }

    fn room(&self) -> u32 {
        ROOM
    }

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), SlotError> {
        let length = usize::try_from(to.saturating_sub(from)).map_err(|_| SlotError::Erase)?;
        self.part(from, length).ok_or(SlotError::Erase)?.fill(0xFF);
        Ok(())
    }

    async fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), SlotError> {
        self.part(at, bytes.len())
            .ok_or(SlotError::Write)?
            .copy_from_slice(bytes);
        Ok(())
    }

    async fn read(&mut self, at: u32, bytes: &mut [u8]) -> Result<(), SlotError> {
        bytes.copy_from_slice(self.part(at, bytes.len()).ok_or(SlotError::Read)?);
        Ok(())
    }

    async fn active(&mut self) -> Result<Slot, SlotError> {
        Ok(Slot::A)
    }

    async fn activate(&mut self, _: Slot, _: bool) -> Result<(), SlotError> {
        Err(SlotError::Activate)
    }

    async fn is_confirmed(&mut self) -> Result<bool, SlotError> {
        Ok(true)
    }
}
