//! What goes before every page.

use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::pixelcolor::BinaryColor;

use super::View;
use super::draw::{Canvas, line};

/// Draws a warning, if there is one; whether there was.
pub(super) fn draw<D>(canvas: &mut Canvas<'_, D>, view: &View<'_>) -> Result<bool, D::Error>
where
    D: DrawTarget<Color = BinaryColor>,
{
    if let Some(seconds) = view.live.panel.countdown_s.get() {
        canvas.normal(0, "All is erased in")?;
        canvas.large_centred(20, &line(format_args!("{seconds} s")))?;
        canvas.normal(50, "Let go to keep it")?;
        return Ok(true);
    }
    if let Some(percent) = view.live.update_percent.get() {
        canvas.normal(0, "Update")?;
        canvas.large_centred(16, &line(format_args!("{percent} %")))?;
        canvas.fill(0, 39, u32::from(percent.min(100)) * 128 / 100, 6)?;
        canvas.normal(50, "Do not switch off")?;
        return Ok(true);
    }
    Ok(false)
}
