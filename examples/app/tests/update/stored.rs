//! The stored form: versions, damage, power cuts.

use embassy_futures::block_on;
use smart_meter::blobs::{Blobs, FlashBlobs, Key};
use smart_meter::settings::stored::{
    LoadProblem, MAX_STORED, SaveError, StoredError, decode, encode, load, save,
};
use smart_meter::settings::{Settings, Uplink};

use crate::flash::{Chip, Region};

type Store = FlashBlobs<Region, 3_200>;

fn store(chip: &std::rc::Rc<std::cell::RefCell<Chip>>) -> Store {
    Store::new(Region::whole(chip)).expect("two pages")
}

/// CRC-32 as zip and Ethernet have it, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                crc >> 1 ^ 0xEDB8_8320
            } else {
                crc >> 1
            };
        }
    }
    !crc
}

fn sealed(version: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![version];
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(&crc32(&bytes).to_le_bytes());
    bytes
}

/// Strings of postcard: their length, then their bytes.
fn version_0(strings: [&str; 5], interval_s: u8) -> Vec<u8> {
    let mut body = Vec::new();
    for string in strings {
        body.push(string.len() as u8);
        body.extend_from_slice(string.as_bytes());
    }
    body.push(interval_s);
    sealed(0, &body)
}

const SKETCH: [&str; 5] = [
    "MTR-7",
    "shed",
    "longenough",
    "http://192.168.4.2:3000/api",
    "key-1",
];

fn some_settings() -> Settings {
    let mut settings = Settings::default();
    for (name, value) in [
        ("meter.id", "house-1"),
        ("wifi.ssid", "home"),
        ("wifi.password", "correct horse"),
        ("uplink.kind", "http"),
        ("http.base", "https://example.org/api"),
        ("sampling.addresses", "1 2"),
        ("calibration.power", "1.25 %"),
    ] {
        settings.set(name, value).unwrap();
    }
    settings
}

#[test]
fn what_is_stored_is_read_again() {
    let settings = some_settings();
    let mut buffer = [0; MAX_STORED];
    let bytes = encode(&settings, &mut buffer).unwrap();
    assert_eq!(bytes[0], 1, "the version comes first");
    let (body, check) = bytes.split_at(bytes.len() - 4);
    assert_eq!(check, crc32(body).to_le_bytes());
    assert_eq!(decode(bytes), Ok((settings, 1)));
    assert_eq!(encode(&some_settings(), &mut [0; 20]), None);
}

#[test]
fn version_0_is_migrated() {
    let (settings, version) = decode(&version_0(SKETCH, 10)).unwrap();
    assert_eq!(version, 0);
    let expected = Settings {
        meter_id: "MTR-7".try_into().unwrap(),
        wifi_ssid: "shed".try_into().unwrap(),
        uplink: Uplink::Http,
        http_base: "http://192.168.4.2:3000/api".try_into().unwrap(),
        allow_plain: true,
        interval_ms: 10_000,
        wifi_password: settings.wifi_password.clone(),
        http_api_key: settings.http_api_key.clone(),
        ..Settings::default()
    };
    assert_eq!(settings, expected);
    assert_eq!(settings.wifi_password.reveal(), "longenough");
    assert_eq!(settings.http_api_key.reveal(), "key-1");
    assert_eq!(settings.check(), Ok(()));
}

#[test]
fn every_flipped_bit_and_every_cut_is_found() {
    let mut buffer = [0; MAX_STORED];
    let bytes = encode(&some_settings(), &mut buffer).unwrap().to_vec();
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(decode(&damaged), Err(StoredError::Damaged), "bit {bit}");
    }
    for length in 0..bytes.len() {
        assert_eq!(
            decode(&bytes[..length]),
            Err(StoredError::Damaged),
            "{length} bytes"
        );
    }
}

#[test]
fn a_right_check_value_does_not_make_settings_of_anything() {
    for body in [&[][..], &[0xFF; 40], &[0; 3], &[0; 900]] {
        for version in [0, 1] {
            assert_eq!(decode(&sealed(version, body)), Err(StoredError::Damaged));
        }
    }
    let error = decode(&sealed(2, b"what a later firmware has")).unwrap_err();
    assert_eq!(error, StoredError::Newer(2));
    assert_eq!(
        error.to_string(),
        "the stored settings have format 2, this firmware reads up to 1"
    );
}

#[test]
fn an_empty_device_has_defaults_and_is_not_provisioned() {
    let chip = Chip::new(2);
    let loaded = block_on(load(&mut store(&chip), &mut [0; MAX_STORED]));
    assert_eq!(loaded.settings, Settings::default());
    assert_eq!((loaded.problem, loaded.is_provisioned), (None, false));
    assert_eq!(chip.borrow().steps, 0, "loading writes nothing");
}

#[test]
fn damage_and_newer_settings_give_defaults_and_are_not_written_over() {
    for (bytes, error) in [
        (sealed(9, b"of tomorrow"), StoredError::Newer(9)),
        (vec![1, 2, 3, 4, 5, 6, 7], StoredError::Damaged),
    ] {
        let chip = Chip::new(2);
        let mut blobs = store(&chip);
        block_on(blobs.write(Key::Settings, &bytes)).unwrap();
        let before = chip.borrow().bytes.clone();

        let loaded = block_on(load(&mut blobs, &mut [0; MAX_STORED]));
        assert_eq!(loaded.settings, Settings::default());
        assert_eq!(loaded.problem, Some(LoadProblem::Stored(error)));
        assert!(loaded.is_provisioned);

        let refused = block_on(save(
            &mut blobs,
            &some_settings(),
            false,
            &mut [0; MAX_STORED],
        ));
        assert_eq!(refused, Err(SaveError::WouldReplace(error)));
        assert!(refused.unwrap_err().to_string().contains("`save replace`"));
        assert_eq!(chip.borrow().bytes, before, "nothing was written over");

        block_on(save(
            &mut blobs,
            &some_settings(),
            true,
            &mut [0; MAX_STORED],
        ))
        .unwrap();
        let loaded = block_on(load(&mut blobs, &mut [0; MAX_STORED]));
        assert_eq!((loaded.settings, loaded.problem), (some_settings(), None));
    }
}

#[test]
fn a_firmware_that_is_taken_back_finds_its_settings_again() {
    let chip = Chip::new(2);
    let mut blobs = store(&chip);
    // The new firmware wrote version 2, and kept what was there.
    block_on(blobs.write(Key::SettingsBefore, &version_0(SKETCH, 5))).unwrap();
    block_on(blobs.write(Key::Settings, &sealed(2, b"of tomorrow"))).unwrap();
    let loaded = block_on(load(&mut blobs, &mut [0; MAX_STORED]));
    assert_eq!(loaded.settings.wifi_ssid, "shed");
    assert_eq!(
        loaded.problem,
        Some(LoadProblem::Before(StoredError::Newer(2)))
    );
}

#[test]
fn settings_of_the_version_before_are_kept_when_new_ones_are_saved() {
    let chip = Chip::new(2);
    let mut blobs = store(&chip);
    let old = version_0(SKETCH, 5);
    block_on(blobs.write(Key::Settings, &old)).unwrap();
    block_on(save(
        &mut blobs,
        &some_settings(),
        false,
        &mut [0; MAX_STORED],
    ))
    .unwrap();
    let mut buffer = [0; MAX_STORED];
    assert_eq!(
        block_on(blobs.read(Key::SettingsBefore, &mut buffer)),
        Ok(Some(&old[..]))
    );
    assert_eq!(
        block_on(load(&mut blobs, &mut [0; MAX_STORED])).settings,
        some_settings()
    );
}

#[test]
fn one_bad_field_costs_that_field_alone() {
    let chip = Chip::new(2);
    let mut blobs = store(&chip);
    // The sketch polled every 0 s.
    block_on(blobs.write(Key::Settings, &version_0(SKETCH, 0))).unwrap();
    let loaded = block_on(load(&mut blobs, &mut [0; MAX_STORED]));
    assert_eq!(loaded.settings.interval_ms, 5_000);
    assert_eq!(loaded.settings.wifi_ssid, "shed");
    let Some(LoadProblem::Invalid(invalid)) = loaded.problem else {
        panic!("{loaded:?}")
    };
    assert_eq!(invalid.name, "sampling.interval");
}

#[test]
fn settings_that_can_not_be_used_are_not_saved() {
    let chip = Chip::new(2);
    let settings = Settings {
        uplink: Uplink::Mqtt,
        ..Settings::default()
    };
    let refused = block_on(save(
        &mut store(&chip),
        &settings,
        false,
        &mut [0; MAX_STORED],
    ));
    assert!(matches!(refused, Err(SaveError::Invalid(invalid)) if invalid.name == "uplink.kind"));
    assert_eq!(chip.borrow().steps, 0);
}

#[test]
fn a_power_cut_at_any_write_leaves_the_old_or_the_new_settings() {
    let prepared = || {
        let chip = Chip::new(2);
        let mut blobs = store(&chip);
        let mut settings = some_settings();
        // Enough for the map to have to move to its second page.
        for number in 0..20 {
            settings
                .set("meter.owner", &format!("owner {number}"))
                .unwrap();
            block_on(save(&mut blobs, &settings, false, &mut [0; MAX_STORED])).unwrap();
        }
        chip.borrow_mut().steps = 0;
        (chip, settings)
    };
    let changed = |old: &Settings| {
        let mut new = old.clone();
        new.set("wifi.ssid", "another").unwrap();
        new
    };
    let (mut old_seen, mut new_seen) = (0, 0);
    // Twelve saves cross a page, whatever it holds now.
    let total = {
        let (chip, old) = prepared();
        for _ in 0..12 {
            block_on(save(
                &mut store(&chip),
                &changed(&old),
                false,
                &mut [0; MAX_STORED],
            ))
            .unwrap();
        }
        chip.borrow().steps
    };
    for budget in 0..total {
        let (chip, old) = prepared();
        let new = changed(&old);
        chip.borrow_mut().budget = Some(budget);
        let mut last = old.clone();
        for count in 0..12 {
            let next = if count % 2 == 0 { &new } else { &old };
            let mut blobs = store(&chip);
            if block_on(save(&mut blobs, next, false, &mut [0; MAX_STORED])).is_err() {
                chip.borrow_mut().budget = None;
                let loaded = block_on(load(&mut store(&chip), &mut [0; MAX_STORED]));
                assert_eq!(loaded.problem, None, "cut after {budget} steps");
                assert!(
                    loaded.settings == last || loaded.settings == *next,
                    "cut after {budget} steps"
                );
                if loaded.settings == last {
                    old_seen += 1
                } else {
                    new_seen += 1
                }
                break;
            }
            last = next.clone();
        }
    }
    println!("{total} cuts: {old_seen} found the old settings, {new_seen} the new ones");
    assert!(old_seen > 0 && old_seen + new_seen > total / 2);
}
