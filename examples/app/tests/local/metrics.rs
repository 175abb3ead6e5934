//! `/metrics`.

use meter_core::{EventCode, Phase};
use smart_meter::live::Channel;

use super::device::{START_MS, channel, event, settings, usual, with};
use super::openmetrics::{Family, read};
use super::server::Device;

/// The value of the sample whose labels have these among them.
fn value<'a>(family: &'a Family, labels: &[(&str, &str)]) -> &'a str {
    let mut samples = family.samples.iter().filter(|(found, _)| {
        labels
            .iter()
            .all(|(name, value)| found.get(*name).map(String::as_str) == Some(*value))
    });
    let (_, value) = samples.next().expect("a sample");
    assert!(samples.next().is_none(), "one sample");
    value
}

#[test]
fn families_have_the_right_types_units_and_values() {
    let device = Device::start(usual);
    let families = read(&device.get("/metrics").body);
    let meter = ("meter", "MTR-1001");
    for (name, kind, unit, expected) in [
        ("meter_fresh", "gauge", "", "1"),
        ("meter_voltage_volts", "gauge", "volts", "230.100"),
        ("meter_current_amperes", "gauge", "amperes", "0.520"),
        ("meter_power_watts", "gauge", "watts", "118.300"),
        ("meter_frequency_hertz", "gauge", "hertz", "50.000"),
        ("meter_power_factor_ratio", "gauge", "ratio", "0.990"),
        (
            "meter_energy_import_watt_hours",
            "counter",
            "watt_hours",
            "12345678.901",
        ),
        (
            "meter_energy_export_watt_hours",
            "counter",
            "watt_hours",
            "1.001",
        ),
        ("meter_gap_seconds", "counter", "seconds", "61.500"),
        ("meter_max_demand_watts", "gauge", "watts", "4321.000"),
    ] {
        let family = &families[name];
        assert_eq!((&*family.kind, &*family.unit), (kind, unit), "{name}");
        assert_eq!(value(family, &[meter]), expected, "{name}");
    }
    assert_eq!(families["meter_reactive_power_vars"].samples.len(), 0);
    assert_eq!(families["meter_alarm"].samples.len(), 22);
    for (name, kind, expected) in [
        ("meter_boots", "counter", Some("17")),
        ("meter_uplink_up", "gauge", Some("0")),
        ("meter_network_up", "gauge", Some("1")),
        ("meter_queue_records", "gauge", Some("42")),
        ("meter_signal_dbm", "gauge", Some("-61")),
        ("meter_flash_erases", "counter", Some("99")),
        ("meter_heap_free_bytes", "gauge", Some("50000")),
        ("meter_stack_most_bytes", "gauge", None),
        ("meter_clock_offset_seconds", "gauge", Some("-0.250")),
        ("meter_clock_known", "gauge", Some("1")),
        ("meter_battery_volts", "gauge", None),
        ("meter_temperature_celsius", "gauge", Some("-5.12")),
        ("meter_archive_ready", "gauge", Some("1")),
        ("meter_archive_waiting_records", "gauge", Some("3")),
        ("meter_archive_written_records", "counter", Some("1234")),
        ("meter_archive_dropped_records", "counter", Some("5")),
    ] {
        let family = &families[name];
        assert_eq!(family.kind, kind, "{name}");
        assert_eq!(
            family.samples.first().map(|(_, value)| &**value),
            expected,
            "{name}"
        );
    }
    for (name, label, expected) in [
        ("meter_polls", ("result", "good"), "200"),
        ("meter_polls", ("result", "failed"), "7"),
        ("meter_poll_failures", ("cause", "garbled"), "3"),
        ("meter_poll_failures", ("cause", "implausible"), "1"),
        ("meter_uploads", ("result", "failed"), "50"),
    ] {
        assert_eq!(families[name].kind, "counter", "{name}");
        assert_eq!(value(&families[name], &[label]), expected, "{name}");
    }
    let info = &families["meter_device"];
    assert_eq!(info.kind, "info");
    assert_eq!(
        value(
            info,
            &[("version", "1.2.3"), ("reset_cause", "power_on"), meter]
        ),
        "1"
    );
}

#[test]
fn old_values_are_absent_and_registers_stay() {
    let device = Device::start(|| {
        let mut old = channel(5);
        old.last = Some((old.last.unwrap().0, START_MS - 15_001));
        let mut fresh = channel(-2_500);
        // Fresh for as long as this test takes.
        fresh.last = Some((fresh.last.unwrap().0, START_MS + 1_000_000));
        fresh
            .alarms
            .note(&event(EventCode::Overload, Phase::Occurrence));
        with(settings(), [old, fresh, Channel::default()])
    });
    let families = read(&device.get("/metrics").body);
    let meters = |name: &str| -> Vec<_> {
        let samples = families[name].samples.iter();
        samples
            .map(|(labels, value)| (&*labels["meter"], &**value))
            .collect()
    };
    assert_eq!(
        meters("meter_fresh"),
        [("MTR-1001", "0"), ("MTR-1001-2", "1"), ("MTR-1001-3", "0")]
    );
    assert_eq!(meters("meter_power_watts"), [("MTR-1001-2", "-2.500")]);
    assert_eq!(meters("meter_reading_age_seconds").len(), 2);
    // The one that was never read since the start has none, or the counter would go back.
    assert_eq!(
        meters("meter_energy_import_watt_hours"),
        [("MTR-1001", "12345678.901"), ("MTR-1001-2", "12345678.901")]
    );
    let overload = [("alarm", "OVERLOAD"), ("meter", "MTR-1001-2")];
    assert_eq!(value(&families["meter_alarm"], &overload), "1");
    let on = families["meter_alarm"]
        .samples
        .iter()
        .filter(|(_, value)| value == "1");
    assert_eq!(on.count(), 1);
}

#[test]
fn no_name_breaks_out_of_its_label() {
    // Such a name is not accepted from a person; from flash it might come all the same.
    let evil = "a\"} 1\\\n# EOF\n";
    let device = Device::start(move || {
        let mut settings = settings();
        settings.meter_id = evil.try_into().unwrap();
        with(settings, (0..4).map(channel))
    });
    let families = read(&device.get("/metrics").body);
    assert_eq!(value(&families["meter_device"], &[("meter", evil)]), "1");
    assert_eq!(families["meter_fresh"].samples.len(), 4);
}

#[test]
fn the_largest_numbers_fit() {
    let device = Device::start(|| {
        let mut settings = settings();
        settings.meter_id = "\"".repeat(32).as_str().try_into().unwrap();
        let most = meter_core::Register::from_parts(u64::MAX, 0).unwrap();
        with(
            settings,
            (0..4).map(|_| {
                let mut channel = channel(i32::MIN);
                channel.registers.import = most;
                channel.registers.apparent = most;
                channel
            }),
        )
    });
    let families = read(&device.get("/metrics").body);
    for name in [
        "meter_energy_import_watt_hours",
        "meter_energy_apparent_volt_ampere_hours",
    ] {
        assert_eq!(families[name].samples.len(), 4);
        assert_eq!(families[name].samples[3].1, "18446744073709551.615");
    }
}
