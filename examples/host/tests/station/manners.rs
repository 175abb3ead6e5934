//! What a user does wrong or wants at last: each gets a sentence that says what to check next.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::process::{Folder, Running, command, outcome};

#[test]
fn what_is_written_wrong_is_told_with_what_is_meant() {
    for (arguments, code, why) in [
        (vec!["--http", "localhost:3000"], 2, "http"),
        (vec!["--http", "mqtt://localhost"], 2, "https:// or http://"),
        (vec!["--mqtt", "http://localhost"], 2, "mqtts:// or mqtt://"),
        (vec!["--mqtt", "localhost"], 2, "is it mqtt://localhost"),
        (
            vec!["--set", "sampling.intervall=1s"],
            2,
            "is it sampling.interval",
        ),
        (vec!["--set", "interval=1s"], 2, "sampling.interval"),
        (vec!["--set", "mqtt.pasword=x"], 2, "is it mqtt.password"),
        (vec!["--set", "xyzzy=1"], 2, "there are meter.id, "),
        (vec!["--set", "meter.id"], 2, "NAME=VALUE"),
        (vec!["--count", "0"], 2, "--count"),
        (vec!["--port", "/dev/nowhere"], 1, "no such port"),
        (
            vec!["--data", "/dev/null/meter", "--count", "1"],
            1,
            "a folder that you may write to",
        ),
        (vec!["--page", "70000"], 2, "--page"),
    ] {
        let (exit, said) = outcome(&arguments);
        assert_eq!(exit, Some(code), "{arguments:?}: {said}");
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
}

#[test]
fn nobody_at_the_other_end_is_told_while_it_runs() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mqtt://127.0.0.1:{}", free.local_addr().unwrap().port());
    drop(free);
    let mut running = Running::start(&["--speed", "10", "--mqtt", &url]);
    let line = running.says("nobody answers there");
    assert!(
        line.contains(&url) && line.contains("records wait"),
        "{line}"
    );
    // Who ends it does not have to wait for that server.
    let begin = Instant::now();
    running.signal("-INT");
    let (status, _, said) = running.wait();
    assert!(status.success(), "{said}");
    assert!(
        said.contains("are gone: --data DIR would keep them"),
        "{said}"
    );
    assert!(
        begin.elapsed() < Duration::from_secs(4),
        "{:?}",
        begin.elapsed()
    );
}

#[test]
fn one_station_has_a_folder() {
    let folder = Folder::new("lock");
    let mut first = Running::start(&["--data", folder.path()]);
    first.says("start 1 of this station");
    let (code, said) = outcome(&["--data", folder.path(), "--count", "1"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("another station runs on it"), "{said}");
    first.end();
    let (code, said) = outcome(&["--data", folder.path(), "--count", "1"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("start 2 of this station"), "{said}");
}

#[test]
fn a_signal_ends_it_with_everything_kept() {
    let folder = Folder::new("signal");
    for name in ["-INT", "-TERM", "-HUP"] {
        let mut running = Running::start(&["--data", folder.path(), "--speed", "20"]);
        running.shows("| Power factor ");
        running.signal(name);
        let (status, _, said) = running.wait();
        assert!(status.success(), "{name}: {said}");
        assert!(said.contains("are kept for the next start"), "{said}");
    }
}

#[test]
fn it_ends_when_nobody_reads_what_it_shows() {
    let mut child = command(&["--speed", "40"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    drop(child.stdout.take());
    // As with `2>&1 | head`.
    drop(child.stderr.take());
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_card_that_is_none_is_told_and_stops_nothing() {
    let folder = Folder::new("card");
    folder.file("card.img", "nonsense");
    let (code, said) = outcome(&["--data", folder.path(), "--speed", "40", "--count", "5"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("5 readings, "), "{said}");
    assert!(
        said.contains("records are not in the archive") && said.contains("card.img"),
        "{said}"
    );
}
