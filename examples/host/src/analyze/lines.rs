//! A recording as lines, and lines as fields.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use csv_core::ReadRecordResult;

/// Longer lines are no table of values.
const LONGEST: u64 = 1 << 20;
/// What is looked at to find out what a file is.
const START: usize = 1 << 16;
const END: u64 = 1 << 12;

/// Reads a file line by line. A line is never longer than [`LONGEST`], so that memory is bounded whatever the file is.
pub(crate) struct Lines {
    input: BufReader<File>,
    terminator: u8,
    number: u64,
    bytes: u64,
    is_first: bool,
}

impl Lines {
    /// Opens a file that looks like text, else says what it looks like.
    pub(crate) fn open(path: &Path) -> Result<(Self, u64), String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let metadata = file.metadata().map_err(|error| error.to_string())?;
        if metadata.is_dir() {
            return Err("it is a folder".to_owned());
        }
        let mut input = BufReader::with_capacity(START, file);
        let start = input.fill_buf().map_err(|error| error.to_string())?;
        if let Some(what) = no_text(start) {
            return Err(what.to_owned());
        }
        let has = |byte| start.contains(&byte);
        let terminator = if has(b'\r') && !has(b'\n') {
            b'\r'
        } else {
            b'\n'
        };
        let lines = Self {
            input,
            terminator,
            number: 0,
            bytes: 0,
            is_first: true,
        };
        Ok((lines, metadata.len()))
    }

    /// The next line that is not empty and no comment, into `line`; its number, or `None` at the end.
    pub(crate) fn next(&mut self, line: &mut Vec<u8>) -> io::Result<Option<u64>> {
        loop {
            line.clear();
            let mut limited = self.input.by_ref().take(LONGEST);
            let count = limited.read_until(self.terminator, line)? as u64;
            if count == 0 {
                return Ok(None);
            }
            self.number += 1;
            self.bytes += count;
            if count == LONGEST {
                let number = self.number;
                return Err(io::Error::other(format!(
                    "line {number} has no end: this is no table of values"
                )));
            }
            while line
                .last()
                .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
            {
                line.pop();
            }
            if std::mem::take(&mut self.is_first) && line.starts_with(b"\xEF\xBB\xBF") {
                line.drain(..3);
            }
            let is_empty = line.iter().all(u8::is_ascii_whitespace);
            if !is_empty && line.first() != Some(&b'#') {
                return Ok(Some(self.number));
            }
        }
    }

    /// Bytes read so far.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// What a file is that is no text.
fn no_text(start: &[u8]) -> Option<&'static str> {
    match start {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Some("it is UTF-16: save it as UTF-8"),
        [0x1F, 0x8B, ..] => Some("it is compressed: unpack it first (gunzip)"),
        [b'P', b'K', 3, 4, ..] => {
            Some("it is a ZIP archive or a spreadsheet: save the table as CSV")
        }
        _ if start.contains(&0) => Some("it is binary, no table of values"),
        _ => None,
    }
}

/// The last whole lines of a file.
pub(crate) fn last(path: &Path) -> Vec<Vec<u8>> {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
        let mut end = Vec::new();
        file.take(END).read_to_end(&mut end)?;
        Ok(end)
    };
    let end = read().unwrap_or_default();
    let lines = end.split(|byte| matches!(byte, b'\n' | b'\r')).skip(1);
    lines
        .filter(|line| !line.is_empty())
        .map(<[u8]>::to_vec)
        .collect()
}

/// Cuts lines into fields.
pub(crate) struct Fields {
    reader: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
}

impl Fields {
    pub(crate) fn new(delimiter: u8) -> Self {
        Self {
            reader: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            text: vec![0; 1 << 10],
            ends: vec![0; 64],
            count: 0,
        }
    }

    /// Takes a line. Quotes end with it at the latest: a stray one spoils no more than its line.
    pub(crate) fn cut(&mut self, line: &[u8]) {
        self.reader.reset();
        let (mut rest, mut written, mut ended) = (line, 0, 0);
        loop {
            let (result, read, wrote, ends) = self.reader.read_record(
                rest,
                self.text.get_mut(written..).unwrap_or_default(),
                self.ends.get_mut(ended..).unwrap_or_default(),
            );
            rest = rest.get(read..).unwrap_or_default();
            written += wrote;
            ended += ends;
            match result {
                // The end of a line is told by nothing more to come.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        self.count = ended;
    }

    /// A field without the blanks around it; `None` beyond the last one.
    pub(crate) fn get(&self, index: usize) -> Option<&[u8]> {
        if index >= self.count {
            return None;
        }
        let begin = match index.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        Some(self.text.get(begin..*self.ends.get(index)?)?.trim_ascii())
    }

    /// All fields as text, for a header.
    pub(crate) fn texts(&self) -> Vec<String> {
        (0..self.count)
            .filter_map(|index| self.get(index))
            .map(|field| String::from_utf8_lossy(field).into_owned())
            .collect()
    }
}

/// What stands between the values: what cuts most of the first lines into the same number of fields. Commas come last,
/// since they are decimal marks elsewhere.
pub(crate) fn delimiter<'a>(lines: impl Iterator<Item = &'a [u8]> + Clone) -> u8 {
    let score = |delimiter: u8| {
        let counts: Vec<usize> = lines
            .clone()
            .map(|line| line.iter().filter(|byte| **byte == delimiter).count())
            .collect();
        let usual = counts.get(counts.len() / 2).copied().unwrap_or(0);
        let alike = counts.iter().filter(|count| **count == usual).count();
        usual > 0 && alike * 10 >= counts.len() * 9
    };
    let known = [b';', b'\t', b'|', b','];
    let first_most = || {
        let first = lines.clone().next().unwrap_or_default();
        let count = |delimiter: &u8| first.iter().filter(|byte| *byte == delimiter).count();
        known.into_iter().max_by_key(count)
    };
    known
        .into_iter()
        .find(|delimiter| score(*delimiter))
        .or_else(first_most)
        .unwrap_or(b',')
}
