//! What the README says of settings and commands is what there is.

use smart_meter::settings::{Setting, Settings};

const README: &str = include_str!("../../README.md");

fn table() -> String {
    let defaults = Settings::default();
    let mut table = "| setting | what | takes | default |\n|---|---|---|---|\n".to_owned();
    for setting in Setting::all() {
        let value = defaults.get(setting).to_string();
        let value = if value.is_empty() || setting.is_secret() {
            String::new()
        } else {
            format!("`{value}`")
        };
        let restart = if setting.needs_restart() {
            " (restart)"
        } else {
            ""
        };
        let (name, allowed) = (setting.as_str(), setting.allowed());
        // An address is no link.
        let words: Vec<String> = setting
            .what()
            .split(' ')
            .map(|word| {
                if word.contains("://") {
                    format!("`{word}`")
                } else {
                    word.to_owned()
                }
            })
            .collect();
        let what = words.join(" ");
        table += &format!("| `{name}` | {what}{restart} | {allowed} | {value} |\n");
    }
    table
}

#[test]
fn the_table_of_settings_is_that_of_the_program() {
    let table = table();
    assert!(
        README.contains(&table),
        "the README should have this table:\n\n{table}"
    );
}

#[test]
fn every_example_of_a_setting_is_one() {
    let mut count = 0;
    for line in README.lines() {
        let Some(rest) = line.strip_prefix("> set ") else {
            continue;
        };
        let (name, value) = rest.split_once(' ').expect("a value");
        let mut settings = Settings::default();
        settings
            .set(name, value)
            .unwrap_or_else(|error| panic!("{line}: {error}"));
        count += 1;
    }
    assert!(count >= 5, "{count} examples");
}
