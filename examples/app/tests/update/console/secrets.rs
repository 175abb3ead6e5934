//! Passwords and certificates.

use super::*;

#[test]
fn secrets_are_never_sent_back() {
    let desk = Desk::new();
    let secret = "Tr0ub4dor&3 \u{2713}";
    desk.with(async |desk| {
        for name in ["http.api-key", "mqtt.password", "wifi.password"] {
            let secret = if name == "mqtt.password" {
                secret
            } else {
                "Tr0ub4dor&3"
            };
            for line in [
                format!("set {name} {secret}"),
                format!("  SET   {} {secret}", name.to_uppercase()),
            ] {
                let shown = desk.types(format!("{line}\x08\x08\x083 \r")).await;
                assert!(!shown.contains("Tr0") && !shown.contains("dor"), "{shown}");
                assert!(shown.contains("****"), "{shown}");
            }
            // As a whole, or when it is refused.
            desk.types(format!("set {name} {secret}\r")).await;
            let all = desk.enters("show").await
                + &desk.enters("status").await
                + &desk.enters("save").await;
            assert!(!all.contains("Tr0ub4dor"), "{all}");
            assert!(all.contains("(set)"));
        }
        let shown = desk.types("set wifi.password Tr0ub4d\r").await;
        assert!(
            !shown.contains("Tr0") && shown.contains("7 bytes are no WPA password"),
            "{shown}"
        );
        assert_eq!(
            desk.enters("set mqtt.password").await,
            "*mqtt.password        (not set)"
        );
        // What is no secret is seen.
        assert!(desk.types("set mqtt.user Tr0").await.contains("Tr0"));
    });
    assert_eq!(desk.stored().wifi_password.reveal(), "Tr0ub4dor&3");
}

#[test]
fn a_factory_reset_is_asked_for_twice_and_wipes_the_flash() {
    let desk = Desk::new();
    let holds_secret = |desk: &Desk| {
        desk.chip
            .borrow()
            .bytes
            .windows(11)
            .any(|part| part == b"Tr0ub4dor&3")
    };
    desk.with(async |desk| {
        desk.enters("set wifi.password Tr0ub4dor&3").await;
        assert!(desk.enters("save").await.contains("saved"));
        assert!(holds_secret(desk));
        for refusal in ["no", "", "forget", "yes"] {
            let question = desk.enters("factory-reset").await;
            assert!(
                question.contains("Type `forget everything`")
                    && question.contains("registers and records stay")
            );
            assert_eq!(desk.enters(refusal).await, "nothing was done");
        }
        assert!(
            desk.types(b"factory-reset\r\x03")
                .await
                .contains("nothing was done")
        );
        assert!(holds_secret(desk) && !desk.live.restart.signaled());
        desk.enters("factory-reset").await;
        assert_eq!(
            desk.enters("forget everything").await,
            "forgotten: restarting"
        );
    });
    assert!(!holds_secret(&desk) && desk.live.restart.signaled());
    assert_eq!(desk.stored(), Settings::default());
}

#[test]
fn a_certificate_is_pasted() {
    let desk = Desk::new();
    desk.with(async |desk| {
        assert_eq!(
            desk.enters("ca show").await,
            "no CA is stored: `ca` takes one"
        );
        desk.enters("set http.base https://example.org").await;
        desk.enters("set uplink.kind http").await;
        assert!(desk.enters("save").await.contains("no CA is stored"));

        assert!(
            desk.enters("ca")
                .await
                .contains("then a line with a single point")
        );
        let answer = desk.types(format!("{}.\r", CA.replace('\n', "\r\n"))).await;
        assert!(
            answer.contains("1 stored: in force after `restart`"),
            "{answer}"
        );
        assert_eq!(
            desk.enters("ca show").await,
            "certificates stored: 1, 574 bytes"
        );
        assert_eq!(desk.enters("save").await, "saved");

        // Something else leaves the one that is there.
        for (paste, part) in [
            ("hello\r.\r", "no certificate was pasted"),
            ("-----BEGIN PRIVATE KEY-----\r", "that is a private key"),
            ("-----BEGIN CERTIFICATE-----\r\x03", "^C"),
        ] {
            desk.enters("ca").await;
            let answer = desk.types(paste).await;
            assert!(answer.contains(part), "{answer}");
        }
        assert_eq!(
            desk.enters("ca show").await,
            "certificates stored: 1, 574 bytes"
        );
        assert!(
            desk.enters("ca forget")
                .await
                .contains("no server with TLS is trusted then")
        );
        assert_eq!(
            desk.enters("ca show").await,
            "no CA is stored: `ca` takes one"
        );
    });
}
