//! The one button: a short press turns the page, a long one makes the device forget everything.

use crate::live::Live;
use crate::platform::{self, Clock};

/// Contacts bounce no longer than this.
pub const DEBOUNCE_MS: u64 = 30;
/// Longer than this is no short press any more.
pub const SHORT_MS: u64 = 1_000;
/// From here on a count-down is shown.
pub const WARN_MS: u64 = 3_000;
/// Between two looks no more time counts than this: nobody knows what the contact did while the program was busy.
pub const BLIND_MS: u64 = 200;
/// Here the count-down ends.
pub const RESET_MS: u64 = 10_000;

/// What a person did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Press {
    /// Down and up again within a second.
    Short,
    /// Held for ten seconds: everything is to be as it came from the factory.
    FactoryReset,
}

/// The levels of a contact in time, told apart.
///
/// A contact that is closed at the start counts only after it was open once: a button that sticks, or a pin that a
/// flashing tool holds down, erases nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Contact {
    /// The level that counts.
    is_down: bool,
    /// The other level, and since when.
    other_since_ms: Option<u64>,
    /// When it went down, while that press has said nothing yet.
    down_ms: Option<u64>,
    was_up: bool,
    looked_ms: u64,
}

impl Contact {
    /// Nothing seen yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            is_down: false,
            other_since_ms: None,
            down_ms: None,
            was_up: false,
            looked_ms: 0,
        }
    }

    /// Takes a level at a time, best every ten milliseconds or so.
    pub fn update(&mut self, is_down: bool, now_ms: u64) -> Option<Press> {
        let blind_ms = now_ms.saturating_sub(self.looked_ms + BLIND_MS);
        self.looked_ms = now_ms;
        self.down_ms = self.down_ms.map(|ms| ms + blind_ms);
        self.other_since_ms = self.other_since_ms.map(|ms| ms + blind_ms);
        if is_down == self.is_down {
            self.other_since_ms = None;
            self.was_up |= !is_down;
        } else {
            let since_ms = *self.other_since_ms.get_or_insert(now_ms);
            if now_ms.saturating_sub(since_ms) >= DEBOUNCE_MS {
                self.other_since_ms = None;
                self.is_down = is_down;
                if is_down {
                    // From the first contact on.
                    self.down_ms = self.was_up.then_some(since_ms);
                } else if let Some(down_ms) = self.down_ms.take() {
                    let held_ms = since_ms.saturating_sub(down_ms);
                    return (held_ms <= SHORT_MS).then_some(Press::Short);
                }
            }
        }
        let down_ms = self.down_ms?;
        if self.is_down && is_down && now_ms.saturating_sub(down_ms) >= RESET_MS {
            // Said once, however long it is held.
            self.down_ms = None;
            return Some(Press::FactoryReset);
        }
        None
    }

    /// Seconds until the reset, rounded up, once the button is held long enough for a warning.
    #[must_use]
    pub fn countdown_s(&self, now_ms: u64) -> Option<u8> {
        let held_ms = now_ms.saturating_sub(self.down_ms?);
        if self.other_since_ms.is_some() || !(WARN_MS..RESET_MS).contains(&held_ms) {
            return None;
        }
        u8::try_from((RESET_MS - held_ms).div_ceil(1_000)).ok()
    }
}

/// Watches the button.
pub async fn run(mut button: impl platform::Button, clock: impl Clock, live: &Live) -> ! {
    let mut contact = Contact::new();
    loop {
        let now_ms = clock.now_ms();
        match contact.update(button.is_pressed(), now_ms) {
            Some(Press::Short) => {
                live.panel.pressed_ms.set(Some(now_ms));
                live.panel.next_page.signal(());
            }
            Some(Press::FactoryReset) => live.panel.factory_reset.signal(()),
            None => {}
        }
        live.panel.countdown_s.set(contact.countdown_s(now_ms));
        clock.sleep_ms(10).await;
    }
}
