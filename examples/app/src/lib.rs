#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![allow(
    async_fn_in_trait,
    reason = "everything runs on one executor: no future has to be Send"
)]
#![doc = include_str!("../README.md")]

#[cfg(feature = "local-page")]
pub mod access;
pub mod app;
pub mod archive;
pub mod blobs;
pub mod button;
pub mod calibrate;
pub mod console;
pub mod display;
pub mod indicator;
pub mod live;
#[cfg(feature = "local-page")]
pub mod local;
pub mod ota;
pub mod platform;
pub mod record;
pub mod sampler;
pub mod serial_log;
pub mod settings;
pub mod source;
pub mod store;
pub mod text;
pub mod time;
pub mod uplink;
