//! The button: bounces, short and long presses, a button that sticks.

use smart_meter::button::{Contact, Press};

/// A contact sampled every 10 ms.
struct Bench {
    contact: Contact,
    now_ms: u64,
    presses: Vec<(u64, Press)>,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self {
            contact: Contact::new(),
            now_ms: 5_000,
            presses: Vec::new(),
        };
        bench.level(false, 100);
        bench
    }

    fn level(&mut self, is_down: bool, ms: u64) {
        for _ in 0..ms / 10 {
            if let Some(press) = self.contact.update(is_down, self.now_ms) {
                self.presses.push((self.now_ms, press));
            }
            self.now_ms += 10;
        }
    }

    fn presses(&self) -> Vec<Press> {
        self.presses.iter().map(|(_, press)| *press).collect()
    }
}

#[test]
fn a_press_with_bounces_is_one_press() {
    let mut bench = Bench::new();
    for _ in 0..4 {
        bench.level(true, 10);
        bench.level(false, 10);
    }
    bench.level(true, 200);
    assert_eq!(bench.presses(), []);
    for _ in 0..4 {
        bench.level(false, 10);
        bench.level(true, 10);
    }
    bench.level(false, 200);
    assert_eq!(bench.presses(), [Press::Short]);
}

#[test]
fn shorter_than_a_bounce_is_no_press() {
    let mut bench = Bench::new();
    for _ in 0..100 {
        bench.level(true, 20);
        bench.level(false, 20);
    }
    assert_eq!(bench.presses(), []);
}

#[test]
fn a_release_before_the_end_of_the_count_down_does_nothing() {
    for held_ms in [1_050, 2_000, 3_000, 5_000, 9_900] {
        let mut bench = Bench::new();
        bench.level(true, held_ms);
        bench.level(false, 20_000);
        assert_eq!(bench.presses(), [], "held for {held_ms} ms");
        assert_eq!(bench.contact.countdown_s(bench.now_ms), None);
    }
}

#[test]
fn held_for_ten_seconds_it_asks_for_the_reset_once() {
    let mut bench = Bench::new();
    let start_ms = bench.now_ms;
    bench.level(true, 60_000);
    bench.level(false, 1_000);
    assert_eq!(bench.presses, [(start_ms + 10_000, Press::FactoryReset)]);
    bench.level(true, 100);
    bench.level(false, 100);
    assert_eq!(bench.presses(), [Press::FactoryReset, Press::Short]);
}

#[test]
fn the_count_down_is_shown_from_three_seconds_on() {
    let mut bench = Bench::new();
    let start_ms = bench.now_ms;
    let mut shown = Vec::new();
    while bench.now_ms < start_ms + 10_500 {
        bench.level(true, 10);
        let countdown = bench.contact.countdown_s(bench.now_ms - 10);
        if shown.last().map(|(_, last)| last) != Some(&countdown) {
            shown.push((bench.now_ms - 10 - start_ms, countdown));
        }
    }
    let expected = [
        (0, None),
        (3_000, Some(7)),
        (4_000, Some(6)),
        (5_000, Some(5)),
        (6_000, Some(4)),
        (7_000, Some(3)),
        (8_000, Some(2)),
        (9_000, Some(1)),
        (10_000, None),
    ];
    assert_eq!(shown, expected);
}

#[test]
fn a_button_that_sticks_from_the_start_erases_nothing() {
    let mut bench = Bench {
        contact: Contact::new(),
        now_ms: 0,
        presses: Vec::new(),
    };
    bench.level(true, 60_000);
    assert_eq!(bench.presses(), []);
    assert_eq!(bench.contact.countdown_s(bench.now_ms), None);
    // Free again, it is a button again.
    bench.level(false, 100);
    bench.level(true, 11_000);
    assert_eq!(bench.presses(), [Press::FactoryReset]);
}

#[test]
fn time_in_which_nobody_looked_does_not_count() {
    let mut bench = Bench::new();
    bench.level(true, 100);
    bench.now_ms += 20_000;
    bench.level(true, 100);
    assert_eq!(bench.presses(), []);
    bench.level(false, 100);
    // 100 ms and 100 ms, and 200 ms of the gap.
    assert_eq!(bench.presses(), [Press::Short]);
}
