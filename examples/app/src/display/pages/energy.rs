//! Energy of today, of this month, of all time.

use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::pixelcolor::BinaryColor;

use crate::display::View;
use crate::display::draw::{Canvas, NORMAL, energy, line, quantity};

pub(in crate::display) fn draw<D>(
    canvas: &mut Canvas<'_, D>,
    view: &View<'_>,
    channel: u8,
) -> Result<(), D::Error>
where
    D: DrawTarget<Color = BinaryColor>,
{
    let channels = view.live.channels.borrow();
    if channels.len() > 1 {
        canvas.title(&line(format_args!("Energy of meter {}", channel + 1)))?;
    } else {
        canvas.title("Energy")?;
    }
    let Some(meter) = channels.get(usize::from(channel)) else {
        return canvas.normal(14, "No meter yet");
    };
    let registers = meter.known();
    let export_mwh = registers.map_or(0, |registers| registers.export.mwh());
    let rows = [
        ("Today", meter.today_mwh),
        ("Month", meter.month_mwh),
        ("Total", registers.map(|registers| registers.import.mwh())),
    ];
    let mut y = 14;
    for (name, mwh) in rows {
        canvas.normal(y, name)?;
        canvas.right(y, &energy(mwh, NORMAL - name.len() - 1))?;
        y += 12;
    }
    // One more line: what was fed back, or else the largest demand.
    if export_mwh > 0 {
        canvas.normal(y, "Export")?;
        canvas.right(y, &energy(Some(export_mwh), NORMAL - 7))
    } else if let Some(peak) = meter.max_demand {
        canvas.normal(y, "Demand")?;
        let milli = i64::try_from(peak.mw).ok();
        canvas.right(y, &quantity(milli, 0, " W", NORMAL - 7))
    } else {
        Ok(())
    }
}
