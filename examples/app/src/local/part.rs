//! Answers in parts, each made in one go from the present and then sent: no part mixes two moments, and none is larger
//! than the room for it.

use core::fmt;

use picoserve::io::Write;
use picoserve::response::StatusCode;
use picoserve::response::chunked::{ChunkWriter, Chunks, ChunksWritten};

use crate::uplink::json::Text;

/// Room for a part.
pub(super) const ROOM: usize = 1_024;

/// A part of an answer.
pub(super) enum Part {
    /// It is always the same.
    Fixed(&'static str),
    /// It was written, or did not fit.
    Written(fmt::Result),
    /// There are no more.
    End,
}

/// An answer.
pub(super) trait Parts {
    /// Its content type.
    const TYPE: &'static str;

    /// How it went.
    fn status(&self) -> StatusCode {
        StatusCode::OK
    }

    /// Makes the `n`th part.
    fn part(&self, n: usize, out: &mut Text<'_>) -> Part;
}

/// Parts on their way.
pub(super) struct Answer<P>(pub(super) P);

impl<P: Parts> Chunks for Answer<P> {
    fn content_type(&self) -> &'static str {
        P::TYPE
    }

    async fn write_chunks<W: Write>(
        self,
        mut writer: ChunkWriter<W>,
    ) -> Result<ChunksWritten, W::Error> {
        let mut room = [0; ROOM];
        let mut n = 0;
        loop {
            let mut text = Text::new(&mut room);
            match self.0.part(n, &mut text) {
                Part::Fixed(text) => writer.write_chunk(text.as_bytes()).await?,
                // What did not fit is left out whole: half a part would be nonsense.
                Part::Written(Ok(())) => writer.write_chunk(text.as_bytes()).await?,
                Part::Written(Err(_)) => {}
                Part::End => break,
            }
            n += 1;
        }
        writer.finalize().await
    }
}
