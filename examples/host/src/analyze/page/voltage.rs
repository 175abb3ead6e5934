//! The voltage between its limits.

use plotters::prelude::*;

use super::super::findings::Findings;
use super::plot::{
    ALARM, BOTTOM, Drawn, FAINT, Frame, GAP, GRID, LEFT, SECOND, SECOND_PALE, failed, runs, short,
    svg, text,
};

const HEIGHT: u32 = 260;

/// Least, mean and largest voltage, with nominal and 10 % above and below.
pub(crate) fn draw(findings: &mut Findings, frame: Frame<'_>) -> Drawn<String> {
    let gap_ms = i64::from(findings.kind.gap_ms());
    let volts = |mv: i64| mv as f64 / 1e3;
    let clip = |ms: i64| ms.clamp(frame.begin_ms, frame.end_ms);
    let nominal = f64::from(findings.nominal_mv) / 1e3;
    let (mut low, mut high) = (nominal * 0.88, nominal * 1.12);
    let mut band = Vec::new();
    let mut lines: Vec<Vec<(i64, f64)>> = Vec::new();
    let mut last_ms = i64::MIN;
    for (begin, end, bin) in findings.voltage.iter() {
        let (least, most) = (volts(bin.min), volts(bin.max));
        (low, high) = (low.min(least), high.max(most * 1.01));
        band.push((clip(begin), clip(end), least, most));
        if begin.saturating_sub(last_ms) > gap_ms {
            lines.push(Vec::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push((clip(begin.midpoint(end)), volts(bin.mean())));
        }
        last_ms = end;
    }
    let gaps = findings.gaps.clone();
    let ticks = frame.ticks();
    svg(HEIGHT, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin_top(14)
            .margin_right(16)
            .x_label_area_size(BOTTOM)
            .y_label_area_size(LEFT)
            .build_cartesian_2d(frame.range().with_key_points(ticks), low..high)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(GRID)
            .label_style(text(13, FAINT))
            .y_labels(5)
            .x_label_formatter(&|at| frame.label(*at))
            .y_label_formatter(&|value| format!("{} V", short(*value)))
            .draw()
            .map_err(failed)?;
        let shade = |(begin, end): &(i64, i64)| {
            Rectangle::new([(clip(*begin), low), (clip(*end), high)], GAP.filled())
        };
        chart.draw_series(gaps.iter().map(shade)).map_err(failed)?;
        let pale = |shape| Polygon::new(shape, SECOND_PALE.filled());
        chart
            .draw_series(runs(band.into_iter(), gap_ms).into_iter().map(pale))
            .map_err(failed)?;
        let mean = |line| PathElement::new(line, SECOND.stroke_width(2));
        chart
            .draw_series(lines.into_iter().map(mean))
            .map_err(failed)?;
        for (share, name) in [(0.9, "\u{2212}10 %"), (1.0, "nominal"), (1.1, "+10 %")] {
            let (value, color) = (
                nominal * share,
                if name == "nominal" { FAINT } else { ALARM },
            );
            let ends = [(frame.begin_ms, value), (frame.end_ms, value)];
            let dashes = DashedLineSeries::new(ends, 5, 4, color.stroke_width(1));
            chart.draw_series(dashes).map_err(failed)?;
            let note = EmptyElement::at((frame.end_ms, value))
                + Text::new(
                    format!("{name}  {} V", short(value)),
                    (-96, -15),
                    text(12, color),
                );
            chart.draw_series([note]).map_err(failed)?;
        }
        Ok(())
    })
}
