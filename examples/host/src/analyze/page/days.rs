//! Energy of each day, or of each month when there are too many.

use jiff::civil::Date;
use plotters::prelude::*;

use super::super::findings::{Findings, Span};
use super::plot::{
    BOTTOM, Drawn, FAINT, GRID, INK, LEFT, MAIN, MAIN_PALE, SECOND, failed, round_up, short, svg,
    text,
};

const HEIGHT: u32 = 260;
/// Days that can be told apart, and bars that have room for a number.
const MOST_DAYS: usize = 70;
const NUMBERED: usize = 20;

/// What the bars are, and the plot.
pub(crate) fn draw(findings: &Findings) -> Drawn<(&'static str, String)> {
    let daily = with_absent(&findings.days).filter(|_| findings.days_left_out == 0);
    let (what, spans) = match &daily {
        Some(days) => ("day", days),
        None => ("month", &findings.months),
    };
    let is_daily = daily.is_some();
    let spans: Vec<&Span> = spans.iter().rev().take(MOST_DAYS).rev().collect();
    let kwh = |mwh: u64| mwh as f64 / 1e6;
    let largest = |value: fn(&Span) -> u64| {
        spans
            .iter()
            .map(|span| value(span))
            .max()
            .unwrap_or_default()
    };
    let top = round_up(kwh(largest(|span| span.import_mwh)) * 1.08);
    let exported = kwh(largest(|span| span.export_mwh));
    let bottom = if exported > 0.0 {
        -round_up(exported * 1.08)
    } else {
        0.0
    };
    let is_small = top.max(-bottom) < 1.0;
    let label = |value: f64| match is_small {
        true => format!("{} Wh", short(value * 1e3)),
        false => format!("{} kWh", short(value)),
    };
    let number = |value: f64| short(if is_small { value * 1e3 } else { value });
    let count = i32::try_from(spans.len()).unwrap_or(i32::MAX).max(1);
    // Labels need about 60 of 1000 pixels.
    let every = (spans.len() / 14 + 1).max(1);
    let name = |date: Date| {
        date.strftime(if is_daily { "%-d %b" } else { "%b %Y" })
            .to_string()
    };
    let picture = svg(HEIGHT, |area| {
        // A hundredth of a bar is a step of the axis.
        let mut chart = ChartBuilder::on(area)
            .margin_top(14)
            .margin_right(16)
            .x_label_area_size(BOTTOM)
            .y_label_area_size(LEFT)
            .build_cartesian_2d((0..count * 100).with_key_points(Vec::new()), bottom..top)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(GRID)
            .label_style(text(13, FAINT))
            .y_labels(5)
            .y_label_formatter(&|value| label(*value))
            .draw()
            .map_err(failed)?;
        for (index, span) in (0..count).zip(&spans) {
            // A few bars are no walls.
            let half = 36.min(4 * count + 4);
            let (left, right) = (index * 100 + 50 - half, index * 100 + 50 + half);
            let color = if span.is_complete { MAIN } else { MAIN_PALE };
            let import = kwh(span.import_mwh);
            let bar = Rectangle::new([(left, 0.0), (right, import)], color.filled());
            chart.draw_series([bar]).map_err(failed)?;
            if span.export_mwh > 0 {
                let bar = Rectangle::new(
                    [(left, -kwh(span.export_mwh)), (right, 0.0)],
                    SECOND.filled(),
                );
                chart.draw_series([bar]).map_err(failed)?;
            }
            let middle = |text: String, value: f64, shift: i32, color: RGBColor| {
                // About seven pixels for a character.
                let half = text.chars().count() as i32 * 7 / 2;
                EmptyElement::at((index * 100 + 50, value))
                    + Text::new(text, (-half, shift), super::plot::text(12, color))
            };
            if spans.len() <= NUMBERED && span.import_mwh > 0 {
                chart
                    .draw_series([middle(number(import), import, -16, INK)])
                    .map_err(failed)?;
            }
            if (index as usize).is_multiple_of(every) {
                chart
                    .draw_series([middle(name(span.date), bottom, 10, FAINT)])
                    .map_err(failed)?;
            }
        }
        let ground = PathElement::new(vec![(0, 0.0), (count * 100, 0.0)], FAINT);
        chart.draw_series([ground]).map_err(failed)?;
        Ok(())
    })?;
    Ok((what, picture))
}

/// Days in order, with those nobody has seen; `None` when there are too many to tell apart, or time stepped back.
fn with_absent(days: &[Span]) -> Option<Vec<Span>> {
    let mut all: Vec<Span> = Vec::new();
    for day in days {
        while let Some(last) = all.last()
            && last.date < day.date
            && last.date.tomorrow().ok()? < day.date
        {
            let absent = Span {
                date: last.date.tomorrow().ok()?,
                import_mwh: 0,
                export_mwh: 0,
                is_complete: false,
            };
            all.push(absent);
            if all.len() > MOST_DAYS {
                return None;
            }
        }
        all.push(*day);
    }
    (all.len() <= MOST_DAYS).then_some(all)
}
