//! Power by day and hour: what the habits of a house look like.

use std::collections::BTreeMap;

use jiff::civil::Date;
use plotters::prelude::*;

use super::super::band::Flow;
use super::super::findings::Findings;
use super::super::timeline::Bin;
use super::plot::{BOTTOM, Drawn, FAINT, Frame, LEFT, MAIN, failed, short, svg, text};

/// Rows that can be told apart; with fewer days there is no pattern to see.
const LEAST_DAYS: usize = 3;
const MOST_DAYS: usize = 62;
const HOUR_S: i64 = 3_600;

/// A row for each day and a field for each hour, the darker the more power; `None` where hours can not be told apart.
pub(crate) fn draw(findings: &mut Findings, frame: Frame<'_>) -> Drawn<Option<String>> {
    if findings.profile.width_s() > HOUR_S {
        return Ok(None);
    }
    let mut fields: BTreeMap<(Date, i8), Flow> = BTreeMap::new();
    for (begin_ms, _, flow) in findings
        .profile
        .iter()
        .filter(|(_, _, flow)| flow.ms > 0 && !flow.is_estimated)
    {
        let time = frame.clock.civil(begin_ms.max(frame.begin_ms), frame.near);
        fields
            .entry((time.date(), time.hour()))
            .and_modify(|sum| sum.absorb(flow))
            .or_insert(*flow);
    }
    let (Some(((first, _), _)), Some(((last, _), _))) =
        (fields.first_key_value(), fields.last_key_value())
    else {
        return Ok(None);
    };
    let first = *first;
    let row = |date: Date| first.until(date).map_or(0, |span| span.get_days());
    let count = row(*last) + 1;
    if !(LEAST_DAYS..=MOST_DAYS).contains(&(count as usize)) {
        return Ok(None);
    }
    let most = fields
        .values()
        .map(Flow::mean_mw)
        .max()
        .unwrap_or_default()
        .max(1) as f64;
    let pixels = if count > 20 { 11 } else { 18 };
    let height = count.unsigned_abs() * pixels + BOTTOM + 14;
    svg(height, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin_top(8)
            .margin_right(96)
            .x_label_area_size(BOTTOM)
            .y_label_area_size(LEFT)
            .build_cartesian_2d(
                (0..240).with_key_points(
                    (0..=24)
                        .step_by(3)
                        .map(|hour| hour * 10)
                        .collect::<Vec<i32>>(),
                ),
                (0..count * 10).with_key_points(Vec::new()),
            )
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_mesh()
            .axis_style(TRANSPARENT)
            .label_style(text(13, FAINT))
            .x_label_formatter(&|tenths| format!("{:02}:00", tenths / 10))
            .draw()
            .map_err(failed)?;
        let field = |left: i32, top: i32, mean_mw: i64| {
            // Small loads show beside large ones.
            let share = (mean_mw.max(0) as f64 / most).sqrt();
            Rectangle::new(
                [(left, top), (left + 9, top - 9)],
                MAIN.mix(0.06 + 0.94 * share).filled(),
            )
        };
        let fields = fields.iter().map(|((date, hour), flow)| {
            field(
                i32::from(*hour) * 10,
                (count - row(*date)) * 10,
                flow.mean_mw(),
            )
        });
        chart.draw_series(fields).map_err(failed)?;
        let every = if count > 20 { 7 } else { 1 };
        for day in (0..count).step_by(every) {
            let date = first.saturating_add(jiff::Span::new().days(day));
            let name = date.strftime("%-d %b").to_string();
            let left = -10 - name.chars().count() as i32 * 7;
            let name = EmptyElement::at((0, (count - day) * 10))
                + Text::new(name, (left, -2), text(12, FAINT));
            chart.draw_series([name]).map_err(failed)?;
        }
        // The scale stands beside it.
        let shares = [1.0, 0.25, 0.05, 0.0];
        for (step, share) in (0..).zip(shares) {
            let watts = most * share / 1e3;
            let note = match watts >= 2_000.0 {
                true => format!("{} kW", short(watts / 1e3)),
                false => format!("{} W", short(watts)),
            };
            let color = MAIN.mix(0.06 + 0.94 * f64::sqrt(share));
            let mark = EmptyElement::at((240, count * 10))
                + Rectangle::new([(14, step * 18 + 2), (26, step * 18 + 14)], color.filled())
                + Text::new(note, (32, step * 18), text(12, FAINT));
            chart.draw_series([mark]).map_err(failed)?;
        }
        Ok(())
    })
    .map(Some)
}
