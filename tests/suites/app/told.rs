//! No register is told lower than before: of a meter that does not count by itself, whatever word of flash is being written
//! when the supply goes; and where it is shown, before the meter was read again.

use metering_tests::app::server::Kind;
use metering_tests::app::world::{Running, SECOND_US, World};

/// Words of flash from the reading on until everything is stored that it needs.
const WORDS: u64 = 40;

/// What the server was told of the register, in the order it was made; and whether the supply went.
fn told(cut_words: u64) -> (Vec<u64>, bool) {
    let mut world = World::new(1, &[1]);
    world.is_volatile = true;
    let mut has_cut = false;
    world.power(1, |device| {
        assert!(device.until_us(24 * SECOND_US));
        // More than anybody expected: beyond what may be told by then.
        let id = world.modules[0];
        let energy_wh = world.line.ac(id, |module| module.energy_wh()).unwrap();
        world
            .line
            .ac(id, |module| module.set_energy_wh(energy_wh + 25));
        world.flash.cut_after(Some(cut_words));
        has_cut = !device.until_us(29 * SECOND_US);
    });
    world.flash.cut_after(None);
    world.time.stall_us(SECOND_US);
    world.power(2, |device| assert!(device.until_us(60 * SECOND_US)));
    assert!(world.server.complaints().is_empty());
    let told = world.server.with_records(|records| {
        let registers = records.values().filter_map(|stored| match stored.kind {
            Kind::Reading { import_mwh } => Some(import_mwh),
            _ => None,
        });
        registers.collect()
    });
    (told, has_cut)
}

#[test]
fn a_register_is_not_told_before_it_is_stored_how_far_it_may_be() {
    let mut cuts = 0;
    for words in 0..WORDS {
        let (told, has_cut) = told(words);
        cuts += u32::from(has_cut);
        assert!(told.len() > 8, "{words}: {told:?}");
        assert!(told.is_sorted(), "{words}: {told:?}");
        // What was not stored was not told.
        let has_jump = told.iter().max() > Some(&25_000);
        assert!(has_jump || has_cut, "{words}: {told:?}");
    }
    // Some of them, and not all.
    assert!(cuts > 3 && u64::from(cuts) < WORDS, "{cuts}");
}

#[test]
fn a_register_is_not_shown_before_the_meter_is_read_after_a_start() {
    let world = World::new(1, &[1]);
    let module = world.modules[0];
    let shown = |device: &Running<'_>| {
        let channels = device.live.channels.borrow();
        let registers = channels.first().and_then(|channel| channel.known());
        registers.map(|registers| registers.import.mwh())
    };
    let mut before_mwh = None;
    world.power(1, |device| {
        assert!(device.until_us(3_000 * SECOND_US));
        before_mwh = shown(device);
    });
    assert!(before_mwh > Some(50_000), "{before_mwh:?}");
    // The device starts, and mains are not there for the module yet: what is stored is older than what was shown.
    let is_there = world.line.ac(module, |module| module.set_powered(false));
    assert!(is_there.is_some());
    world.power(2, |device| {
        assert!(device.until_us(3_060 * SECOND_US));
        assert_eq!(shown(device), None);
        world.line.ac(module, |module| module.set_powered(true));
        assert!(device.until_us(3_090 * SECOND_US));
        assert!(
            shown(device) >= before_mwh,
            "{:?}, {before_mwh:?}",
            shown(device)
        );
    });
}
