//! Lines that could not be used.

use serde::Serialize;

/// Lines that are named; all of them are counted.
const NAMED: usize = 10;

/// A line and what is wrong with it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Rejected {
    pub(crate) line: u64,
    pub(crate) reason: String,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct RejectedLines {
    pub(crate) count: u64,
    pub(crate) named: Vec<Rejected>,
}

impl RejectedLines {
    pub(crate) fn push(&mut self, line: u64, reason: String) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named.push(Rejected { line, reason });
        }
    }
}
