//! The load profile over time.

use plotters::prelude::*;

use super::super::findings::Findings;
use super::plot::{
    ALARM, BOTTOM, Drawn, FAINT, Frame, GAP, GRID, INK, LEFT, MAIN, MAIN_PALE, failed, round_up,
    runs, short, svg, text,
};

const HEIGHT: u32 = 320;

/// Mean power of each interval, over the least and largest power in between.
pub(crate) fn draw(findings: &mut Findings, frame: Frame<'_>) -> Drawn<String> {
    let gap_ms = i64::from(findings.kind.gap_ms());
    let watts = |mw: i64| mw as f64 / 1e3;
    let clip = |ms: i64| ms.clamp(frame.begin_ms, frame.end_ms);
    let band: Vec<_> = findings
        .power
        .iter()
        .map(|(begin, end, band)| (clip(begin), clip(end), watts(band.min), watts(band.max)))
        .collect();
    let profile: Vec<_> = findings
        .profile
        .iter()
        .filter(|(_, _, flow)| flow.ms > 0)
        // Time without readings and without energy is not a time without load.
        .filter(|(_, _, flow)| !flow.is_estimated || flow.import_mwh + flow.export_mwh > 0)
        .map(|(begin, end, flow)| (clip(begin), clip(end), 0.0, watts(flow.mean_mw())))
        .collect();
    let ends = |values: &[(i64, i64, f64, f64)]| {
        let all = values.iter().flat_map(|(_, _, low, high)| [*low, *high]);
        all.fold((0.0_f64, 0.0_f64), |(least, most), value| {
            (least.min(value), most.max(value))
        })
    };
    let ((low_a, high_a), (low_b, high_b)) = (ends(&band), ends(&profile));
    let top = round_up(high_a.max(high_b) * 1.02);
    let least = low_a.min(low_b);
    let bottom = if least < 0.0 {
        -round_up(-least * 1.02)
    } else {
        0.0
    };
    let is_kilo = top.max(-bottom) >= 2_000.0;
    let label = |value: &f64| {
        if is_kilo {
            format!("{} kW", short(*value / 1e3))
        } else {
            format!("{} W", short(*value))
        }
    };
    let gaps = findings.gaps.clone();
    let peak = findings.max_demand;
    let ticks = frame.ticks();
    svg(HEIGHT, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin_top(14)
            .margin_right(16)
            .x_label_area_size(BOTTOM)
            .y_label_area_size(LEFT)
            .build_cartesian_2d(frame.range().with_key_points(ticks), bottom..top)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(GRID)
            .label_style(text(13, FAINT))
            .y_labels(6)
            .x_label_formatter(&|at| frame.label(*at))
            .y_label_formatter(&label)
            .draw()
            .map_err(failed)?;
        let shade = |(begin, end): &(i64, i64)| {
            Rectangle::new([(clip(*begin), bottom), (clip(*end), top)], GAP.filled())
        };
        chart.draw_series(gaps.iter().map(shade)).map_err(failed)?;
        let shapes = runs(band.into_iter(), gap_ms);
        let pale = |shape| Polygon::new(shape, MAIN_PALE.filled());
        chart
            .draw_series(shapes.into_iter().map(pale))
            .map_err(failed)?;
        for shape in runs(profile.into_iter(), 1) {
            let half = shape.len() / 2;
            let line = shape.get(..half).unwrap_or_default().to_vec();
            chart
                .draw_series([Polygon::new(shape, MAIN.mix(0.35).filled())])
                .map_err(failed)?;
            chart
                .draw_series([PathElement::new(line, MAIN.stroke_width(2))])
                .map_err(failed)?;
        }
        chart
            .draw_series([PathElement::new(
                vec![(frame.begin_ms, 0.0), (frame.end_ms, 0.0)],
                FAINT,
            )])
            .map_err(failed)?;
        if let Some(peak) = peak.filter(|peak| peak.mw > 0) {
            let (at, value) = (clip(peak.end_s.saturating_mul(1_000)), peak.mw as f64 / 1e3);
            let is_late = at - frame.begin_ms > (frame.end_ms - frame.begin_ms) / 5 * 4;
            let note = format!("largest demand {}", label(&value));
            let shift = if is_late {
                -8 - 7 * note.len() as i32
            } else {
                8
            };
            let mark = EmptyElement::at((at, value))
                + Circle::new((0, 0), 4, ALARM.filled())
                + Text::new(note, (shift, -16), text(13, INK));
            chart.draw_series([mark]).map_err(failed)?;
        }
        Ok(())
    })
}
