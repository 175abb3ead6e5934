//! Alarms that are on, then those that were and nobody has seen.

use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::pixelcolor::BinaryColor;
use meter_core::EventCode;

use crate::display::View;
use crate::display::draw::{Canvas, NORMAL, line};

/// Lines below the title.
const LINES: usize = 4;

pub(in crate::display) fn draw<D>(
    canvas: &mut Canvas<'_, D>,
    view: &View<'_>,
) -> Result<(), D::Error>
where
    D: DrawTarget<Color = BinaryColor>,
{
    let channels = view.live.channels.borrow();
    let all = [true, false].into_iter().flat_map(|is_present| {
        channels
            .iter()
            .enumerate()
            .flat_map(move |(channel, meter)| {
                EventCode::ALL
                    .iter()
                    .copied()
                    .filter(move |code| {
                        meter.alarms.is_set(*code) && meter.alarms.is_present(*code) == is_present
                    })
                    .map(move |code| (channel, code, is_present))
            })
    });
    let count = all.clone().count();
    if count == 0 {
        canvas.title("Alarms")?;
        return canvas.normal(14, "None");
    }
    canvas.title(&line(format_args!("Alarms: {count}")))?;
    let shown = if count > LINES { LINES - 1 } else { count };
    let mut y = 14;
    for (channel, code, is_present) in all.take(shown) {
        let name = code.name();
        // With several meters the number of the meter; a name that leaves no room for it is cut.
        let text = if channels.len() > 1 {
            line(format_args!("{} {name:.15}", channel + 1))
        } else {
            line(format_args!("{name:.17}"))
        };
        canvas.normal(y, &text)?;
        canvas.right(y, if is_present { "on" } else { "was" })?;
        y += 12;
    }
    if count > shown {
        canvas.normal(
            y,
            &line(format_args!("and {:.NORMAL$} more", count - shown)),
        )?;
    }
    Ok(())
}
