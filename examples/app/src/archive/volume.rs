//! Where things are on a card, as far as the file system can not be trusted with it: `embedded-sdmmc` divides by what
//! it finds there.

use embedded_sdmmc::Block;
use embedded_sdmmc::fat::Bpb;

use super::guard::{Card, Fault, Guard};

/// The first partition of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// First block of the file allocation table.
    table: u32,
    /// Blocks of it, without its copy, which is never read.
    table_blocks: u32,
    /// The block with the hint where free space is; FAT32 has one.
    pub(super) info: Option<u32>,
    /// Blocks of a cluster.
    per_cluster: u32,
    /// Clusters are numbered from 2 up to this, which there is none of.
    pub(super) end: u32,
}

/// What comes after a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Cluster(u32),
    End,
    /// Something that is no cluster of a file.
    Broken,
}

/// Why there is no such partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LayoutError {
    Fault(Fault),
    /// No partition table, no FAT, or numbers that can not be.
    Format,
}

impl From<Fault> for LayoutError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

fn u16_at(block: &Block, at: usize) -> u32 {
    match block.get(at..).and_then(<[u8]>::first_chunk) {
        Some(bytes) => u16::from_le_bytes(*bytes).into(),
        None => 0,
    }
}

pub(super) fn u32_at(block: &Block, at: usize) -> u32 {
    match block.get(at..).and_then(<[u8]>::first_chunk) {
        Some(bytes) => u32::from_le_bytes(*bytes),
        None => 0,
    }
}

impl Layout {
    /// Whether a block that was read can be what it has to be at its place: each entry of the table is free, bad, an
    /// end, or the number of a cluster that there is.
    pub(super) fn accepts(&self, block: &Block, at: u32) -> bool {
        let Some(nth) = at
            .checked_sub(self.table)
            .filter(|nth| *nth < self.table_blocks)
        else {
            return true;
        };
        // The first two entries are not those of clusters.
        let skip = if nth == 0 { 2 } else { 0 };
        let special = self.entry().1 - 9;
        self.entries(block)
            .skip(skip)
            .all(|entry| entry == 0 || self.has(entry) || entry >= special)
    }

    /// The entries in a block of the table.
    pub(super) fn entries<'a>(&self, block: &'a Block) -> impl Iterator<Item = u32> + use<'a> {
        let (size, mask) = self.entry();
        block.chunks_exact(size as usize).map(move |bytes| {
            let value = bytes
                .iter()
                .rev()
                .fold(0, |sum, byte| sum << 8 | u32::from(*byte));
            value & mask
        })
    }

    /// Whether there is a cluster of this number.
    pub(super) fn has(&self, cluster: u32) -> bool {
        (2..self.end).contains(&cluster)
    }

    /// The block of the table with the entry of a cluster.
    pub(super) const fn block_of(&self, cluster: u32) -> u32 {
        self.table.saturating_add(cluster / (512 / self.entry().0))
    }

    /// Bytes of an entry, and which of its bits count.
    pub(super) const fn entry(&self) -> (u32, u32) {
        match self.info {
            Some(_) => (4, 0x0fff_ffff),
            None => (2, 0xffff),
        }
    }

    /// Where a file begins, and the clusters it needs, from its entry in a folder.
    pub(super) fn file(&self, block: &Block, offset: u32) -> (u32, u32) {
        let at = offset as usize;
        let high = if self.info.is_some() {
            u16_at(block, at + 20)
        } else {
            0
        };
        let length = u32_at(block, at + 28);
        (
            high << 16 | u16_at(block, at + 26),
            length.div_ceil(self.per_cluster * 512),
        )
    }

    /// Follows the clusters of a file as far as one block of the table tells.
    pub(super) fn follow(&self, block: &Block, from: u32) -> (u32, Next) {
        let per_block = 512 / self.entry().0;
        let (mut at, mut count) = (from, 0);
        // A circle within a block has no more entries than the block.
        while at / per_block == from / per_block && count <= per_block {
            count += 1;
            match self.entries(block).nth((at % per_block) as usize) {
                Some(next) if self.has(next) => at = next,
                Some(next) if next > self.entry().1 - 8 => return (count, Next::End),
                _ => return (count, Next::Broken),
            }
        }
        (count, Next::Cluster(at))
    }

    /// Reads the partition table, the first block of the first partition, and for FAT32 the block with the hint.
    pub(super) fn read<D: Card>(guard: &Guard<D>, block: &mut Block) -> Result<Self, LayoutError> {
        guard.read(block, 0)?;
        let (start, length) = (u32_at(block, 446 + 8), u32_at(block, 446 + 12));
        // A card without a partition table has its file system in the first block.
        if u16_at(block, 510) != 0xaa55 || start == 0 || start.checked_add(length).is_none() {
            return Err(LayoutError::Format);
        }
        guard.read(block, start)?;
        let layout = Self::parse(block, start, length).ok_or(LayoutError::Format)?;
        if let Some(info) = layout.info {
            guard.read(block, info)?;
            let signatures = [0, 484, 508].map(|at| u32_at(block, at));
            if signatures != [0x4161_5252, 0x6141_7272, 0xaa55_0000] {
                return Err(LayoutError::Format);
            }
        }
        Ok(layout)
    }

    /// From the first block of a partition; `None` when its numbers do not fit together.
    fn parse(block: &Block, start: u32, length: u32) -> Option<Self> {
        let [per_cluster, fats] = [block.get(13)?, block.get(16)?].map(|byte| u32::from(*byte));
        let reserved = u16_at(block, 14);
        let root_blocks = (u16_at(block, 17) * 32).div_ceil(512);
        let or = |short: u32, long: u32| if short == 0 { long } else { short };
        let blocks = or(u16_at(block, 19), u32_at(block, 32));
        let table_blocks = or(u16_at(block, 22), u32_at(block, 36));
        let before_data = fats
            .checked_mul(table_blocks)?
            .checked_add(reserved)?
            .checked_add(root_blocks)?;
        let is_sane = u16_at(block, 11) == 512
            && per_cluster.is_power_of_two()
            && (1..=2).contains(&fats)
            && reserved > 0
            && blocks > before_data
            && blocks <= length;
        if !is_sane {
            return None;
        }
        // From here on no division by zero and no negative number is left.
        let bpb = Bpb::create_from_bytes(block).ok()?;
        let end = bpb.total_clusters() + 2;
        let info = bpb.fs_info_block();
        let entries = if info.is_some() { 128 } else { 256 };
        let has_root = info.is_none() || (2..end).contains(&bpb.first_root_dir_cluster());
        if table_blocks < end.div_ceil(entries) || !has_root {
            return None;
        }
        Some(Self {
            table: start.checked_add(reserved)?,
            table_blocks,
            per_cluster,
            info: info.map(|count| start.saturating_add(count.0)),
            end,
        })
    }
}
