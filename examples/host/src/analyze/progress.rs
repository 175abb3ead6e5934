//! A bar for what takes longer than a second.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shown on a terminal only.
pub(crate) struct Progress {
    bar: ProgressBar,
    started: Instant,
    rows: u64,
}

/// Rows between two looks at the clock.
const EVERY: u64 = 4_096;
/// What is over within this time needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

impl Progress {
    pub(crate) fn new(length: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template(
            "{percent:>3} % [{wide_bar}] {binary_bytes_per_sec}, {eta} left",
        );
        bar.set_style(
            style
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("=> "),
        );
        Self {
            bar,
            started: Instant::now(),
            rows: 0,
        }
    }

    pub(crate) fn row(&mut self, bytes: u64) {
        self.rows += 1;
        if !self.rows.is_multiple_of(EVERY) {
            return;
        }
        if self.bar.is_hidden()
            && self.started.elapsed() > PATIENCE
            && std::io::stderr().is_terminal()
        {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(bytes);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
