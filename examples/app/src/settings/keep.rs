//! Who puts settings into flash and in force.

use core::fmt;

use embassy_futures::select::{Either3, select3};

use super::Settings;
use super::stored::{SaveError, save};
use crate::blobs::{BlobError, Blobs};
use crate::live::Live;
use crate::record::{DeviceEvent, EventRecord};

/// Stores settings and puts them in force. Some of them are looked at only when the device starts:
/// [`Setting::needs_restart`](super::Setting::needs_restart). The future has to be run to its end.
///
/// # Errors
/// [`SaveError`]; the old ones stay stored and in force.
pub async fn adopt(
    blobs: &mut impl Blobs,
    live: &Live,
    settings: &Settings,
    replace: bool,
    buffer: &mut [u8],
) -> Result<(), SaveError> {
    save(blobs, settings, replace, buffer).await?;
    live.settings.borrow_mut().clone_from(settings);
    live.tell(EventRecord {
        code: DeviceEvent::SettingsChanged as u8,
        is_occurrence: true,
        value: 0,
    });
    Ok(())
}

/// Forgets settings, passwords and certificates, wiping them from the flash, and asks for a restart. Registers and
/// records stay. The future has to be run to its end.
///
/// # Errors
/// [`BlobError`] when the flash does not erase.
pub async fn factory_reset(blobs: &mut impl Blobs, live: &Live) -> Result<(), BlobError> {
    blobs.clear().await?;
    live.restart.signal(());
    Ok(())
}

/// Does what is wished at the device: corrections from the page, the settings of the form, the factory reset of the
/// button. `buffer` has at least
/// [`MAX_STORED`](super::stored::MAX_STORED) bytes. Failures are told to `say`.
pub async fn keeper(
    blobs: &mut impl Blobs,
    live: &Live,
    buffer: &mut [u8],
    mut say: impl FnMut(&dyn fmt::Display),
) -> ! {
    loop {
        let wish = select3(
            live.gains_ppm.wait(),
            live.panel.factory_reset.wait(),
            live.wished.wait(),
        )
        .await;
        match wish {
            Either3::First(gains_ppm) => {
                let mut settings = live.settings.borrow().clone();
                settings.gains_ppm = gains_ppm;
                if let Err(error) = adopt(blobs, live, &settings, false, buffer).await {
                    say(&error);
                }
            }
            Either3::Second(()) => {
                if let Err(error) = factory_reset(blobs, live).await {
                    say(&error);
                }
            }
            Either3::Third(settings) => {
                let stored = adopt(blobs, live, &settings, false, buffer).await;
                if let Err(error) = &stored {
                    say(error);
                }
                live.kept.signal(stored.map_err(|error| error.hint()));
            }
        }
    }
}
