//! The meters: registers and stages of each channel, and the records that readings lead to.

use core::cell::RefCell;

use heapless::Vec;
use meter_core::meter::Standard;
use meter_core::{Flags, Outputs, Reading, Snapshot, Source};

use super::slot::{Room, Slot};
use super::{setup, words};
use crate::live::{Channel, Live};
use crate::platform::{MeterSource, SourceError};
use crate::record::{Body, EventRecord, Interval, Quality, Values, quality_of};
use crate::settings::{CHANNELS, Settings};
use crate::store::{Log, Stored};
use crate::time::zone;

/// The meters of a device, which one task fills and another stores.
///
/// What is told of a register is never taken back. A meter that counts by itself tells after a restart what flowed since
/// its registers were stored; one that does not, or was changed or set to zero while the device had no supply, can
/// not. So it is stored how far registers may be told, a little ahead of them, and after such a restart they go on
/// from there: the difference, at most a minute and a half of energy beyond what flowed, counts as estimated.
pub struct Meters {
    slots: RefCell<Vec<Slot, CHANNELS>>,
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
            // No more than CHANNELS.
            let _ = slots.push(Slot::new(stages, stored, is_volatile));
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
        slot.snapshot(now_ms, age_ms)
    }

    /// How far the registers of a meter may be told, if that has to be stored.
    pub(crate) fn wants_told(&self, channel: u8) -> Option<[u64; 2]> {
        let slots = self.slots.borrow();
        slots.get(usize::from(channel))?.wants_told()
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
        slot.look_ahead(shown.power_mw);
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
