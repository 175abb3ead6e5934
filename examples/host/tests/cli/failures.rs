//! What goes wrong has a line and an exit code.

use std::io::{BufRead, BufReader};

use super::*;

#[test]
fn every_failure_has_its_line_and_exit_code() {
    for (arguments, code, part) in [
        (
            &["read", "--sim", "--address", "77"][..],
            1,
            "check mains on the module",
        ),
        (&["read", "--port", "/dev/no-such-port"], 1, "no such port"),
        (
            &["read", "--sim", "--address", "1", "--address", "2"],
            2,
            "one --address",
        ),
        (&["set-address", "--sim", "--new", "9"], 2, "--yes"),
        (&["reset-energy", "--sim"], 2, "--yes"),
        (&["alarm", "--sim", "--set", "1"], 2, "--yes"),
        (
            &["set-address", "--sim", "--new", "2", "--yes"],
            1,
            "another module answers",
        ),
        (
            &["reset-energy", "--sim", "--yes", "--family", "legacy"],
            2,
            "button",
        ),
        (
            &["watch", "--sim", "--family", "legacy"],
            2,
            "meter read --family legacy",
        ),
        (
            &["scan", "--sim", "--from", "9", "--to", "3"],
            2,
            "--from is behind --to",
        ),
        (
            &["scan", "--sim", "--from", "40", "--to", "42"],
            1,
            "nothing answered",
        ),
        (&["diagnose", "--sim", "--address", "50"], 1, "silent"),
    ] {
        let (exit, text) = refusal(&run(arguments));
        assert_eq!(exit, Some(code), "{arguments:?}: {text}");
        assert!(text.contains(part), "{arguments:?}: {text}");
        assert_eq!(text.lines().count(), 1, "{arguments:?}: {text}");
    }
    // Wrong usage is explained by the parser, in a few lines.
    for (arguments, part) in [
        (&["read", "--address", "0"][..], "broadcast"),
        (&["read", "--address", "248"], "general address"),
        (&["read", "--address", "300"], "1 to 247"),
        (&["read", "--timeout", "soon"], "200ms"),
        (&["simulate", "--pty", "--fault", "gremlin"], "truncate"),
        (&["read", "--sim", "--port", "x"], "cannot be used with"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            stderr(&output).contains(part),
            "{arguments:?}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let mut child = meter(&["watch", "--sim", "--interval", "5ms"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("meter runs");
    let mut first = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    out.read_line(&mut first).expect("a line");
    assert!(first.contains(" V "), "{first}");
    drop(out);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(
        (output.status.code(), stderr(&output).as_str()),
        (Some(0), "")
    );
}
