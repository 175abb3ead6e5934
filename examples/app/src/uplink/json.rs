//! JSON, written from integers into a buffer that somebody else owns: no floats, no allocation.

use core::fmt::{self, Write};

/// A place for text of limited length. What does not fit is an error, never cut.
#[derive(Debug)]
pub struct Text<'a> {
    room: &'a mut [u8],
    len: usize,
}

impl<'a> Text<'a> {
    /// Empty.
    pub const fn new(room: &'a mut [u8]) -> Self {
        Self { room, len: 0 }
    }

    /// Bytes written so far.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was written yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes back what was written after so many bytes.
    pub fn cut(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// What was written.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.room.get(..self.len).unwrap_or_default()
    }
}

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len.checked_add(text.len()).ok_or(fmt::Error)?;
        self.room
            .get_mut(self.len..end)
            .ok_or(fmt::Error)?
            .copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// Counts bytes and keeps none: the length of a text before it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter(pub usize);

impl Write for Counter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.saturating_add(text.len());
        Ok(())
    }
}

/// An object that is being written. The first error stays and comes out at the [end](Self::end).
pub struct Object<'w> {
    out: &'w mut dyn Write,
    is_empty: bool,
    result: fmt::Result,
}

impl<'w> Object<'w> {
    /// Opens it.
    pub fn new(out: &'w mut dyn Write) -> Self {
        let result = out.write_char('{');
        Self {
            out,
            is_empty: true,
            result,
        }
    }

    fn member(&mut self, name: &str, value: impl FnOnce(&mut dyn Write) -> fmt::Result) {
        if self.result.is_err() {
            return;
        }
        let separator = if self.is_empty { "" } else { "," };
        self.is_empty = false;
        self.result = write!(self.out, "{separator}\"{name}\":").and_then(|()| value(self.out));
    }

    /// A member that is text; what JSON does not allow in there is escaped.
    pub fn text(&mut self, name: &str, value: impl fmt::Display) {
        self.member(name, |out| quoted(out, value));
    }

    /// A member that writes itself as a JSON number, such as an integer or a [`Decimal`](crate::text::Decimal).
    pub fn number(&mut self, name: &str, value: impl fmt::Display) {
        self.member(name, |out| write!(out, "{value}"));
    }

    /// The same for what may not be known: nothing is written then.
    pub fn number_if(&mut self, name: &str, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.number(name, value);
        }
    }

    /// A member that is true or false.
    pub fn flag(&mut self, name: &str, value: bool) {
        self.number(name, value);
    }

    /// A member that is an object.
    pub fn object(&mut self, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
        self.member(name, |out| {
            let mut inner = Object::new(out);
            fill(&mut inner);
            inner.end()
        });
    }

    /// A member that is a list of texts.
    pub fn texts<T: fmt::Display>(&mut self, name: &str, values: impl IntoIterator<Item = T>) {
        self.member(name, |out| {
            out.write_char('[')?;
            for (index, value) in values.into_iter().enumerate() {
                if index > 0 {
                    out.write_char(',')?;
                }
                quoted(out, value)?;
            }
            out.write_char(']')
        });
    }

    /// Closes it.
    ///
    /// # Errors
    /// When it did not fit.
    pub fn end(self) -> fmt::Result {
        self.result?;
        self.out.write_char('}')
    }
}

fn quoted(out: &mut dyn Write, value: impl fmt::Display) -> fmt::Result {
    out.write_char('"')?;
    write!(Escaped(out), "{value}")?;
    out.write_char('"')
}

/// Escapes as RFC 8259, section 7 demands: quotes, backslashes, control characters.
struct Escaped<'w>(&'w mut dyn Write);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '"' => self.0.write_str("\\\"")?,
                '\\' => self.0.write_str("\\\\")?,
                '\u{0}'..'\u{20}' => write!(self.0, "\\u{:04x}", u32::from(character))?,
                _ => self.0.write_char(character)?,
            }
        }
        Ok(())
    }
}
