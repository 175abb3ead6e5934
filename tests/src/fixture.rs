//! The captured frames in `fixtures/pzem_frames.jsonl`, each with its source.

use serde_json::Value;

use crate::script::hex;

/// One line of the fixture.
#[derive(Clone, Debug)]
pub struct Line {
    /// Number by which the frame is known.
    pub id: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// `req` or `resp`.
    pub dir: String,
    /// `rtu` or `legacy`.
    pub proto: String,
    /// `real`, `datasheet`, `broken`, `broken-synthetic`.
    pub kind: String,
    /// Whether the check value fits; `None` when the source has none.
    pub crc_ok: Option<bool>,
    /// The values the bytes stand for.
    pub decoded: Option<Value>,
}

impl Line {
    /// A number in `decoded`.
    pub fn number(&self, name: &str) -> u64 {
        let decoded = self.decoded.as_ref().expect("a decoded frame");
        decoded[name]
            .as_u64()
            .unwrap_or_else(|| panic!("frame {} has no {name}", self.id))
    }

    /// Whether `decoded` has this name.
    pub fn has(&self, name: &str) -> bool {
        self.decoded.as_ref().is_some_and(|d| !d[name].is_null())
    }
}

/// All lines.
pub fn lines() -> Vec<Line> {
    include_str!("../fixtures/pzem_frames.jsonl")
        .lines()
        .map(|text| {
            let line: Value = serde_json::from_str(text).expect("a JSON line");
            let text = |name: &str| line[name].as_str().expect("a text").to_owned();
            Line {
                id: line["id"].as_u64().expect("an id"),
                bytes: hex(&text("hex")),
                dir: text("dir"),
                proto: text("proto"),
                kind: text("kind"),
                crc_ok: line["crc_ok"].as_bool(),
                decoded: line.get("decoded").cloned(),
            }
        })
        .collect()
}
