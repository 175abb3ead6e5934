//! What the device shows on the local network: a page for people, the present as JSON, metrics, and the guided
//! calibration.
//!
//! Everybody on the network may look. Only who stands before the device can change anything: see [`Site`].

mod calibration;
mod html;
mod json;
mod metrics;
mod page;
mod part;
mod route;
mod setup;
mod site;
mod stream;

use embassy_futures::select::select;
use picoserve::{Config, Router, Server, Timeouts};

pub use site::Site;

use crate::platform::{Clock, Listener};
use stream::{Socket, Ticks};

/// Room for a request; a longer one is refused. What browsers send has less than a kilobyte.
pub const REQUEST: usize = 2_048;
/// Room for a request while the device is set up: the form has every setting.
pub const SETUP_REQUEST: usize = 4_096;
/// A connection takes no longer than this, however slow the other side is.
pub const LIMIT_MS: u64 = 15_000;

const CONFIG: Config = Config::new(Timeouts {
    start_read_request: picoserve::time::Duration::from_secs(5),
    persistent_start_read_request: picoserve::time::Duration::from_secs(1),
    read_request: picoserve::time::Duration::from_secs(3),
    write: picoserve::time::Duration::from_secs(3),
});

/// Serves connections, one at a time. Who wants two at once runs two of these, each with a listener and a room of its
/// own; the others wait for their turn or are refused, as the network has it. `request` has [`REQUEST`] bytes, or
/// [`SETUP_REQUEST`].
pub async fn serve<L: Listener, C: Clock>(
    mut listener: L,
    clock: &C,
    site: &Site<'_>,
    request: &mut [u8],
) -> ! {
    let router = Router::from_service(route::Pages { site, clock });
    loop {
        let Ok(stream) = listener.accept().await else {
            clock.sleep_ms(1_000).await;
            continue;
        };
        let server = Server::custom(&router, Ticks(clock), &CONFIG, request);
        // A client that is slow, gone or nonsense is its own fault: there is nobody to tell.
        let _ = select(server.serve(Socket::new(stream)), clock.sleep_ms(LIMIT_MS)).await;
        if site.is_set_up.get() {
            // Not before the answer is on its way.
            site.live.restart.signal(());
        }
    }
}
