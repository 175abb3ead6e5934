//! Simulated modules: read, watched, found, configured.

use super::*;

#[test]
fn read_and_watch_work_without_hardware() {
    let read = run(&["read", "--json"]);
    assert!(read.status.success());
    assert!(stderr(&read).contains("using simulated modules"));
    let reading = &json_lines(&read)[0];
    assert_eq!(
        (&reading["ok"], &reading["address"]),
        (&true.into(), &1.into())
    );
    assert!(
        reading["voltage_mv"]
            .as_u64()
            .is_some_and(|v| (200_000..260_000).contains(&v))
    );

    let asked = run(&["read", "--sim"]);
    assert_eq!(
        stderr(&asked),
        "",
        "who asks for a simulation needs no notice"
    );
    let text = String::from_utf8_lossy(&asked.stdout).into_owned();
    assert!(text.contains(" V\n") && text.contains(" kWh\n"), "{text}");

    let watch = run(&[
        "watch",
        "--sim",
        "--json",
        "--count",
        "3",
        "--interval",
        "20ms",
    ]);
    assert!(watch.status.success(), "{}", stderr(&watch));
    assert_eq!(json_lines(&watch).len(), 3);
}

#[test]
fn a_watch_can_be_recorded() {
    let path = std::env::temp_dir().join(format!("meter-watch-{}.csv", std::process::id()));
    let file = path.to_str().expect("a path");
    let watch = run(&[
        "watch",
        "--sim",
        "--count",
        "2",
        "--interval",
        "20ms",
        "--csv",
        file,
    ]);
    assert!(watch.status.success(), "{}", stderr(&watch));
    let text = std::fs::read_to_string(&path).expect("a file");
    std::fs::remove_file(&path).expect("removed");
    assert!(text.starts_with("unix_ms,address,voltage_mv,"));
    assert_eq!(text.lines().count(), 3);
}

#[test]
fn modules_are_found_and_configured() {
    let scan = run(&["scan", "--sim", "--json", "--to", "6"]);
    let found: Vec<_> = json_lines(&scan)
        .iter()
        .map(|m| {
            (
                m["address"].as_u64(),
                m["family"].as_str().map(str::to_owned),
            )
        })
        .collect();
    let module = |address, family: &str| (Some(address), Some(family.to_owned()));
    assert_eq!(found, [module(1, "ac"), module(2, "ac"), module(3, "dc")]);

    assert!(run(&["diagnose", "--sim"]).status.success());
    let set = run(&["set-address", "--sim", "--new", "9", "--yes", "--json"]);
    assert_eq!(json_lines(&set)[0]["address"], 9);
    let alarm = run(&["alarm", "--sim", "--set", "2300", "--yes", "--json"]);
    assert_eq!(json_lines(&alarm)[0]["threshold_w"], 2300);
    let reset = run(&["reset-energy", "--sim", "--yes", "--json"]);
    assert_eq!(json_lines(&reset)[0]["before_mwh"], 1_284_350_000_u64);
}
