//! A server in memory that takes records by name, in good times and in bad ones.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use meter_sim::random::Random;
use serde_json::Value;
use smart_meter::platform::{ConnectError, Endpoint, Network};
use smart_meter::record::Id;

use super::time::Time;

/// How a server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    Good,
    /// There is no network.
    Offline,
    /// Nobody listens.
    Refuses,
    /// Nobody answers a connection.
    Hangs,
    /// Answers take seconds, some longer than anybody waits.
    Slow,
    /// An error instead of storing.
    Fails,
    /// An error although it has stored.
    FailsAfterStoring,
    /// Stores, and closes in the middle of its answer.
    Closes,
    /// Now this, now that.
    Moody,
}

impl Mood {
    /// All there are.
    pub const ALL: [Self; 9] = [
        Self::Good,
        Self::Offline,
        Self::Refuses,
        Self::Hangs,
        Self::Slow,
        Self::Fails,
        Self::FailsAfterStoring,
        Self::Closes,
        Self::Moody,
    ];
}

/// What a record says, as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Which meter, from 0.
    pub channel: u8,
    /// When, in milliseconds since 1970.
    pub utc_ms: Option<i64>,
    /// Whether its time was found later.
    pub is_restamped: bool,
    /// What kind, and what of it is to be compared.
    pub kind: Kind,
    /// When it came, in microseconds of the world.
    pub came_us: u64,
}

/// A record's contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The register in milliwatt-hours.
    Reading {
        /// Import.
        import_mwh: u64,
    },
    /// Code and value.
    Event {
        /// Number of the code.
        code: u8,
        /// Whether it begins.
        begins: bool,
        /// Value.
        value: i64,
    },
    /// The energy of an interval in milliwatt-hours.
    Interval {
        /// Import.
        import_mwh: u64,
    },
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
            })),
            time: time.clone(),
        }
    }

    /// From now on it behaves like this.
    pub fn set_mood(&self, mood: Mood) {
        self.state.borrow_mut().mood = mood;
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

    /// Requests that came.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.state.borrow().requests
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

    fn store(&mut self, record: &Value, now_us: u64) {
        let Some((id, stored)) = parse(record, now_us) else {
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

    /// Takes a request; gives the answer.
    fn answer(&mut self, path: &str, body: &[u8], now_us: u64, mood: Mood) -> String {
        self.requests += 1;
        let failure = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n".to_owned();
        if mood == Mood::Fails {
            return failure;
        }
        let value: Value = match serde_json::from_slice(body) {
            Ok(value) => value,
            Err(error) => {
                self.complaints.push(format!("{path}: {error}"));
                return failure;
            }
        };
        let mut count = 1;
        match path.rsplit('/').next() {
            Some("create") => self.store(&value, now_us),
            Some("batch") => {
                let records = value.as_array().cloned().unwrap_or_default();
                count = records.len();
                for record in &records {
                    self.store(record, now_us);
                }
            }
            _ => {}
        }
        if mood == Mood::FailsAfterStoring {
            return failure;
        }
        let body = format!("{{\"success\":true,\"stored\":{count}}}");
        format!(
            "HTTP/1.1 201 Created\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

/// Kilowatt-hours with six decimals as milliwatt-hours.
fn mwh(value: &Value) -> Option<u64> {
    let text = value.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part: u64 = format!("{part:0<6}").parse().ok()?;
    Some(whole.parse::<u64>().ok()? * 1_000_000 + part)
}

/// The first meter has the name of the device, the second one `-2` behind it.
fn channel(name: &str) -> Option<u8> {
    match name.rsplit_once('-')? {
        ("MTR", _) => Some(0),
        (_, number) => number.parse::<u8>().ok()?.checked_sub(1),
    }
}

/// `2026-10-25T01:02:03.456Z` as milliseconds since 1970.
fn utc_ms(iso: &str) -> Option<i64> {
    let iso = iso.strip_suffix('Z')?;
    let (date, time) = iso.split_once('T')?;
    let mut date = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let mut time = time.splitn(3, ':');
    let (hour, minute) = (
        time.next()?.parse::<i64>().ok()?,
        time.next()?.parse::<i64>().ok()?,
    );
    let (second, ms) = time.next()?.split_once('.')?;
    let (second, ms) = (second.parse::<i64>().ok()?, ms.parse::<i64>().ok()?);
    // Years that begin in March, 365.2425 days each.
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + ms)
}

fn parse(record: &Value, now_us: u64) -> Option<(Id, Stored)> {
    let number = |name: &str| record.get(name).and_then(Value::as_u64);
    let text = |name: &str| record.get(name).and_then(Value::as_str).map(str::to_owned);
    let id = Id {
        boot: number("boot_id")?.try_into().ok()?,
        seq: number("seq")?.try_into().ok()?,
    };
    let kind = if let Some(code) = number("code") {
        Kind::Event {
            code: code.try_into().ok()?,
            begins: text("phase")? == "occurrence",
            value: record.get("value")?.as_i64()?,
        }
    } else if let Some(energy) = record.get("import_kwh") {
        Kind::Interval {
            import_mwh: mwh(energy)?,
        }
    } else {
        Kind::Reading {
            import_mwh: mwh(record.get("energy_kwh")?)?,
        }
    };
    let stored = Stored {
        channel: channel(&text("meterId")?)?,
        utc_ms: match text("timestamp") {
            Some(iso) => Some(utc_ms(&iso)?),
            None => None,
        },
        is_restamped: text("quality")? == "restamped",
        kind,
        came_us: now_us,
    };
    Some((id, stored))
}

/// The way to a [`Server`].
#[derive(Clone, Debug)]
pub struct MemoryNetwork(Server);

impl Network for MemoryNetwork {
    type Stream<'a> = MemoryStream;

    fn is_up(&self) -> bool {
        self.0.state.borrow().mood != Mood::Offline
    }

    async fn connect(&mut self, _: &Endpoint<'_>) -> Result<MemoryStream, ConnectError> {
        let (mood, latency_us) = {
            let mut state = self.0.state.borrow_mut();
            (state.present(), 5_000 + state.random.below(40_000))
        };
        let time = &self.0.time;
        time.until_us(time.now_us() + latency_us).await;
        match mood {
            Mood::Offline => Err(ConnectError::Offline),
            Mood::Refuses => Err(ConnectError::Refused),
            Mood::Hangs => {
                time.until_us(time.now_us() + 120_000_000).await;
                Err(ConnectError::Timeout)
            }
            _ => Ok(MemoryStream {
                server: self.0.clone(),
                request: Vec::new(),
                reply: VecDeque::new(),
                ready_us: 0,
                is_closed: false,
            }),
        }
    }
}

/// A connection to a [`Server`].
#[derive(Debug)]
pub struct MemoryStream {
    server: Server,
    request: Vec<u8>,
    reply: VecDeque<u8>,
    ready_us: u64,
    is_closed: bool,
}

impl MemoryStream {
    /// Path, and where the body begins and ends, of a whole request.
    fn whole(&self) -> Option<(String, usize, usize)> {
        let head_end = self
            .request
            .windows(4)
            .position(|four| four == b"\r\n\r\n")?
            + 4;
        let head = std::str::from_utf8(self.request.get(..head_end)?).ok()?;
        let path = head.split(' ').nth(1)?.to_owned();
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))?
            .parse()
            .ok()?;
        let end = head_end + length;
        (self.request.len() >= end).then_some((path, head_end, end))
    }

    fn serve(&mut self) {
        let Some((path, from, to)) = self.whole() else {
            return;
        };
        let now_us = self.server.time.now_us();
        let mut state = self.server.state.borrow_mut();
        let mood = state.present();
        let body = self.request.get(from..to).unwrap_or_default();
        let mut answer = state.answer(&path, body, now_us, mood);
        let mut think_us = 2_000 + state.random.below(30_000);
        if mood == Mood::Slow {
            think_us = 500_000 + state.random.below(14_000_000);
        }
        if matches!(
            mood,
            Mood::Closes | Mood::Refuses | Mood::Offline | Mood::Hangs
        ) {
            let keep = state.random.below(answer.len() as u64) as usize;
            answer.truncate(keep);
            self.is_closed = true;
        }
        self.request.drain(..to);
        self.reply.extend(answer.bytes());
        self.ready_us = now_us + think_us;
    }
}

impl ErrorType for MemoryStream {
    type Error = ErrorKind;
}

impl Read for MemoryStream {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let time = self.server.time.clone();
        if self.reply.is_empty() && !self.is_closed {
            // Nothing was asked: nothing comes.
            time.until_us(u64::MAX).await;
        }
        time.until_us(self.ready_us).await;
        let count = self.reply.len().min(buffer.len());
        for (slot, byte) in buffer.iter_mut().zip(self.reply.drain(..count)) {
            *slot = byte;
        }
        Ok(count)
    }
}

impl Write for MemoryStream {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        if self.is_closed {
            return Err(ErrorKind::ConnectionReset);
        }
        self.request.extend_from_slice(bytes);
        self.serve();
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}
