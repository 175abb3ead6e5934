//! A display in memory, for terminals and tests.

use core::convert::Infallible;
use core::fmt::{self, Write as _};

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Size};
use embedded_graphics::pixelcolor::BinaryColor;

use super::Screen;

/// Pixels in a row.
const WIDTH: u8 = 128;
/// Rows.
const HEIGHT: u8 = 64;

/// 128 by 64 pixels. As text it has `#` and spaces, a character each; in the alternate form (`{:#}`) eight pixels are
/// one Braille sign, which fits into a terminal.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// A bit each, the leftmost highest.
    rows: [u128; HEIGHT as usize],
}

impl Picture {
    /// All dark.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            rows: [0; HEIGHT as usize],
        }
    }

    /// Whether a pixel is lit; one that there is not never is.
    #[must_use]
    pub fn is_lit(&self, x: u8, y: u8) -> bool {
        let row = self.rows.get(usize::from(y)).copied().unwrap_or(0);
        x < WIDTH && row >> (WIDTH - 1 - x) & 1 == 1
    }
}

impl Default for Picture {
    fn default() -> Self {
        Self::new()
    }
}

impl OriginDimensions for Picture {
    fn size(&self) -> Size {
        Size::new(WIDTH.into(), HEIGHT.into())
    }
}

impl DrawTarget for Picture {
    type Color = BinaryColor;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<BinaryColor>>,
    {
        for Pixel(point, color) in pixels {
            let (Ok(x), Ok(y)) = (u8::try_from(point.x), usize::try_from(point.y)) else {
                continue;
            };
            if let (Some(row), true) = (self.rows.get_mut(y), x < WIDTH) {
                let bit = 1 << (WIDTH - 1 - x);
                if color.is_on() {
                    *row |= bit;
                } else {
                    *row &= !bit;
                }
            }
        }
        Ok(())
    }
}

impl Screen for Picture {
    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return self.braille(f);
        }
        for y in 0..HEIGHT {
            for x in 0..WIDTH {
                f.write_char(if self.is_lit(x, y) { '#' } else { ' ' })?;
            }
            f.write_char('\n')?;
        }
        Ok(())
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('\n')?;
        self.braille(f)
    }
}

impl Picture {
    /// Dots 1 to 8 of a sign are bits 0 to 7 of its number in Unicode: three rows on the left, three on the right,
    /// then the fourth row.
    fn braille(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DOTS: [(u8, u8); 8] = [
            (0, 0),
            (0, 1),
            (0, 2),
            (1, 0),
            (1, 1),
            (1, 2),
            (0, 3),
            (1, 3),
        ];
        for top in (0..HEIGHT).step_by(4) {
            for left in (0..WIDTH).step_by(2) {
                let mut sign = 0x2800;
                for (bit, (x, y)) in DOTS.iter().enumerate() {
                    sign |= u32::from(self.is_lit(left + x, top + y)) << bit;
                }
                f.write_char(char::from_u32(sign).unwrap_or(' '))?;
            }
            f.write_char('\n')?;
        }
        Ok(())
    }
}
