//! What tells a picture from others without keeping it.

use core::convert::Infallible;

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Size};
use embedded_graphics::pixelcolor::BinaryColor;

use super::{Page, View};

/// A number made of everything that was drawn, as FNV-1a makes it of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark(u64);

impl Mark {
    /// That of a picture.
    pub(super) fn of(view: &View<'_>, page: Page) -> Self {
        let mut mark = Self(0xcbf2_9ce4_8422_2325);
        let Ok(()) = view.draw(&mut mark, page);
        mark
    }
}

impl OriginDimensions for Mark {
    fn size(&self) -> Size {
        Size::new(128, 64)
    }
}

impl DrawTarget for Mark {
    type Color = BinaryColor;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<BinaryColor>>,
    {
        for Pixel(point, color) in pixels {
            let bits = (point.x as u64) << 9 ^ (point.y as u64) << 1 ^ u64::from(color.is_on());
            self.0 = (self.0 ^ bits).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Ok(())
    }
}
