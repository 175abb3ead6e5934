//! New firmware is on trial until it confirms itself.
//!
//! The boot loader that comes with the ESP32 tools starts whatever slot it was told to and never goes back. So the
//! firmware counts: each start of one that has not confirmed itself is noted before anything else is done, and the
//! one that finds it has had its [`STARTS`] tells the boot loader to start the other slot again.
//!
//! What that can not cover: firmware that does not get as far as [`start`]. It crashes before, and starts and crashes
//! until somebody comes with a cable. So [`start`] is the first thing a program calls, before radio, display and
//! meter; and a boot loader built with rollback covers the rest, since slots are marked for it too.

use serde::{Deserialize, Serialize};

use super::Version;
use super::error::UpdateError;
use super::slots::{Slot, Slots};
use crate::blobs::{BlobError, Blobs, Key};

/// Starts firmware has to confirm itself.
pub const STARTS: u8 = 3;

/// The form that is stored. A later form only adds behind this one, so that every firmware reads what any other wrote.
const FORM: u8 = 1;
/// Room for it, and for what later forms add.
const ROOM: usize = 64;

/// What the firmware before could do, so that the new one has to as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Expects {
    /// Read the meter.
    pub meter: bool,
    /// Reach its server.
    pub network: bool,
}

/// Firmware on trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Trial {
    version: Version,
    slot: Slot,
    starts: u8,
    expects: Expects,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Book {
    trial: Option<Trial>,
    failed: Option<Version>,
}

impl Book {
    async fn read(blobs: &mut impl Blobs) -> Result<Self, BlobError> {
        let mut buffer = [0; ROOM];
        let Some(bytes) = blobs.read(Key::Trial, &mut buffer).await? else {
            return Ok(Self::default());
        };
        let body = bytes.split_first().map(|(_, body)| body);
        let book = body.and_then(|body| postcard::take_from_bytes(body).ok());
        book.map(|(book, _)| book).ok_or(BlobError::Corrupted)
    }

    async fn write(&self, blobs: &mut impl Blobs) -> Result<(), BlobError> {
        let mut buffer = [FORM; ROOM];
        let body = buffer.get_mut(1..).unwrap_or_default();
        let length = postcard::to_slice(self, body)
            .map_err(|_| BlobError::TooLarge)?
            .len();
        let bytes = buffer.get(..=length).unwrap_or_default();
        blobs.write(Key::Trial, bytes).await
    }
}

/// How a start is to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Start {
    /// As usual.
    Usual,
    /// This firmware is new and has to [`confirm`] itself; which of its [`STARTS`] this is, and what it has to
    /// be able to do.
    OnTrial(u8, Expects),
    /// As usual; this version was tried and has been taken back.
    TookBack(Version),
    /// This firmware has had its starts: restart now, and the one before runs again.
    GiveUp,
}

/// Counts the start. To be called before anything else that could fail; the future has to be run to its end.
pub async fn start(blobs: &mut impl Blobs, slots: &mut impl Slots, running: Version) -> Start {
    let Ok(book) = Book::read(blobs).await else {
        // Nothing can be counted. What the boot loader was told tells whether this firmware is on trial.
        return match slots.is_confirmed().await {
            Ok(false) => give_up(slots).await,
            _ => Start::Usual,
        };
    };
    let Some(trial) = book.trial else {
        if slots.is_confirmed().await == Ok(false) {
            // The power went while it was confirmed.
            let _ = slots.activate(slots.running(), true).await;
        }
        return Start::Usual;
    };
    if trial.slot != slots.running() {
        return end_of_trial(blobs, slots, trial).await;
    }
    if trial.version != running {
        // Something else was put into the slot, by a cable.
        let settled = Book {
            trial: None,
            ..book
        };
        let _ = settled.write(blobs).await;
        return Start::Usual;
    }
    if trial.starts >= STARTS {
        return give_up(slots).await;
    }
    let starts = trial.starts + 1;
    let counted = Book {
        trial: Some(Trial { starts, ..trial }),
        ..book
    };
    match counted.write(blobs).await {
        Ok(()) => Start::OnTrial(starts, trial.expects),
        // A start that can not be counted could be one of endless ones.
        Err(_) => give_up(slots).await,
    }
}

/// Firmware on trial is not what runs: it was taken back, or was never started.
async fn end_of_trial(blobs: &mut impl Blobs, slots: &mut impl Slots, trial: Trial) -> Start {
    let here = slots.running();
    let is_told_to_start_it = slots.active().await.is_ok_and(|active| active != here);
    if is_told_to_start_it {
        // The boot loader found it damaged and went back by itself.
        let _ = slots.activate(here, true).await;
    }
    let was_tried = trial.starts > 0 || is_told_to_start_it;
    let book = Book {
        trial: None,
        failed: was_tried.then_some(trial.version),
    };
    // If that can not be written, the next start says it again.
    let _ = book.write(blobs).await;
    if was_tried {
        Start::TookBack(trial.version)
    } else {
        Start::Usual
    }
}

/// Tells the boot loader to start the other slot. What [`start`] says next time depends on whether it does.
pub async fn give_up(slots: &mut impl Slots) -> Start {
    let other = slots.running().other();
    match slots.activate(other, true).await {
        Ok(()) => Start::GiveUp,
        // There is no way back: better this firmware than none.
        Err(_) => Start::Usual,
    }
}

/// The version that was tried and taken back, if one was, and whether what runs is on trial.
///
/// # Errors
/// [`BlobError`] when that can not be read.
pub async fn history(blobs: &mut impl Blobs) -> Result<(Option<Version>, bool), BlobError> {
    let book = Book::read(blobs).await?;
    Ok((book.failed, book.trial.is_some()))
}

/// Notes that the firmware in the other slot is on trial, then has the boot loader start it: the device is to be
/// restarted. The future has to be run to its end.
///
/// # Errors
/// [`UpdateError::Note`] or [`UpdateError::Slot`]: what runs is started again.
pub async fn begin(
    blobs: &mut impl Blobs,
    slots: &mut impl Slots,
    version: Version,
    expects: Expects,
) -> Result<(), UpdateError> {
    let book = Book::read(blobs).await.map_err(UpdateError::Note)?;
    let slot = slots.running().other();
    let trial = Trial {
        version,
        slot,
        starts: 0,
        expects,
    };
    let on_trial = Book {
        trial: Some(trial),
        ..book
    };
    // In this order, so that not even its first start goes uncounted.
    on_trial.write(blobs).await.map_err(UpdateError::Note)?;
    slots.activate(slot, false).await?;
    Ok(())
}

/// This firmware has proved itself and stays. The future has to be run to its end.
///
/// # Errors
/// [`UpdateError::Note`] when that can not be noted: it is still on trial.
pub async fn confirm(blobs: &mut impl Blobs, slots: &mut impl Slots) -> Result<(), UpdateError> {
    Book::default()
        .write(blobs)
        .await
        .map_err(UpdateError::Note)?;
    slots.activate(slots.running(), true).await?;
    Ok(())
}
