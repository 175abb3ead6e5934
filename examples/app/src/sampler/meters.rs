//! The meters: registers and stages of each channel, and the records that readings lead to.

use core::cell::RefCell;

use heapless::Vec;
use meter_core::meter::{Meter, Standard};
use meter_core::{Flags, Outputs, Reading, Snapshot, Source};

use super::{setup, words};
use crate::live::{Channel, Live};
use crate::platform::SourceError;
use crate::record::{Body, EventRecord, Interval, Quality, Values, quality_of};
use crate::settings::{CHANNELS, Settings};
use crate::store::Log;
use crate::time::zone;

/// A meter without a counter of its own is stored each time it has moved by this, in milliwatt-hours.
const MOVED_MWH: u64 = 10_000;

/// The meters of a device, which one task fills and another stores.
pub struct Meters {
    slots: RefCell<Vec<Slot, CHANNELS>>,
}

struct Slot {
    meter: Meter<Standard>,
    /// It was read since it was stored last.
    is_touched: bool,
    /// There is a stored state.
    is_stored: bool,
    /// Import and export together when it was stored last.
    stored_mwh: u64,
}

impl Slot {
    fn moved_mwh(&self) -> u64 {
        let registers = self.meter.registers();
        registers
            .import
            .mwh()
            .saturating_add(registers.export.mwh())
    }
}

impl Meters {
    /// So many meters, which go on from their stored states.
    #[must_use]
    pub fn new(settings: &Settings, channels: u8, stored: &[Option<Snapshot>; CHANNELS]) -> Self {
        let mut slots: Vec<Slot, CHANNELS> = Vec::new();
        for snapshot in stored.iter().take(channels.into()) {
            let stages = Standard::new(settings.profile_s, settings.billing_day);
            let meter = match snapshot {
                Some(snapshot) => Meter::restore(stages, snapshot),
                None => Meter::new(stages),
            };
            let mut slot = Slot {
                meter,
                is_touched: false,
                is_stored: snapshot.is_some(),
                stored_mwh: 0,
            };
            slot.stored_mwh = slot.moved_mwh();
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

    /// The state of a meter to be stored, if it was read since the last time.
    pub(crate) fn snapshot(&self, channel: u8) -> Option<[u8; Snapshot::BYTES]> {
        let mut slots = self.slots.borrow_mut();
        let slot = slots.get_mut(usize::from(channel))?;
        if !core::mem::take(&mut slot.is_touched) {
            return None;
        }
        slot.stored_mwh = slot.moved_mwh();
        Some(slot.meter.snapshot().encode())
    }

    /// It could not be stored.
    pub(crate) fn not_stored(&self, channel: u8) {
        if let Some(slot) = self.slots.borrow_mut().get_mut(usize::from(channel)) {
            slot.is_touched = true;
        }
    }

    /// It is stored.
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
        slot.meter.push(&reading, local, &setup, outputs);
        slot.is_touched = true;
        let registers = slot.meter.registers();
        let values = Values::new(&setup.calibration.apply(&reading), registers);
        let quality = quality_of(outputs);
        let id = log.add(live, channel, at_ms, quality, Body::Reading(values));
        note(channel, at_ms, live, log, outputs);
        if let Some(record) = &outputs.record {
            let interval = Body::Interval(Interval::from(record));
            let id = log.add(live, channel, at_ms, Quality::GOOD, interval);
            // With the registers that begin the next one, or it would come a second time after a power cut.
            log.hold(id);
        }
        // What a counter does not tell a second time is stored before anybody hears of it.
        let flags = outputs.step.flags;
        let is_told_once = [Flags::RESET, Flags::WRAP, Flags::GLITCH, Flags::ESTIMATED]
            .into_iter()
            .any(|flag| flags.contains(flag));
        if is_told_once || !slot.is_stored {
            log.hold(id);
        }
        // A counter that never starts over is one that this program keeps, and loses.
        let is_volatile = source.moduli.is_empty();
        if is_volatile && slot.moved_mwh().abs_diff(slot.stored_mwh) >= MOVED_MWH {
            log.ask_for_checkpoint();
        }
        if outputs.ended.is_some_and(|ended| ended.billing.is_some()) {
            slot.meter.stages.demand.reset();
        }
        show(
            slot,
            channel,
            (values, at_ms),
            quality,
            local.is_some(),
            live,
        );
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
