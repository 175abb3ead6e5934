//! What an answer means.

use core::fmt;

/// What to do after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The record is there, now or already.
    Stored,
    /// The server has no such address.
    Missing,
    /// Not now: it is to be sent again later.
    Later,
    /// The server does not want this record.
    Refused,
}

/// Judges the status of an answer.
///
/// 200 and 201 are what the interface promises for a stored record; 409 says that it was stored before. Everything
/// that somebody can put right at the server or in the settings is waited out, so that nothing is lost by it.
#[must_use]
pub const fn judge(status: u16) -> Verdict {
    match status {
        200 | 201 | 409 => Verdict::Stored,
        404 | 405 | 501 => Verdict::Missing,
        401 | 403 | 407 | 408 | 421 | 423 | 425 | 429 => Verdict::Later,
        400..=499 => Verdict::Refused,
        _ => Verdict::Later,
    }
}

/// A status, and what a person should look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explained(pub u16);

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.0;
        match status {
            401 | 403 => write!(
                f,
                "the server refuses the API key ({status}): check the key"
            ),
            404 | 405 | 501 => {
                write!(
                    f,
                    "the server has no such interface ({status}): check its address"
                )
            }
            429 => f.write_str("the server is asked too often (429): waiting"),
            300..=399 => write!(f, "the server has moved ({status}): set its new address"),
            400..=499 => write!(f, "the server refuses a record ({status}): see its log"),
            500..=599 => write!(f, "the server has an error ({status}): see its log"),
            _ => write!(
                f,
                "the server answers {status}, which says nothing here: check its address"
            ),
        }
    }
}
