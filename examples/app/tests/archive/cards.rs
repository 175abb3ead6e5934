//! Cards as people have them.

use std::task::{Context, Poll, Waker};

use embassy_futures::block_on;
use fatfs::FatType;
use smart_meter::archive::{Failure, ROLL_BYTES, Slot};

use super::disk::Disk;
use super::power::write;
use super::records::numbers;

fn mount(disk: &Disk) -> Result<(), Failure> {
    let slot = Slot::new(disk.clone());
    block_on(slot.mount()).map(|_| ())
}

#[test]
fn a_new_card_gets_a_file() {
    for disk in [
        Disk::small(),
        Disk::large(),
        Disk::formatted(40_000, FatType::Fat16, 4_096),
        Disk::formatted(600_000, FatType::Fat32, 4_096),
    ] {
        let mut committed = 0;
        write(&Slot::new(disk.clone()), &mut committed, 9, 1).unwrap();
        assert_eq!(numbers(&disk.file("data.csv")), (0..9).collect::<Vec<_>>());
        // Closed and opened again it goes on.
        write(&Slot::new(disk.clone()), &mut committed, 19, 2).unwrap();
        assert_eq!(
            numbers(&disk.file("data.csv")),
            (0..committed).collect::<Vec<_>>()
        );
        assert_eq!(disk.names(), ["DATA.CSV"]);
        disk.on_pc(|root| {
            let entry = root.iter().next().unwrap().unwrap();
            let date = entry.modified();
            assert_eq!(
                (date.date.year, date.date.month, date.date.day),
                (2026, 11, 26)
            );
            assert_eq!((date.time.hour, date.time.min), (10, 45));
        });
    }
}

#[test]
fn no_card() {
    let disk = Disk::small();
    disk.take_out();
    assert_eq!(mount(&disk), Err(Failure::Device));
    assert!(!Slot::new(disk.clone()).is_present());
    assert!(disk.reads() <= 2);
    assert_eq!(disk.restarts(), 1);
}

#[test]
fn what_is_not_fat_is_told_and_left_alone() {
    let check = |name: &str, disk: Disk| {
        let before = disk.edit(|bytes| bytes.to_vec());
        assert_eq!(mount(&disk), Err(Failure::Format), "{name}");
        assert!(disk.edit(|bytes| *bytes == *before), "{name}: written to");
    };
    check("zeros", Disk::blank(5_000));
    check("FAT12", Disk::formatted(2_000, FatType::Fat12, 512));
    for kind in [0x07, 0x83, 0xee, 0x00] {
        let disk = Disk::small();
        disk.edit(|bytes| bytes[446 + 4] = kind);
        check("another kind of partition", disk);
    }
    // A card without a partition table.
    let disk = Disk::small();
    disk.edit(|bytes| bytes.copy_within(64 * 512.., 0));
    check("no partition table", disk);
    // Each of the numbers the file system is computed from, made impossible.
    for (at, value) in [
        (11, 0x0400),
        (13, 0),
        (13, 3),
        (14, 0),
        (16, 0),
        (16, 9),
        (19, 0),
        (19, 1),
        (22, 1),
        (510, 0),
    ] {
        let disk = Disk::small();
        disk.edit(|bytes| {
            let at = 64 * 512 + at;
            let length = if at % 512 == 13 || at % 512 == 16 {
                1
            } else {
                2
            };
            bytes[at..][..length].copy_from_slice(&u16::to_le_bytes(value)[..length]);
        });
        check(&format!("{value} at {at}"), disk);
    }
    for (at, value) in [(36, 1), (44, 0), (44, 0xffff_ffff_u32)] {
        let disk = Disk::large();
        disk.edit(|bytes| bytes[64 * 512 + at..][..4].copy_from_slice(&value.to_le_bytes()));
        check(&format!("{value} at {at}"), disk);
    }
}

#[test]
fn files_of_others_stay_as_they_are() {
    let disk = Disk::small();
    disk.put_file("data.csv", b"time;value\r\n1;2\r\n");
    disk.put_file("photo.jpg", &[7; 3_000]);
    let mut committed = 0;
    write(&Slot::new(disk.clone()), &mut committed, 5, 1).unwrap();
    write(&Slot::new(disk.clone()), &mut committed, 9, 1).unwrap();
    assert_eq!(disk.file("data.csv"), b"time;value\r\n1;2\r\n");
    assert_eq!(disk.file("photo.jpg"), [7; 3_000]);
    assert_eq!(
        numbers(&disk.file("data0001.csv")),
        (0..9).collect::<Vec<_>>()
    );
    assert_eq!(disk.names().len(), 3);
}

#[test]
fn a_folder_of_that_name_is_no_file() {
    let disk = Disk::small();
    disk.on_pc(|root| root.create_dir("data.csv").map(|_| ()).unwrap());
    let mut committed = 0;
    write(&Slot::new(disk.clone()), &mut committed, 5, 1).unwrap();
    assert_eq!(
        numbers(&disk.file("data0001.csv")),
        (0..5).collect::<Vec<_>>()
    );
}

#[test]
fn a_file_that_was_cut_by_hand_goes_on_behind_its_last_whole_line() {
    for cut in [512, 700, 768, 1_024, 1_500] {
        let disk = Disk::small();
        let mut committed = 0;
        write(&Slot::new(disk.clone()), &mut committed, 9, 1).unwrap();
        let file = disk.file("data.csv");
        disk.put_file("data.csv", &file[..cut]);
        let left = cut / 512 * 2 - 1;
        let mut from = u32::try_from(left).unwrap();
        write(&Slot::new(disk.clone()), &mut from, 15, 1).unwrap();
        assert_eq!(
            numbers(&disk.file("data.csv")),
            (0..from).collect::<Vec<_>>(),
            "cut at {cut}"
        );
    }
}

#[test]
fn a_full_card() {
    let disk = Disk::small();
    let slot = Slot::new(disk.clone());
    // All but some ten clusters are taken.
    disk.put_file("big.bin", &[1; 4_490 * 512]);
    let mut committed = 0;
    assert_eq!(write(&slot, &mut committed, 100_000, 1), Err(Failure::Full));
    let safe = committed;
    assert!(safe > 10, "{safe}");
    // Once more: nothing is free, and that is seen before anything is written.
    let writes = disk.writes();
    assert_eq!(write(&slot, &mut committed, 100_000, 1), Err(Failure::Full));
    assert_eq!(disk.writes(), writes);
    let found = numbers(&disk.file("data.csv"));
    assert_eq!(found, (0..safe).collect::<Vec<_>>());
    // Emptied, it goes on where it was.
    disk.on_pc(|root| root.remove("big.bin").unwrap());
    write(&slot, &mut committed, safe + 100, 5).unwrap();
    assert_eq!(
        numbers(&disk.file("data.csv")),
        (0..committed).collect::<Vec<_>>()
    );
}

/// Mounts a card and counts the turns that takes, and the blocks that are read in one of them at most.
fn turns(disk: &Disk) -> (Result<(), Failure>, usize, usize) {
    let slot = Slot::new(disk.clone());
    let mut mounting = Box::pin(slot.mount());
    let mut context = Context::from_waker(Waker::noop());
    let (mut turns, mut most) = (0, 0);
    loop {
        let reads = disk.reads();
        let poll = mounting.as_mut().poll(&mut context);
        most = most.max(disk.reads() - reads);
        turns += 1;
        if let Poll::Ready(result) = poll {
            return (result.map(|_| ()), turns, most);
        }
    }
}

#[test]
fn a_full_card_is_searched_in_steps() {
    let disk = Disk::large();
    // All but two of the clusters, and a hint to the first.
    let free = disk.clusters_free();
    disk.put_file("big.bin", &vec![1; (free - 2) * 512]);
    let hint = |next: u32| {
        disk.edit(|bytes| bytes[65 * 512 + 492..][..4].copy_from_slice(&next.to_le_bytes()))
    };
    hint(2);
    let (result, count, most) = turns(&disk);
    assert_eq!(result, Ok(()));
    // The table has 520 blocks and some.
    assert!(count > 500, "{count} turns");
    assert!(most < 10, "{most} blocks in one turn");
    // With the hint that it left, it is quick.
    let (result, count, most) = turns(&disk);
    assert_eq!((result, count), (Ok(()), 1));
    assert!(most < 20, "{most} blocks");

    disk.on_pc(|root| root.remove("data.csv").unwrap());
    disk.put_file("rest.bin", &[1; 2 * 512]);
    let (result, count, most) = turns(&disk);
    assert_eq!(result, Err(Failure::Full));
    assert!(count > 500, "{count} turns");
    assert!(most < 10, "{most} blocks in one turn");
}

#[test]
fn a_hint_that_is_wrong_does_no_harm() {
    for (free, next) in [
        (0, 2),
        (5_000_000, 3),
        (u32::MAX, u32::MAX),
        (1, 66_000),
        (60_000, 0),
    ] {
        let disk = Disk::large();
        // The information block is the second of the partition.
        disk.edit(|bytes| {
            bytes[65 * 512 + 488..][..4].copy_from_slice(&u32::to_le_bytes(free));
            bytes[65 * 512 + 492..][..4].copy_from_slice(&u32::to_le_bytes(next));
        });
        let mut committed = 0;
        write(&Slot::new(disk.clone()), &mut committed, 9, 1).unwrap();
        assert_eq!(numbers(&disk.file("data.csv")), (0..9).collect::<Vec<_>>());
    }
}

#[test]
fn a_file_that_is_long_enough_is_followed_by_another() {
    let disk = Disk::formatted(200_000, FatType::Fat32, 1_024);
    let slot = Slot::new(disk.clone());
    let lines = ROLL_BYTES / 256;
    let mut committed = 0;
    write(&slot, &mut committed, lines + 20, 64).unwrap();
    assert_eq!(disk.names(), ["DATA.CSV", "DATA0001.CSV"]);
    let (first, second) = (disk.file("data.csv"), disk.file("data0001.csv"));
    assert_eq!(first.len(), 32 << 20);
    let mut found = numbers(&first);
    found.extend(numbers(&second));
    assert_eq!(found, (0..committed).collect::<Vec<_>>());
    // After a restart it goes on with the second.
    write(&slot, &mut committed, lines + 300, 1).unwrap();
    assert_eq!(disk.file("data.csv").len(), 32 << 20);
    assert_eq!(
        numbers(&disk.file("data0001.csv")).last(),
        Some(&(committed - 1))
    );
}
