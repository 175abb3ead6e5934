//! For which server the meters are registered, over restarts.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;

use super::{Key, SharedStates};
use crate::platform::Clock;
use crate::uplink::Enrolment;

/// Keeps the mark of the uplink among the values of the store. Its futures have to be run to their end.
pub struct Enrolled<'a, 'f, F: MultiwriteNorFlash, C: Clock>(pub &'a SharedStates<'f, F, C>);

impl<F: MultiwriteNorFlash, C: Clock> Enrolment for Enrolled<'_, '_, F, C> {
    async fn mark(&mut self) -> u32 {
        let mark = self.0.lock().await.number(Key::ENROLMENT).await;
        // A server that is told twice is told twice.
        mark.ok().flatten().unwrap_or_default()
    }

    async fn set_mark(&mut self, mark: u32) {
        let _ = self
            .0
            .lock()
            .await
            .put(Key::ENROLMENT, &mark.to_le_bytes())
            .await;
    }
}
