//! What the application needs of the device it runs on. Nothing else reaches hardware: a chip, a PC and a test
//! in virtual time differ in these traits alone.

use core::fmt;

use embedded_io_async::{Read, Write};
use heapless::{String, Vec};
use meter_core::{Reading, Source};

use crate::record::Record;

/// Time that never steps back while the program runs.
pub trait Clock {
    /// Milliseconds since the start.
    fn now_ms(&self) -> u64;

    /// Waits until then; returns at once when it is past.
    async fn sleep_until(&self, at_ms: u64);

    /// Waits so many milliseconds.
    async fn sleep_ms(&self, ms: u64) {
        self.sleep_until(self.now_ms().saturating_add(ms)).await;
    }
}

impl<C: Clock> Clock for &C {
    fn now_ms(&self) -> u64 {
        C::now_ms(self)
    }

    async fn sleep_until(&self, at_ms: u64) {
        C::sleep_until(self, at_ms).await;
    }
}

/// Why a meter gave no reading, told apart as in [`meter_core::health::PollErrors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Cause {
    /// Nothing came back.
    NoReply,
    /// What came back was damaged.
    Garbled,
    /// The meter refused.
    Refused,
    /// What it said can not be.
    Implausible,
    /// The bus of this device failed.
    Bus,
}

/// A read that failed: never a reading of zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    /// What kind of failure it is.
    pub cause: Cause,
    /// What a person should look at, in the words of the driver; cut where there is no room.
    pub message: String<96>,
}

impl SourceError {
    /// A failure in the words of what failed.
    pub fn new(cause: Cause, error: &impl fmt::Display) -> Self {
        let mut message = String::new();
        // What does not fit is left out.
        let _ = fmt::write(&mut message, format_args!("{error}"));
        Self { cause, message }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for SourceError {}

/// One or more meters: a PZEM line, an ADE7753, a simulated one.
pub trait MeterSource {
    /// How many meters there are; they are told apart by numbers from 0.
    fn channels(&self) -> u8;

    /// What is known of one.
    fn describe(&self, channel: u8) -> Source;

    /// Reads one. The reading's time is set by the caller.
    ///
    /// # Errors
    /// [`SourceError`] when it gave no reading.
    async fn read(&mut self, channel: u8) -> Result<Reading, SourceError>;
}

/// Where a connection goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint<'a> {
    /// Host name or address.
    pub host: &'a str,
    /// TCP port.
    pub port: u16,
    /// Whether TLS is spoken, with the server's certificate, name and dates verified.
    pub is_tls: bool,
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ConnectError {
    /// No network: no radio link, no address.
    Offline,
    /// The name is not known.
    Name,
    /// Nobody answers there.
    Refused,
    /// It took too long.
    Timeout,
    /// The server's certificate was not accepted.
    Certificate,
    /// TLS is wanted and the time is not known, so that no certificate can be judged.
    NoTime,
    /// TLS is wanted and this device was given no CA.
    NoAuthority,
    /// The TLS handshake failed otherwise.
    Handshake,
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Offline => "no network: check the Wi-Fi name and password, and the signal",
            Self::Name => "the server's name is not known: check its spelling and the DNS server",
            Self::Refused => "nobody answers there: check the server's address and port",
            Self::Timeout => "the server does not answer in time",
            Self::Certificate => {
                "the server's certificate is refused: check the CA, the host name, the dates"
            }
            Self::NoTime => "the time is not known yet, so no certificate can be judged",
            Self::NoAuthority => "no CA certificate is stored: set one, or use a plain connection",
            Self::Handshake => {
                "the TLS handshake failed: does the server speak TLS 1.2 or 1.3 there?"
            }
        })
    }
}

impl core::error::Error for ConnectError {}

/// Opens connections; TLS is its business.
pub trait Network {
    /// A connection.
    type Stream<'a>: Read + Write
    where
        Self: 'a;

    /// Whether there is a network at all.
    fn is_up(&self) -> bool;

    /// Strength of the radio signal in dBm, if there is a radio.
    fn rssi_dbm(&self) -> Option<i8> {
        None
    }

    /// Connects.
    ///
    /// # Errors
    /// [`ConnectError`] says what to check.
    async fn connect(&mut self, to: &Endpoint<'_>) -> Result<Self::Stream<'_>, ConnectError>;
}

/// A connection that somebody else opened.
pub trait Accepted: Read + Write {
    /// Says that nothing more will be sent, and waits until everything that was arrived. Whoever serves the connection
    /// limits the time of that.
    async fn finish(&mut self);
}

/// Waits for connections on a port.
pub trait Listener {
    /// A connection.
    type Stream<'a>: Accepted
    where
        Self: 'a;

    /// Waits for the next one.
    ///
    /// # Errors
    /// [`ConnectError`] when there can be none now.
    async fn accept(&mut self) -> Result<Self::Stream<'_>, ConnectError>;
}

/// Where records wait to be sent, in the order they were made.
pub trait Outbox {
    /// Puts the oldest records that wait into `records`, which is emptied before; as many as there is room for.
    async fn peek<const N: usize>(&mut self, records: &mut Vec<Record, N>);

    /// Forgets the first `count` of the records that the last [`peek`](Self::peek) gave: they are where they were to go,
    /// or never will be.
    async fn forget(&mut self, count: usize);

    /// Records that wait.
    fn depth(&self) -> u32;
}

/// Asks time servers.
pub trait TimeServer {
    /// Milliseconds since 1970 by a server, as of now.
    ///
    /// # Errors
    /// [`ConnectError`] when it did not answer, or nonsense.
    async fn query(&mut self, server: &str) -> Result<i64, ConnectError>;
}

/// A clock that goes on without mains, such as a DS3231.
pub trait Rtc {
    /// Seconds since 1970; `None` when it lost its supply or does not answer.
    fn read(&mut self) -> Option<i64>;

    /// Sets it; whether it took the time.
    fn set(&mut self, utc_s: i64) -> bool;
}

/// No such clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRtc;

impl Rtc for NoRtc {
    fn read(&mut self) -> Option<i64> {
        None
    }

    fn set(&mut self, _: i64) -> bool {
        false
    }
}

/// Restarts the device unless it is fed.
pub trait Watchdog {
    /// Everything that has to live does.
    fn feed(&mut self);
}

/// A light that a person sees.
pub trait Led {
    /// On or off.
    fn set(&mut self, is_on: bool);
}

/// A button that a person presses.
pub trait Button {
    /// Whether it is down now.
    fn is_pressed(&mut self) -> bool;
}

/// What the device can do with itself.
pub trait Machine {
    /// Random bits, for back-off and client names.
    fn random(&mut self) -> u32;

    /// The hardware address, which makes devices unique.
    fn mac(&self) -> [u8; 6];

    /// Free heap in bytes, and the least there was, where there is a heap.
    fn heap(&self) -> Option<(u32, u32)> {
        None
    }

    /// Why the device started.
    fn reset_cause(&self) -> meter_core::health::ResetCause;

    /// Starts anew.
    fn restart(&mut self) -> !;
}
