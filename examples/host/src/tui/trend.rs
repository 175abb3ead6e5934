//! A value over time.

use std::collections::VecDeque;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, Sparkline};

/// One trend with its range in the title; values in thousandths of `unit`.
pub(super) fn trend(
    frame: &mut Frame<'_>,
    area: Rect,
    name: &str,
    unit: &str,
    history: &VecDeque<u64>,
    floor: u64,
    style: Style,
) {
    let lowest = history.iter().min().copied().unwrap_or(0);
    let highest = history.iter().max().copied().unwrap_or(0);
    let title = format!(
        " {name}  {} to {} {unit} ",
        crate::report::fixed(lowest, 1_000, 1),
        crate::report::fixed(highest, 1_000, 1)
    );
    let block = Block::new().title(title);
    let width = usize::from(area.width);
    let skip = history.len().saturating_sub(width);
    let data: Vec<u64> = history
        .iter()
        .skip(skip)
        .map(|v| v - floor.min(*v))
        .collect();
    frame.render_widget(
        Sparkline::default().block(block).data(data).style(style),
        area,
    );
}
