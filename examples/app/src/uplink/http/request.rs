//! Requests, written into one buffer so that they leave as few segments and TLS records as they fit in.

use core::fmt::{self, Write};

use embedded_io_async::Write as Stream;

use super::super::json::{Counter, Text};
use super::super::payload::{self, Dialect, Registration};
use super::super::target::Target;
use crate::live::Live;
use crate::record::Record;
use crate::settings::url::Url;

/// Room for a request: the longest are a head of 400 bytes with a registration or the health of the device, of 600.
pub(super) const BUFFER: usize = 1_024;

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'a> {
    /// One record.
    One(&'a Record),
    /// Many readings.
    Batch(&'a [Record]),
    /// A meter makes itself known.
    Register { channel: u8, mac: [u8; 6] },
    /// How the device is.
    Health { utc_ms: Option<i64> },
}

impl Content<'_> {
    const fn path(&self) -> &'static str {
        match self {
            Self::One(record) => super::kind_of(record).path(),
            Self::Batch(_) => "/readings/batch",
            Self::Register { .. } => "/meters/register",
            Self::Health { .. } => "/meters/health",
        }
    }

    /// The body; of a batch nothing.
    fn write(&self, out: &mut dyn Write, target: &Target, live: &Live) -> fmt::Result {
        match self {
            Self::One(record) => {
                payload::record(out, target.name(record.channel), Dialect::Http, record)
            }
            Self::Batch(_) => Ok(()),
            Self::Register { channel, mac } => {
                let settings = live.settings.borrow();
                let meter = Registration {
                    name: target.name(*channel),
                    owner: &settings.owner,
                    place: &settings.place,
                    mac: *mac,
                };
                payload::registration(out, &meter)
            }
            Self::Health { utc_ms } => {
                payload::health(out, target.name(0), *utc_ms, &live.health.get())
            }
        }
    }

    fn len(&self, target: &Target, live: &Live) -> usize {
        let mut counter = Counter::default();
        // Counting never fails.
        let _ = self.write(&mut counter, target, live);
        if let Self::Batch(records) = self {
            for record in *records {
                let name = target.name(record.channel);
                let _ = payload::record(&mut counter, name, Dialect::Http, record);
            }
            // Brackets, and commas between.
            counter.0 += records.len() + 1;
        }
        counter.0
    }
}

/// Why a request did not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsent {
    /// The connection is gone.
    Closed,
    /// It does not fit the buffer.
    TooLong,
}

impl From<fmt::Error> for Unsent {
    fn from(_: fmt::Error) -> Self {
        Self::TooLong
    }
}

/// Sends one.
pub(super) async fn send<S: Stream>(
    stream: &mut S,
    room: &mut [u8],
    target: &Target,
    url: &Url<'_>,
    live: &Live,
    content: &Content<'_>,
) -> Result<(), Unsent> {
    let mut text = Text::new(room);
    head(&mut text, target, url, content, content.len(target, live))?;
    content.write(&mut text, target, live)?;
    if let Content::Batch(records) = content {
        let mut separator = "[";
        for record in *records {
            let before = text.len();
            let name = target.name(record.channel);
            if element(&mut text, separator, name, record).is_err() {
                text.cut(before);
                write_all(stream, &mut text).await?;
                element(&mut text, separator, name, record)?;
            }
            separator = ",";
        }
        if text.write_char(']').is_err() {
            write_all(stream, &mut text).await?;
            text.write_char(']')?;
        }
    }
    write_all(stream, &mut text).await?;
    stream.flush().await.map_err(|_| Unsent::Closed)
}

fn head(
    out: &mut dyn Write,
    target: &Target,
    url: &Url<'_>,
    content: &Content<'_>,
    len: usize,
) -> fmt::Result {
    let base = url.path.trim_end_matches('/');
    write!(
        out,
        "POST {base}{} HTTP/1.1\r\nHost: {}",
        content.path(),
        url.host
    )?;
    if url.port != url.scheme.port() {
        write!(out, ":{}", url.port)?;
    }
    write!(
        out,
        "\r\nUser-Agent: smart-meter/{}\r\nContent-Type: application/json\r\n",
        env!("CARGO_PKG_VERSION"),
    )?;
    if !target.secret.is_empty() {
        write!(out, "X-API-Key: {}\r\n", target.secret.reveal())?;
    }
    write!(out, "Content-Length: {len}\r\n\r\n")
}

fn element(
    out: &mut dyn Write,
    separator: &str,
    name: crate::settings::Name<'_>,
    record: &Record,
) -> fmt::Result {
    out.write_str(separator)?;
    payload::record(out, name, Dialect::Http, record)
}

async fn write_all<S: Stream>(stream: &mut S, text: &mut Text<'_>) -> Result<(), Unsent> {
    stream
        .write_all(text.as_bytes())
        .await
        .map_err(|_| Unsent::Closed)?;
    text.cut(0);
    Ok(())
}
