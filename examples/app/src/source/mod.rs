//! Meters behind [`MeterSource`](crate::platform::MeterSource): PZEM modules on a line, an ADE7753.

mod ade7753;
mod pzem;

pub use self::ade7753::Ade7753Source;
pub use self::pzem::PzemLine;
