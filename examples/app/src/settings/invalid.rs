//! What is wrong with a setting, for people.

use core::fmt;

use super::scale::{NumberFault, Scale};
use super::url::UrlError;

/// A setting that is not as it has to be. Printed, it names the setting, says what is wrong and what is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Name of the setting.
    pub name: &'static str,
    pub(super) fault: Fault,
}

/// Why a setting was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetError {
    /// There is no setting of that name.
    NoSuchName,
    /// It is there, and does not take that.
    Invalid(Invalid),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    TooLong { length: usize, most: usize },
    Missing,
    Control,
    Name,
    Visible,
    Host,
    WifiPassword { length: usize },
    Url(UrlError),
    Scheme(&'static str),
    NoPath,
    NoQuery,
    Number(NumberFault, &'static Scale),
    Word(&'static [&'static str]),
    Offset,
    Address,
    TwiceTheSame(u8),
    TooManyAddresses(usize),
    Needs(&'static str),
    Plain(&'static str),
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name)?;
        match self.fault {
            Fault::TooLong { length, most } => {
                write!(f, "{length} bytes are too many: {most} at most")
            }
            Fault::Missing => f.write_str("has to be set"),
            Fault::Control => f.write_str("has a control character in it: only text is allowed"),
            Fault::Name => {
                f.write_str("has a character in it that is not allowed: letters, digits, - _ and . are")
            }
            Fault::Visible => {
                f.write_str("has a character in it that is not allowed: visible ASCII without spaces is")
            }
            Fault::Host => {
                f.write_str("is not a host: a name such as example.org or an address such as 192.168.1.10 is")
            }
            Fault::WifiPassword { length } => write!(
                f,
                "{length} bytes are no WPA password: 8 to 63 visible ASCII characters are, or 64 hexadecimal digits, \
                 or nothing for an open network"
            ),
            Fault::Url(error) => write!(f, "{error}"),
            Fault::Scheme(schemes) => write!(f, "has the wrong scheme: {schemes} is allowed"),
            Fault::NoPath => f.write_str("has a path: only host and port are allowed"),
            Fault::NoQuery => f.write_str("has a ? in it: a path is added to it, which a query does not allow"),
            Fault::Number(fault, scale) => number(f, fault, scale),
            Fault::Word(words) => {
                f.write_str("is not a word that is known: ")?;
                list(f, words)?;
                f.write_str(" are allowed")
            }
            Fault::Offset => {
                f.write_str("is not an offset from UTC: -12:00 to +14:00 in quarters of an hour, such as +05:30, is")
            }
            Fault::Address => {
                f.write_str("has an address in it that is none: `any`, or numbers from 1 to 247 with spaces between")
            }
            Fault::TwiceTheSame(address) => {
                write!(f, "has {address} twice: each module has an address of its own")
            }
            Fault::TooManyAddresses(most) => write!(f, "has too many addresses: {most} at most"),
            Fault::Needs(other) => write!(f, "needs {other}, which is not set"),
            Fault::Plain(secure) => write!(
                f,
                "is a connection without TLS: use {secure}, or `set uplink.allow-plain yes` where everybody on the way \
                 may read and change what is sent"
            ),
        }
    }
}

fn number(f: &mut fmt::Formatter<'_>, fault: NumberFault, scale: &Scale) -> fmt::Result {
    let names = scale.units.iter().map(|(name, _)| *name);
    f.write_str(match fault {
        NumberFault::NotANumber => "is not a number",
        NumberFault::Unit => "has another unit than are known",
        NumberFault::NoUnit => "needs a unit behind the number",
        NumberFault::Fine => "is finer than it can be set",
        NumberFault::Range => "is out of range",
    })?;
    f.write_str(": ")?;
    scale.show(scale.least, f)?;
    f.write_str(" to ")?;
    scale.show(scale.most, f)?;
    if scale.zero_is_none {
        f.write_str(", 0 for none,")?;
    }
    f.write_str(" is allowed")?;
    if scale.units.len() > 1 {
        for (at, name) in names.enumerate() {
            f.write_str(if at == 0 { ", in " } else { " or " })?;
            f.write_str(name)?;
        }
    }
    Ok(())
}

pub(super) fn list(f: &mut dyn fmt::Write, words: &[&str]) -> fmt::Result {
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        f.write_str(word)?;
    }
    Ok(())
}

impl core::error::Error for Invalid {}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchName => {
                f.write_str("there is no setting of that name: `show` lists them all")
            }
            Self::Invalid(invalid) => write!(f, "{invalid}"),
        }
    }
}

impl core::error::Error for SetError {}

impl From<Invalid> for SetError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}
