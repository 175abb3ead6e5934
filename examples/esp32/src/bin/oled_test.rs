//! Shows the size of the display, a frame around it and seconds, so that a wrong address, a wrong size or a shifted
//! picture is seen.
//!
//! Wiring: SDA and SCL of an SSD1306 with 128 x 64 pixels at address 0x3C, 3.3 V, GND; pins in
//! `examples/README.md`.
#![no_std]
#![no_main]

use core::fmt::Write as _;

use embedded_graphics::mono_font::MonoTextStyle;
use embedded_graphics::mono_font::ascii::FONT_10X20;
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::prelude::{DrawTarget, Drawable, OriginDimensions, Point, Primitive};
use embedded_graphics::primitives::{PrimitiveStyle, Rectangle};
use embedded_graphics::text::Text;
use esp_backtrace as _;
use esp_hal::delay::Delay;
use esp_hal::main;
use esp_println::println;
use esp32_examples::{board, pin};
use ssd1306::mode::DisplayConfig;
use ssd1306::prelude::{DisplayRotation, DisplaySize128x64};
use ssd1306::{I2CDisplayInterface, Ssd1306};

esp_bootloader_esp_idf::esp_app_desc!();

#[main]
fn main() -> ! {
    let p = esp_hal::init(esp_hal::Config::default());
    let bus = board::i2c(p.I2C0.into(), pin!(p, sda).into(), pin!(p, scl).into());
    let mut display = Ssd1306::new(
        I2CDisplayInterface::new(bus),
        DisplaySize128x64,
        DisplayRotation::Rotate0,
    )
    .into_buffered_graphics_mode();
    let delay = Delay::new();
    while let Err(error) = display.init() {
        println!("no display: {error:?}: check SDA, SCL, 3.3 V and the address 0x3C");
        delay.delay_millis(1_000);
    }
    println!("oled_test: a frame with seconds in it");
    let style = MonoTextStyle::new(&FONT_10X20, BinaryColor::On);
    for second in 0_u32.. {
        let frame = Rectangle::new(Point::zero(), display.size())
            .into_styled(PrimitiveStyle::with_stroke(BinaryColor::On, 1));
        let mut text = Line::default();
        let _ = write!(text, "{second} s");
        let drawn = display
            .clear(BinaryColor::Off)
            .and_then(|()| frame.draw(&mut display))
            .and_then(|()| Text::new(text.as_str(), Point::new(10, 38), style).draw(&mut display))
            .and_then(|_| display.flush());
        match drawn {
            Ok(()) => println!("shown: {second} s"),
            Err(error) => println!("not shown: {error:?}: check SDA and SCL"),
        }
        delay.delay_millis(1_000);
    }
    unreachable!("a display is not watched for 136 years")
}

/// Text of a line of the display.
#[derive(Default)]
struct Line([u8; 12], usize);

impl Line {
    fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0[..self.1]).unwrap_or("?")
    }
}

impl core::fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let room = self.0.get_mut(self.1..self.1 + text.len());
        room.ok_or(core::fmt::Error)?
            .copy_from_slice(text.as_bytes());
        self.1 += text.len();
        Ok(())
    }
}
