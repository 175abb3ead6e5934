//! Settings as a form in HTML, and what a browser sends back: for the page of a device that nobody has set up yet.
//!
//! Secrets are never in the form. A field for one that is left empty changes nothing; a box beside it forgets it.

use core::fmt::{self, Write};

use heapless::String;

use super::names::Setting;
use super::{SetError, Settings};

/// Room for a value: the longest text there is, in characters that all had to be encoded, is refused by its rule.
const VALUE: usize = 192;
/// The field that names secrets to be forgotten.
const FORGET: &str = "forget";

const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
<meta name=viewport content='width=device-width,initial-scale=1'><title>Meter</title>\
<style>:root{color-scheme:light dark}body{font:16px/1.4 system-ui,sans-serif;margin:0 auto;padding:.75rem;max-width:40rem}\
label{display:block;margin:.6rem 0}small{display:block;opacity:.7}.bad{color:#b00020}\
input,select,button{font:inherit;padding:.4rem;width:100%;box-sizing:border-box}input[type=checkbox]{width:auto}\
</style><h1>Meter</h1>";
const END: &str = "<p><button>Save</button></form></html>\n";

/// The page, in parts: a connection sends one after the other.
pub struct Form<'a> {
    /// What is in the fields.
    pub settings: &'a Settings,
    /// What is said above them, such as what was wrong with them the last time.
    pub said: Option<&'a dyn fmt::Display>,
}

impl Form<'_> {
    /// Writes part number `n`, each below 600 bytes but the first; whether there was one.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn part(&self, n: usize, out: &mut impl Write) -> Result<bool, fmt::Error> {
        let fields = Setting::all().count();
        if n == 0 {
            out.write_str(HEAD)?;
            if let Some(said) = self.said {
                write!(out, "<p class=bad>{}</p>", Escaped(said))?;
            }
            out.write_str("<form method=post>")?;
        } else if let Some(setting) = Setting::all().nth(n - 1) {
            self.field(setting, out)?;
        } else if n == fields + 1 {
            out.write_str(END)?;
        }
        Ok(n <= fields + 1)
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write(&self, out: &mut impl Write) -> fmt::Result {
        let mut n = 0;
        while self.part(n, out)? {
            n += 1;
        }
        Ok(())
    }

    fn field(&self, setting: Setting, out: &mut impl Write) -> fmt::Result {
        let (name, value) = (setting.as_str(), self.settings.get(setting));
        write!(
            out,
            "<label>{name}<small>{}: {}</small>",
            Escaped(setting.what()),
            Escaped(setting.allowed())
        )?;
        if let Some(words) = setting.words() {
            write!(out, "<select name=\"{name}\">")?;
            for (at, word) in words.iter().enumerate() {
                let is_chosen = self.settings.choice(setting) == Some(at);
                let chosen = if is_chosen { " selected" } else { "" };
                write!(out, "<option{chosen}>{word}</option>")?;
            }
            out.write_str("</select>")?;
        } else if setting.is_secret() {
            write!(
                out,
                "<input type=password autocomplete=off name=\"{name}\" placeholder=\"{value}\"></label>\
                 <label><input type=checkbox name={FORGET} value=\"{name}\"> forget it"
            )?;
        } else {
            write!(out, "<input name=\"{name}\" value=\"{}\">", Escaped(value))?;
        }
        out.write_str("</label>")
    }
}

/// Why a form was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormError {
    /// It is not encoded as forms are.
    Encoding,
    /// A value is longer than any.
    TooLong,
    /// A setting does not take what is in its field, or there is none of that name.
    Set(SetError),
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding => {
                f.write_str("that is no form: send it as application/x-www-form-urlencoded")
            }
            Self::TooLong => write!(f, "a value has more than {VALUE} bytes"),
            Self::Set(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for FormError {}

/// Takes what a browser sent: all of it or nothing. Returns how many settings have changed.
///
/// # Errors
/// [`FormError`]; nothing has changed then.
pub fn apply(body: &[u8], settings: &mut Settings) -> Result<usize, FormError> {
    let mut new = settings.clone();
    for pair in body
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
    {
        let at = pair
            .iter()
            .position(|byte| *byte == b'=')
            .ok_or(FormError::Encoding)?;
        let (name, value) = pair.split_at_checked(at).ok_or(FormError::Encoding)?;
        let (name, value) = (decode(name)?, decode(value.get(1..).unwrap_or_default())?);
        let is_secret = |name| Setting::find(name).is_some_and(Setting::is_secret);
        let (name, value) = match (name.as_str(), value.as_str()) {
            (FORGET, secret) if is_secret(secret) => (secret, ""),
            // Left empty: it stays.
            (name, "") if is_secret(name) => continue,
            other => other,
        };
        new.set(name, value).map_err(FormError::Set)?;
    }
    new.check()
        .map_err(|invalid| FormError::Set(invalid.into()))?;
    let changed = Setting::all().filter(|setting| !new.is_same(*setting, settings));
    let count = changed.count();
    *settings = new;
    Ok(count)
}

/// `a+b%2Fc` is `a b/c`.
fn decode(text: &[u8]) -> Result<String<VALUE>, FormError> {
    let mut bytes = heapless::Vec::<u8, VALUE>::new();
    let mut rest = text.iter().copied();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || {
                    let digit = rest.next().and_then(|byte| char::from(byte).to_digit(16));
                    digit
                        .and_then(|digit| u8::try_from(digit).ok())
                        .ok_or(FormError::Encoding)
                };
                let (high, low) = (digit()?, digit()?);
                high << 4 | low
            }
            other => other,
        };
        bytes.push(byte).map_err(|_| FormError::TooLong)?;
    }
    String::from_utf8(bytes).map_err(|_| FormError::Encoding)
}

/// Text in HTML: what HTML would take for its own is escaped, in elements and in quoted attributes.
struct Escaped<T>(T);

impl<T: fmt::Display> fmt::Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaper(f), "{}", self.0)
    }
}

struct Escaper<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl Write for Escaper<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '&' => self.0.write_str("&amp;")?,
                '<' => self.0.write_str("&lt;")?,
                '>' => self.0.write_str("&gt;")?,
                '"' => self.0.write_str("&quot;")?,
                '\'' => self.0.write_str("&#39;")?,
                _ => self.0.write_char(character)?,
            }
        }
        Ok(())
    }
}
