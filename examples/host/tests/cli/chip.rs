//! `meter ade7753` on a simulated chip.

use super::*;

#[test]
fn a_simulated_chip_is_read_and_calibrated() {
    let folder = std::env::temp_dir().join(format!("meter-chip-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let stored = folder.join("calibration");
    let stored = stored.to_str().expect("a path");

    let output = run(&[
        "ade7753",
        "--sim",
        "--json",
        "calibrate",
        "--output",
        stored,
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    let report = &json_lines(&output)[0];
    let worst = |rows: &Value, field: &str| {
        let rows = rows.as_array().expect("rows").iter();
        rows.map(|row| row[field].as_i64().expect("a number").abs())
            .max()
    };
    // More than a percent before, less than a tenth after.
    assert!(worst(&report["before"], "power_error_millipercent") > Some(1_000));
    assert!(worst(&report["after"], "power_error_millipercent") < Some(100));
    assert!(worst(&report["after"], "voltage_error_millipercent") < Some(500));

    let arguments = [
        "ade7753",
        "--sim",
        "--json",
        "read",
        "--window",
        "10s",
        "--calibration",
        stored,
    ];
    let reading = &json_lines(&run(&arguments))[0];
    // 231.4 V and 4.72 A, 18 degrees lagging, at 49.98 Hz.
    let near = |field: &str, right: f64, share: f64| {
        let got = reading[field].as_f64().expect(field);
        assert!((got / right - 1.0).abs() < share, "{field}: {got}");
    };
    near("voltage_mv", 231_400.0, 2e-3);
    near("current_ma", 4_720.0, 2e-3);
    near(
        "power_mw",
        231.4 * 4.72 * 1e3 * 18f64.to_radians().cos(),
        1e-3,
    );
    near(
        "reactive_mvar",
        231.4 * 4.72 * 1e3 * 18f64.to_radians().sin(),
        5e-3,
    );
    near("frequency_mhz", 49_980.0, 3e-4);

    // A damaged file is no calibration.
    let mut bytes = std::fs::read(stored).expect("a file");
    bytes[20] ^= 1;
    std::fs::write(stored, bytes).expect("written");
    let (code, message) = refusal(&run(&arguments));
    assert_eq!(code, Some(1));
    assert!(message.contains("damaged"), "{message}");
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn a_chip_that_is_not_there_and_parts_that_make_no_meter_are_told() {
    let (code, message) = refusal(&run(&["ade7753", "--spi", "/dev/spidev99.9", "read"]));
    assert!(code == Some(1) || code == Some(2), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    for arguments in [
        ["--burden", "0"],
        ["--sclk", "20000000"],
        ["--mains", "16"],
        ["--resistor", "0"],
    ] {
        let (code, message) = refusal(&run(
            &[&["ade7753", "--sim", "read"], &arguments[..]].concat()
        ));
        assert_eq!(code, Some(2), "{arguments:?}: {message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn registers_are_shown_with_names() {
    let output = run(&["ade7753", "--sim", "--json", "registers"]);
    let rows = json_lines(&output);
    let find = |name: &str| rows.iter().find(|row| row["name"] == name).expect("a row");
    assert_eq!(find("LINECYC")["value"], 0xFFFF);
    assert_eq!(find("MODE")["meaning"], "DISCF DISSAG");
    assert_eq!(find("PHCAL")["address"], 0x10);
    assert!(rows.iter().all(|row| row["name"] != "RSTSTATUS"));
}
