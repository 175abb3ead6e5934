//! A monochrome display of 128 by 64 pixels: an SSD1306, a picture in memory, a terminal.

mod draw;
mod mark;
mod overlay;
mod page;
mod pages;
mod picture;
#[cfg(feature = "ssd1306")]
mod ssd1306;
mod wrap;

use embassy_futures::select::{Either, select};
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::pixelcolor::BinaryColor;

use mark::Mark;
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
    async fn flush(&mut self) -> Result<(), Self::Error>;

    /// Starts the display anew: at the beginning and, before it is drawn on again, after an error. It may have been
    /// plugged in later.
    ///
    /// # Errors
    /// The display did not take it.
    async fn restart(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
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

/// Shows one page after the other. Each second is looked whether anything has changed, and only then sent: a kilobyte
/// takes a display on a slow bus a tenth of a second. The screen is borrowed, since a future has room for what it is
/// given twice, and a screen with a picture of its own has a kilobyte.
pub async fn run(screen: &mut impl Screen, clock: impl Clock, live: &Live) -> ! {
    let mut pager = Pager::new(clock.now_ms());
    // What the screen shows; it has to be started while that is not known.
    let mut shown = None;
    loop {
        let now_ms = clock.now_ms();
        let page_ms = u64::from(live.settings.borrow().page_s) * 1_000;
        let channels = live.channels.borrow().len();
        let page = pager.page(channels, page_ms, now_ms);
        let view = View { live, now_ms };
        let mark = Mark::of(&view, page);
        if shown != Some(mark) {
            let is_started = shown.is_some() || screen.restart().await.is_ok();
            let is_drawn = is_started && view.draw(screen, page).is_ok();
            let is_shown = is_drawn && screen.flush().await.is_ok();
            shown = is_shown.then_some(mark);
        }
        let next_ms = (now_ms / 1_000 + 1) * 1_000;
        if let Either::Second(()) =
            select(clock.sleep_until(next_ms), live.panel.next_page.wait()).await
        {
            pager.turn(clock.now_ms());
        }
    }
}
