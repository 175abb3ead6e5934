//! A device in virtual time: clock, flash and card that lose their supply, serial line, and the server it sends to.

pub mod campaign;
pub mod card;
pub mod flash;
pub mod parts;
pub mod server;
pub mod time;
pub mod uart;
pub mod world;

use embassy_time as _;
