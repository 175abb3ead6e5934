//! The page of `meter analyze --report`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use roxmltree::Document;
use serde_json::Value;
use support::{Scratch, TWO_DAYS, analyze_file, message, meter};

struct Page {
    html: String,
    facts: Value,
}

fn page(name: &str, file: &str, arguments: &[&str]) -> Page {
    let out = Scratch::new(&format!("{name}.html"), "");
    let output = meter(
        &[
            &["analyze", file, "--json", "--report", out.path()],
            arguments,
        ]
        .concat(),
    );
    assert!(output.status.success(), "{}", message(&output));
    Page {
        html: out.read(),
        facts: serde_json::from_slice(&output.stdout).expect("JSON"),
    }
}

impl Page {
    fn sections(&self) -> Vec<&str> {
        let parts = self.html.split("<section").skip(1);
        parts
            .filter_map(|part| {
                part.split_once("id=\"")?
                    .1
                    .split_once('"')
                    .map(|(id, _)| id)
            })
            .collect()
    }

    fn pictures(&self) -> Vec<&str> {
        let parts = self.html.split("<svg").skip(1);
        parts
            .map(|part| part.split_once("</svg>").expect("an end").0)
            .collect()
    }

    /// `data-name` and `value` of each figure.
    fn figures(&self) -> Vec<(&str, &str)> {
        let parts = self.html.split("<data value=\"").skip(1);
        parts
            .map(|part| {
                let (value, rest) = part.split_once('"').expect("a value");
                let (_, rest) = rest.split_once("data-name=\"").expect("a name");
                (rest.split_once('"').expect("a name").0, value)
            })
            .collect()
    }

    /// It needs nothing but itself.
    fn assert_complete(&self) {
        let foreign = self
            .html
            .replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        for word in [
            "http:", "https:", "//", "<script", "<link", "<img", "<iframe", " src=", "@import",
            "url(",
        ] {
            assert!(!foreign.contains(word), "{word} in the page");
        }
        for (open, close) in [
            ("<section", "</section>"),
            ("<svg", "</svg>"),
            ("<table", "</table>"),
            ("<tr", "</tr>"),
        ] {
            let count = |text: &str| self.html.matches(text).count();
            assert_eq!(count(open), count(close), "{open}");
        }
        for picture in self.pictures() {
            let svg = format!("<svg{picture}</svg>");
            let document = Document::parse(&svg).expect("a picture is XML");
            assert!(
                document.descendants().any(|node| node.has_tag_name("text")),
                "a picture has labels"
            );
        }
    }

    /// Each figure is the one of the JSON.
    fn assert_figures(&self) {
        let figures = self.figures();
        assert!(figures.len() >= 10, "{figures:?}");
        for (name, value) in figures {
            let pointer = format!("/{}", name.replace('.', "/"));
            let fact = self.facts.pointer(&pointer).expect(name);
            let fact = fact
                .as_array()
                .map_or_else(|| fact.to_string(), |list| list.len().to_string());
            assert_eq!(value, fact, "{name}");
        }
    }
}

#[test]
fn two_days_of_a_real_meter_make_a_page_that_is_complete_in_itself() {
    let page = page(
        "two-days",
        TWO_DAYS,
        &["--unit", "energy=Wh", "--time-zone", "America/Vancouver"],
    );
    page.assert_complete();
    page.assert_figures();
    assert_eq!(
        page.sections(),
        [
            "load",
            "voltage",
            "days",
            "hours",
            "loads",
            "registers",
            "supply",
            "events"
        ]
    );
    assert_eq!(page.pictures().len(), 5);
    assert!(
        page.html.contains("ampds2_b1e_two_days.csv") && page.html.contains("America/Vancouver")
    );
    assert!(page.html.contains("0.096"), "96 Wh");
    // The same figures without a page.
    let alone = analyze_file(
        TWO_DAYS.as_ref(),
        &["--unit", "energy=Wh", "--time-zone", "America/Vancouver"],
    );
    assert_eq!(alone, page.facts);
}

#[test]
fn events_and_rejected_lines_are_listed_and_names_are_no_markup() {
    let mut text = "time,voltage,power\n".to_owned();
    for second in 0..600 {
        let volts = if (200..260).contains(&second) {
            190
        } else {
            230
        };
        text += &format!("{},{volts},{}\n", 1_700_006_400 + second, 100 + second % 7);
    }
    text += "1700007000,230,<b>much</b>\n";
    let file = Scratch::new("a<b>&c.csv", text);
    let page = page("events", file.path(), &[]);
    page.assert_complete();
    page.assert_figures();
    for id in ["timeline", "events", "rejected"] {
        assert!(page.sections().contains(&id), "{id}: {:?}", page.sections());
    }
    assert!(page.html.contains("SAG") && page.html.contains("line 602"));
    assert!(!page.html.contains("<b>") && page.html.contains("&lt;b&gt;"));
}

#[test]
fn recordings_of_every_shape_have_a_page() {
    let one = "time,power\n1700006400,60\n".to_owned();
    let export =
        "time,power\n1700006400,-500\n1700006460,-500\n1700007360,800\n1700008260,800\n".to_owned();
    let volts = "time,voltage\n1700006400,0\n1700006401,400\n".to_owned();
    let zeros = "time,power\n1700006400,0\n1700009000,0\n".to_owned();
    let years: String = (0..4_000)
        .map(|day| format!("{},{}\n", 1_200_000_000 + day * 86_400, day))
        .collect();
    let back = "time,power\n1700006400,60\n1600000000,60\n1700006460,60\n".to_owned();
    for (name, text) in [
        ("one", one),
        ("export", export),
        ("volts", volts),
        ("zeros", zeros),
        ("years", format!("time,energy\n{years}")),
        ("back", back),
    ] {
        let file = Scratch::new(&format!("shape-{name}.csv"), text);
        let page = page(name, file.path(), &["--unit", "energy=kWh"]);
        page.assert_complete();
        assert!(
            page.html.len() < 1 << 20,
            "{name}: {} bytes",
            page.html.len()
        );
        for picture in page.pictures() {
            assert!(
                !picture.contains("NaN") && !picture.contains("inf"),
                "{name}"
            );
        }
    }
}

#[test]
fn a_page_that_can_not_be_written_is_told() {
    let output = meter(&[
        "analyze",
        TWO_DAYS,
        "--unit",
        "energy=Wh",
        "--report",
        "/nowhere/at/all.html",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        message(&output).contains("can not be written"),
        "{}",
        message(&output)
    );
}
