//! A device in virtual time: clock, flash that loses its supply, serial line, and what it sends to.

pub mod flash;
pub mod time;
pub mod uart;
