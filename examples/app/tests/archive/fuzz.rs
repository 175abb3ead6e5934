//! Cards with damaged file systems: no panic, and nothing that is not the archive's is written to.

use std::collections::BTreeMap;

use smart_meter::archive::Slot;

use super::disk::Disk;
use super::power::write;

/// Blocks of the card that hold no files: partition table, first block of the partition, parts of the tables, the
/// root folder.
const SMALL: [usize; 9] = [0, 64, 65, 66, 83, 84, 101, 102, 103];
const LARGE: [usize; 10] = [0, 64, 65, 96, 97, 640, 1_152, 1_153, 1_154, 1_155];

#[test]
fn damaged_file_systems() {
    let mut seed = 1_u64;
    let mut random = move || {
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as usize
    };
    for (base, blocks) in [(Disk::small(), &SMALL[..]), (Disk::large(), &LARGE[..])] {
        let mut committed = 0;
        write(&Slot::new(base.clone()), &mut committed, 41, 1).unwrap();
        let disk = base.copy();
        let mut outcomes = BTreeMap::<String, usize>::new();
        for _ in 0..6_000 {
            disk.reset(&base);
            for _ in 0..1 + random() % 8 {
                let at = blocks[random() % blocks.len()] * 512 + random() % 512;
                disk.poke(at, [0, 0xff, random() as u8][random() % 3]);
            }
            let first =
                disk.edit(|bytes| (bytes[..512].to_vec(), bytes[64 * 512..][..512].to_vec()));
            let mut from = 41;
            let outcome = write(&Slot::new(disk.clone()), &mut from, 80, 2);
            let after =
                disk.edit(|bytes| (bytes[..512].to_vec(), bytes[64 * 512..][..512].to_vec()));
            assert!(first == after, "the first blocks were written to");
            *outcomes
                .entry(format!("{:?}", outcome.map(|_| ())))
                .or_default() += 1;
        }
        println!("{outcomes:?}");
        assert!(
            outcomes.len() > 2,
            "the damage is too small to mean anything"
        );
    }
}
