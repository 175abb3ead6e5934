//! How the station ends: what is left is sent if that goes, everything else kept.

use std::time::Duration;

use embassy_futures::select::{select, select3};
use smart_meter::live::Live;
use smart_meter::settings::Uplink;
use smart_meter::store::Log;

use super::output::{Output, say};
use crate::error::Problem;

/// What still waits to be sent at the end is waited for this long.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(5);

/// Why it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Enough,
    Told,
    NobodyReads,
}

/// After so many readings, when somebody wants it, or when nobody reads what it says. `is_kept`: there is a next start.
pub(super) async fn wait(
    count: Option<u64>,
    is_kept: bool,
    output: &Output,
    log: &Log,
    live: &Live,
) -> Result<(), Problem> {
    let why = reason(count, output).await;
    let uplink = live.settings.borrow().uplink;
    let waiting = || {
        let (ram, flash) = log.depths();
        ram + flash
    };
    let sent = async {
        // Who is told to end does not wait for a server that is not there.
        let is_hopeful = || why == Why::Enough || live.uplink.borrow().is_up;
        while uplink != Uplink::None && waiting() > 0 && is_hopeful() {
            tokio::time::sleep(LOOK).await;
        }
    };
    // Told twice, at once.
    select3(sent, tokio::time::sleep(PATIENCE), told()).await;
    log.settle().await;
    let waiting = waiting();
    let fate = match (waiting, is_kept) {
        (0, _) => "",
        (_, true) => ", and are kept for the next start",
        (_, false) => ", and are gone: --data DIR would keep them",
    };
    let readings = output.readings();
    if uplink == Uplink::None && !is_kept {
        // They were not to go anywhere.
        say(format_args!("{readings} readings"));
    } else {
        say(format_args!(
            "{readings} readings, {waiting} records wait to be sent{fate}"
        ));
    }
    if why == Why::NobodyReads {
        return Err(Problem::OutputClosed);
    }
    match live.uplink.borrow().error.as_deref() {
        Some(error) if waiting > 0 && why == Why::Enough => Err(Problem::Refused(error.to_owned())),
        _ => Ok(()),
    }
}

async fn reason(count: Option<u64>, output: &Output) -> Why {
    let looking = async {
        loop {
            if output.is_closed() {
                return Why::NobodyReads;
            }
            if count.is_some_and(|count| output.readings() >= count) {
                return Why::Enough;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    match select(looking, told()).await {
        embassy_futures::select::Either::First(why) => why,
        embassy_futures::select::Either::Second(()) => Why::Told,
    }
}

/// Somebody wants it to end: Ctrl-C, what `kill` sends, a terminal that is closed.
async fn told() {
    let ctrl_c = async {
        // Without a way to be told it runs for ever.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    select(ctrl_c, terminated()).await;
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [SignalKind::terminate(), SignalKind::hangup()];
    let [terminate, hangup] = kinds.map(|kind| async move {
        match signal(kind) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    });
    select(terminate, hangup).await;
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
