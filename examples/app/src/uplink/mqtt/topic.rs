//! Names of topics.

use core::fmt::{self, Write as _};

use heapless::String;

use crate::record::{Body, Record};
use crate::settings::Name;

/// A topic's name.
pub type Topic = String<96>;

/// A topic of that name; names of meters are short enough.
pub(crate) fn topic(name: fmt::Arguments<'_>) -> Topic {
    let mut topic = Topic::new();
    let _ = topic.write_fmt(name);
    topic
}

/// Whether the device is there: `online`, or `offline` by its last will. One for all of its meters.
#[must_use]
pub fn status(device: Name<'_>) -> Topic {
    topic(format_args!("smartmeter/{}/status", device.id))
}

/// How the device is.
#[must_use]
pub fn health(device: Name<'_>) -> Topic {
    topic(format_args!("smartmeter/{}/health", device.id))
}

/// The meter as it is now.
#[must_use]
pub fn now(meter: Name<'_>) -> Topic {
    topic(format_args!("smartmeter/{meter}/now"))
}

/// Where a record goes.
#[must_use]
pub fn record(meter: Name<'_>, record: &Record) -> Topic {
    let kind = match record.body {
        Body::Reading(_) => "data",
        Body::Event(_) => "events",
        Body::Interval(_) => "intervals",
    };
    topic(format_args!("smartmeter/{meter}/{kind}"))
}
