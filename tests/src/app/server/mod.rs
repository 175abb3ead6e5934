//! A server in memory that takes records by name, over HTTP and as an MQTT broker, in good times and in bad ones.

mod http;
mod mqtt;
mod record;
mod stream;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use meter_sim::random::Random;
use serde_json::Value;
use smart_meter::record::Id;

pub use record::{Kind, Stored};
pub use stream::{MemoryNetwork, MemoryStream};

use super::time::Time;

/// How a server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    Good,
    /// There is no network: what is sent is gone, and nothing comes.
    Offline,
    /// It was killed, and nobody listens.
    Refuses,
    /// Nobody answers a connection.
    Hangs,
    /// Answers take seconds, some longer than anybody waits.
    Slow,
    /// An error instead of storing.
    Fails,
    /// An error although it has stored.
    FailsAfterStoring,
    /// Closes in the middle of its answer.
    Closes,
    /// Its certificate is not accepted.
    WrongCertificate,
    /// Now this, now that.
    Moody,
}

impl Mood {
    /// All there are.
    pub const ALL: [Self; 10] = [
        Self::Good,
        Self::Offline,
        Self::Refuses,
        Self::Hangs,
        Self::Slow,
        Self::Fails,
        Self::FailsAfterStoring,
        Self::Closes,
        Self::WrongCertificate,
        Self::Moody,
    ];
}

/// What it did to those who came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deeds {
    /// Times it was killed.
    pub killed: u64,
    /// Errors instead of storing.
    pub failed: u64,
    /// Errors although it had stored.
    pub failed_after_storing: u64,
    /// Answers that took half a second and more.
    pub slow: u64,
    /// Connections closed in the middle of an answer.
    pub closed: u64,
    /// Answers that got lost, and connections that nobody answered.
    pub silent: u64,
    /// Connections that were refused.
    pub refused: u64,
    /// Certificates that were not accepted.
    pub certificates: u64,
}

/// What becomes of a request.
struct Fate {
    is_stored: bool,
    reply: Reply,
    think_us: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reply {
    Whole,
    Error,
    /// A part of it, then the connection is closed.
    Part,
    None,
}

/// A server; clones are handles to the same.
#[derive(Clone, Debug)]
pub struct Server {
    state: Rc<RefCell<State>>,
    time: Time,
}

#[derive(Debug)]
struct State {
    mood: Mood,
    random: Random,
    records: BTreeMap<Id, Stored>,
    /// Records that came again, with the same contents.
    again: u64,
    requests: u64,
    /// What can not be.
    complaints: Vec<String>,
    deeds: Deeds,
}

impl Server {
    /// In a good mood.
    #[must_use]
    pub fn new(seed: u64, time: &Time) -> Self {
        Self {
            state: Rc::new(RefCell::new(State {
                mood: Mood::Good,
                random: Random::new(seed),
                records: BTreeMap::new(),
                again: 0,
                requests: 0,
                complaints: Vec::new(),
                deeds: Deeds::default(),
            })),
            time: time.clone(),
        }
    }

    /// From now on it behaves like this. One that refuses is killed: its connections end.
    pub fn set_mood(&self, mood: Mood) {
        let mut state = self.state.borrow_mut();
        if mood == Mood::Refuses && state.mood != mood {
            state.deeds.killed += 1;
        }
        state.mood = mood;
    }

    /// Looks at everything that was stored.
    pub fn with_records<T>(&self, look: impl FnOnce(&BTreeMap<Id, Stored>) -> T) -> T {
        look(&self.state.borrow().records)
    }

    /// Forgets records that were looked at.
    pub fn forget_before(&self, boot: u32) {
        let mut state = self.state.borrow_mut();
        state.records = state.records.split_off(&Id { boot, seq: 0 });
    }

    /// Records that came again.
    #[must_use]
    pub fn again(&self) -> u64 {
        self.state.borrow().again
    }

    /// Requests that came; with MQTT, packets that want an answer.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.state.borrow().requests
    }

    /// What it did.
    #[must_use]
    pub fn deeds(&self) -> Deeds {
        self.state.borrow().deeds
    }

    /// What came that can not be.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        self.state.borrow().complaints.clone()
    }

    /// The network of a device that reaches it.
    #[must_use]
    pub fn network(&self) -> MemoryNetwork {
        MemoryNetwork(self.clone())
    }
}

impl State {
    /// How it behaves at this moment.
    fn present(&mut self) -> Mood {
        match self.mood {
            Mood::Moody => {
                let index = self.random.below(Mood::ALL.len() as u64 + 6) as usize;
                let mood = Mood::ALL.get(index).copied().unwrap_or(Mood::Good);
                if mood == Mood::Moody {
                    Mood::Good
                } else {
                    mood
                }
            }
            mood => mood,
        }
    }

    /// What becomes of the next request.
    fn next_fate(&mut self) -> Fate {
        self.requests += 1;
        let mood = self.present();
        // Whether a request or its answer gets lost when everything ends.
        let is_late = self.random.below(2) == 0;
        let (is_stored, reply) = match mood {
            Mood::Fails => (false, Reply::Error),
            Mood::FailsAfterStoring => (true, Reply::Error),
            Mood::Closes | Mood::Refuses => (is_late, Reply::Part),
            Mood::Offline | Mood::Hangs => (is_late, Reply::None),
            Mood::Good | Mood::Slow | Mood::WrongCertificate | Mood::Moody => (true, Reply::Whole),
        };
        let deeds = &mut self.deeds;
        match (reply, is_stored) {
            (Reply::Error, true) => deeds.failed_after_storing += 1,
            (Reply::Error, false) => deeds.failed += 1,
            (Reply::Part, _) => deeds.closed += 1,
            (Reply::None, _) => deeds.silent += 1,
            (Reply::Whole, _) => {}
        }
        let mut think_us = 2_000 + self.random.below(30_000);
        if mood == Mood::Slow {
            self.deeds.slow += 1;
            think_us = 500_000 + self.random.below(14_000_000);
        }
        Fate {
            is_stored,
            reply,
            think_us,
        }
    }

    fn store(&mut self, record: &Value, now_us: u64) {
        let Some((id, stored)) = record::parse(record, now_us) else {
            self.complaints.push(format!("no record: {record}"));
            return;
        };
        match self.records.get(&id) {
            None => {
                self.records.insert(id, stored);
            }
            Some(before) if (before.kind, before.channel) == (stored.kind, stored.channel) => {
                self.again += 1
            }
            Some(before) => {
                let complaint = format!("{id:?} came as {before:?} and then as {stored:?}");
                self.complaints.push(complaint);
            }
        }
    }

    /// JSON of a request; one that is none is noted.
    fn json(&mut self, of: &str, body: &[u8]) -> Option<Value> {
        serde_json::from_slice(body)
            .inspect_err(|error| self.complaints.push(format!("{of}: {error}")))
            .ok()
    }
}
