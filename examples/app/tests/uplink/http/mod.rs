//! The rules of the HTTP uplink.

mod connections;
mod life;
mod refusals;
mod requests;

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;

use smart_meter::live::{Live, Task};
use smart_meter::platform::{ConnectError, Outbox};
use smart_meter::record::{Body, DeviceEvent, EventRecord, Record};
use smart_meter::settings::{Secret, Settings, Uplink};
use smart_meter::uplink::{self, Enrolment, Parts};

use super::device::{
    MemoryOutbox, error_of, event, http_settings, interval, reading, worst_health, worst_reading,
};
use super::time::{VirtualClock, run};
use super::wire::{Attempt, ScriptedNetwork, Step, answer};

const CREATED: &str = "HTTP/1.1 201 Created\r\nContent-Length: 16\r\n\r\n{\"success\":true}";
const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
const BAD: &str = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
const BROKEN: &str = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";

/// Where it is kept that the meters are registered.
#[derive(Clone, Default)]
struct Kept(Rc<Cell<u32>>);

impl Enrolment for Kept {
    async fn mark(&mut self) -> u32 {
        self.0.get()
    }

    async fn set_mark(&mut self, mark: u32) {
        self.0.set(mark);
    }
}

/// A device of which only the uplink works, from one [`run`](Device::run) to the next.
struct Device {
    work: RefCell<Pin<Box<dyn Future<Output = ()>>>>,
    network: ScriptedNetwork,
    outbox: MemoryOutbox,
    kept: Kept,
    clock: VirtualClock,
    live: &'static Live,
}

impl Device {
    fn new(network: ScriptedNetwork, settings: Settings) -> Self {
        let device = Self {
            work: RefCell::new(Box::pin(async {})),
            network,
            outbox: MemoryOutbox::default(),
            kept: Kept::default(),
            clock: VirtualClock::default(),
            live: Box::leak(Box::new(Live::new(settings))),
        };
        device.start();
        device
    }

    /// The uplink begins anew, and remembers nothing but what was kept.
    fn start(&self) {
        let mut random = 0_u32;
        let parts = Parts {
            network: self.network.clone(),
            outbox: self.outbox.clone(),
            enrolment: self.kept.clone(),
            random: move || {
                random = random.wrapping_add(0x1000_0000);
                random
            },
            mac: [0x24, 0x6f, 0x28, 1, 2, 3],
        };
        let (clock, live) = (self.clock.clone(), self.live);
        *self.work.borrow_mut() = Box::pin(async move {
            uplink::run(parts, &clock, live).await;
        });
    }

    /// A device whose first two requests, registration and health, are answered with "no such interface".
    fn plain(attempts: impl IntoIterator<Item = Vec<Step>>) -> Self {
        let mut attempts = attempts.into_iter();
        let mut first: Vec<_> = [answer(NOT_FOUND), answer(NOT_FOUND)].concat();
        first.extend(attempts.next().unwrap_or_default());
        let peers = [first].into_iter().chain(attempts).map(Attempt::Peer);
        Self::new(ScriptedNetwork::new(peers), http_settings())
    }

    fn push(&self, records: impl IntoIterator<Item = Record>) {
        for record in records {
            self.outbox.push(record);
        }
        self.live.news.signal(());
    }

    /// Lets the uplink work until then.
    fn run(&self, until_ms: u64) {
        let ended = run(&self.clock, until_ms, self.work.borrow_mut().as_mut());
        assert!(ended.is_none());
    }

    fn requests(&self) -> Vec<String> {
        self.network.log.borrow().requests()
    }

    /// Requests but for registration and health.
    fn records(&self) -> Vec<String> {
        let is_record = |request: &String| !request.starts_with("POST /api/meters/");
        self.requests().into_iter().filter(is_record).collect()
    }

    fn connections(&self) -> usize {
        self.network.log.borrow().endpoints.len()
    }

    fn told(&self) -> Vec<EventRecord> {
        std::iter::from_fn(|| self.live.told.try_receive().ok()).collect()
    }
}

/// The numbers in requests, in their order.
fn numbers(requests: &[String]) -> Vec<u32> {
    let of = |text: &str| -> Vec<u32> {
        text.split("\"seq\":")
            .skip(1)
            .map(|rest| rest[..rest.find(',').unwrap()].parse().unwrap())
            .collect()
    };
    requests.iter().flat_map(|request| of(request)).collect()
}

fn steps(answers: &[&str]) -> Vec<Step> {
    answers.iter().flat_map(|text| answer(text)).collect()
}
