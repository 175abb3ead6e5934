//! A monochrome display of 128 by 64 pixels: an SSD1306, a picture in memory, a terminal.

mod draw;
mod overlay;
mod page;
mod pages;
mod picture;
mod wrap;

use embassy_futures::select::{Either, select};
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::pixelcolor::BinaryColor;

pub use page::{Page, Pager};
pub use picture::Picture;

use crate::live::Live;
use crate::platform::Clock;

/// What is drawn on.
pub trait Screen: DrawTarget<Color = BinaryColor> {
    /// Shows what was drawn since.
    ///
    /// # Errors
    /// The display did not take it.
    fn flush(&mut self) -> Result<(), Self::Error>;

    /// Starts the display anew after an error, such as one that was plugged in later.
    fn restart(&mut self) {}
}

/// What a page is drawn from.
pub struct View<'a> {
    /// The present.
    pub live: &'a Live,
    /// Milliseconds since the start.
    pub now_ms: u64,
}

impl View<'_> {
    /// Draws the picture of this moment: a warning that goes before all else, or the page.
    ///
    /// # Errors
    /// Those of the target.
    pub fn draw<D>(&self, target: &mut D, page: Page) -> Result<(), D::Error>
    where
        D: DrawTarget<Color = BinaryColor>,
    {
        target.clear(BinaryColor::Off)?;
        let mut canvas = draw::Canvas::new(target);
        if overlay::draw(&mut canvas, self)? {
            return Ok(());
        }
        match page {
            Page::Values(channel) => pages::values::draw(&mut canvas, self, channel),
            Page::Energy(channel) => pages::energy::draw(&mut canvas, self, channel),
            Page::Alarms => pages::alarms::draw(&mut canvas, self),
            Page::Network => pages::network::draw(&mut canvas, self),
            Page::Device => pages::device::draw(&mut canvas, self),
        }
    }
}

/// Shows one page after the other, drawn anew each second. The screen is borrowed, since a future has room for what it
/// is given twice, and a screen with a picture of its own has a kilobyte.
pub async fn run(screen: &mut impl Screen, clock: impl Clock, live: &Live) -> ! {
    let mut pager = Pager::new(clock.now_ms());
    loop {
        let now_ms = clock.now_ms();
        let page_ms = u64::from(live.settings.borrow().page_s) * 1_000;
        let channels = live.channels.borrow().len();
        let page = pager.page(channels, page_ms, now_ms);
        let view = View { live, now_ms };
        if view
            .draw(screen, page)
            .and_then(|()| screen.flush())
            .is_err()
        {
            screen.restart();
        }
        let next_ms = (now_ms / 1_000 + 1) * 1_000;
        if let Either::Second(()) =
            select(clock.sleep_until(next_ms), live.panel.next_page.wait()).await
        {
            pager.turn(clock.now_ms());
        }
    }
}
