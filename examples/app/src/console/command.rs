//! What can be typed.

use crate::settings::Setting;

/// What somebody wants.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    Nothing,
    Help,
    HelpWith(Setting),
    ShowAll,
    Show(Setting),
    Set,
    Save(bool),
    Revert,
    Status,
    Events,
    Calibrate,
    Ca,
    CaShow,
    CaForget,
    Update,
    Restart,
    FactoryReset,
    /// Something that can not be done, and what could.
    Wrong(&'static str),
}

/// The commands and what they do.
pub(super) const LIST: [(&str, &str); 15] = [
    ("help [NAME]", "this list, or what a setting takes"),
    ("show [NAME]", "settings, * before those that are not saved"),
    (
        "set NAME VALUE",
        "changes one; quotes keep spaces at the ends",
    ),
    ("save", "checks and keeps them"),
    ("revert", "drops what is not saved"),
    ("status", "what the device does and how it is"),
    ("events", "alarms that are on, or were"),
    (
        "calibrate 100W [230V]",
        "with a bulb whose power is known, and nothing else on",
    ),
    ("calibrate 2kW heater", "with a heater, kettle or iron"),
    (
        "calibrate 98.7W reference",
        "with what a better meter shows",
    ),
    ("ca", "takes the certificate of a CA, pasted as PEM"),
    ("ca show, ca forget", "whether there is one; forgets it"),
    ("update", "looks for newer firmware now"),
    ("restart", "starts anew"),
    (
        "factory-reset",
        "forgets all settings, passwords and certificates",
    ),
];

impl Command {
    pub(super) fn parse(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let Some(word) = words.next() else {
            return Self::Nothing;
        };
        let (argument, more) = (words.next(), words.next());
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        let alone = |command| match argument {
            None => command,
            Some(_) => Self::Wrong("that takes nothing behind it"),
        };
        let with_setting = |without, with: fn(Setting) -> Self| match (argument, more) {
            (None, _) => without,
            (Some(name), None) => Setting::find(name).map_or(NO_SETTING, with),
            (Some(_), Some(_)) => Self::Wrong("that takes one name at a time"),
        };
        match word {
            _ if is("help") || word == "?" => with_setting(Self::Help, Self::HelpWith),
            _ if is("show") => with_setting(Self::ShowAll, Self::Show),
            _ if is("set") => match argument {
                Some(_) => Self::Set,
                None => Self::Wrong("set what? `set NAME VALUE`; `show` lists the names"),
            },
            _ if is("save") => match argument {
                None => Self::Save(false),
                Some("replace") => Self::Save(true),
                Some(_) => {
                    Self::Wrong("`save`, or `save replace` over settings that can not be read")
                }
            },
            _ if is("ca") => match argument {
                None => Self::Ca,
                Some("show") => Self::CaShow,
                Some("forget") => Self::CaForget,
                Some(_) => Self::Wrong("`ca`, `ca show` or `ca forget`"),
            },
            _ if is("calibrate") => match argument {
                Some(_) => Self::Calibrate,
                None => Self::Wrong(
                    "calibrate with what? `calibrate 100W`, `calibrate 2kW heater`, `calibrate 98.7W reference`",
                ),
            },
            _ if is("revert") => alone(Self::Revert),
            _ if is("status") => alone(Self::Status),
            _ if is("events") => alone(Self::Events),
            _ if is("update") => alone(Self::Update),
            _ if is("restart") => alone(Self::Restart),
            _ if is("factory-reset") => alone(Self::FactoryReset),
            _ if Setting::find(word).is_some() => {
                Self::Wrong("that is a setting: `set NAME VALUE`, or `show NAME`")
            }
            _ => Self::Wrong("that is no command: `help` lists them"),
        }
    }
}

const NO_SETTING: Command =
    Command::Wrong("there is no setting of that name: `show` lists them all");

/// Name and value of `set NAME VALUE`: everything behind the space after the name.
pub(super) fn assignment(line: &str) -> (&str, &str) {
    let rest = line.trim_start();
    let (_, rest) = rest.split_once([' ']).unwrap_or((rest, ""));
    let rest = rest.trim_start();
    let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
    (name, value.trim())
}

/// What is between quotes, if it is in quotes.
pub(super) fn unquoted(value: &str) -> &str {
    let inner = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(value)
}

/// The setting that somebody may have meant: the part behind the point is right, or begins so.
pub(super) fn nearest(name: &str) -> Option<Setting> {
    let last = |name: &'static str| name.rsplit('.').next().unwrap_or(name);
    let typed = name.rsplit('.').next().filter(|typed| typed.len() >= 2)?;
    let is_it = |setting: &Setting| last(setting.as_str()).eq_ignore_ascii_case(typed);
    let begins = |setting: &Setting| {
        let name = last(setting.as_str());
        name.get(..typed.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(typed))
    };
    Setting::all()
        .find(is_it)
        .or_else(|| Setting::all().find(begins))
}
