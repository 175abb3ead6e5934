//! What time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use smart_meter::platform::{Clock, ConnectError, TimeServer};

use super::clock::StationClock;

/// The clock of the PC; with a time of its own the station has the date of its start, and goes on from there.
pub(super) struct PcTime {
    clock: StationClock,
    start_ms: i64,
}

impl PcTime {
    pub(super) fn new(clock: StationClock) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_ms = since.map_or(0, |since| since.as_millis());
        Self {
            clock,
            start_ms: i64::try_from(now_ms).unwrap_or_default(),
        }
    }
}

impl TimeServer for PcTime {
    async fn query(&mut self, _: &str) -> Result<i64, ConnectError> {
        Ok(self.start_ms.saturating_add_unsigned(self.clock.now_ms()))
    }
}
