//! What all connections share.

use core::cell::{Cell, RefCell};

use crate::calibrate::{Calibrator, Load, Proposal, Refusal};
use crate::live::Live;
use crate::platform::Clock;

/// So long a proposal can be set.
const PROPOSAL_MS: u64 = 120_000;

/// A calibration that a page shows and nobody has confirmed yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) proposal: Proposal,
    token: u64,
    at_ms: u64,
}

/// Why a proposal is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// It is not the last one that was shown, or too old.
    Stale,
    /// Nobody pressed the button since it was shown.
    NoButton,
}

/// The device as its pages show it.
///
/// There is no password: pages only show, with two exceptions. While the device has an access point of its own, whoever
/// knows its password can set it up. And a calibration is set when three things come together: the page that proposed it is the last one that was made, and no older than two minutes, which a random number in it
/// proves, so that no other page of the browser can do it; it was asked for by the device's address or a name ending in
/// `.local`, so that no name of somebody else's was made to lead here; and the button of the device was pressed after
/// the page was shown, so that somebody is there who wants it.
pub struct Site<'a> {
    pub(super) live: &'a Live,
    random: &'a dyn Fn() -> u32,
    calibrator: RefCell<Calibrator>,
    pending: RefCell<Option<Pending>>,
    /// The form was taken: the device starts anew.
    pub(super) is_set_up: Cell<bool>,
}

impl<'a> Site<'a> {
    /// With a source of random bits.
    #[must_use]
    pub const fn new(live: &'a Live, random: &'a dyn Fn() -> u32) -> Self {
        Self {
            live,
            random,
            calibrator: RefCell::new(Calibrator::new()),
            pending: RefCell::new(None),
            is_set_up: Cell::new(false),
        }
    }

    /// Collects readings for the calibration.
    pub async fn watch(&self, clock: &impl Clock) -> ! {
        loop {
            let interval_ms = self.live.settings.borrow().interval_ms;
            if let Some(channel) = self.live.channels.borrow().first() {
                let now_ms = clock.now_ms();
                self.calibrator
                    .borrow_mut()
                    .look(channel, interval_ms, now_ms);
            }
            clock.sleep_ms((interval_ms / 2).into()).await;
        }
    }

    /// What a load comes to, and the number that its page proves itself with.
    pub(super) fn propose(&self, load: Load, now_ms: u64) -> Result<(Proposal, u64), Refusal> {
        *self.pending.borrow_mut() = None;
        if self.live.channels.borrow().len() > 1 {
            return Err(Refusal::SeveralMeters);
        }
        let gains_ppm = self.live.settings.borrow().gains_ppm;
        let proposal = self.calibrator.borrow().propose(load, gains_ppm)?;
        let token = u64::from((self.random)()) << 32 | u64::from((self.random)());
        *self.pending.borrow_mut() = Some(Pending {
            proposal,
            token,
            at_ms: now_ms,
        });
        Ok((proposal, token))
    }

    /// Sets the proposal that was shown with this number, once.
    pub(super) fn confirm(&self, token: u64, now_ms: u64) -> Result<Proposal, Denied> {
        let mut pending = self.pending.borrow_mut();
        let Some(shown) = pending.filter(|shown| {
            shown.token == token && now_ms.saturating_sub(shown.at_ms) <= PROPOSAL_MS
        }) else {
            return Err(Denied::Stale);
        };
        let pressed_ms = self.live.panel.pressed_ms.get();
        if pressed_ms.is_none_or(|pressed_ms| pressed_ms < shown.at_ms) {
            return Err(Denied::NoButton);
        }
        *pending = None;
        self.calibrator.borrow_mut().clear();
        self.live.gains_ppm.signal(shown.proposal.gains_ppm);
        Ok(shown.proposal)
    }
}
