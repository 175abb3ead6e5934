//! Events on the time axis, a lane for each kind.

use std::collections::BTreeMap;

use meter_core::{EventCode, Phase};
use plotters::prelude::*;

use super::super::findings::Findings;
use super::plot::{ALARM, BOTTOM, Drawn, FAINT, Frame, GRID, INK, NOTE, WIDTH, failed, svg, text};

const LANE: u32 = 30;
/// Names stand left of the lanes, in more room than the numbers of other plots need; times stand below each other all
/// the same, since the names are drawn above their lanes.
const LEFT: u32 = super::plot::LEFT;

/// What happened from when to when.
type Lanes = BTreeMap<&'static str, (RGBColor, Vec<(i64, i64)>)>;

/// `None` when nothing happened.
pub(crate) fn draw(findings: &Findings, frame: Frame<'_>) -> Drawn<Option<String>> {
    let lanes = lanes(findings, frame);
    if lanes.is_empty() {
        return Ok(None);
    }
    let count = i32::try_from(lanes.len()).unwrap_or(i32::MAX);
    let height = LANE * lanes.len() as u32 + BOTTOM + 14;
    // The least that can be seen.
    let least_ms = (frame.end_ms - frame.begin_ms) / i64::from(WIDTH) * 3;
    let ticks = frame.ticks();
    svg(height, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin_top(8)
            .margin_right(16)
            .x_label_area_size(BOTTOM)
            .y_label_area_size(LEFT)
            .build_cartesian_2d(
                frame.range().with_key_points(ticks.clone()),
                (0..count * 30).with_key_points(Vec::new()),
            )
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(GRID)
            .label_style(text(13, FAINT))
            .x_label_formatter(&|at| frame.label(*at))
            .draw()
            .map_err(failed)?;
        for (lane, (name, (color, spans))) in (0..count).rev().zip(&lanes) {
            let bottom = lane * 30;
            let line =
                PathElement::new(vec![(frame.begin_ms, bottom), (frame.end_ms, bottom)], GRID);
            chart.draw_series([line]).map_err(failed)?;
            let bars = spans.iter().map(|(begin, end)| {
                let begin = (*begin).clamp(frame.begin_ms, frame.end_ms - least_ms);
                let end = (*end).clamp(begin + least_ms, frame.end_ms);
                Rectangle::new([(begin, bottom + 3), (end, bottom + 13)], color.filled())
            });
            chart.draw_series(bars).map_err(failed)?;
            let name = EmptyElement::at((frame.begin_ms, bottom + 28))
                + Text::new(format!("{name}  {}", spans.len()), (4, 0), text(12, INK));
            chart.draw_series([name]).map_err(failed)?;
        }
        Ok(())
    })
    .map(Some)
}

fn lanes(findings: &Findings, frame: Frame<'_>) -> Lanes {
    let mut lanes = Lanes::new();
    let at = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    for event in &findings.events {
        let color = if event.code == EventCode::LowPowerFactor {
            NOTE
        } else {
            ALARM
        };
        let (_, spans) = lanes
            .entry(event.code.name())
            .or_insert((color, Vec::new()));
        match event.phase {
            // What does not end goes on to the end of the recording.
            Phase::Occurrence => spans.push((at(event.at_ms), frame.end_ms)),
            Phase::Restoration => {
                if let Some((_, end)) = spans.last_mut() {
                    *end = at(event.at_ms);
                }
            }
        }
    }
    if !findings.gaps.is_empty() {
        lanes.insert("no readings", (FAINT, findings.gaps.clone()));
    }
    lanes
}
