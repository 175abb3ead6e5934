//! The page of the device, for browsers of this PC.

use std::io::ErrorKind;

use embassy_futures::join::{join, join4};
use embedded_io_adapters::tokio_1::FromTokio;
use embedded_io_async::{ErrorType, Read, Write};
use smart_meter::live::Live;
use smart_meter::local::{REQUEST, Site, serve};
use smart_meter::platform::{Accepted, ConnectError, Listener, Machine};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::clock::{StationClock, WallClock};
use super::machine::Process;
use super::output::say;
use crate::error::Problem;

/// Where it is served.
pub(super) struct Page(TcpListener);

impl Page {
    /// On a port of this PC alone; 0 for any that is free.
    pub(super) async fn open(port: u16) -> Result<Self, Problem> {
        let opened = TcpListener::bind(("127.0.0.1", port)).await;
        let page = Self(opened.map_err(|error| {
            Problem::Refused(match error.kind() {
                ErrorKind::AddrInUse => format!(
                    "--page {port}: another program has that port: give another one, or 0 for any that is free"
                ),
                _ => format!("--page {port}: {error}: give another port, above 1023"),
            })
        })?);
        say(format_args!("the page is http://{}", page.0.local_addr()?));
        Ok(page)
    }

    /// Serves it. Browsers open connections before they need them: a few at once do not keep each other waiting.
    pub(super) async fn serve(&self, clock: StationClock, live: &Live) {
        let random = || Process.random();
        let site = Site::new(live, &random);
        let wall = WallClock(clock);
        let mut rooms = [[0; REQUEST]; 4];
        let [a, b, c, d] = rooms.each_mut();
        let visit = |room| serve(Door(&self.0), &wall, &site, room);
        let visits = join4(visit(a), visit(b), visit(c), visit(d));
        join(site.watch(&clock), visits).await;
    }
}

/// One way in of several.
struct Door<'a>(&'a TcpListener);

impl Listener for Door<'_> {
    type Stream<'a>
        = Visitor
    where
        Self: 'a;

    async fn accept(&mut self) -> Result<Visitor, ConnectError> {
        let accepted = self.0.accept().await;
        let (stream, _) = accepted.map_err(|_| ConnectError::Offline)?;
        // Answers are written in parts.
        let _ = stream.set_nodelay(true);
        Ok(Visitor(FromTokio::new(stream)))
    }
}

/// A browser.
struct Visitor(FromTokio<TcpStream>);

impl ErrorType for Visitor {
    type Error = std::io::Error;
}

impl Read for Visitor {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        self.0.read(buffer).await
    }
}

impl Write for Visitor {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        self.0.write(bytes).await
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        self.0.flush().await
    }
}

impl Accepted for Visitor {
    async fn finish(&mut self) {
        if self.0.inner_mut().shutdown().await.is_ok() {
            // It closes its side when it has read everything.
            let mut rest = [0; 64];
            while let Ok(1..) = self.read(&mut rest).await {}
        }
    }
}
