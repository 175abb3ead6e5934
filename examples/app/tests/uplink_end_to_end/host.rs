//! The computer as a device: its clock, its network.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use embedded_io_adapters::tokio_1::FromTokio;
use smart_meter::live::Live;
use smart_meter::platform::{Clock, ConnectError, Endpoint, Network};
use smart_meter::record::{EventRecord, Record};
use smart_meter::settings::Settings;
use smart_meter::uplink::{self, Forgetful, Parts};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::device::MemoryOutbox;

#[derive(Clone, Copy)]
pub(crate) struct HostClock(Instant);

impl Clock for HostClock {
    fn now_ms(&self) -> u64 {
        self.0.elapsed().as_millis() as u64
    }

    async fn sleep_until(&self, at_ms: u64) {
        tokio::time::sleep_until(self.0 + Duration::from_millis(at_ms)).await;
    }
}

#[derive(Clone, Default)]
pub(crate) struct HostNetwork {
    pub(crate) connections: Rc<Cell<u32>>,
    pub(crate) is_down: Rc<Cell<bool>>,
}

impl Network for HostNetwork {
    type Stream<'a> = FromTokio<TcpStream>;

    fn is_up(&self) -> bool {
        !self.is_down.get()
    }

    async fn connect(&mut self, to: &Endpoint<'_>) -> Result<Self::Stream<'_>, ConnectError> {
        let stream = TcpStream::connect((to.host, to.port))
            .await
            .map_err(|_| ConnectError::Refused)?;
        stream.set_nodelay(true).unwrap();
        self.connections.set(self.connections.get() + 1);
        Ok(FromTokio::new(stream))
    }
}

/// A device whose uplink works while the test waits.
pub(crate) struct Device {
    pub(crate) live: Rc<Live>,
    pub(crate) outbox: MemoryOutbox,
    pub(crate) network: HostNetwork,
    pub(crate) clock: HostClock,
    made: RefCell<Vec<Record>>,
}

impl Device {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            live: Rc::new(Live::new(settings)),
            outbox: MemoryOutbox::default(),
            network: HostNetwork::default(),
            clock: HostClock(Instant::now()),
            made: RefCell::default(),
        }
    }

    /// Runs the uplink and the test side by side, until the test is done. Dropping the uplink then is like pulling
    /// the plug.
    pub(crate) async fn during<T>(&self, test: impl Future<Output = T>) -> T {
        let mut seed = 1_u32;
        let parts = Parts {
            network: self.network.clone(),
            outbox: self.outbox.clone(),
            enrolment: Forgetful::default(),
            random: move || {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                seed
            },
            mac: [0x24, 0x6f, 0x28, 1, 2, 3],
        };
        tokio::select! {
            biased;
            _ = uplink::run(parts, &self.clock, &self.live) => unreachable!(),
            result = test => result,
        }
    }

    pub(crate) fn push(&self, records: impl IntoIterator<Item = Record>) {
        for record in records {
            self.made.borrow_mut().push(record);
            self.outbox.push(record);
        }
        self.live.news.signal(());
    }

    /// Until everything is sent, or too late.
    pub(crate) async fn sent_within(&self, limit: Duration) {
        let sent = async {
            while self.outbox.len() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if tokio::time::timeout(limit, sent).await.is_err() {
            panic!(
                "{} records are left after {limit:?}: {:?}",
                self.outbox.len(),
                self.live.uplink.borrow()
            );
        }
    }

    /// Names of everything that was pushed, in order.
    pub(crate) fn made(&self) -> Vec<(u32, u32)> {
        let made = self.made.borrow();
        made.iter()
            .map(|record| (record.id.boot, record.id.seq))
            .collect()
    }

    pub(crate) fn told(&self) -> Vec<EventRecord> {
        std::iter::from_fn(|| self.live.told.try_receive().ok()).collect()
    }

    pub(crate) fn error(&self) -> Option<String> {
        super::device::error_of(&self.live)
    }
}
