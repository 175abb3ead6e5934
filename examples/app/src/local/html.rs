//! Text in HTML.

use core::fmt::{self, Write};

/// Text that may hold anything: what HTML would take for its own is escaped, in elements and in quoted attributes.
pub(super) struct Escaped<T>(pub(super) T);

impl<T: fmt::Display> fmt::Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaper(f), "{}", self.0)
    }
}

struct Escaper<'a, 'b>(&'a mut fmt::Formatter<'b>);

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

/// Head of every page up to its title: light and dark as the reader has it, as narrow as a telephone.
pub(super) const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
<meta name=viewport content='width=device-width,initial-scale=1'>\
<style>:root{color-scheme:light dark;--line:#ccc;--dim:#666;--bad:#b00020}\
@media(prefers-color-scheme:dark){:root{--line:#444;--dim:#999;--bad:#ff7a7a}}\
body{font:16px/1.4 system-ui,sans-serif;margin:0 auto;padding:.75rem;max-width:40rem}\
h1{font-size:1.25rem;margin:.25rem 0}h2{font-size:1rem;margin:1rem 0 .25rem}\
.big{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;font-size:2rem;font-variant-numeric:tabular-nums}\
.big small,.dim{font-size:1rem;color:var(--dim)}.bad{color:var(--bad)}\
table{border-collapse:collapse;width:100%}\
td{border-top:1px solid var(--line);padding:.2rem 0;font-variant-numeric:tabular-nums}\
td+td{text-align:right;overflow-wrap:anywhere}\
input,select,button{font:inherit;padding:.4rem;margin:.2rem 0;width:100%;box-sizing:border-box}\
</style>";
