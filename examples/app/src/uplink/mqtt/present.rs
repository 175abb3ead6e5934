//! What subscribers were shown last of a meter.

use meter_core::detect::Latch;

use crate::live::Channel;

/// What was shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    at_ms: Option<u64>,
    alarms: Latch,
    /// What Tasmota's `Period` counts from.
    pub(super) import_mwh: Option<u64>,
}

impl Shown {
    /// Whether there is something else to show: another reading, none any more, other alarms. Takes it for shown.
    pub(super) fn changes(&mut self, channel: &Channel, now_ms: u64, interval_ms: u32) -> bool {
        let is_fresh = channel.fresh(now_ms, interval_ms).is_some();
        let at_ms = channel.last.map(|(_, at_ms)| at_ms).filter(|_| is_fresh);
        let changes = at_ms != self.at_ms || channel.alarms != self.alarms;
        self.at_ms = at_ms;
        self.alarms = channel.alarms;
        changes
    }
}
