//! The `pzem` driver against scripts, captured frames and simulated modules.
//!
//! Addresses, function codes and expected bytes are written down here again, from the datasheets,
//! so that the driver can not vouch for itself.

mod address;
mod captured;
mod exchange;
mod faults;
mod mock;
mod properties;
mod shells;
mod timing;
mod writes;
