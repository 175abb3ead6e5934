//! What all plots have in common: colours, the time axis, scales.

use jiff::ToSpan;
use jiff::civil::DateTime;
use plotters::prelude::*;

use super::super::time::{Clock, Stamp};

/// The width of every plot; the page scales them.
pub(crate) const WIDTH: u32 = 1_080;
/// Room for the labels of the vertical axis, the same everywhere, so that times stand below each other.
pub(crate) const LEFT: u32 = 64;
pub(crate) const BOTTOM: u32 = 30;

/// Colours are keys: the style sheet gives each its shade, one for light and one for dark.
pub(crate) const INK: RGBColor = RGBColor(1, 1, 1);
pub(crate) const FAINT: RGBColor = RGBColor(2, 2, 2);
pub(crate) const GRID: RGBColor = RGBColor(3, 3, 3);
pub(crate) const MAIN: RGBColor = RGBColor(4, 4, 4);
pub(crate) const MAIN_PALE: RGBColor = RGBColor(5, 5, 5);
pub(crate) const SECOND: RGBColor = RGBColor(6, 6, 6);
pub(crate) const SECOND_PALE: RGBColor = RGBColor(7, 7, 7);
pub(crate) const ALARM: RGBColor = RGBColor(8, 8, 8);
pub(crate) const NOTE: RGBColor = RGBColor(9, 9, 9);
pub(crate) const GAP: RGBColor = RGBColor(10, 10, 10);

/// What went wrong while drawing; nothing of it has to do with the data.
pub(crate) type Drawn<T> = Result<T, String>;

pub(crate) fn failed(error: impl std::fmt::Display) -> String {
    error.to_string()
}

pub(crate) fn text(size: u32, color: RGBColor) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&color)
}

/// The time that plots show.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) clock: &'a Clock,
    pub(crate) begin_ms: i64,
    pub(crate) end_ms: i64,
    pub(crate) near: Stamp,
}

/// Steps of the time axis in minutes.
const STEPS_MIN: [i64; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440];
/// Steps in days, and in months.
const STEPS_DAYS: [i32; 5] = [1, 2, 3, 7, 14];
const STEPS_MONTHS: [i32; 7] = [1, 2, 3, 6, 12, 60, 240];
const MOST_TICKS: i64 = 11;

impl Frame<'_> {
    pub(crate) fn range(&self) -> std::ops::Range<i64> {
        self.begin_ms..self.end_ms
    }

    /// Where the axis has labels: at round times of the wall clock.
    pub(crate) fn ticks(&self) -> Vec<i64> {
        let minutes = (self.end_ms - self.begin_ms) / 60_000;
        let begin = self.clock.civil(self.begin_ms, self.near);
        let midnight = begin.date().to_datetime(jiff::civil::Time::midnight());
        let mut ticks = Vec::new();
        let mut walk = |from: DateTime, step: jiff::Span| {
            let mut count = 0_i64;
            while let Some(at) = step
                .checked_mul(count)
                .ok()
                .and_then(|ahead| from.checked_add(ahead).ok())
                && let Some(at_ms) = self.clock.moment(at, self.near)
                && at_ms <= self.end_ms
                && count < 5_000
            {
                if at_ms >= self.begin_ms && ticks.last() != Some(&at_ms) {
                    ticks.push(at_ms);
                }
                count += 1;
            }
        };
        let days = minutes / 1_440;
        if let Some(step) = STEPS_MIN
            .into_iter()
            .find(|step| minutes / step <= MOST_TICKS)
        {
            walk(midnight, step.minutes());
        } else if let Some(step) = STEPS_DAYS
            .into_iter()
            .find(|step| days / i64::from(*step) <= MOST_TICKS)
        {
            walk(midnight, step.days());
        } else {
            let months = days / 30;
            let fits = |step: &i32| months / i64::from(*step) <= MOST_TICKS;
            let step = STEPS_MONTHS.into_iter().find(fits).unwrap_or(1_200);
            walk(midnight.first_of_year(), step.months());
        }
        ticks
    }

    /// The label of a time on the axis.
    pub(crate) fn label(&self, at_ms: i64) -> String {
        let time = self.clock.civil(at_ms, self.near);
        let days = (self.end_ms - self.begin_ms) / 86_400_000;
        let is_midnight = time.hour() == 0 && time.minute() == 0;
        let format = match days {
            0..=12 if !is_midnight => "%H:%M",
            0..=150 => "%-d %b",
            151..=4_000 => "%b %Y",
            _ => "%Y",
        };
        time.strftime(format).to_string()
    }
}

/// A round number no smaller than a value, for the end of a scale.
pub(crate) fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps
        .into_iter()
        .map(|step| step * power)
        .find(|end| *end >= value)
        .unwrap_or(value)
}

/// A number without needless decimals.
pub(crate) fn short(value: f64) -> String {
    let text = match value.abs() {
        0.0..0.1 => format!("{value:.3}"),
        0.1..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    };
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Draws into an SVG of that height.
pub(crate) fn svg(
    height: u32,
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, plotters::coord::Shift>) -> Drawn<()>,
) -> Drawn<String> {
    let mut picture = String::new();
    {
        let area = SVGBackend::with_string(&mut picture, (WIDTH, height)).into_drawing_area();
        draw(&area)?;
        area.present().map_err(failed)?;
    }
    Ok(picture)
}

/// The outline of columns from one value to another, as one shape for each run without a hole.
pub(crate) fn runs(
    columns: impl Iterator<Item = (i64, i64, f64, f64)>,
    hole_ms: i64,
) -> Vec<Vec<(i64, f64)>> {
    let mut shapes = Vec::new();
    let (mut upper, mut lower, mut last_ms) = (Vec::new(), Vec::new(), i64::MIN);
    let mut close = |upper: &mut Vec<(i64, f64)>, lower: &mut Vec<(i64, f64)>| {
        if !upper.is_empty() {
            let mut shape = std::mem::take(upper);
            shape.extend(lower.drain(..).rev());
            shapes.push(shape);
        }
    };
    for (begin_ms, end_ms, low, high) in columns {
        if begin_ms.saturating_sub(last_ms) > hole_ms {
            close(&mut upper, &mut lower);
        } else if begin_ms > last_ms {
            // A bin without a reading between two is no hole.
            if let (Some((_, top)), Some((_, bottom))) =
                (upper.last().copied(), lower.last().copied())
            {
                upper.push((begin_ms, top));
                lower.push((begin_ms, bottom));
            }
        }
        upper.extend([(begin_ms, high), (end_ms, high)]);
        lower.extend([(begin_ms, low), (end_ms, low)]);
        last_ms = end_ms;
    }
    close(&mut upper, &mut lower);
    shapes
}
