//! What goes on whatever the server does: keys kept, signs of life, settings that change.

use super::*;

#[test]
fn the_key_is_in_no_message() {
    for attempt in [
        Attempt::Fails(ConnectError::Handshake),
        Attempt::Peer(steps(
            &["HTTP/1.1 401 k3y-that-nobody-sees\r\nContent-Length: 0\r\n\r\n"; 3],
        )),
        Attempt::Peer(steps(&["k3y-that-nobody-sees"])),
    ] {
        let device = Device::new(ScriptedNetwork::new([attempt]), http_settings());
        device.push([reading(0)]);
        device.run(900);
        assert!(!error_of(device.live).unwrap().contains("k3y"));
    }
}

#[test]
fn signs_of_life_come_whatever_happens() {
    let attempts = [
        Attempt::Hangs,
        Attempt::Fails(ConnectError::Refused),
        Attempt::Peer(vec![Step::Request, Step::Silence]),
        Attempt::Peer(steps(&[NOT_FOUND, NOT_FOUND, BROKEN])),
    ];
    let device = Device::new(ScriptedNetwork::new(attempts), http_settings());
    device.push([reading(0)]);
    for second in 1..3_600 {
        let now_ms = second * 1_000;
        device.run(now_ms);
        // Only the uplink lives here; the others are marked alive.
        device.live.is_alive(Task::Sampler, now_ms);
        device.live.is_alive(Task::Keeper, now_ms);
        let silent_ms = now_ms - device.live.oldest_sign_ms();
        assert!(
            silent_ms <= uplink::LONGEST_SILENCE_MS,
            "silent for {silent_ms} ms"
        );
    }
}

/// Flash that fails: there are records, and none can be read.
struct Unreadable(Rc<Cell<u32>>);

impl Outbox for Unreadable {
    async fn peek<const N: usize>(&mut self, records: &mut heapless::Vec<Record, N>) {
        records.clear();
        self.0.set(self.0.get() + 1);
    }

    async fn forget(&mut self, _: usize) {}

    fn depth(&self) -> u32 {
        1
    }
}

#[test]
fn an_outbox_that_gives_nothing_is_not_asked_without_end() {
    let (clock, live) = (VirtualClock::default(), Live::new(http_settings()));
    let peeks = Rc::new(Cell::new(0));
    let parts = Parts {
        network: ScriptedNetwork::peer(
            [steps(&[CREATED, NOT_FOUND]), vec![Step::Silence]].concat(),
        ),
        outbox: Unreadable(peeks.clone()),
        enrolment: Kept::default(),
        random: || 0,
        mac: [0; 6],
    };
    assert!(run(&clock, 60_000, uplink::run(parts, &clock, &live)).is_none());
    assert!((5..20).contains(&peeks.get()), "{}", peeks.get());
}

#[test]
fn settings_that_change_take_effect_without_a_restart() {
    let device = Device::new(ScriptedNetwork::default(), Settings::default());
    device.push([reading(0)]);
    device.run(20_000);
    assert_eq!(device.connections(), 0);
    assert_eq!(error_of(device.live), None);
    device.live.settings.borrow_mut().uplink = Uplink::Http;
    device.run(30_000);
    assert!(
        error_of(device.live)
            .unwrap()
            .starts_with("no server is set")
    );
    *device.live.settings.borrow_mut() = http_settings();
    let peer = Attempt::Peer(steps(&[CREATED, NOT_FOUND, CREATED]));
    device.network.attempts.borrow_mut().push_back(peer);
    device.run(40_000);
    assert_eq!(device.outbox.len(), 0);
}
