//! Power that goes at any step, and years of it.

use super::*;

#[test]
fn a_power_cut_at_any_step_of_a_whole_update_ends_with_one_or_the_other_firmware() {
    // Load, start, confirm, start again; the second kind crashes until it is taken back.
    let life = |device: &Device, nature: Nature| {
        for _ in 0..12 {
            if !device.has_power() {
                break;
            }
            let version = running(device, &[OLD, NEW]);
            let nature = if version == OLD { Nature::Good } else { nature };
            let end = start_once(device, version, nature);
            if end == End::Runs && version == OLD && install(device, OLD, NEW, 0).is_err() {
                break;
            }
        }
    };
    for nature in [Nature::Good, Nature::Crashes, Nature::StaysOffline] {
        let total = {
            let device = Device::new(&body_of(OLD, LENGTH));
            device.chip.borrow_mut().steps = 0;
            life(&device, nature);
            device.steps()
        };
        for budget in 0..total {
            let device = Device::new(&body_of(OLD, LENGTH));
            device.chip.borrow_mut().budget = Some(budget);
            life(&device, nature);
            device.chip.borrow_mut().budget = None;
            let context = format!("{nature:?}, cut after {budget} of {total} steps");
            device.assert_rest_untouched(&context);
            running(&device, &[OLD, NEW]);
            life(&device, nature);
            let last = if nature == Nature::Good { NEW } else { OLD };
            assert_eq!(running(&device, &[OLD, NEW]), last, "{context}");
            assert_eq!(
                block_on(guard::history(&mut device.blobs())).map(|(_, trial)| trial),
                Ok(false),
                "{context}"
            );
        }
        println!("{nature:?}: {total} power cuts");
    }
}

/// A small generator with a fixed seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(limit)) as u32
    }
}

#[test]
fn years_of_updates_and_power_cuts() {
    let (mut cuts, mut taken_back, mut installed) = (0, 0, 0);
    for seed in 0..20 {
        let mut random = Random(seed);
        let device = Device::new(&body_of(OLD, LENGTH));
        let mut known = vec![(OLD, Nature::Good)];
        let mut last_good = OLD;
        for step in 0..200 {
            let versions: Vec<Version> = known.iter().map(|(version, _)| *version).collect();
            let version = running(&device, &versions);
            let nature = known.iter().find(|(one, _)| *one == version).unwrap().1;
            if random.below(3) == 0 {
                device.chip.borrow_mut().budget = Some(random.below(250));
            }
            let end = start_once(&device, version, nature);
            if end == End::Runs && device.has_power() {
                let is_on_trial = block_on(guard::history(&mut device.blobs())).unwrap().1;
                assert!(!is_on_trial, "seed {seed}, step {step}");
                assert_eq!(
                    nature,
                    Nature::Good,
                    "seed {seed}, step {step}: {version} stays"
                );
                assert!(
                    version >= last_good,
                    "seed {seed}, step {step}: an older one came back"
                );
                last_good = version;
                let next = Version::new(1, step + 1, 0);
                let natures = [
                    Nature::Good,
                    Nature::Crashes,
                    Nature::StaysOffline,
                    Nature::StaysBlind,
                ];
                known.push((next, natures[random.below(4) as usize]));
                installed += usize::from(install(&device, version, next, 0).is_ok());
            }
            let mut chip = device.chip.borrow_mut();
            cuts += usize::from(chip.budget == Some(0));
            chip.budget = None;
            drop(chip);
            device.assert_rest_untouched("in the long run");
            taken_back += usize::from(
                block_on(guard::history(&mut device.blobs()))
                    .unwrap()
                    .0
                    .is_some(),
            );
        }
    }
    println!(
        "{installed} updates, {cuts} power cuts, {taken_back} starts that remembered a failure"
    );
    assert!(installed > 500 && cuts > 300 && taken_back > 100);
}
