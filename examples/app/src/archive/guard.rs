//! A card whose errors are remembered and whose patience is limited.

use core::cell::Cell;
use core::fmt;

use embassy_futures::yield_now;
use embedded_hal::delay::DelayNs;
use embedded_hal::spi::SpiDevice;
use embedded_sdmmc::{Block, BlockCount, BlockDevice, BlockIdx, SdCard};

use super::volume::{Layout, Next};

/// Blocks that may be read in one go, a third of a second or so.
pub(super) const READS: u32 = 600;

/// A block device that may be another one after a while, since somebody changed the card.
pub trait Card: BlockDevice {
    /// Forgets what is known of the card; the next access gets to know the one that is there.
    fn restart(&self) {}
}

impl<SPI: SpiDevice<u8>, D: DelayNs> Card for SdCard<SPI, D> {
    fn restart(&self) {
        self.mark_card_uninit();
    }
}

/// Why an access failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Fault {
    /// The card did not do it.
    Device,
    /// It would have taken too long in one go.
    Budget,
    /// What is there can not be.
    Damaged,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Device => "the card does not answer: is it in its slot?",
            Self::Budget => "the card is searched for too long in one go",
            Self::Damaged => "the file system of the card is damaged: repair or format it",
        })
    }
}

impl core::error::Error for Fault {}

/// What is kept over all the copies of a [`Guarded`].
pub(super) struct Guard<D> {
    card: D,
    /// Blocks that may still be read before somebody else has to have a turn.
    reads_left: Cell<u32>,
    fault: Cell<Option<Fault>>,
    /// What blocks are looked at by, once it is known: the file system stops the program on some numbers that can
    /// not be, and computes on with others.
    layout: Cell<Option<Layout>>,
}

impl<D: Card> Guard<D> {
    pub(super) const fn new(card: D) -> Self {
        Self {
            card,
            reads_left: Cell::new(0),
            fault: Cell::new(None),
            layout: Cell::new(None),
        }
    }

    /// Allows so many blocks to be read in one go from here on.
    pub(super) fn allow(&self, reads: u32) {
        self.reads_left.set(reads);
        self.fault.set(None);
    }

    /// What went wrong since [`allow`](Self::allow): the file system does not always tell.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault.get()
    }

    /// Forgets the card that was there.
    pub(super) fn restart(&self) {
        self.layout.set(None);
        self.card.restart();
    }

    /// From here on blocks have to fit to this.
    pub(super) fn expect(&self, layout: Layout) {
        self.layout.set(Some(layout));
    }

    /// Reads an entry of a folder and follows the clusters of its file: whether there are enough of them, and an end.
    /// The file system would take a free cluster for one of them and write to where it must not.
    pub(super) async fn is_sound(&self, at: u32, offset: u32) -> Result<bool, Fault> {
        let Some(layout) = self.layout.get() else {
            return Ok(false);
        };
        let mut block = Block::new();
        self.read(&mut block, at)?;
        let (mut cluster, needed) = layout.file(&block, offset);
        if cluster == 0 {
            return Ok(needed == 0);
        }
        let mut count = 0;
        while layout.has(cluster) && count <= layout.end {
            self.allow(READS);
            self.read(&mut block, layout.block_of(cluster))?;
            let (more, next) = layout.follow(&block, cluster);
            count += more;
            match next {
                Next::Cluster(next) => cluster = next,
                Next::End => return Ok(count >= needed),
                Next::Broken => return Ok(false),
            }
            yield_now().await;
        }
        Ok(false)
    }

    fn fail(&self, fault: Fault) -> Fault {
        self.fault.set(Some(fault));
        fault
    }

    pub(super) fn read(&self, block: &mut Block, at: u32) -> Result<(), Fault> {
        Guarded(self).read(core::slice::from_mut(block), BlockIdx(at))
    }

    pub(super) fn write(&self, block: &Block, at: u32) -> Result<(), Fault> {
        Guarded(self).write(core::slice::from_ref(block), BlockIdx(at))
    }
}

/// The card as the file system sees it.
pub(super) struct Guarded<'a, D>(pub(super) &'a Guard<D>);

impl<D: Card> BlockDevice for Guarded<'_, D> {
    type Error = Fault;

    fn read(&self, blocks: &mut [Block], start: BlockIdx) -> Result<(), Fault> {
        let count = u32::try_from(blocks.len()).unwrap_or(u32::MAX);
        let Some(left) = self.0.reads_left.get().checked_sub(count) else {
            return Err(self.0.fail(Fault::Budget));
        };
        self.0.reads_left.set(left);
        let result = self.0.card.read(blocks, start);
        result.map_err(|_| self.0.fail(Fault::Device))?;
        if let Some(layout) = self.0.layout.get() {
            for (at, block) in (start.0..).zip(blocks.iter()) {
                if !layout.accepts(block, at) {
                    return Err(self.0.fail(Fault::Damaged));
                }
            }
        }
        Ok(())
    }

    fn write(&self, blocks: &[Block], start: BlockIdx) -> Result<(), Fault> {
        let result = self.0.card.write(blocks, start);
        result.map_err(|_| self.0.fail(Fault::Device))
    }

    fn num_blocks(&self) -> Result<BlockCount, Fault> {
        let result = self.0.card.num_blocks();
        result.map_err(|_| self.0.fail(Fault::Device))
    }
}
