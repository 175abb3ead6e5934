//! What the device says of itself.

use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::pixelcolor::BinaryColor;

use crate::display::View;
use crate::display::draw::{Canvas, line};
use crate::text::{Iso, Span};

pub(in crate::display) fn draw<D>(
    canvas: &mut Canvas<'_, D>,
    view: &View<'_>,
) -> Result<(), D::Error>
where
    D: DrawTarget<Color = BinaryColor>,
{
    let live = view.live;
    canvas.title(&live.settings.borrow().meter_id)?;
    canvas.normal(
        14,
        &line(format_args!("Version {}", live.firmware.version.get())),
    )?;
    let seconds = view.now_ms / 1_000;
    canvas.normal(26, &line(format_args!("Up {}", Span { seconds })))?;
    match live.time.get().utc_ms(view.now_ms).and_then(Iso::new) {
        Some(now) => {
            let (year, month, day) = now.date();
            let (hour, minute, _) = now.time();
            let text = line(format_args!(
                "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC"
            ));
            canvas.normal(38, &text)?;
        }
        None => canvas.normal(38, "Time is not known")?,
    }
    canvas.normal(50, live.archive.get().card.message())
}
