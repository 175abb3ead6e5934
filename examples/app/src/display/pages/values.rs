//! Voltage, current, power: readable from across the room.

use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::pixelcolor::BinaryColor;

use crate::display::View;
use crate::display::draw::{Canvas, LARGE, line, quantity};
use crate::live::Channel;
use crate::text::Span;

pub(in crate::display) fn draw<D>(
    canvas: &mut Canvas<'_, D>,
    view: &View<'_>,
    channel: u8,
) -> Result<(), D::Error>
where
    D: DrawTarget<Color = BinaryColor>,
{
    let interval_ms = view.live.settings.borrow().interval_ms;
    let channels = view.live.channels.borrow();
    let Some(meter) = channels.get(usize::from(channel)) else {
        return missing(canvas, view, None);
    };
    let Some(values) = meter.fresh(view.now_ms, interval_ms) else {
        return missing(canvas, view, Some(meter));
    };
    // The first line leaves room for the marks beside it.
    let rows = [
        ("V", values.voltage_mv.map(i64::from), 1, LARGE - 2),
        ("I", values.current_ma.map(i64::from), 2, LARGE),
        ("P", values.power_mw.map(i64::from), 1, LARGE),
    ];
    let mut y = 2;
    for (name, milli, places, room) in rows {
        let unit = match name {
            "V" => "V",
            "I" => "A",
            _ => "W",
        };
        let value = quantity(milli, places, unit, room - 3);
        canvas.large(y, &line(format_args!("{name}: {value}")))?;
        y += 20;
    }
    if channels.len() > 1 {
        canvas.right(0, &line(format_args!("{}", channel + 1)))?;
    }
    if channels.iter().any(Channel::has_alarm) {
        canvas.right(12, "!")?;
    }
    Ok(())
}

/// No reading, or one too old to be shown as the present.
fn missing<D>(
    canvas: &mut Canvas<'_, D>,
    view: &View<'_>,
    meter: Option<&Channel>,
) -> Result<(), D::Error>
where
    D: DrawTarget<Color = BinaryColor>,
{
    canvas.large(0, "No reading")?;
    match meter.and_then(|meter| meter.age_ms(view.now_ms)) {
        Some(age_ms) => {
            let seconds = age_ms / 1_000;
            canvas.normal(20, &line(format_args!("for {}", Span { seconds })))?;
        }
        None => canvas.normal(20, "since the start")?,
    }
    let reason = meter
        .and_then(|meter| meter.error.as_deref())
        .unwrap_or("the meter was not asked yet");
    canvas.paragraph(32, 4, reason)
}
