//! What columns hold, under which names and in which units.

/// What a column can hold beside the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Voltage,
    Current,
    Power,
    Energy,
    Export,
    PowerFactor,
    Frequency,
}

/// A field with the names it goes by, and the unit it has when nobody says otherwise.
pub(crate) struct Known {
    pub(crate) field: Field,
    pub(crate) option: &'static str,
    pub(crate) names: &'static [&'static str],
    pub(crate) usual: Unit,
}

/// Thousandths of the base unit (V, A, W, Wh, Hz, 1) in one of it, as a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) mul: i64,
    pub(crate) div: i64,
}

const BASE: Unit = Unit::times(1_000);
const KILO: Unit = Unit::times(1_000_000);

pub(crate) const FIELDS: [Known; 7] = [
    Known {
        field: Field::Voltage,
        option: "voltage",
        names: &["voltage", "v", "volt", "volts", "u", "vrms", "urms"],
        usual: BASE,
    },
    Known {
        field: Field::Current,
        option: "current",
        names: &["current", "i", "amp", "amps", "ampere", "irms"],
        usual: BASE,
    },
    Known {
        field: Field::Power,
        option: "power",
        names: &[
            "power",
            "p",
            "watt",
            "watts",
            "active_power",
            "activepower",
            "global_active_power",
        ],
        usual: BASE,
    },
    Known {
        field: Field::Energy,
        option: "energy",
        names: &["energy", "e", "pt", "total", "import", "active_energy"],
        usual: KILO,
    },
    Known {
        field: Field::Export,
        option: "energy-export",
        names: &[
            "export",
            "energy_export",
            "export_energy",
            "energy_exported",
        ],
        usual: KILO,
    },
    Known {
        field: Field::PowerFactor,
        option: "power-factor",
        names: &["power_factor", "powerfactor", "pf", "apf", "cosphi"],
        usual: BASE,
    },
    Known {
        field: Field::Frequency,
        option: "frequency",
        names: &["frequency", "f", "freq"],
        usual: BASE,
    },
];

/// Names of the column with the time; a date and a time beside each other belong together.
pub(crate) const TIMES: [&str; 12] = [
    "time",
    "timestamp",
    "unix_ts",
    "unix_ms",
    "datetime",
    "date_time",
    "ctime",
    "date",
    "utc",
    "ts",
    "unix",
    "time_stamp",
];

impl Unit {
    const fn times(mul: i64) -> Self {
        Self { mul, div: 1 }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        // The one letter whose case matters: m is a thousandth, M a million.
        if matches!(text, "MW" | "MWh" | "MWH" | "MV" | "MA" | "MHz" | "MHZ") {
            return Some(Self::times(1_000_000_000));
        }
        Some(match text.to_lowercase().as_str() {
            "mv" | "ma" | "mw" | "mwh" | "mhz" | "milli" => Self::times(1),
            "v" | "a" | "w" | "wh" | "hz" | "1" => BASE,
            "kv" | "ka" | "kw" | "kwh" | "khz" => KILO,
            "%" | "percent" => Self::times(10),
            "j" => Self { mul: 5, div: 18 },
            _ => return None,
        })
    }

    /// `power=kW`.
    pub(crate) fn parse_assignment(text: &str) -> Result<(Field, Self), String> {
        let wrong = || format!("{text}: give a field and its unit, such as power=kW or energy=Wh");
        let (name, unit) = text.split_once('=').ok_or_else(wrong)?;
        let known = FIELDS
            .iter()
            .find(|known| known.option == name)
            .ok_or_else(wrong)?;
        Ok((known.field, Self::parse(unit).ok_or_else(wrong)?))
    }
}

/// `power_kW`, `Power (kW)` or `power [kW]` as name and unit.
pub(crate) fn split(column: &str) -> (String, Option<Unit>) {
    let plain = column
        .trim()
        .replace(['(', '[', ' ', '-'], "_")
        .replace([')', ']'], "");
    let plain = plain.replace("__", "_");
    if let Some((name, unit)) = plain.rsplit_once('_')
        && let Some(unit) = Unit::parse(unit)
    {
        return (name.to_lowercase(), Some(unit));
    }
    (plain.to_lowercase(), None)
}
