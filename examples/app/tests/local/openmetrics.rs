//! A strict reader of OpenMetrics 1.0, from its specification.

use std::collections::{BTreeMap, BTreeSet};

pub(crate) type Labels = BTreeMap<String, String>;

#[derive(Debug, Default)]
pub(crate) struct Family {
    pub(crate) kind: String,
    pub(crate) unit: String,
    pub(crate) help: String,
    pub(crate) samples: Vec<(Labels, String)>,
}

fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    characters.next().is_some_and(is_first) && characters.all(|c| is_first(c) || c.is_ascii_digit())
}

/// A number as the specification's `realnumber` without exponents.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole) && are_digits(rest)
}

fn labels(text: &str) -> (Labels, &str) {
    let mut labels = Labels::new();
    let mut rest = text;
    loop {
        let (name, after) = rest.split_once("=\"").expect("a label");
        assert!(is_name(name) && !name.contains(':'), "label {name}");
        let mut value = String::new();
        let mut characters = after.char_indices();
        let end = loop {
            match characters.next().expect("the end of a label") {
                (at, '"') => break at,
                (_, '\\') => match characters.next().expect("an escape").1 {
                    'n' => value.push('\n'),
                    c @ ('"' | '\\') => value.push(c),
                    other => panic!("\\{other}"),
                },
                (_, '\n') => panic!("a line feed"),
                (_, c) => value.push(c),
            }
        };
        assert_eq!(labels.insert(name.to_owned(), value), None, "twice {name}");
        rest = &after[end + 1..];
        if let Some(after) = rest.strip_prefix('}') {
            return (labels, after);
        }
        rest = rest.strip_prefix(',').expect("a comma");
    }
}

/// Reads a text, and fails on everything that is not as it has to be.
pub(crate) fn read(text: &str) -> BTreeMap<String, Family> {
    let mut families = BTreeMap::<String, Family>::new();
    let mut seen = BTreeSet::new();
    let mut current = String::new();
    let body = text
        .strip_suffix("# EOF\n")
        .expect("ends with # EOF and a line feed");
    for line in body.lines() {
        if let Some(metadata) = line.strip_prefix("# ") {
            let mut words = metadata.splitn(3, ' ');
            let (word, name, rest) = (
                words.next().unwrap(),
                words.next().unwrap(),
                words.next().unwrap(),
            );
            assert!(is_name(name), "{line}");
            if name != current {
                assert!(
                    !families.contains_key(name),
                    "the family {name} is interrupted"
                );
                current = name.to_owned();
            }
            let family = families.entry(name.to_owned()).or_default();
            assert_eq!(family.samples.len(), 0, "metadata after samples of {name}");
            let place = match word {
                "TYPE" => &mut family.kind,
                "UNIT" => &mut family.unit,
                "HELP" => &mut family.help,
                other => panic!("{other}"),
            };
            assert_eq!(place, "", "twice {word} of {name}");
            assert!(!rest.is_empty());
            rest.clone_into(place);
            continue;
        }
        let at = line.find(['{', ' ']).expect("a sample");
        let (name, rest) = line.split_at(at);
        let family = families.get_mut(&current).expect("metadata before samples");
        let suffix = match &*family.kind {
            "counter" => "_total",
            "info" => "_info",
            "gauge" => "",
            other => panic!("a type nobody uses here: {other}"),
        };
        assert_eq!(name, format!("{current}{suffix}"), "{line}");
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(rest) => labels(rest),
            None => (Labels::new(), rest),
        };
        let value = rest.strip_prefix(' ').expect("a space before the value");
        assert!(is_number(value), "{line}");
        if family.kind != "gauge" {
            assert!(!value.starts_with('-'), "a negative counter: {line}");
        }
        if family.kind == "info" {
            assert_eq!(value, "1");
        }
        assert!(
            seen.insert((name.to_owned(), labels.clone())),
            "twice {line}"
        );
        family.samples.push((labels, value.to_owned()));
    }
    for (name, family) in &families {
        assert!(!family.kind.is_empty() && !family.help.is_empty(), "{name}");
        if !family.unit.is_empty() {
            assert!(
                name.ends_with(&format!("_{}", family.unit)),
                "{name} has the unit {}",
                family.unit
            );
            assert_ne!(family.kind, "info");
        }
        assert!(
            !name.ends_with("_total") && !name.ends_with("_info"),
            "{name}"
        );
    }
    families
}
