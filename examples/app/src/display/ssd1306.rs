//! Displays with an SSD1306, blocking and async.

use display_interface::{AsyncWriteOnlyDataCommand, WriteOnlyDataCommand};
use ssd1306::mode::{
    BufferedGraphicsMode, BufferedGraphicsModeAsync, DisplayConfig, DisplayConfigAsync,
};
use ssd1306::prelude::DisplaySize128x64;
use ssd1306::{Ssd1306, Ssd1306Async};

use super::Screen;

/// Blocks while it is sent: 25 ms at 400 kHz, 100 ms at 100 kHz.
impl<DI: WriteOnlyDataCommand> Screen
    for Ssd1306<DI, DisplaySize128x64, BufferedGraphicsMode<DisplaySize128x64>>
{
    async fn flush(&mut self) -> Result<(), Self::Error> {
        Self::flush(self)
    }

    async fn restart(&mut self) -> Result<(), Self::Error> {
        DisplayConfig::init(self)
    }
}

/// Others have their turn while it is sent.
impl<DI: AsyncWriteOnlyDataCommand> Screen
    for Ssd1306Async<DI, DisplaySize128x64, BufferedGraphicsModeAsync<DisplaySize128x64>>
{
    async fn flush(&mut self) -> Result<(), Self::Error> {
        Self::flush(self).await
    }

    async fn restart(&mut self) -> Result<(), Self::Error> {
        DisplayConfigAsync::init(self).await
    }
}
