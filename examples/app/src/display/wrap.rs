//! Text over several lines.

/// Lines of at most so many characters, broken at spaces where there are any.
pub(super) struct Wrap<'a> {
    rest: &'a str,
    columns: usize,
}

impl<'a> Wrap<'a> {
    pub(super) const fn new(text: &'a str, columns: usize) -> Self {
        Self {
            rest: text,
            columns,
        }
    }
}

impl<'a> Iterator for Wrap<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start();
        if rest.is_empty() {
            return None;
        }
        // The first byte that does not fit any more.
        let end = rest
            .char_indices()
            .nth(self.columns)
            .map_or(rest.len(), |(at, _)| at);
        let (line, after) = rest.split_at(end);
        let (line, after) = match line.rfind(' ') {
            Some(space) if !after.is_empty() && !after.starts_with(' ') => rest.split_at(space),
            _ => (line, after),
        };
        self.rest = after;
        Some(line.trim_end())
    }
}
