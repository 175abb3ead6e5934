//! `/calibrate`: what a known load comes to, and setting it.

use core::fmt::{self, Write};

use picoserve::response::StatusCode;

use super::html::{Escaped, HEAD};
use super::part::{Part, Parts};
use super::site::{Denied, Site};
use crate::calibrate::{Load, Proposal, Refusal};
use crate::live::Live;
use crate::text::Decimal;
use crate::uplink::json::Text;

/// What became of a request.
pub(super) enum Outcome {
    /// Nothing was asked yet.
    Asked,
    /// The form does not say what it should.
    Form(&'static str),
    /// Nothing is to be set.
    Refused(Refusal),
    /// That would be set.
    Proposed(Proposal, u64),
    /// It is being set.
    Done(Proposal),
    /// It was not.
    Denied(Denied),
    /// The request came by a name that is not the device's.
    Foreign,
}

/// A field of a form, as it is: no field here needs an encoding.
fn field<'a>(form: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = form.split('&').filter_map(|field| field.split_once('='));
    fields.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Digits, and up to three behind a point or comma, in thousandths.
fn milli(text: &str) -> Option<u32> {
    let (whole, rest) = text
        .split_once('.')
        .or_else(|| text.split_once("%2C"))
        .or_else(|| text.split_once(','))
        .unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || rest.len() > 3 || !is_number(whole) || !is_number(rest) {
        return None;
    }
    let mut thousandths = 0;
    for place in 0..3 {
        let digit = rest
            .as_bytes()
            .get(place)
            .map_or(0, |digit| u32::from(digit - b'0'));
        thousandths = thousandths * 10 + digit;
    }
    whole
        .parse::<u32>()
        .ok()?
        .checked_mul(1_000)?
        .checked_add(thousandths)
}

/// What the query of the form comes to.
pub(super) fn propose(site: &Site<'_>, query: &str, now_ms: u64) -> Outcome {
    let Some(watts_mw) = field(query, "watts").and_then(milli).filter(|mw| *mw > 0) else {
        return Outcome::Form("The power has to be a number of watts, such as 100 or 98.7.");
    };
    let volts_mv = field(query, "volts").and_then(milli).filter(|mv| *mv > 0);
    let load = match (field(query, "kind"), volts_mv) {
        (Some("reference"), _) => Load::Reference(watts_mw),
        (Some("bulb"), Some(mv)) => Load::Bulb(watts_mw, mv),
        (Some("heater"), Some(mv)) => Load::Heater(watts_mw, mv),
        (Some("bulb" | "heater"), None) => {
            return Outcome::Form("The voltage has to be the number of volts printed on the load.");
        }
        _ => return Outcome::Form("Choose what the load is."),
    };
    match site.propose(load, now_ms) {
        Ok((proposal, token)) => Outcome::Proposed(proposal, token),
        Err(refusal) => Outcome::Refused(refusal),
    }
}

/// Sets what was proposed.
pub(super) fn confirm(site: &Site<'_>, body: &[u8], now_ms: u64) -> Outcome {
    let token = core::str::from_utf8(body)
        .ok()
        .and_then(|body| field(body, "token"))
        .and_then(|token| u64::from_str_radix(token, 16).ok());
    match token.map_or(Err(Denied::Stale), |token| site.confirm(token, now_ms)) {
        Ok(proposal) => Outcome::Done(proposal),
        Err(denied) => Outcome::Denied(denied),
    }
}

/// Whether a host of a request is the device's own: its address, or a name that only the local network has. A name
/// that somebody made lead here would be theirs.
pub(super) fn is_ours(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name.parse::<core::net::Ipv4Addr>().is_ok()
        || name == "localhost"
        || name
            .strip_suffix(".local")
            .is_some_and(|name| !name.is_empty())
}

/// The page.
pub(super) struct Form<'a> {
    pub(super) live: &'a Live,
    pub(super) now_ms: u64,
    pub(super) outcome: Outcome,
}

const FORM: &str = "<form><label>The load<select name=kind>\
<option value=bulb>Incandescent bulb (known to 5 %)\
<option value=heater>Heater, kettle, iron (known to 10 %)\
<option value=reference>Anything steady, measured by a better meter (1 %)</select></label>\
<label>Its power in watts<input name=watts inputmode=decimal required></label>\
<label>Its voltage in volts, as printed on it<input name=volts inputmode=decimal value=230></label>\
<button>What would be set?</button></form><p><a href=/>Back</a></p></html>\n";

impl Parts for Form<'_> {
    const TYPE: &'static str = "text/html; charset=utf-8";

    fn status(&self) -> StatusCode {
        match &self.outcome {
            Outcome::Form(_) => StatusCode::BAD_REQUEST,
            Outcome::Denied(_) | Outcome::Foreign => StatusCode::FORBIDDEN,
            _ => StatusCode::OK,
        }
    }

    fn part(&self, n: usize, out: &mut Text<'_>) -> Part {
        match n {
            0 => Part::Fixed(HEAD),
            1 => Part::Written(self.title(out)),
            2 => Part::Written(self.outcome(out)),
            3 => Part::Fixed(FORM),
            _ => Part::End,
        }
    }
}

/// Millionths as percent with a sign.
struct Percent(i32);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 > 0 { "+" } else { "" };
        write!(f, "{sign}{} %", Decimal::new(self.0.into(), 4, 2))
    }
}

impl Form<'_> {
    fn title(&self, out: &mut Text<'_>) -> fmt::Result {
        let settings = self.live.settings.borrow();
        let id = Escaped(&settings.meter_id);
        let [voltage, current, power] = settings.gains_ppm.map(Percent);
        write!(
            out,
            "<title>{id}: calibration</title><h1>{id}: calibration</h1>\
             <p>Connect one load whose power you know, and nothing else. A module comes calibrated to half a percent: \
             what is printed on a bulb is no better than 5 %, so that only a meter that is far off gets better by it.</p>\
             <p class=dim>In force: voltage {voltage}, current {current}, power {power}.</p>"
        )?;
        let channels = self.live.channels.borrow();
        let fresh = channels
            .first()
            .and_then(|channel| channel.fresh(self.now_ms, settings.interval_ms));
        match fresh.and_then(|values| values.power_mw) {
            Some(mw) => write!(out, "<p>Now: {} W</p>", Decimal::milli(mw.into(), 1)),
            None => out.write_str("<p class=bad>No reading now.</p>"),
        }
    }

    fn outcome(&self, out: &mut Text<'_>) -> fmt::Result {
        match &self.outcome {
            Outcome::Asked => Ok(()),
            Outcome::Form(what) => write!(out, "<p class=bad>{what}</p>"),
            Outcome::Refused(refusal) => write!(out, "<p class=bad>Nothing to set: {refusal}.</p>"),
            Outcome::Proposed(proposal, token) => proposed(out, proposal, *token),
            Outcome::Done(proposal) => {
                let [_, current, power] = proposal.gains_ppm.map(Percent);
                write!(out, "<p>Set: current {current}, power {power}. It is in force from the next reading on.</p>")
            }
            Outcome::Denied(Denied::Stale) => out.write_str(
                "<p class=bad>Not set: that page was too old, or not the last one. Ask once more.</p>",
            ),
            Outcome::Denied(Denied::NoButton) => out.write_str(
                "<p class=bad>Not set: press the button of the device once, go back, and set it again.</p>",
            ),
            Outcome::Foreign => out.write_str(
                "<p class=bad>Not set: open this page by the address of the device, or a name that ends in .local.</p>",
            ),
        }
    }
}

fn proposed(out: &mut Text<'_>, proposal: &Proposal, token: u64) -> fmt::Result {
    let [_, current, power] = proposal.gains_ppm.map(Percent);
    let watts = |mw: u32| Decimal::milli(mw.into(), 1);
    write!(
        out,
        "<table><tr><td>Measured<td>{} W at {} V<tr><td>The load takes there<td>{} W &plusmn; {} %\
         <tr><td>Readings would change by<td>{}<tr><td>Current would be set to<td>{current}\
         <tr><td>Power would be set to<td>{power}</table>\
         <form method=post action=/calibrate><input type=hidden name=token value={token:016x}>\
         <p>Press the button of the device once, then within two minutes:</p><button>Set it</button></form>",
        watts(proposal.measured_mw),
        Decimal::milli(proposal.voltage_mv.into(), 1),
        watts(proposal.expected_mw),
        Decimal::new(proposal.tolerance_ppm.into(), 4, 0),
        Percent(proposal.change_ppm),
    )
}
