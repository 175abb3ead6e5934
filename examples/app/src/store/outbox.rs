//! The store as the uplink sees it.

use heapless::Vec;

use super::Log;
use crate::platform::Outbox;
use crate::record::Record;

/// Gives what waits in the [`Log`] and in flash. Its futures may be dropped at any time: the flash is the keeper's.
///
/// Records that may not go yet do not count as waiting: those that would tell what is not stored yet, and for two
/// minutes after a start those that wait for the time. [`Live::news`](crate::live::Live::news) tells when they may.
#[derive(Clone, Copy)]
pub struct Outlet<'a>(pub &'a Log);

impl Outbox for Outlet<'_> {
    async fn peek<const N: usize>(&mut self, records: &mut Vec<Record, N>) {
        while !self.0.try_peek(records) {
            self.0.filled.reset();
            self.0.work.signal(());
            self.0.filled.wait().await;
        }
    }

    async fn forget(&mut self, count: usize) {
        self.0.forget(count);
    }

    fn depth(&self) -> u32 {
        self.0.depth()
    }
}
