//! A device with an outbox in memory.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use heapless::Vec as Bounded;
use smart_meter::live::Live;
use smart_meter::platform::Outbox;
use smart_meter::record::{Body, EventRecord, Id, Interval, Quality, Record, Values};
use smart_meter::settings::{Secret, Settings, Uplink};

/// Records in memory, shared with the test.
#[derive(Clone, Default)]
pub(crate) struct MemoryOutbox(pub(crate) Rc<RefCell<VecDeque<Record>>>);

impl Outbox for MemoryOutbox {
    async fn peek<const N: usize>(&mut self, records: &mut Bounded<Record, N>) {
        records.clear();
        records.extend(self.0.borrow().iter().take(N).copied());
    }

    async fn forget(&mut self, count: usize) {
        self.0.borrow_mut().drain(..count);
    }

    fn depth(&self) -> u32 {
        self.0.borrow().len() as u32
    }
}

impl MemoryOutbox {
    pub(crate) fn push(&self, record: Record) {
        self.0.borrow_mut().push_back(record);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }
}

/// 2026-11-26T10:00:00Z.
pub(crate) const START_MS: i64 = 1_795_687_200_000;

fn record(seq: u32, body: Body) -> Record {
    Record {
        id: Id { boot: 3, seq },
        channel: 0,
        at_ms: u64::from(seq) * 5_000,
        utc_ms: Some(START_MS + i64::from(seq) * 5_000),
        quality: Quality::GOOD,
        body,
    }
}

pub(crate) fn reading(seq: u32) -> Record {
    let values = Values {
        voltage_mv: Some(230_100),
        current_ma: Some(520),
        power_mw: Some(118_300),
        reactive_mvar: None,
        frequency_mhz: Some(50_000),
        power_factor_milli: Some(990),
        import_mwh: 12_345_678 + u64::from(seq),
        export_mwh: 0,
    };
    record(seq, Body::Reading(values))
}

pub(crate) fn event(seq: u32) -> Record {
    // OVERLOAD is number 6.
    let event = EventRecord {
        code: 6,
        is_occurrence: true,
        value: 5_234_500,
    };
    record(seq, Body::Event(event))
}

pub(crate) fn interval(seq: u32) -> Record {
    let interval = Interval {
        end_s: START_MS / 1_000,
        import_mwh: 29_575,
        export_mwh: 0,
        voltage_min_mv: Some(228_400),
        voltage_mean_mv: Some(230_050),
        voltage_max_mv: None,
        current_max_ma: Some(2_125),
        readings: 180,
        status: 2,
    };
    record(seq, Body::Interval(interval))
}

/// A device that posts to a server without TLS.
pub(crate) fn http_settings() -> Settings {
    Settings {
        uplink: Uplink::Http,
        http_base: "http://server:3000/api".try_into().unwrap(),
        http_api_key: Secret::new("k3y-that-nobody-sees").unwrap(),
        owner: "Ada".try_into().unwrap(),
        place: "Mill Lane 1".try_into().unwrap(),
        allow_plain: true,
        ..Settings::default()
    }
}

pub(crate) fn error_of(live: &Live) -> Option<String> {
    live.uplink
        .borrow()
        .error
        .as_ref()
        .map(|text| text.as_str().to_owned())
}

/// A reading as long as it can be.
pub(crate) fn worst_reading() -> Record {
    Record {
        id: Id {
            boot: u32::MAX,
            seq: u32::MAX,
        },
        channel: 0,
        at_ms: u64::MAX,
        utc_ms: None,
        quality: Quality::CLOCK_INVALID,
        body: Body::Reading(Values {
            voltage_mv: Some(u32::MAX),
            current_ma: Some(u32::MAX),
            power_mw: Some(i32::MIN),
            reactive_mvar: Some(i32::MIN),
            frequency_mhz: Some(u32::MAX),
            power_factor_milli: Some(i16::MIN),
            import_mwh: u64::MAX,
            export_mwh: u64::MAX,
        }),
    }
}

/// Health as long as it can be.
pub(crate) fn worst_health() -> meter_core::Health {
    let mut health = meter_core::Health {
        uptime_s: u32::MAX,
        boots: u32::MAX,
        reset_cause: meter_core::health::ResetCause::BrownOut,
        queue_depth: u32::MAX,
        flash_erases: u32::MAX,
        heap_free: Some(u32::MAX),
        heap_least: Some(u32::MAX),
        stack_most: Some(u32::MAX),
        clock_offset_ms: Some(i32::MIN),
        battery_mv: Some(u16::MAX),
        temperature_centi_c: Some(i16::MIN),
        rssi_dbm: Some(i8::MIN),
        ..meter_core::Health::default()
    };
    (health.polls.good, health.polls.failed) = (u32::MAX, u32::MAX);
    (health.uploads.good, health.uploads.failed) = (u32::MAX, u32::MAX - 100);
    health.poll_errors = meter_core::health::PollErrors {
        no_reply: u32::MAX,
        garbled: u32::MAX,
        refused: u32::MAX,
        implausible: u32::MAX,
    };
    health
}
