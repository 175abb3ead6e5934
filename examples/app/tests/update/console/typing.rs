//! What happens while a line is typed.

use super::*;

#[test]
fn a_line_can_be_corrected_while_it_is_typed() {
    let desk = Desk::new();
    desk.with(async |desk| {
        // Backspace as either byte; a character of several bytes goes as one.
        assert!(
            desk.types(b"shox\x08w meter.ix\x7fd\r")
                .await
                .contains("MTR-1001")
        );
        let shown = desk
            .types("set meter.owner J\u{e9}\u{fc}\u{7f}".as_bytes())
            .await;
        assert!(shown.ends_with("\u{e9}\u{fc}\x08 \x08"), "{shown:?}");
        assert!(desk.types("r\u{f4}me\r").await.contains("J\u{e9}r\u{f4}me"));
        // Nothing before the beginning; Ctrl-U empties, Ctrl-C leaves, arrows do nothing.
        assert_eq!(desk.types(b"\x08").await, "\x07");
        assert!(
            desk.types(b"rubbish\x15show billing.day\r")
                .await
                .contains(" billing.day          1")
        );
        assert!(desk.types(b"factory-reset\x03").await.ends_with("^C\r\n> "));
        assert!(
            desk.types(b"\x1b[A\x1b[1;5Cshow billing.day\x1bOP\r")
                .await
                .contains(" billing.day          1")
        );
        // The ends of lines of every system are one.
        for end in ["\r", "\n", "\r\n"] {
            let shown = desk.types(format!("show billing.day{end}")).await;
            assert_eq!(shown.matches("> ").count(), 1, "{end:?}: {shown:?}");
        }
        assert_eq!(desk.types(b"\x01\x02").await, "\x07\x07");
        assert!(
            desk.types(b"set meter.owner \xff\xfe\r")
                .await
                .contains("UTF-8")
        );
    });
    assert_eq!(desk.live.settings.borrow().owner, "");
}

#[test]
fn a_line_that_is_too_long_does_nothing() {
    let desk = Desk::new();
    desk.with(async |desk| {
        let line = format!("set meter.owner {}", "x".repeat(300));
        let shown = desk.types(&line).await;
        assert_eq!(shown.matches('\x07').count(), line.len() - 200);
        let answer = desk.types(b"\r").await;
        assert!(
            answer.contains("longer than 200 bytes: nothing was done"),
            "{answer}"
        );
        // Erasing what can not be counted is no way around it.
        desk.types(&line).await;
        assert!(
            desk.types([&[8; 290][..], b"\r"].concat())
                .await
                .contains("nothing was done")
        );
        assert!(
            desk.enters("show meter.owner")
                .await
                .starts_with(" meter.owner")
        );
    });
}
