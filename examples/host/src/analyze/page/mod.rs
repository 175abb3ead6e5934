//! The page of `--report`: complete in itself, without scripts and without a network.

mod days;
mod events;
mod hours;
mod loads;
mod plot;
mod power;
mod tables;
mod voltage;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::facts::Facts;
use super::findings::Findings;
use super::time::Clock;
use crate::error::Problem;
use crate::report::fixed;
use plot::Frame;

/// The whole page.
pub(crate) fn render(
    name: &str,
    findings: &mut Findings,
    facts: &Facts,
    clock: &Clock,
) -> Result<String, Problem> {
    let failed = |error: String| Problem::Refused(format!("the report can not be drawn: {error}"));
    let (first_ms, last_ms) = (findings.first.at_ms, findings.last.at_ms);
    let frame = Frame {
        clock,
        begin_ms: first_ms.min(last_ms),
        // A recording of one moment has a width, too.
        end_ms: first_ms.max(last_ms).max(first_ms.min(last_ms) + 1_000),
        near: findings.last,
    };
    let body = body(name, findings, facts, frame).map_err(failed)?;
    Ok(body.into_string())
}

fn body(
    name: &str,
    findings: &mut Findings,
    facts: &Facts,
    frame: Frame<'_>,
) -> plot::Drawn<Markup> {
    let load = findings
        .kind
        .has_energy
        .then(|| power::draw(findings, frame))
        .transpose()?;
    let voltage = facts
        .voltage
        .is_some()
        .then(|| voltage::draw(findings, frame))
        .transpose()?;
    let events = events::draw(findings, frame)?;
    let days = findings
        .kind
        .has_energy
        .then(|| days::draw(findings))
        .transpose()?;
    let hours = findings
        .kind
        .has_energy
        .then(|| hours::draw(findings, frame))
        .transpose()?
        .flatten();
    let loads = (!facts.loads.is_empty())
        .then(|| loads::draw(&facts.loads))
        .transpose()?;
    let minutes = findings.interval_s / 60;
    let wide = findings.profile.width_s();
    let minutes = if wide > i64::from(findings.interval_s) {
        width(wide)
    } else {
        format!("{minutes} min")
    };
    Ok(html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (name) " \u{2013} meter analyze" }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                header {
                    h1 { (name) }
                    p { (facts.first) " to " (facts.last) ", times " (zone(facts)) }
                }
                main {
                    (figures(facts))
                    @if !facts.warnings.is_empty() {
                        section.warning #warnings {
                            h2 { "Look at this first" }
                            @for warning in &facts.warnings { p { (warning) } }
                        }
                    }
                    @if let Some(picture) = load {
                        (section("load", "Load profile", &picture, html! {
                            (key("main", &format!("mean over {minutes}")))
                            @if facts.energy.is_some() && findings.kind.has_power {
                                (key("main-pale", "least and largest reading"))
                            }
                            @if findings.gap_count > 0 { (key("gap", "no readings")) }
                        }))
                    }
                    @if let Some(picture) = voltage {
                        (section("voltage", "Voltage", &picture, html! {
                            (key("second", "mean"))
                            (key("second-pale", "least and largest reading"))
                            (key("alarm", "limits of EN 50160"))
                        }))
                    }
                    @if let Some(picture) = events {
                        (section("timeline", "Events over time", &picture, html! { }))
                    }
                    @if let Some((what, picture)) = days {
                        (section("days", &format!("Energy of each {what}"), &picture, html! {
                            (key("main", &format!("whole {what}s")))
                            (key("main-pale", "begun, ended or interrupted in between"))
                            @if facts.energy.as_ref().is_some_and(|energy| energy.export_mwh > 0) {
                                (key("second", "exported"))
                            }
                        }))
                    }
                    @if let Some(picture) = hours {
                        (section("hours", "Days and hours", &picture, html! {
                            li { "mean power of each hour, as far as it was measured" }
                        }))
                    }
                    @if let Some(picture) = loads {
                        (section("loads", "Loads that are switched", &picture, html! {
                            li { "energy while they were seen to run, estimated from steps of the power" }
                        }))
                    }
                    (tables::energy(facts))
                    (tables::supply(facts))
                    (tables::events(facts))
                    (tables::rejected(facts))
                }
                footer { "meter " (env!("CARGO_PKG_VERSION")) ". Figures of a recording, not of a meter that is legal for trade." }
            }
        }
    })
}

fn section(id: &str, title: &str, picture: &str, keys: Markup) -> Markup {
    html! {
        section #(id) {
            h2 { (title) }
            ul.key { (keys) }
            div.plot role="img" aria-label=(title) { (PreEscaped(picture)) }
        }
    }
}

fn key(color: &str, text: &str) -> Markup {
    html! { li { i style={ "background: var(--" (color) ")" } {} (text) } }
}

/// The large numbers. Each says in `value` what `--json` says.
fn figures(facts: &Facts) -> Markup {
    html! {
        div.figures {
            @if let Some(energy) = &facts.energy {
                (figure("energy", "energy.register_mwh", energy.register_mwh, &fixed(energy.register_mwh, 1_000_000, 3), "kWh"))
                @if energy.export_mwh > 0 {
                    (figure("exported", "energy.export_mwh", energy.export_mwh, &fixed(energy.export_mwh, 1_000_000, 3), "kWh"))
                }
            }
            @if let Some(demand) = &facts.max_demand {
                (figure("largest demand", "max_demand.mw", demand.mw, &fixed(demand.mw, 1_000, 1), "W"))
            }
            @if let Some(voltage) = &facts.voltage {
                (figure("mean voltage", "voltage.mean_mv", voltage.mean_mv, &fixed(voltage.mean_mv.unsigned_abs(), 1_000, 1), "V"))
            }
            (figure("events", "events", facts.events.len(), &grouped(facts.events.len() as u64), ""))
            (figure("rows", "rows", facts.rows, &grouped(facts.rows), ""))
            (figure("rejected rows", "rejected", facts.rejected, &grouped(facts.rejected), ""))
        }
    }
}

fn figure(
    name: &str,
    path: &str,
    value: impl std::fmt::Display,
    shown: &str,
    unit: &str,
) -> Markup {
    html! {
        div.figure {
            span { (name) }
            data value=(value) data-name=(path) { (shown) " " small { (unit) } }
        }
    }
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len() > 4 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

fn zone(facts: &Facts) -> String {
    match facts.time_zone.as_str() {
        "as written" | "as each time says" => facts.time_zone.clone(),
        zone => format!("of {zone}"),
    }
}

/// A width of bins as people say it.
fn width(seconds: i64) -> String {
    match seconds {
        0..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}
