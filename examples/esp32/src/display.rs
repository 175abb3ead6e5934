//! An SSD1306 with 128 x 64 pixels as the screen of the application.

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Size};
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_hal::i2c::I2c;
use smart_meter::display::Screen;
use ssd1306::mode::{BufferedGraphicsMode, DisplayConfig};
use ssd1306::prelude::{DisplayRotation, DisplaySize128x64, I2CInterface};
use ssd1306::{I2CDisplayInterface, Ssd1306};

pub use display_interface::DisplayError;

/// A display that may be there or not.
pub struct Oled<I> {
    chip: Ssd1306<I2CInterface<I>, DisplaySize128x64, BufferedGraphicsMode<DisplaySize128x64>>,
}

impl<I: I2c> Oled<I> {
    /// The display at address 0x3C.
    #[must_use]
    pub fn new(bus: I) -> Self {
        let chip = Ssd1306::new(
            I2CDisplayInterface::new(bus),
            DisplaySize128x64,
            DisplayRotation::Rotate0,
        )
        .into_buffered_graphics_mode();
        Self { chip }
    }
}

impl<I: I2c> OriginDimensions for Oled<I> {
    fn size(&self) -> Size {
        self.chip.size()
    }
}

impl<I: I2c> DrawTarget for Oled<I> {
    type Color = BinaryColor;
    type Error = DisplayError;

    fn draw_iter<P>(&mut self, pixels: P) -> Result<(), DisplayError>
    where
        P: IntoIterator<Item = Pixel<BinaryColor>>,
    {
        self.chip.draw_iter(pixels)
    }

    fn clear(&mut self, color: BinaryColor) -> Result<(), DisplayError> {
        self.chip.clear(color)
    }
}

impl<I: I2c> Screen for Oled<I> {
    async fn flush(&mut self) -> Result<(), DisplayError> {
        self.chip.flush()
    }

    async fn restart(&mut self) -> Result<(), DisplayError> {
        self.chip.init()
    }
}
