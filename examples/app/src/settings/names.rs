//! Settings by their names, as text: what the console and the page use.

use core::fmt;

use heapless::Vec;

use super::check::{OFFSETS_MIN, check_addresses};
use super::invalid::{Fault, Invalid, SetError};
use super::table::{Entry, Kind, TABLE};
use super::{CHANNELS, Settings};

/// A setting as it is listed.
#[derive(Clone, Copy)]
pub struct Setting(&'static Entry);

impl Setting {
    /// All of them, always in the same order: those that belong together stand together.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(Self)
    }

    /// The one of that name, in whatever case it is written.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::all().find(|one| one.as_str().eq_ignore_ascii_case(name))
    }

    /// The name itself, such as `wifi.ssid`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0.name
    }

    /// What it is, in a few words.
    #[must_use]
    pub const fn what(self) -> &'static str {
        self.0.what
    }

    /// Whether its value is never shown.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        matches!(self.0.kind, Kind::Secret(_))
    }

    /// The words it takes, if it takes nothing else.
    #[must_use]
    pub const fn words(self) -> Option<&'static [&'static str]> {
        match self.0.kind {
            Kind::Choice { words, .. } => Some(words),
            _ => None,
        }
    }

    /// Whether it is looked at only when the device starts.
    #[must_use]
    pub fn needs_restart(self) -> bool {
        const AT_START: [&str; 5] = [
            "wifi.ssid",
            "wifi.password",
            "sampling.addresses",
            "billing.day",
            "profile.interval",
        ];
        AT_START.contains(&self.0.name)
    }

    /// The most bytes its text has, if it is one.
    #[must_use]
    pub const fn most(self) -> Option<usize> {
        match &self.0.kind {
            Kind::Text(text) | Kind::Secret(text) => Some(text.most),
            _ => None,
        }
    }

    /// What it takes, for people.
    #[must_use]
    pub const fn allowed(self) -> Allowed {
        Allowed(self.0)
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

/// What a setting takes, printed.
#[derive(Clone, Copy)]
pub struct Allowed(&'static Entry);

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Text(text) | Kind::Secret(text) => write!(f, "up to {} bytes", text.most),
            Kind::Number { scale, .. } => {
                scale.show(scale.least, f)?;
                f.write_str(" to ")?;
                scale.show(scale.most, f)?;
                f.write_str(if scale.zero_is_none {
                    "; 0 for none"
                } else {
                    ""
                })
            }
            Kind::Choice { words, .. } => super::invalid::list(f, words),
            Kind::Offset => f.write_str("-12:00 to +14:00"),
            Kind::Addresses => write!(f, "any, or up to {CHANNELS} numbers from 1 to 247"),
        }
    }
}

/// A value, printed as it is typed. A secret is only said to be there or not.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    settings: &'a Settings,
    entry: &'static Entry,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entry.kind {
            Kind::Text(text) => f.write_str((text.get)(self.settings)),
            Kind::Secret(text) if (text.get)(self.settings).is_empty() => f.write_str("(not set)"),
            Kind::Secret(_) => f.write_str("(set)"),
            Kind::Number { get, scale, .. } => scale.show(get(self.settings), f),
            Kind::Choice { get, words, .. } => f.write_str(
                words
                    .get(get(self.settings))
                    .copied()
                    .unwrap_or("(unknown)"),
            ),
            Kind::Offset => {
                let offset_min = self.settings.zone.offset_min;
                let (sign, size) = (
                    if offset_min < 0 { '-' } else { '+' },
                    offset_min.unsigned_abs(),
                );
                write!(f, "{sign}{:02}:{:02}", size / 60, size % 60)
            }
            Kind::Addresses if self.settings.addresses.is_empty() => f.write_str("any"),
            Kind::Addresses => {
                for (at, address) in self.settings.addresses.iter().enumerate() {
                    write!(f, "{}{address}", if at == 0 { "" } else { " " })?;
                }
                Ok(())
            }
        }
    }
}

impl Settings {
    /// The value of a setting, to be printed.
    #[must_use]
    pub const fn get(&self, name: Setting) -> Shown<'_> {
        Shown {
            settings: self,
            entry: name.0,
        }
    }

    /// Which of its [words](Setting::words) a setting has.
    #[must_use]
    pub fn choice(&self, name: Setting) -> Option<usize> {
        match &name.0.kind {
            Kind::Choice { get, .. } => Some(get(self)),
            _ => None,
        }
    }

    /// Whether two have the same value of a setting; secrets are compared too.
    #[must_use]
    pub fn is_same(&self, name: Setting, other: &Self) -> bool {
        match &name.0.kind {
            Kind::Text(text) | Kind::Secret(text) => (text.get)(self) == (text.get)(other),
            Kind::Number { get, .. } => get(self) == get(other),
            Kind::Choice { get, .. } => get(self) == get(other),
            Kind::Offset => self.zone.offset_min == other.zone.offset_min,
            Kind::Addresses => self.addresses == other.addresses,
        }
    }

    /// Sets one by its name. What [`get`](Self::get) shows of one that is no secret can be set again.
    ///
    /// # Errors
    /// [`SetError`]; nothing has changed then.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), SetError> {
        let Setting(entry) = Setting::find(name).ok_or(SetError::NoSuchName)?;
        self.set_entry(entry, value).map_err(|fault| {
            SetError::Invalid(Invalid {
                name: entry.name,
                fault,
            })
        })
    }

    fn set_entry(&mut self, entry: &Entry, value: &str) -> Result<(), Fault> {
        match &entry.kind {
            Kind::Text(text) | Kind::Secret(text) => {
                text.check(value)?;
                let too_long = Fault::TooLong {
                    length: value.len(),
                    most: text.most,
                };
                if !(text.set)(self, value) {
                    return Err(too_long);
                }
            }
            Kind::Number { set, scale, .. } => {
                let number = scale
                    .parse(value)
                    .map_err(|fault| Fault::Number(fault, scale))?;
                set(self, number);
            }
            Kind::Choice { set, words, .. } => {
                let is_meant = |word: &&str| is_same_word(word, value);
                set(
                    self,
                    words.iter().position(is_meant).ok_or(Fault::Word(words))?,
                );
            }
            Kind::Offset => {
                self.zone.offset_min = parse_offset(value.trim()).ok_or(Fault::Offset)?
            }
            Kind::Addresses => self.addresses = parse_addresses(value.trim())?,
        }
        Ok(())
    }
}

/// Whether they differ in spaces and case alone.
fn is_same_word(a: &str, b: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = u8> {
        let letters = text.bytes().filter(|byte| *byte != b' ');
        letters.map(|byte| byte.to_ascii_lowercase())
    }
    letters(a).eq(letters(b))
}

fn parse_offset(text: &str) -> Option<i16> {
    let (is_negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let digits = |text: &str| {
        let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| text.parse::<i16>().ok()).flatten()
    };
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    if minutes >= 60 || minutes % 15 != 0 {
        return None;
    }
    let size = hours * 60 + minutes;
    let offset_min = if is_negative { -size } else { size };
    OFFSETS_MIN.contains(&offset_min).then_some(offset_min)
}

fn parse_addresses(text: &str) -> Result<Vec<u8, CHANNELS>, Fault> {
    let mut addresses = Vec::new();
    if text.eq_ignore_ascii_case("any") {
        return Ok(addresses);
    }
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        let address = word.parse().map_err(|_| Fault::Address)?;
        addresses
            .push(address)
            .map_err(|_| Fault::TooManyAddresses(CHANNELS))?;
    }
    if addresses.is_empty() {
        return Err(Fault::Address);
    }
    check_addresses(&addresses)?;
    Ok(addresses)
}
