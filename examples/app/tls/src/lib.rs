#![no_std]
#![allow(
    async_fn_in_trait,
    reason = "everything runs on one executor: no future has to be Send"
)]
#![doc = include_str!("../README.md")]

mod authority;
mod clock;
mod network;
mod secure;

pub use authority::{Authority, AuthorityError};
pub use mbedtls_rs::Session;
pub use network::{SecureNetwork, Stream};
pub use secure::Secure;
