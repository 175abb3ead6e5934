//! A meter and what is stored of it: how it goes on after a start, and how far its registers may be told.

use meter_core::meter::{Meter, Standard};
use meter_core::{Flags, Snapshot};

use crate::store::Stored;

/// So much more than it has is a register allowed to be told, in seconds of the present power, before that is stored
/// anew; and what is left of it when it is.
const AHEAD_S: u64 = 90;
const LEFT_S: u64 = 30;
/// And at least so much, in milliwatt-hours.
const AHEAD_MWH: u64 = 1_000;
/// A counter that contradicts itself for so many readings after a start is none to wait for.
const DOUBTS: u8 = 5;

/// A meter, and what is stored of it.
pub(super) struct Slot {
    pub(super) meter: Meter<Standard>,
    /// It was read since it was stored last.
    pub(super) is_touched: bool,
    /// It is to be stored now.
    pub(super) is_wanted: bool,
    /// When it was stored last.
    stored_ms: u64,
    /// There is a stored state.
    pub(super) is_stored: bool,
    /// Import and export may be told up to this, as is stored.
    pub(super) told_mwh: [u64; 2],
    /// By how much the registers were behind that at the start.
    behind_mwh: [u64; 2],
    /// How far ahead the next limit is.
    ahead_mwh: u64,
    /// Whether the meter has to show that it still counts from where it was stored.
    proof: Proof,
}

/// How a meter goes on after a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// Nobody knows yet; its counter was doubted so often.
    Awaited(u8),
    /// From what was told, with the next reading.
    Lost,
    /// From what it counts.
    Given,
}

impl Slot {
    /// A meter that goes on from what was stored of it; a volatile one has a counter that this program keeps, and
    /// loses.
    pub(super) fn new(stages: Standard, stored: &Stored, is_volatile: bool) -> Self {
        let meter = match &stored.snapshot {
            Some(snapshot) if is_volatile => {
                Meter::restore(stages, &snapshot.with_counter_at_zero())
            }
            Some(snapshot) => Meter::restore(stages, snapshot),
            None => Meter::new(stages),
        };
        let proof = match stored.snapshot {
            None => Proof::Given,
            Some(_) if is_volatile => Proof::Lost,
            Some(_) => Proof::Awaited(0),
        };
        let mut slot = Self {
            meter,
            is_touched: false,
            is_wanted: false,
            stored_ms: 0,
            is_stored: stored.snapshot.is_some(),
            told_mwh: stored.told_mwh,
            behind_mwh: stored.told_mwh,
            ahead_mwh: AHEAD_MWH,
            proof,
        };
        let now_mwh = slot.registers_mwh();
        for (behind, now) in slot.behind_mwh.iter_mut().zip(now_mwh) {
            *behind = behind.saturating_sub(now);
        }
        slot
    }

    fn registers_mwh(&self) -> [u64; 2] {
        let registers = self.meter.registers();
        [registers.import.mwh(), registers.export.mwh()]
    }

    /// Whether its state is to be stored: something depends on it, or it was stored longer ago than this.
    pub(super) const fn is_due(&self, now_ms: u64, age_ms: u64) -> bool {
        self.is_touched && (self.is_wanted || now_ms.saturating_sub(self.stored_ms) >= age_ms)
    }

    /// Its state, if it is to be stored.
    pub(super) fn snapshot(&mut self, now_ms: u64, age_ms: u64) -> Option<[u8; Snapshot::BYTES]> {
        if !self.is_due(now_ms, age_ms) {
            return None;
        }
        self.is_touched = false;
        self.is_wanted = false;
        self.stored_ms = now_ms;
        Some(self.meter.snapshot().encode())
    }

    /// Takes what a reading proves. Gives whether what the registers say may be told.
    pub(super) fn prove(&mut self, flags: Flags) -> bool {
        let Proof::Awaited(doubts) = self.proof else {
            return self.proof == Proof::Given;
        };
        let is_lost = flags.contains(Flags::RESET) || flags.contains(Flags::GLITCH);
        self.proof = if is_lost || doubts >= DOUBTS {
            Proof::Lost
        } else if self.meter.is_doubting() {
            Proof::Awaited(doubts + 1)
        } else {
            Proof::Given
        };
        self.proof == Proof::Given
    }

    /// Goes on from what was told, with what was counted since the start; whether that is estimated.
    pub(super) fn go_on(&mut self) -> bool {
        if self.proof != Proof::Lost {
            return false;
        }
        self.proof = Proof::Given;
        let [import_mwh, export_mwh] = self.registers_mwh();
        let [more_import_mwh, more_export_mwh] = self.behind_mwh;
        self.meter.raise(
            import_mwh.saturating_add(more_import_mwh),
            export_mwh.saturating_add(more_export_mwh),
        );
        more_import_mwh > 0 || more_export_mwh > 0
    }

    /// How far its registers may be told, if that has to be stored.
    pub(super) fn wants_told(&self) -> Option<[u64; 2]> {
        if self.proof != Proof::Given || self.room() == Room::Enough {
            return None;
        }
        Some(self.registers_mwh().map(|mwh| match mwh {
            0 => 0,
            mwh => mwh.saturating_add(self.ahead_mwh),
        }))
    }

    /// The present power decides how far the next limit is ahead.
    pub(super) fn look_ahead(&mut self, power_mw: Option<i32>) {
        let power_mw = u64::from(power_mw.unwrap_or(0).unsigned_abs());
        self.ahead_mwh = (power_mw * AHEAD_S / 3_600).max(AHEAD_MWH);
    }

    /// How near the registers are to what may be told of them.
    pub(super) fn room(&self) -> Room {
        let left_mwh = self.ahead_mwh * LEFT_S / AHEAD_S;
        let mut room = Room::Enough;
        for (mwh, told_mwh) in self.registers_mwh().into_iter().zip(self.told_mwh) {
            if mwh > told_mwh {
                return Room::None;
            }
            if mwh > 0 && mwh.saturating_add(left_mwh) > told_mwh {
                room = Room::Little;
            }
        }
        room
    }
}

/// How near registers are to what may be told of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    None,
    Little,
    Enough,
}
