//! What the station shows: its page, its display, its archive.

use std::collections::BTreeMap;
use std::io::{Read as _, Seek, SeekFrom, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::archive::rows;
use super::process::{Folder, Running, outcome, station};
use super::pty::Terminal;
use super::receiver::Receiver;

fn get(host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(host).expect("somebody listens");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    answer
}

#[test]
fn the_page_shows_the_present() {
    let mut running = Running::start(&["--page", "0", "--speed", "5", "--set", "meter.id=MTR-9"]);
    let said = running.says("the page is http://");
    let (_, host) = said.split_once("http://").expect("an address");
    let host = host.trim().to_owned();
    running.shows("| Voltage ");
    let page = get(&host, "/");
    assert!(
        page.contains("<title>MTR-9</title>") && page.contains(" <small>V</small>"),
        "{page}"
    );
    let now = get(&host, "/api/v1/now");
    let (_, body) = now.split_once("\r\n\r\n").expect("a body");
    assert!(body.contains("MTR-9") && body.contains("voltage"), "{body}");
    assert!(get(&host, "/metrics").contains("# EOF"));
    // Browsers open connections they do not use.
    let idle: Vec<_> = (0..2).map(|_| TcpStream::connect(&host).unwrap()).collect();
    get(&host, "/metrics");
    drop(idle);
    running.end();

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, said) = outcome(&["--page", &port, "--count", "1"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("another program has that port"), "{said}");
}

#[test]
fn the_display_stays_in_its_place() {
    let mut terminal = Terminal::new(80, 24);
    let mut command = super::process::command(&["--display", "--speed", "20", "--count", "20"]);
    let mut child = terminal.spawn(&mut command);
    assert!(
        terminal.shows("light: all is well", Duration::from_secs(20)),
        "{}",
        terminal.screen()
    );
    let screen = terminal.screen();
    assert_eq!(screen.matches("light:").count(), 1, "{screen}");
    let signs = |c: char| ('\u{2801}'..='\u{28ff}').contains(&c);
    assert!(
        screen.chars().filter(|c| signs(*c)).count() > 100,
        "{screen}"
    );
    assert!(
        terminal.shows("20 readings", Duration::from_secs(20)),
        "{}",
        terminal.screen()
    );
    assert!(child.wait().unwrap().success());
    assert_eq!(terminal.screen().matches("light:").count(), 1);
    // Without a terminal one picture comes after the other.
    let out = station(&["--display", "--speed", "40", "--count", "3"]);
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(
        !text.contains('\u{1b}') && text.matches("light:").count() >= 2,
        "{text}"
    );
}

/// Records of `data.csv`, by start and number: kWh, or what happened.
fn archived(text: &str) -> BTreeMap<(u64, u64), (String, String)> {
    let mut records = BTreeMap::new();
    for row in rows(text) {
        let number = |name| row[name].parse::<u64>().expect("a number");
        let record = (row["energy_kwh"].clone(), row["event"].clone());
        let before = records.insert((number("boot"), number("seq")), record);
        assert!(before.is_none(), "{row:?} is there twice");
    }
    records
}

#[test]
fn the_archive_has_what_was_sent() {
    let folder = Folder::new("archive");
    let received = Receiver::start([]);
    for _ in 0..3 {
        let base = received.base();
        let way = [
            "--data",
            folder.path(),
            "--http",
            &base,
            "--speed",
            "40",
            "--count",
            "20",
        ];
        let (code, said) = outcome(&way);
        assert_eq!(code, Some(0), "{said}");
    }
    let copy = std::fs::read_to_string(folder.join("data.csv")).unwrap();
    let records = archived(&copy);
    let mut readings = 0;
    for (id, (kwh, event)) in &records {
        let sent = &received.records()[id];
        match sent["energy_kwh"].as_f64() {
            // To the milliwatt-hour.
            Some(sent) => {
                assert_eq!(format!("{sent:.6}"), *kwh);
                readings += 1;
            }
            None => assert!(
                event.starts_with(sent["event"].as_str().unwrap()),
                "{sent} {event}"
            ),
        }
    }
    // Lines come in pairs: at most one of each start is missing.
    assert!(readings >= 57, "{readings}");
    // The card has the same, for every program that reads FAT.
    let mut card = std::fs::File::open(folder.join("card.img")).unwrap();
    let mut volume = vec![0; 8 << 20];
    card.seek(SeekFrom::Start(1 << 20)).unwrap();
    card.read_exact(&mut volume).unwrap();
    let system = fatfs::FileSystem::new(std::io::Cursor::new(volume), fatfs::FsOptions::new());
    let mut on_card = String::new();
    let system = system.unwrap();
    let mut file = system.root_dir().open_file("DATA.CSV").unwrap();
    file.read_to_string(&mut on_card).unwrap();
    assert_eq!(on_card, copy);
}

#[test]
fn a_module_counts_on_when_the_station_starts_again() {
    let folder = Folder::new("counter");
    let received = Receiver::start([]);
    let mut last = 0.0;
    for boot in 1..=3 {
        let base = received.base();
        let way = [
            "--data",
            folder.path(),
            "--http",
            &base,
            "--speed",
            "60",
            "--count",
            "25",
        ];
        let (code, said) = outcome(&way);
        assert_eq!(code, Some(0), "{said}");
        for record in received.of(boot) {
            assert_ne!(record["event"], "COUNTER_RESET");
            if let Some(kwh) = record["energy_kwh"].as_f64() {
                assert!(
                    (last..last + 0.1).contains(&kwh),
                    "{last} kWh, then {record}"
                );
                last = kwh;
            }
        }
    }
    assert!(last > 0.01, "{last} kWh in six minutes");
    let kept = std::fs::read_to_string(folder.join("module-1.txt")).unwrap();
    let counted: f64 = kept.trim_end_matches(" Wh\n").parse().unwrap();
    // The register has counted what the module has since it was asked first: to its step.
    assert!(
        (counted - 1_284_350.0 - last * 1_000.0).abs() <= 1.0,
        "{kept} {last}"
    );
    assert!(
        received
            .of(1)
            .iter()
            .all(|record| record["timestamp"] != Value::Null)
    );
}
