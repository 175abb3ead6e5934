//! `meter decode`: captured frames, and whatever else comes along.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use super::{json_lines, meter};

fn decode(input: &[u8]) -> Vec<Value> {
    let mut child = meter(&["decode", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("meter runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("an end");
    writer.join().expect("a writer").expect("written");
    json_lines(&output)
}

#[test]
fn decode_agrees_with_every_captured_frame() {
    let fixture: Vec<Value> = include_str!("../../../../tests/fixtures/pzem_frames.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let spaced = |line: &Value| line["hex"].as_str().expect("hex").to_owned();
    let packed = |line: &Value| spaced(line).replace(' ', "").to_lowercase();
    let input: Vec<String> = fixture
        .iter()
        .map(spaced)
        .chain(fixture.iter().map(packed))
        .collect();
    let output = decode(input.join("\n").as_bytes());
    assert_eq!(output.len(), 2 * fixture.len());
    for (index, (expected, got)) in fixture.iter().cycle().zip(&output).enumerate() {
        let id = &expected["id"];
        assert_eq!(got["line"], index as u64 + 1);
        assert_eq!(got["ok"], expected["crc_ok"] == true, "frame {id}");
        if got["ok"] == false {
            assert!(
                got["error"].is_string() && got["message"].is_string(),
                "frame {id}"
            );
            continue;
        }
        let decoded = &expected["decoded"];
        // What the fixture names, its field here, and the factor between the units.
        for (from, to, factor) in [
            ("voltage_dV", "voltage_mv", 100),
            ("voltage_cV", "voltage_mv", 10),
            ("current_mA", "current_ma", 1),
            ("current_cA", "current_ma", 10),
            ("power_dW", "power_mw", 100),
            ("power_W", "power_mw", 1_000),
            ("energy_Wh", "energy_mwh", 1_000),
            ("frequency_dHz", "frequency_mhz", 100),
            ("pf_centi", "power_factor_milli", 10),
            ("addr", "address", 1),
        ] {
            if let Some(value) = decoded[from].as_u64() {
                assert_eq!(got[to], value * factor, "frame {id}: {to}");
            }
        }
        let kind = match (expected["dir"].as_str(), expected["proto"].as_str()) {
            (Some("req"), _) => "request",
            // A request that came back.
            _ if id == 138 => "request",
            (_, Some("legacy")) => "legacy",
            _ if decoded["voltage_cV"].is_u64() => "dc_measurement",
            _ if decoded["voltage_dV"].is_u64() => "measurement",
            _ => "exception",
        };
        assert_eq!(got["kind"], kind, "frame {id}");
        if kind == "measurement" {
            let with_alarm = decoded["alarm"].is_boolean();
            assert_eq!(got["alarm"].is_boolean(), with_alarm, "frame {id}");
            assert_eq!(got["plausible"], true, "frame {id}");
        }
        if kind == "exception" {
            assert!(
                got["function"].is_u64() && got["code"].is_u64(),
                "frame {id}"
            );
        }
    }
}

#[test]
fn decode_gives_one_line_for_each_whatever_it_is() {
    let input = b"zz\n\n01 04\n01 04 1\n0x01,0x04,0x00,0x00,0x00,0x0A,0x70,0x0D\n\xFF\xFE\n\
        01 99 00 00\n01 84 02 C2 C1\r\n01 04 02 09 59 7F 5B";
    let output = decode(input);
    let errors: Vec<_> = output.iter().map(|line| line["error"].as_str()).collect();
    assert_eq!(
        errors,
        [
            Some("hex"),
            Some("length"),
            Some("length"),
            Some("hex"),
            None,
            Some("hex"),
            Some("length"),
            None,
            Some("crc"),
        ]
    );
    assert_eq!(output[7]["kind"], "exception");
    assert_eq!(
        (&output[7]["function"], &output[7]["code"]),
        (&4.into(), &2.into())
    );
}

#[test]
fn implausible_frames_are_decoded_and_marked() {
    // Frame 15 of the fixture with another power factor (CRC computed over the change), and the
    // power-up nonsense of Tasmota issue 5875: 4281 V.
    let output = decode(
        b"01 04 14 09 59 02 04 00 00 03 85 00 00 12 29 00 00 01 F3 00 4B 00 00 72 2A\n\
          01 04 14 A7 3A 21 33 16 21 8F 60 4F 8D 00 00 00 00 55 B4 29 35 00 00 91 0A\n",
    );
    for (line, field) in output.iter().zip(["power_factor", "voltage"]) {
        if line["ok"] == true {
            assert_eq!(
                (&line["plausible"], &line["implausible"]),
                (&false.into(), &field.into())
            );
        } else {
            panic!("{line}");
        }
    }
}
