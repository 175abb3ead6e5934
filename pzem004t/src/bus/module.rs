//! The state of one module.

use crate::address::Address;
use crate::operation::Family;
use crate::plausibility::FirstFrame;

/// How a module is reached at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Link {
    /// Not yet heard of.
    Unknown,
    /// The last poll succeeded.
    Online,
    /// The last poll or polls failed.
    Degraded,
    /// So many polls failed in a row that the module is only looked for now and then.
    Offline,
}

/// The state of one module; a plain struct to read and to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Module {
    /// Its address.
    pub address: Address,
    /// Its register map.
    pub family: Family,
    /// Time between two polls in ms; 0 polls as fast as the line allows.
    pub interval_ms: u32,
    /// How it is reached.
    pub link: Link,
    /// Good polls.
    pub ok: u32,
    /// Failed polls.
    pub missed: u32,
    /// Failed polls since the last good one.
    pub missed_in_row: u16,
    /// Frames refused as implausible, the held-back first ones included.
    pub implausible: u32,
    /// When the last good poll ended, on the caller's clock.
    pub last_ok_ms: Option<u32>,
    /// Duration of the last good poll in ms.
    pub round_trip_ms: u32,
    pub(super) due_ms: u32,
    pub(super) first_frame: FirstFrame,
}

impl Module {
    /// How long its turn has been due; negative before it is.
    pub(super) fn overdue_ms(&self, now_ms: u32) -> i32 {
        now_ms.wrapping_sub(self.due_ms).cast_signed()
    }

    /// Sets the next turn one interval after the last one was due, so that the cadence does not
    /// drift; a line that is too slow for it starts anew from now.
    pub(super) fn plan(&mut self, now_ms: u32) {
        let planned = self.due_ms.wrapping_add(self.interval_ms);
        let late = now_ms.wrapping_sub(planned).cast_signed() > 0;
        self.due_ms = if late { now_ms } else { planned };
    }
}
