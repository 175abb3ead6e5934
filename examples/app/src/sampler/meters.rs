//! The meters: registers and stages of each channel, and the records that readings lead to.

use core::cell::RefCell;

use heapless::Vec;
use meter_core::meter::{Meter, Standard};
use meter_core::{Flags, Outputs, Reading, Snapshot, Source};

use super::{setup, words};
use crate::live::{Channel, Live};
use crate::platform::{MeterSource, SourceError};
use crate::record::{Body, EventRecord, Interval, Quality, Values, quality_of};
use crate::settings::{CHANNELS, Settings};
use crate::store::{Log, Stored};
use crate::time::zone;

/// So much more than it has is a register allowed to be told, in seconds of the present power, before that is stored
/// anew; and what is left of it when it is.
const AHEAD_S: u64 = 90;
const LEFT_S: u64 = 30;
/// And at least so much, in milliwatt-hours.
const AHEAD_MWH: u64 = 1_000;
/// A counter that contradicts itself for so many readings after a start is none to wait for.
const DOUBTS: u8 = 5;

/// The meters of a device, which one task fills and another stores.
///
/// What is told of a register is never taken back. A meter that counts by itself tells after a restart what flowed since
/// its registers were stored; one that does not, or was changed or set to zero while the device had no supply, can
/// not. So it is stored how far registers may be told, a little ahead of them, and after such a restart they go on
/// from there: the difference, at most a minute and a half of energy beyond what flowed, counts as estimated.
pub struct Meters {
    slots: RefCell<Vec<Slot, CHANNELS>>,
}

struct Slot {
    meter: Meter<Standard>,
    /// It was read since it was stored last.
    is_touched: bool,
    /// It is to be stored now.
    is_wanted: bool,
    /// When it was stored last.
    stored_ms: u64,
    /// There is a stored state.
    is_stored: bool,
    /// Import and export may be told up to this, as is stored.
    told_mwh: [u64; 2],
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
    fn registers_mwh(&self) -> [u64; 2] {
        let registers = self.meter.registers();
        [registers.import.mwh(), registers.export.mwh()]
    }

    const fn is_due(&self, now_ms: u64, age_ms: u64) -> bool {
        self.is_touched && (self.is_wanted || now_ms.saturating_sub(self.stored_ms) >= age_ms)
    }

    /// Takes what a reading proves. Gives whether what the registers say may be told.
    fn prove(&mut self, flags: Flags) -> bool {
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
    fn go_on(&mut self) -> bool {
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

    /// How near the registers are to what may be told of them.
    fn room(&self) -> Room {
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    None,
    Little,
    Enough,
}

impl Meters {
    /// The meters of a source, which go on from what was stored of them.
    #[must_use]
    pub fn new(
        settings: &Settings,
        source: &impl MeterSource,
        stored: &[Stored; CHANNELS],
    ) -> Self {
        let mut slots: Vec<Slot, CHANNELS> = Vec::new();
        for (channel, stored) in (0..source.channels()).zip(stored) {
            // A counter that never starts over is one that this program keeps, and loses.
            let is_volatile = source.describe(channel).moduli.is_empty();
            let stages = Standard::new(settings.profile_s, settings.billing_day);
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
            let mut slot = Slot {
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
            // No more than CHANNELS.
            let _ = slots.push(slot);
        }
        Self {
            slots: RefCell::new(slots),
        }
    }

    /// Shows what is known of each before the first reading.
    pub fn show(&self, live: &Live) {
        let slots = self.slots.borrow();
        let mut channels = live.channels.borrow_mut();
        channels.clear();
        channels.extend(slots.iter().map(|slot| Channel {
            registers: *slot.meter.registers(),
            max_demand: slot.meter.stages.demand.max(),
            ..Channel::default()
        }));
    }

    /// Whether the state of a meter is to be stored: something depends on it, or it was stored longer ago than this.
    pub(crate) fn is_due(&self, now_ms: u64, age_ms: u64) -> bool {
        self.slots
            .borrow()
            .iter()
            .any(|slot| slot.is_due(now_ms, age_ms))
    }

    /// The state of a meter, if it [is to be stored](Self::is_due).
    pub(crate) fn snapshot(
        &self,
        channel: u8,
        now_ms: u64,
        age_ms: u64,
    ) -> Option<[u8; Snapshot::BYTES]> {
        let mut slots = self.slots.borrow_mut();
        let slot = slots.get_mut(usize::from(channel))?;
        if !slot.is_due(now_ms, age_ms) {
            return None;
        }
        slot.is_touched = false;
        slot.is_wanted = false;
        slot.stored_ms = now_ms;
        Some(slot.meter.snapshot().encode())
    }

    /// How far the registers of a meter may be told, if that has to be stored.
    pub(crate) fn wants_told(&self, channel: u8) -> Option<[u64; 2]> {
        let slots = self.slots.borrow();
        let slot = slots.get(usize::from(channel))?;
        if slot.proof != Proof::Given || slot.room() == Room::Enough {
            return None;
        }
        Some(slot.registers_mwh().map(|mwh| match mwh {
            0 => 0,
            mwh => mwh.saturating_add(slot.ahead_mwh),
        }))
    }

    /// It is stored.
    pub(crate) fn may_tell(&self, channel: u8, told_mwh: [u64; 2]) {
        if let Some(slot) = self.slots.borrow_mut().get_mut(usize::from(channel)) {
            slot.told_mwh = told_mwh;
        }
    }

    /// It could not be stored.
    pub(crate) fn not_stored(&self, channel: u8) {
        if let Some(slot) = self.slots.borrow_mut().get_mut(usize::from(channel)) {
            slot.is_touched = true;
            slot.is_wanted = true;
        }
    }

    /// There is a stored state.
    pub(crate) fn stored(&self, channel: u8) {
        if let Some(slot) = self.slots.borrow_mut().get_mut(usize::from(channel)) {
            slot.is_stored = true;
        }
    }

    /// A reading: into the registers, the records, the present.
    pub(super) fn take(
        &self,
        channel: u8,
        mut reading: Reading,
        source: &Source,
        live: &Live,
        log: &Log,
        outputs: &mut Outputs,
    ) {
        let at_ms = reading.at_ms;
        reading.utc_s = live.time.get().utc_ms(at_ms).map(|ms| ms.div_euclid(1_000));
        let settings = live.settings.borrow();
        let local = reading
            .utc_s
            .and_then(|utc_s| zone::local(settings.zone, utc_s));
        let setup = setup::meter_settings(&settings, source, &reading);
        let mut slots = self.slots.borrow_mut();
        let Some(slot) = slots.get_mut(usize::from(channel)) else {
            return;
        };
        let is_estimated = slot.go_on();
        slot.meter.push(&reading, local, &setup, outputs);
        slot.is_touched = true;
        let flags = outputs.step.flags;
        let may_tell = slot.prove(flags);
        let shown = setup.calibration.apply(&reading);
        let values = Values::new(&shown, slot.meter.registers());
        let mut quality = quality_of(outputs);
        if is_estimated {
            quality = quality.with(Quality::ESTIMATED);
        }
        // Registers of which nobody knows yet whether they go on are told by no record.
        let body = Body::Reading(values);
        let id = may_tell.then(|| log.add(live, channel, at_ms, quality, body));
        note(channel, at_ms, live, log, outputs);
        if let Some(record) = &outputs.record {
            let interval = Body::Interval(Interval::from(record));
            let id = log.add(live, channel, at_ms, Quality::GOOD, interval);
            // With the registers that begin the next one, or it would come a second time after a power cut.
            log.hold(id);
            slot.is_wanted = true;
        }
        if outputs.ended.is_some_and(|ended| ended.billing.is_some()) {
            slot.meter.stages.demand.reset();
        }
        let Some(id) = id else {
            return;
        };
        // What a counter does not tell a second time is stored before anybody hears of it.
        let is_told_once = [Flags::RESET, Flags::WRAP, Flags::GLITCH, Flags::ESTIMATED]
            .into_iter()
            .any(|flag| flags.contains(flag));
        if is_told_once || is_estimated || !slot.is_stored {
            log.hold(id);
            slot.is_wanted = true;
        }
        let power_mw = u64::from(shown.power_mw.unwrap_or(0).unsigned_abs());
        slot.ahead_mwh = (power_mw * AHEAD_S / 3_600).max(AHEAD_MWH);
        match slot.room() {
            Room::None => log.hold_for_told(Some(id)),
            Room::Little => log.hold_for_told(None),
            Room::Enough => {}
        }
        let last = (values, at_ms);
        show(slot, channel, last, quality, local.is_some(), live);
    }

    /// A poll that gave no reading.
    pub(super) fn miss(
        &self,
        channel: u8,
        at_ms: u64,
        error: &SourceError,
        live: &Live,
        log: &Log,
        outputs: &mut Outputs,
    ) {
        if let Some(slot) = self.slots.borrow_mut().get_mut(usize::from(channel)) {
            slot.meter.miss(at_ms, outputs);
        }
        note(channel, at_ms, live, log, outputs);
        if let Some(channel) = live.channels.borrow_mut().get_mut(usize::from(channel)) {
            channel.error = Some(words(error));
        }
    }
}

/// Events become records, and alarms of the present.
fn note(channel: u8, at_ms: u64, live: &Live, log: &Log, outputs: &Outputs) {
    for event in &outputs.events {
        let record = EventRecord::from(event);
        log.add(live, channel, at_ms, Quality::GOOD, Body::Event(record));
        if let Some(channel) = live.channels.borrow_mut().get_mut(usize::from(channel)) {
            channel.alarms.note(event);
        }
    }
}

/// The present of a channel after a reading.
fn show(
    slot: &Slot,
    channel: u8,
    last: (Values, u64),
    quality: Quality,
    has_time: bool,
    live: &Live,
) {
    let registers = slot.meter.registers();
    let stages = &slot.meter.stages;
    if let Some(present) = live.channels.borrow_mut().get_mut(usize::from(channel)) {
        let [today_mwh, _] = stages.freeze.today(registers);
        let [month_mwh, _] = stages.freeze.this_month(registers);
        present.last = Some(last);
        present.quality = quality;
        present.error = None;
        present.registers = *registers;
        present.today_mwh = has_time.then_some(today_mwh);
        present.month_mwh = has_time.then_some(month_mwh);
        present.max_demand = stages.demand.max();
    }
}
