//! The settings of the device: its defaults, and what the command line says.

use smart_meter::settings::url::Url;
use smart_meter::settings::{SetError, Setting, Settings, Uplink};

use super::cli::StationOptions;
use crate::error::Problem;

/// Names are similar from here on, by the measure of Jaro and Winkler.
const SIMILAR: f64 = 0.8;
/// So many of them help.
const NAMED: usize = 3;

/// Seconds after which records that could not be sent are written to flash: a file does not wear out.
const FLUSH_S: u16 = 5;
const TIME_SERVER: &str = "time.server-";

/// Whether somebody named time servers; the PC knows the time otherwise.
pub(super) fn asks_time_servers(options: &StationOptions) -> bool {
    let mut names = options.set.iter();
    names.any(|pair| pair.trim_start().starts_with(TIME_SERVER))
}

pub(super) fn of(options: &StationOptions) -> Result<Settings, Problem> {
    let mut settings = Settings {
        flush_s: FLUSH_S,
        ..Settings::default()
    };
    if asks_time_servers(options) {
        // Who names one means no other.
        settings.ntp_servers = Default::default();
    }
    for pair in &options.set {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(Problem::Usage(format!("--set {pair}: write NAME=VALUE")));
        };
        let name = name.trim();
        settings.set(name, value.trim()).map_err(|error| {
            Problem::Usage(match error {
                SetError::NoSuchName => format!("--set {pair}: {}", unknown(name)),
                error => format!("--set {pair}: {error}"),
            })
        })?;
    }
    let ways = [
        (&options.http, "http.base", Uplink::Http),
        (&options.mqtt, "mqtt.broker", Uplink::Mqtt),
    ];
    for (url, name, uplink) in ways {
        let Some(url) = url else { continue };
        settings.set(name, url).map_err(|error| {
            Problem::Usage(if url.contains("://") {
                format!("{url}: {error}")
            } else {
                let (plain, _) = name.split_once('.').unwrap_or_default();
                format!("{url}: is it {plain}://{url}, or {plain}s://{url} with TLS?")
            })
        })?;
        settings.uplink = uplink;
        // Whoever writes it here wants it so.
        settings.allow_plain = true;
    }
    for address in addresses(options) {
        let full = || Problem::Usage("--address can be given four times at most".to_owned());
        settings.addresses.push(address).map_err(|_| full())?;
    }
    settings
        .check()
        .map_err(|error| Problem::Usage(error.to_string()))?;
    let url = match settings.uplink {
        Uplink::None => "",
        Uplink::Http => &settings.http_base,
        Uplink::Mqtt => &settings.mqtt_broker,
    };
    let is_tls = Url::parse(url).is_ok_and(|url| url.scheme.is_tls());
    if is_tls && options.ca.is_none() {
        return Err(Problem::Usage(format!(
            "{url}: no CA certificate is given: give the one that signed the server's with --ca FILE, or use a plain \
             connection"
        )));
    }
    Ok(settings)
}

/// Those given, or that of the simulated module; none for the only one on a port.
fn addresses(options: &StationOptions) -> Vec<u8> {
    if options.address.is_empty() && options.port.is_none() {
        return vec![1];
    }
    options.address.clone()
}

/// What to write instead of a name that there is not.
fn unknown(name: &str) -> String {
    let names = || Setting::all().map(Setting::as_str);
    let mut near: Vec<(f64, &str)> = names()
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(score, known)| *score >= SIMILAR || known.split('.').any(|part| part == name))
        .collect();
    near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let similar: Vec<&str> = near
        .into_iter()
        .take(NAMED)
        .map(|(_, known)| known)
        .collect();
    if similar.is_empty() {
        let all: Vec<&str> = names().collect();
        format!("there is no setting {name}: there are {}", all.join(", "))
    } else {
        format!(
            "there is no setting {name}: is it {}?",
            similar.join(" or ")
        )
    }
}
