//! `data.csv` as another program reads it.

use std::collections::BTreeMap;

/// Its rows, each by the names of the columns.
pub(crate) fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes())
        .deserialize()
        .map(|row| row.expect("a row"))
        .collect()
}
