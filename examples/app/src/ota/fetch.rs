//! An image from a web server, in as many connections as it takes.

use core::fmt::{self, Write as _};

use embassy_futures::select::{Either, select};
use embedded_io_async::{Read, Write};

use super::error::UpdateError;
use super::install::Install;
use super::slots::Slots;
use crate::platform::{Clock, ConnectError, Network};
use crate::settings::url::{Scheme, Url};

/// A server that says nothing for so long has gone.
const SILENT_MS: u64 = 30_000;
/// Connections in a row that may bring nothing.
const FRUITLESS: u32 = 5;
/// Connections at all: a server that hangs up after each few bytes is not followed for ever.
const CONNECTIONS: u32 = 200;
/// Headers of a reply that are looked at.
const HEADERS: usize = 32;

/// Loads the image at `url` into `install`. The header of the reply has to fit into `buffer`: 2 KiB are enough for
/// usual servers. `progress` is called as it comes. The future has to be run to its end.
///
/// # Errors
/// [`UpdateError`] when it is of no use to go on.
pub async fn fetch<N: Network, S: Slots>(
    network: &mut N,
    clock: &impl Clock,
    url: &str,
    allow_plain: bool,
    install: &mut Install<'_, S>,
    buffer: &mut [u8],
    mut progress: impl FnMut(Option<u8>),
) -> Result<(), UpdateError> {
    if url.is_empty() {
        return Err(UpdateError::NoAddress);
    }
    let url = Url::parse(url).map_err(|_| UpdateError::Address)?;
    match url.scheme {
        Scheme::Https => {}
        Scheme::Http if allow_plain => {}
        Scheme::Http => return Err(UpdateError::Plain),
        _ => return Err(UpdateError::Address),
    }
    let (mut fruitless, mut connections) = (0, 0);
    loop {
        let before = install.received();
        let end = attempt(network, clock, &url, install, buffer, &mut progress).await;
        let error = match end {
            Ok(()) => return Ok(()),
            Err(End::Final(error)) => return Err(error),
            Err(End::Broken(error)) => error,
        };
        connections += 1;
        fruitless = if install.received() > before {
            0
        } else {
            fruitless + 1
        };
        if fruitless >= FRUITLESS || connections >= CONNECTIONS {
            return Err(error);
        }
        clock.sleep_ms(2_000 << fruitless).await;
    }
}

/// How a connection ended.
enum End {
    /// Another one may bring more.
    Broken(UpdateError),
    /// No other one will.
    Final(UpdateError),
}

impl From<UpdateError> for End {
    fn from(error: UpdateError) -> Self {
        Self::Final(error)
    }
}

impl From<ConnectError> for End {
    fn from(error: ConnectError) -> Self {
        let is_final = matches!(error, ConnectError::Certificate | ConnectError::NoAuthority);
        if is_final {
            Self::Final(UpdateError::Connect(error))
        } else {
            Self::Broken(UpdateError::Connect(error))
        }
    }
}

const BROKEN: End = End::Broken(UpdateError::Broken);

async fn attempt<N: Network, S: Slots>(
    network: &mut N,
    clock: &impl Clock,
    url: &Url<'_>,
    install: &mut Install<'_, S>,
    buffer: &mut [u8],
    progress: &mut impl FnMut(Option<u8>),
) -> Result<(), End> {
    let mut stream = network.connect(&url.endpoint()).await?;
    let request = request(url, install.received(), buffer).ok_or(UpdateError::Address)?;
    let sent = async {
        stream.write_all(request).await.map_err(|_| BROKEN)?;
        stream.flush().await.map_err(|_| BROKEN)
    };
    within(clock, sent).await?;

    let mut filled = 0;
    let (head, head_length) = loop {
        let room = buffer.get_mut(filled..).unwrap_or_default();
        if room.is_empty() {
            return Err(UpdateError::Reply.into());
        }
        filled += read(clock, &mut stream, room).await?;
        if let Some(found) = Head::parse(buffer.get(..filled).unwrap_or_default())? {
            break found;
        }
    };
    let mut left = head.body_of(install)?;

    let mut start = head_length;
    loop {
        let came = buffer.get(start..filled).unwrap_or_default();
        let count = u32::try_from(came.len()).unwrap_or(u32::MAX).min(left);
        let part = usize::try_from(count).unwrap_or(0);
        install.push(came.get(..part).unwrap_or(came)).await?;
        progress(install.percent());
        left -= count;
        if left == 0 {
            return Ok(());
        }
        start = 0;
        filled = read(clock, &mut stream, buffer).await?;
    }
}

/// Reads some bytes; the end of the connection is an error.
async fn read(clock: &impl Clock, stream: &mut impl Read, buffer: &mut [u8]) -> Result<usize, End> {
    let some = async {
        match stream.read(buffer).await {
            Ok(0) | Err(_) => Err(BROKEN),
            Ok(count) => Ok(count),
        }
    };
    within(clock, some).await
}

async fn within<T>(
    clock: &impl Clock,
    work: impl Future<Output = Result<T, End>>,
) -> Result<T, End> {
    match select(work, clock.sleep_ms(SILENT_MS)).await {
        Either::First(done) => done,
        Either::Second(()) => Err(ConnectError::Timeout.into()),
    }
}

/// A request for what is still missing.
fn request<'b>(url: &Url<'_>, from: u32, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let mut text = Text { buffer, length: 0 };
    let path = match url.path {
        "" => "/",
        path => path,
    };
    write!(
        text,
        "GET {}{path} HTTP/1.1\r\nHost: {}",
        if path.starts_with('/') { "" } else { "/" },
        url.host
    )
    .ok()?;
    if url.port != url.scheme.port() {
        write!(text, ":{}", url.port).ok()?;
    }
    text.write_str(
        "\r\nUser-Agent: smart-meter\r\nAccept-Encoding: identity\r\nConnection: close\r\n",
    )
    .ok()?;
    if from > 0 {
        write!(text, "Range: bytes={from}-\r\n").ok()?;
    }
    text.write_str("\r\n").ok()?;
    let Text { buffer, length } = text;
    buffer.get(..length)
}

/// Text written into bytes.
struct Text<'b> {
    buffer: &'b mut [u8],
    length: usize,
}

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let place = self.buffer.get_mut(self.length..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// What is needed of the head of a reply.
#[derive(Clone, Copy, Debug)]
struct Head {
    status: u16,
    length: Option<u32>,
    /// First byte of the body, and bytes of the whole file.
    range: Option<(u32, Option<u32>)>,
}

impl Head {
    /// Reads a head and its length; `None` if more has to come.
    fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, UpdateError> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut reply = httparse::Response::new(&mut headers);
        let head_length = match reply.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(UpdateError::Reply),
        };
        let value = |name: &str| {
            let mut all = reply.headers.iter();
            let found = all.find(|header| header.name.eq_ignore_ascii_case(name));
            found.and_then(|header| core::str::from_utf8(header.value).ok())
        };
        if value("transfer-encoding").is_some() || value("content-encoding").is_some() {
            return Err(UpdateError::Reply);
        }
        let head = Self {
            status: reply.code.unwrap_or_default(),
            length: value("content-length").and_then(|text| text.trim().parse().ok()),
            range: value("content-range").and_then(range),
        };
        Ok(Some((head, head_length)))
    }

    /// How long the body is that now comes, and that it goes on where the image has come to.
    fn body_of<S: Slots>(&self, install: &mut Install<'_, S>) -> Result<u32, End> {
        let received = install.received();
        match self.status {
            200 => install.restart(),
            206 => {
                let (from, _) = self.range.ok_or(UpdateError::Reply)?;
                if from != received {
                    return Err(UpdateError::Reply.into());
                }
            }
            // Shorter now than it was: another image.
            416 if received > 0 => {
                install.restart();
                return Err(BROKEN);
            }
            300..=399 => return Err(UpdateError::Redirect.into()),
            429 | 500..=599 => return Err(End::Broken(UpdateError::Status(self.status))),
            status => return Err(UpdateError::Status(status).into()),
        }
        self.length.ok_or(UpdateError::Reply.into())
    }
}

/// Reads `bytes 100-199/200`.
fn range(text: &str) -> Option<(u32, Option<u32>)> {
    let (span, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (from, _) = span.split_once('-')?;
    Some((from.parse().ok()?, total.parse().ok()))
}
