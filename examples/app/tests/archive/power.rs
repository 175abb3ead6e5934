//! The supply goes away at every single write of a block, also in the middle of it.

use std::time::Instant;

use embassy_futures::block_on;
use smart_meter::archive::{Failure, Opened, Slot, line};
use smart_meter::record::Id;

use super::disk::{Cut, Disk};
use super::records::{numbers, reading};

/// Writes the records of `from..to` in batches of `batch` sectors; how many are committed.
pub(crate) fn write(
    slot: &Slot<Disk>,
    from: &mut u32,
    to: u32,
    batch: u32,
) -> Result<Opened, Failure> {
    slot.set_time(Some(1_795_689_936_123));
    let (mut writer, opened) = block_on(slot.mount())?;
    if let Some(last) = opened.last {
        // What is there although it was not committed need not be written again.
        *from = (*from).max(last.seq + 1);
    }
    let mut next = *from;
    while next < to {
        for _ in 0..batch {
            let mut sector = [0; 512];
            let first = if writer.begins()? {
                line::header()
            } else {
                next += 1;
                line::of(&reading(next - 1))
            };
            sector[..256].copy_from_slice(&first);
            sector[256..].copy_from_slice(&line::of(&reading(next)));
            next += 1;
            writer.put(&sector)?;
        }
        writer.commit()?;
        *from = next;
    }
    Ok(opened)
}

fn cut_everywhere(base: &Disk, tears: &[usize]) {
    let begun = Instant::now();
    // Three batches on a card that has two already.
    let mut committed = 0;
    write(&Slot::new(base.clone()), &mut committed, 7, 2).unwrap();
    let (before, end) = (committed, committed + 18);
    let whole = base.copy();
    write(&Slot::new(whole.clone()), &mut committed, end, 3).unwrap();
    let writes = whole.writes();
    assert_eq!(
        numbers(&whole.file("DATA.CSV")),
        (0..end).collect::<Vec<_>>()
    );

    let disk = base.copy();
    let mut runs = 0;
    for cut in 0..writes {
        for bytes in tears {
            disk.reset(base);
            disk.cut(Some(Cut {
                writes: cut,
                bytes: *bytes,
            }));
            let mut committed = before;
            let failure = write(&Slot::new(disk.clone()), &mut committed, end, 3).unwrap_err();
            // The file system calls a failed write of its table a full card; the guard knows better.
            assert_eq!(failure, Failure::Device, "cut {cut} after {bytes}");

            // Mains are back.
            disk.cut(None);
            let safe = committed;
            let slot = Slot::new(disk.clone());
            let (writer, opened) = block_on(slot.mount()).unwrap();
            drop(writer);
            let found = numbers(&disk.file("DATA.CSV"));
            assert!(
                found.len() >= safe as usize,
                "cut {cut} after {bytes}: {found:?}, {safe} were safe"
            );
            assert_eq!(
                found,
                (0..u32::try_from(found.len()).unwrap()).collect::<Vec<_>>()
            );
            let last = found.last().map(|seq| Id { boot: 7, seq: *seq });
            assert_eq!(opened.last, last, "cut {cut} after {bytes}");

            // And the rest is written, each once.
            write(&slot, &mut committed, end, 3).unwrap();
            let found = numbers(&disk.file("DATA.CSV"));
            assert_eq!(
                found[..end as usize],
                (0..end).collect::<Vec<_>>(),
                "cut {cut} after {bytes}"
            );
            runs += 1;
        }
    }
    println!("{runs} cuts at {writes} writes in {:?}", begun.elapsed());
}

/// Parts of a block that may get there: lines are checked, entries of folders have 32 bytes.
const TEARS: [usize; 7] = [0, 32, 128, 256, 288, 384, 480];

#[test]
fn fat16() {
    cut_everywhere(&Disk::small(), &TEARS);
}

#[test]
fn fat32() {
    cut_everywhere(&Disk::large(), &TEARS);
}

/// A block of data torn at any byte, with the folder saying that it is there: what a card does that takes writes in
/// another order.
#[test]
fn a_torn_last_block_is_told_and_emptied() {
    let base = Disk::small();
    let mut committed = 0;
    write(&Slot::new(base.clone()), &mut committed, 21, 1).unwrap();
    assert_eq!(committed, 21);
    let file = base.file("DATA.CSV");
    let last = &file[file.len() - 512..];
    let at = base.edit(|bytes| {
        bytes
            .windows(512)
            .rposition(|window| window == last)
            .unwrap()
    });
    for torn in 0..512 {
        let disk = base.copy();
        disk.edit(|bytes| bytes[at + torn..at + 512].fill(0xff));
        let slot = Slot::new(disk.clone());
        let (_, opened) = block_on(slot.mount()).unwrap();
        let id = Id { boot: 7, seq: 18 };
        assert_eq!(
            opened,
            Opened {
                last: Some(id),
                damaged: 1
            },
            "torn at {torn}"
        );
        assert_eq!(numbers(&disk.file("DATA.CSV")), (0..19).collect::<Vec<_>>());
        let mut from = 19;
        write(&slot, &mut from, 23, 1).unwrap();
        assert_eq!(numbers(&disk.file("DATA.CSV")), (0..23).collect::<Vec<_>>());
    }
}

/// The same with the last hundred blocks.
#[test]
fn many_damaged_blocks_are_emptied_and_too_many_begin_a_file() {
    for (damaged, name) in [(127, "DATA.CSV"), (128, "DATA0001.CSV")] {
        let disk = Disk::small();
        let slot = Slot::new(disk.clone());
        let mut committed = 0;
        write(&slot, &mut committed, 400, 10).unwrap();
        let file = disk.file("DATA.CSV");
        for block in file.rchunks(512).take(damaged) {
            let at = disk.edit(|bytes| {
                bytes
                    .windows(512)
                    .rposition(|window| window == block)
                    .unwrap()
            });
            disk.edit(|bytes| bytes[at + 100] ^= 0x55);
        }
        let (_, opened) = block_on(slot.mount()).unwrap();
        let left = file.len() / 512 - damaged;
        if name == "DATA.CSV" {
            let seq = u32::try_from(2 * left - 2).unwrap();
            assert_eq!(opened.last, Some(Id { boot: 7, seq }));
            assert_eq!(opened.damaged as usize, damaged);
            assert_eq!(numbers(&disk.file(name)).len(), 2 * left - 1);
        } else {
            assert_eq!(opened, Opened::default());
            assert_eq!(disk.file("DATA.CSV").len(), file.len());
        }
    }
}
