//! Connections and time, as `picoserve` wants them.

use core::cell::RefCell;

use embassy_futures::select::{Either, select};
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use picoserve::Timeouts;
use picoserve::io::Error as _;
use picoserve::mem::{BorrowedBuffer, BorrowedCursor};
use picoserve::time::{Duration, Timer};

use crate::platform::{Accepted, Clock};

/// What the parts that belong together are marked with.
pub(super) struct Here;

/// Time that `picoserve` waits by.
pub(super) struct Ticks<'a, C>(pub(super) &'a C);

impl<C: Clock> Timer<Here> for Ticks<'_, C> {
    async fn delay(&self, duration: Duration) {
        self.0.sleep_ms(duration.as_millis()).await;
    }
}

/// A connection that is read and written to by turns.
pub(super) struct Socket<S>(RefCell<S>);

impl<S: Accepted> Socket<S> {
    pub(super) const fn new(stream: S) -> Self {
        Self(RefCell::new(stream))
    }
}

/// Either half of it. A request is read before its answer is written, so that both want it at the same time never.
pub(super) struct Half<'a, S>(&'a RefCell<S>);

impl<S: Accepted> ErrorType for Half<'_, S> {
    type Error = ErrorKind;
}

#[expect(
    clippy::await_holding_refcell_ref,
    reason = "the other half does not ask, and would get an error"
)]
impl<S: Accepted> Read for Half<'_, S> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let mut stream = self.0.try_borrow_mut().map_err(|_| ErrorKind::Other)?;
        stream.read(buffer).await.map_err(|error| error.kind())
    }
}

#[expect(
    clippy::await_holding_refcell_ref,
    reason = "the other half does not ask, and would get an error"
)]
impl<S: Accepted> Write for Half<'_, S> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let mut stream = self.0.try_borrow_mut().map_err(|_| ErrorKind::Other)?;
        stream.write(bytes).await.map_err(|error| error.kind())
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        let mut stream = self.0.try_borrow_mut().map_err(|_| ErrorKind::Other)?;
        stream.flush().await.map_err(|error| error.kind())
    }
}

impl<S: Accepted> picoserve::io::Write for Half<'_, S> {
    async fn write_with<F: FnOnce(BorrowedCursor<'_>) -> R, R>(
        &mut self,
        fill: F,
    ) -> Result<R, ErrorKind> {
        // Headers, and the length of a part.
        let mut room = [0; 128];
        let mut buffer = BorrowedBuffer::new(&mut room);
        let result = fill(buffer.unfilled());
        self.write_all(buffer.filled()).await?;
        Ok(result)
    }
}

impl<S: Accepted> picoserve::io::Socket<Here> for Socket<S> {
    type Error = ErrorKind;
    type ReadHalf<'a>
        = Half<'a, S>
    where
        S: 'a;
    type WriteHalf<'a>
        = Half<'a, S>
    where
        S: 'a;

    fn split(&mut self) -> (Half<'_, S>, Half<'_, S>) {
        (Half(&self.0), Half(&self.0))
    }

    async fn abort<T: Timer<Here>>(
        self,
        _: &Timeouts,
        _: &T,
    ) -> Result<(), picoserve::Error<ErrorKind>> {
        // Dropping it ends it.
        Ok(())
    }

    async fn shutdown<T: Timer<Here>>(
        self,
        timeouts: &Timeouts,
        timer: &T,
    ) -> Result<(), picoserve::Error<ErrorKind>> {
        let mut stream = self.0.into_inner();
        match select(stream.finish(), timer.timeout(timeouts.write)).await {
            Either::First(()) => Ok(()),
            Either::Second(late) => Err(picoserve::Error::WriteTimeout(late)),
        }
    }
}
