//! A line that somebody types.

use heapless::Vec;

use crate::settings::Setting;

/// The longest line: a setting with its name and the longest value there is.
pub(super) const LONGEST: usize = 200;

/// What a byte came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Nothing that is seen.
    Nothing,
    /// This is seen.
    Shown(u8),
    /// The last character goes.
    Erased,
    /// All characters go, so many.
    AllErased(usize),
    /// It can not be typed here.
    Bell,
    /// The line is there.
    Done,
    /// The line is there, and was longer than can be.
    TooLong,
    /// Somebody wants to do something else.
    Abandoned,
}

/// A sequence that a key such as an arrow sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    None,
    Begun,
    Within,
}

#[derive(Debug)]
pub(super) struct Line {
    text: Vec<u8, LONGEST>,
    is_too_long: bool,
    was_return: bool,
    escape: Escape,
}

impl Line {
    pub(super) const fn new() -> Self {
        Self {
            text: Vec::new(),
            is_too_long: false,
            was_return: false,
            escape: Escape::None,
        }
    }

    /// Begins the next one.
    pub(super) fn clear(&mut self) {
        // What was typed may have been a password.
        self.text.fill(0);
        self.text.clear();
        self.is_too_long = false;
    }

    /// The text; `None` if it is no UTF-8.
    pub(super) fn text(&self) -> Option<&str> {
        core::str::from_utf8(&self.text).ok()
    }

    pub(super) fn push(&mut self, byte: u8) -> Typed {
        let was_return = core::mem::replace(&mut self.was_return, byte == b'\r');
        match self.escape {
            Escape::Begun => {
                self.escape = if matches!(byte, b'[' | b'O') {
                    Escape::Within
                } else {
                    Escape::None
                };
                return Typed::Nothing;
            }
            Escape::Within => {
                if (0x40..=0x7E).contains(&byte) {
                    self.escape = Escape::None;
                }
                return Typed::Nothing;
            }
            Escape::None => {}
        }
        match byte {
            b'\n' if was_return => Typed::Nothing,
            b'\r' | b'\n' if self.is_too_long => Typed::TooLong,
            b'\r' | b'\n' => Typed::Done,
            0x1B => {
                self.escape = Escape::Begun;
                Typed::Nothing
            }
            0x03 => Typed::Abandoned,
            0x08 | 0x7F => self.erase(),
            0x15 => self.erase_all(),
            b'\t' => self.add(b' '),
            ..0x20 => Typed::Bell,
            _ => self.add(byte),
        }
    }

    fn add(&mut self, byte: u8) -> Typed {
        // A few are left for a character that is begun to be ended.
        if self.text.push(byte).is_err() {
            self.is_too_long = true;
            return Typed::Bell;
        }
        if !self.is_secret() {
            Typed::Shown(byte)
        } else if is_continuation(byte) {
            Typed::Nothing
        } else {
            Typed::Shown(b'*')
        }
    }

    fn erase(&mut self) -> Typed {
        if self.is_too_long {
            // What was not taken is not there to be erased, so that it can not be counted.
            return Typed::Bell;
        }
        loop {
            match self.text.pop() {
                None => return Typed::Bell,
                Some(byte) if is_continuation(byte) => {}
                Some(_) => return Typed::Erased,
            }
        }
    }

    fn erase_all(&mut self) -> Typed {
        let count = self
            .text
            .iter()
            .filter(|byte| !is_continuation(**byte))
            .count();
        self.clear();
        Typed::AllErased(count)
    }

    /// Whether what is being typed is the value of a secret.
    fn is_secret(&self) -> bool {
        let Some((_, head)) = self.text.split_last() else {
            return false;
        };
        let mut words = head
            .split(|byte| *byte == b' ')
            .filter(|word| !word.is_empty());
        let is_set = words
            .next()
            .is_some_and(|word| word.eq_ignore_ascii_case(b"set"));
        let name = words
            .next()
            .and_then(|name| core::str::from_utf8(name).ok());
        // The name is over once something stands behind it.
        let is_over = words.next().is_some() || head.ends_with(b" ");
        is_set && is_over && name.and_then(Setting::find).is_some_and(Setting::is_secret)
    }
}

/// Whether a byte goes on with a character of UTF-8.
const fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}
