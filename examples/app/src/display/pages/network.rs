//! Whether readings get to where they should.

use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::pixelcolor::BinaryColor;

use crate::display::View;
use crate::display::draw::{Canvas, line};
use crate::live::TimeSource;
use crate::settings::Uplink;

pub(in crate::display) fn draw<D>(
    canvas: &mut Canvas<'_, D>,
    view: &View<'_>,
) -> Result<(), D::Error>
where
    D: DrawTarget<Color = BinaryColor>,
{
    let live = view.live;
    #[cfg(feature = "local-page")]
    if let Some(access) = live.access.get() {
        return draw_access(canvas, access);
    }
    let settings = live.settings.borrow();
    let network = live.network.get();
    let health = live.health.get();
    let title = match (network.is_up, settings.wifi_ssid.as_str()) {
        (false, _) => "No network",
        (true, "") => "Network",
        (true, ssid) => ssid,
    };
    canvas.title(&line(format_args!("{title:.13}")))?;
    if let (true, Some(dbm)) = (network.is_up, health.rssi_dbm) {
        canvas.right(0, &line(format_args!("{dbm}dBm")))?;
    }
    let state = match (network.address, settings.wifi_ssid.as_str()) {
        (Some([a, b, c, d]), _) => line(format_args!("{a}.{b}.{c}.{d}")),
        (None, "") => line(format_args!("Wi-Fi is not set up")),
        (None, ssid) => line(format_args!("looks for {ssid}")),
    };
    canvas.small(15, &state)?;
    let server = match settings.uplink {
        Uplink::None => "no server: all is kept",
        Uplink::Http => host(&settings.http_base),
        Uplink::Mqtt => host(&settings.mqtt_broker),
    };
    canvas.small(23, server)?;
    canvas.small(
        31,
        &line(format_args!("{} records wait", health.queue_depth)),
    )?;
    let time = match live.time.get().source {
        TimeSource::None => "not known",
        TimeSource::Rtc => "from the clock chip",
        TimeSource::Server => "from a server",
    };
    canvas.small(39, &line(format_args!("time {time}")))?;
    let uplink = live.uplink.borrow();
    match (settings.uplink, uplink.is_up, &uplink.error) {
        (Uplink::None, ..) | (_, false, None) => Ok(()),
        (_, true, _) => canvas.small(47, "uplink is well"),
        (_, false, Some(reason)) => canvas.paragraph(47, 2, reason),
    }
}

/// How to set the device up.
#[cfg(feature = "local-page")]
fn draw_access<D>(
    canvas: &mut Canvas<'_, D>,
    access: &crate::access::Access,
) -> Result<(), D::Error>
where
    D: DrawTarget<Color = BinaryColor>,
{
    let [a, b, c, d] = crate::access::ADDRESS;
    canvas.title("Set up by Wi-Fi")?;
    canvas.small(15, "join the network")?;
    canvas.normal(23, &access.name)?;
    canvas.normal(36, &line(format_args!("with {}", access.password)))?;
    canvas.small(51, &line(format_args!("open http://{a}.{b}.{c}.{d}")))
}

/// The host of an address such as `https://example.org:8883/api`.
fn host(url: &str) -> &str {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split_once('/').map_or(host, |(host, _)| host);
    // Names and passwords do not belong there, and are not shown.
    host.rsplit_once('@').map_or(host, |(_, host)| host)
}
