//! `/` while the device has an access point of its own: the form of the settings.

use core::fmt::{self, Write};

use embassy_futures::select::{Either, select};
use heapless::String;
use picoserve::response::StatusCode;

use super::html::HEAD;
use super::part::{Part, Parts};
use crate::access::ADDRESS;
use crate::live::Live;
use crate::platform::Clock;
use crate::settings::form::{self, Form, FormError};
use crate::uplink::json::Text;

/// Flash that is busy for longer has a fault.
const PATIENCE_MS: u64 = 10_000;

/// What became of a form.
pub(super) enum Outcome {
    /// There was none yet.
    Asked,
    /// It is saved: the device starts anew.
    Saved,
    /// Another page has sent it.
    Foreign,
    /// It can not be taken.
    Wrong(FormError),
    /// It can not be stored.
    NotStored(&'static str),
    /// Nobody said what became of it.
    Late,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = ADDRESS;
        match self {
            Self::Asked | Self::Saved => Ok(()),
            Self::Foreign => write!(f, "not saved: open this page as http://{a}.{b}.{c}.{d}"),
            Self::Wrong(error) => write!(
                f,
                "not saved: {error}. Go back: what you typed is still there"
            ),
            Self::NotStored(error) => write!(f, "not saved: {error}"),
            Self::Late => f.write_str("not saved: the flash does not answer"),
        }
    }
}

/// A form is taken from the page of this address only: no other page that a browser shows can send one.
pub(super) fn is_ours(host: Option<&str>, origin: Option<&str>) -> bool {
    let [a, b, c, d] = ADDRESS;
    let mut address = String::<16>::new();
    let _ = write!(address, "{a}.{b}.{c}.{d}");
    let origin = origin.map(|origin| origin.strip_prefix("http://").unwrap_or(""));
    host == Some(address.as_str()) && origin.is_none_or(|origin| origin == address)
}

/// Takes what a browser sent, and waits until it is stored.
pub(super) async fn take(live: &Live, clock: &impl Clock, body: &[u8]) -> Outcome {
    live.kept.reset();
    if let Err(error) = offer(live, body) {
        return Outcome::Wrong(error);
    }
    match select(live.kept.wait(), clock.sleep_ms(PATIENCE_MS)).await {
        Either::First(Ok(())) => Outcome::Saved,
        Either::First(Err(error)) => Outcome::NotStored(error),
        Either::Second(()) => Outcome::Late,
    }
}

/// Wishes for the settings of a form. They are not held while they are stored.
fn offer(live: &Live, body: &[u8]) -> Result<(), FormError> {
    let mut settings = live.settings.borrow().clone();
    form::apply(body, &mut settings)?;
    live.wished.signal(settings);
    Ok(())
}

pub(super) struct Setup<'a> {
    pub(super) live: &'a Live,
    pub(super) outcome: Outcome,
}

impl Parts for Setup<'_> {
    const TYPE: &'static str = "text/html; charset=utf-8";

    fn status(&self) -> StatusCode {
        match self.outcome {
            Outcome::Asked | Outcome::Saved => StatusCode::OK,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn part(&self, n: usize, out: &mut Text<'_>) -> Part {
        if matches!(self.outcome, Outcome::Saved) {
            return match n {
                0 => Part::Fixed(HEAD),
                1 => Part::Fixed(
                    "<title>Saved</title><h1>Saved</h1><p>The device starts anew and joins your network; this one \
                     is gone. Its display and its console show the address. A network that does not take it leaves \
                     it without one: hold the button for ten seconds and begin again.</p></html>\n",
                ),
                _ => Part::End,
            };
        }
        let settings = self.live.settings.borrow();
        let said = match &self.outcome {
            Outcome::Asked => None,
            outcome => Some(outcome as &dyn fmt::Display),
        };
        let form = Form {
            settings: &settings,
            said,
        };
        match form.part(n, out) {
            Ok(true) => Part::Written(Ok(())),
            Ok(false) => Part::End,
            Err(error) => Part::Written(Err(error)),
        }
    }
}
