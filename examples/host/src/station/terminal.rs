//! The display of the device, in a terminal.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Size};
use embedded_graphics::pixelcolor::BinaryColor;
use smart_meter::display::{Picture, Screen};
use smart_meter::indicator::Code;
use smart_meter::live::Live;
use smart_meter::platform::Clock;

use super::clock::StationClock;
use super::output::Output;

/// A picture in Braille signs, and what the light says below it. In a terminal it stays where it is.
pub(super) struct Terminal<'a> {
    picture: Picture,
    clock: StationClock,
    live: &'a Live,
    output: &'a Output,
    is_started: bool,
}

impl<'a> Terminal<'a> {
    pub(super) const fn new(clock: StationClock, live: &'a Live, output: &'a Output) -> Self {
        Self {
            picture: Picture::new(),
            clock,
            live,
            output,
            is_started: false,
        }
    }

    fn text(&mut self) -> String {
        let light = match Code::of(self.live, self.clock.now_ms()) {
            Code::Reset => "let go of the button, or everything is erased",
            Code::Update => "new firmware is loaded",
            Code::Starting => "no reading yet",
            Code::NoMeter => "a meter does not answer",
            Code::Alarm => "alarm",
            Code::NoNetwork => "readings do not get through",
            Code::Ok => "all is well",
        };
        let mut text = String::new();
        let (end, start) = if io::stdout().is_terminal() {
            let clear = if self.is_started { "" } else { "\x1b[2J" };
            // Each line replaces the one before.
            ("\x1b[K\n", format!("{clear}\x1b[H"))
        } else {
            ("\n", String::new())
        };
        text.push_str(&start);
        self.is_started = true;
        for line in format!("{:#}", self.picture).lines() {
            text.push_str(line);
            text.push_str(end);
        }
        // There is room in a string.
        let _ = write!(text, "light: {light}{end}");
        text
    }
}

impl OriginDimensions for Terminal<'_> {
    fn size(&self) -> Size {
        self.picture.size()
    }
}

impl DrawTarget for Terminal<'_> {
    type Color = BinaryColor;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<BinaryColor>>,
    {
        self.picture.draw_iter(pixels)
    }
}

impl Screen for Terminal<'_> {
    async fn flush(&mut self) -> Result<(), Infallible> {
        let text = self.text();
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        self.output.look(&written);
        Ok(())
    }
}
