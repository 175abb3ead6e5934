//! Text in its three sizes, and numbers that fit.

use core::fmt::{self, Write as _};

use embedded_graphics::Drawable;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{Point, Size};
use embedded_graphics::mono_font::MonoFont;
use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::ascii::{FONT_5X8, FONT_6X12, FONT_10X20};
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::primitives::{Primitive, PrimitiveStyle, Rectangle};
use embedded_graphics::text::{Baseline, Text};
use heapless::String;

use super::wrap::Wrap;
use crate::text::Decimal;

/// Pixels in a row.
const WIDTH: i32 = 128;

/// Characters in a row of large text.
pub(super) const LARGE: usize = 12;
/// Characters in a row of text.
pub(super) const NORMAL: usize = 21;
/// Characters in a row of small text.
pub(super) const SMALL: usize = 25;

/// A line of text; what does not fit is left out.
pub(super) type Line = String<64>;

/// Text of arguments.
pub(super) fn line(arguments: fmt::Arguments<'_>) -> Line {
    let mut line = Line::new();
    let _ = line.write_fmt(arguments);
    line
}

/// A drawing in work.
pub(super) struct Canvas<'a, D> {
    target: &'a mut D,
}

impl<'a, D: DrawTarget<Color = BinaryColor>> Canvas<'a, D> {
    pub(super) const fn new(target: &'a mut D) -> Self {
        Self { target }
    }

    fn text(&mut self, font: &MonoFont<'_>, x: i32, y: i32, text: &str) -> Result<(), D::Error> {
        let style = MonoTextStyle::new(font, BinaryColor::On);
        Text::with_baseline(text, Point::new(x, y), style, Baseline::Top).draw(self.target)?;
        Ok(())
    }

    /// Large text, 12 characters from the left.
    pub(super) fn large(&mut self, y: i32, text: &str) -> Result<(), D::Error> {
        self.text(&FONT_10X20, 0, y, text)
    }

    /// Large text, in the middle.
    pub(super) fn large_centred(&mut self, y: i32, text: &str) -> Result<(), D::Error> {
        let width = i32::try_from(text.len()).unwrap_or(0) * 10;
        self.text(&FONT_10X20, (WIDTH - width) / 2, y, text)
    }

    /// Text, 21 characters from the left.
    pub(super) fn normal(&mut self, y: i32, text: &str) -> Result<(), D::Error> {
        self.text(&FONT_6X12, 0, y, text)
    }

    /// Text at the right edge.
    pub(super) fn right(&mut self, y: i32, text: &str) -> Result<(), D::Error> {
        let width = i32::try_from(text.len()).unwrap_or(0) * 6;
        self.text(&FONT_6X12, WIDTH - width, y, text)
    }

    /// Small text, 25 characters from the left.
    pub(super) fn small(&mut self, y: i32, text: &str) -> Result<(), D::Error> {
        self.text(&FONT_5X8, 0, y, text)
    }

    /// Small text over as many lines as there is room for, 25 characters each.
    pub(super) fn paragraph(&mut self, y: i32, lines: usize, text: &str) -> Result<(), D::Error> {
        let mut y = y;
        for line in Wrap::new(text, SMALL).take(lines) {
            self.small(y, line)?;
            y += 8;
        }
        Ok(())
    }

    /// The head of a page, with a line below.
    pub(super) fn title(&mut self, text: &str) -> Result<(), D::Error> {
        self.normal(0, text)?;
        self.fill(0, 12, 128, 1)
    }

    /// A filled area.
    pub(super) fn fill(&mut self, x: i32, y: i32, width: u32, height: u32) -> Result<(), D::Error> {
        Rectangle::new(Point::new(x, y), Size::new(width, height))
            .into_styled(PrimitiveStyle::with_fill(BinaryColor::On))
            .draw(self.target)
    }
}

/// A quantity given in thousandths, in at most `room` characters: decimals go first, then it is told in thousands
/// or millions. It is never cut, which would make another number of it.
pub(super) fn quantity(milli: Option<i64>, places: u8, unit: &str, room: usize) -> Line {
    let Some(milli) = milli else {
        return line(format_args!("--{unit}"));
    };
    for (digits, prefix) in [(3, ""), (6, "k"), (9, "M")] {
        for places in (0..=places).rev() {
            let text = line(format_args!(
                "{}{prefix}{unit}",
                Decimal::new(milli, digits, places)
            ));
            if text.len() <= room {
                return text;
            }
        }
    }
    line(format_args!("?{unit}"))
}

/// Milliwatt-hours in at most `room` characters, likewise.
pub(super) fn energy(mwh: Option<u64>, room: usize) -> Line {
    let Some(mwh) = mwh else {
        return line(format_args!("-- kWh"));
    };
    for (digits, unit) in [(6, "kWh"), (9, "MWh"), (12, "GWh")] {
        for places in (0..=3).rev() {
            let text = line(format_args!(
                "{} {unit}",
                Decimal::unsigned(mwh, digits, places)
            ));
            if text.len() <= room {
                return text;
            }
        }
    }
    line(format_args!("? kWh"))
}
