//! One file for each page.

pub(super) mod alarms;
pub(super) mod device;
pub(super) mod energy;
pub(super) mod network;
pub(super) mod values;
