//! The loads that used most.

use plotters::prelude::*;

use super::super::facts::LoadRow;
use super::plot::{Drawn, FAINT, INK, LEFT, MAIN, failed, short, svg, text};
use crate::report::fixed;

const ROW: i32 = 34;

/// A bar for each, by energy.
pub(crate) fn draw(loads: &[LoadRow]) -> Drawn<String> {
    let count = i32::try_from(loads.len()).unwrap_or(i32::MAX);
    let most = loads
        .iter()
        .map(|load| load.energy_mwh)
        .max()
        .unwrap_or_default()
        .max(1);
    let height = u32::try_from(count * ROW + 16).unwrap_or_default();
    svg(height, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin_top(8)
            .margin_bottom(8)
            .margin_right(330)
            .y_label_area_size(LEFT + 20)
            .build_cartesian_2d(0_u64..most, 0..count * 100)
            .map_err(failed)?;
        for (row, load) in (0..count).rev().zip(loads) {
            let bottom = row * 100;
            let bar = Rectangle::new(
                [(0, bottom + 22), (load.energy_mwh, bottom + 78)],
                MAIN.filled(),
            );
            chart.draw_series([bar]).map_err(failed)?;
            let power = format!("{} W", short(load.power_mw as f64 / 1e3));
            let right = -8 - power.chars().count() as i32 * 8;
            let name =
                EmptyElement::at((0, bottom + 50)) + Text::new(power, (right, -8), text(14, INK));
            chart.draw_series([name]).map_err(failed)?;
            let note = format!(
                "{} kWh, switched on {}\u{d7}, {} h in all",
                fixed(load.energy_mwh, 1_000_000, 3),
                load.switched_on,
                fixed(load.on_ms, 3_600_000, 1)
            );
            let note = EmptyElement::at((load.energy_mwh, bottom + 50))
                + Text::new(note, (8, -8), text(13, FAINT));
            chart.draw_series([note]).map_err(failed)?;
        }
        Ok(())
    })
}
