//! The live view of `meter watch`.

mod registers;
mod trend;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use pzem::bus::{Link, Module};
use pzem::{Address, Stats};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};
use ratatui::{DefaultTerminal, Frame};
use trend::trend;

use crate::commands::watch::watched::Watched;
use crate::error::Problem;
use crate::report::{Reading, Values};

/// Readings kept for the trends.
const HISTORY: usize = 240;

/// What is known of one module.
#[derive(Default)]
struct Panel {
    last: Option<(Values, Instant)>,
    power_mw: VecDeque<u64>,
    voltage_mv: VecDeque<u64>,
    error: Option<String>,
}

/// The screen; the terminal is given back when it is dropped.
pub(crate) struct View {
    terminal: DefaultTerminal,
    name: String,
    interval: Duration,
    panels: BTreeMap<Address, Panel>,
    color: bool,
}

impl View {
    pub(crate) fn open(name: &str, interval: Duration) -> Result<Self, Problem> {
        Ok(Self {
            terminal: ratatui::try_init()?,
            name: name.to_owned(),
            interval,
            panels: BTreeMap::new(),
            color: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        })
    }

    /// Takes a reading, good or failed.
    pub(crate) fn take(&mut self, address: Address, reading: &Reading) {
        let panel = self.panels.entry(address).or_default();
        panel.error.clone_from(&reading.message);
        if !reading.ok {
            return;
        }
        panel.last = Some((reading.values, Instant::now()));
        push(&mut panel.power_mw, reading.values.power_mw);
        push(
            &mut panel.voltage_mv,
            reading.values.voltage_mv.map(u64::from),
        );
    }

    /// Draws and waits for keys until `wait` is over; whether the user wants to leave.
    pub(crate) fn idle(
        &mut self,
        modules: &[Module],
        watched: &BTreeMap<Address, Watched>,
        stats: &Stats,
        wait: Duration,
    ) -> Result<bool, Problem> {
        let (name, interval, panels, color) = (&self.name, self.interval, &self.panels, self.color);
        self.terminal.draw(|frame| {
            let screen = Screen {
                name,
                interval,
                panels,
                watched,
                color,
            };
            screen.draw(frame, modules, stats);
        })?;
        // Ages on the screen go on even when the next reading is far away.
        if !event::poll(wait.min(Duration::from_millis(250)))? {
            return Ok(false);
        }
        let Event::Key(key) = event::read()? else {
            return Ok(false);
        };
        let interrupt =
            key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
        let quit = matches!(key.code, KeyCode::Char('q') | KeyCode::Esc);
        Ok(key.kind == KeyEventKind::Press && (interrupt || quit))
    }
}

impl Drop for View {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

fn push(history: &mut VecDeque<u64>, value: Option<u64>) {
    history.extend(value);
    while history.len() > HISTORY {
        history.pop_front();
    }
}

/// Everything one drawing needs.
struct Screen<'a> {
    name: &'a str,
    interval: Duration,
    panels: &'a BTreeMap<Address, Panel>,
    watched: &'a BTreeMap<Address, Watched>,
    color: bool,
}

impl Screen<'_> {
    fn draw(&self, frame: &mut Frame<'_>, modules: &[Module], stats: &Stats) {
        let [head, body, foot] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Min(1),
            Constraint::Length(2),
        ])
        .areas(frame.area());
        let title = format!(" meter watch  {}", self.name);
        frame.render_widget(Paragraph::new(title).style(self.strong()), head);
        let rows = Layout::vertical(modules.iter().map(|_| Constraint::Min(9))).split(body);
        for (module, area) in modules.iter().zip(rows.iter()) {
            self.module(frame, *area, module);
        }
        let counters = format!(
            " {} exchanges: {} good, {} no reply, {} garbled, {} stray, {} refused; {} bytes discarded, {} receiver errors",
            stats.exchanges(),
            stats.ok,
            stats.no_reply,
            stats.garbled,
            stats.stray,
            stats.exceptions,
            stats.discarded_bytes,
            stats.uart_errors,
        );
        let keys = " q to leave";
        frame.render_widget(
            Paragraph::new(vec![Line::from(counters), Line::from(keys)]),
            foot,
        );
    }

    fn module(&self, frame: &mut Frame<'_>, area: Rect, module: &Module) {
        let empty = Panel::default();
        let panel = self.panels.get(&module.address).unwrap_or(&empty);
        let age = panel.last.as_ref().map(|(_, at)| at.elapsed());
        let fresh = module.link == Link::Online && age.is_some_and(|age| age < 3 * self.interval);
        let (state, color) = match module.link {
            Link::Unknown => ("waiting for a second reading", Color::Gray),
            Link::Online => ("online", Color::Green),
            Link::Degraded => ("degraded", Color::Yellow),
            Link::Offline => ("OFFLINE", Color::Red),
        };
        let watched = self.watched.get(&module.address);
        let alarms = watched.map(Watched::alarms).unwrap_or_default().join(", ");
        let title = Line::from(vec![
            Span::raw(format!(" module {}  ", module.address)),
            Span::styled(state, self.colored(color)),
            Span::raw(format!(
                "  {} good, {} missed, {} ms ",
                module.ok, module.missed, module.round_trip_ms
            )),
            Span::styled(
                if alarms.is_empty() {
                    String::new()
                } else {
                    format!(" ALARM {alarms} ")
                },
                self.colored(Color::Red).add_modifier(Modifier::BOLD),
            ),
        ]);
        let block = Block::bordered().title(title);
        let inner = block.inner(area);
        frame.render_widget(block, area);
        let [left, right] =
            Layout::horizontal([Constraint::Length(34), Constraint::Min(10)]).areas(inner);
        let values = self.values(panel, fresh);
        let height = values.len() as u16;
        let [above, below] =
            Layout::vertical([Constraint::Length(height), Constraint::Min(0)]).areas(left);
        frame.render_widget(Paragraph::new(values), above);
        let Some(watched) = watched else {
            return self.trends(frame, right, panel, fresh);
        };
        // Registers stand below the values where there is room, else beside them.
        let lines = registers::lines(watched);
        let registers_height = lines.len() as u16 + 1;
        if below.height >= registers_height {
            let events_height = registers_height.min(right.height / 2);
            let [trends, events] =
                Layout::vertical([Constraint::Min(4), Constraint::Length(events_height)])
                    .areas(right);
            frame.render_widget(
                Paragraph::new(lines).block(Block::new().title(" this watch")),
                below,
            );
            self.trends(frame, trends, panel, fresh);
            frame.render_widget(registers::events(watched), events);
        } else if right.width >= 74 {
            let [beside, trends] =
                Layout::horizontal([Constraint::Length(38), Constraint::Min(30)]).areas(right);
            frame.render_widget(Paragraph::new(lines), beside);
            self.trends(frame, trends, panel, fresh);
        } else {
            self.trends(frame, right, panel, fresh);
        }
    }

    /// The values; old ones are dimmed and their age is said.
    fn values(&self, panel: &Panel, fresh: bool) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        if let Some((values, at)) = &panel.last {
            let style = if fresh { self.strong() } else { self.dim() };
            for (name, value, unit) in values.rows() {
                lines.push(Line::from(vec![
                    Span::styled(format!(" {name:<13}"), Style::new()),
                    Span::styled(format!("{value:>12} {unit}"), style),
                ]));
            }
            if !fresh {
                let age = at.elapsed().as_secs();
                let text = format!(" last reading {age} s ago");
                lines.push(Line::styled(text, self.colored(Color::Yellow)));
            }
        }
        if let Some(error) = &panel.error {
            lines.push(Line::styled(format!(" {error}"), self.colored(Color::Red)));
        }
        lines
    }

    fn trends(&self, frame: &mut Frame<'_>, area: Rect, panel: &Panel, fresh: bool) {
        let [power, voltage] =
            Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]).areas(area);
        let style = if fresh {
            self.colored(Color::Cyan)
        } else {
            self.dim()
        };
        trend(frame, power, "power", "W", &panel.power_mw, 0, style);
        // The last volts matter: the trend starts a little below the lowest value.
        let floor = panel
            .voltage_mv
            .iter()
            .min()
            .map_or(0, |v| v.saturating_sub(500));
        trend(
            frame,
            voltage,
            "voltage",
            "V",
            &panel.voltage_mv,
            floor,
            style,
        );
    }

    fn colored(&self, color: Color) -> Style {
        if self.color {
            Style::new().fg(color)
        } else {
            Style::new()
        }
    }

    fn strong(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    fn dim(&self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }
}
