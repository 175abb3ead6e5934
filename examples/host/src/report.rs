//! Readings as people and as programs read them.

use std::time::{SystemTime, UNIX_EPOCH};

use pzem::bus::Sample;
use pzem::legacy::LegacyMeasurement;
use pzem::{DcMeasurement, Measurement};
use serde::Serialize;

/// The values of a reading or frame; what it does not hold is `null`.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Values {
    pub(crate) address: Option<u8>,
    pub(crate) voltage_mv: Option<u32>,
    pub(crate) current_ma: Option<u32>,
    pub(crate) power_mw: Option<u64>,
    pub(crate) energy_mwh: Option<u64>,
    pub(crate) frequency_mhz: Option<u32>,
    pub(crate) power_factor_milli: Option<u32>,
    pub(crate) alarm: Option<bool>,
}

impl Values {
    pub(crate) fn ac(address: u8, m: &Measurement) -> Self {
        Self {
            address: Some(address),
            voltage_mv: Some(m.voltage_mv()),
            current_ma: Some(m.current_ma),
            power_mw: Some(m.power_mw()),
            energy_mwh: Some(m.energy_mwh()),
            frequency_mhz: Some(m.frequency_mhz()),
            power_factor_milli: Some(m.power_factor_milli()),
            alarm: m.alarm.map(pzem::Alarm::is_active),
        }
    }

    pub(crate) fn dc(address: u8, m: &DcMeasurement) -> Self {
        Self {
            address: Some(address),
            voltage_mv: Some(m.voltage_mv()),
            current_ma: Some(m.current_ma()),
            power_mw: Some(m.power_mw()),
            energy_mwh: Some(m.energy_mwh()),
            alarm: Some(m.high_voltage.is_active() || m.low_voltage.is_active()),
            ..Self::default()
        }
    }

    pub(crate) fn legacy(m: &LegacyMeasurement) -> Self {
        Self {
            voltage_mv: Some(m.voltage_dv * 100),
            current_ma: Some(m.current_ca * 10),
            power_mw: Some(u64::from(m.power_w) * 1_000),
            energy_mwh: Some(u64::from(m.energy_wh) * 1_000),
            ..Self::default()
        }
    }

    pub(crate) fn of(address: u8, sample: &Sample) -> Self {
        match sample {
            Sample::Ac(m) => Self::ac(address, m),
            Sample::Dc(m) => Self::dc(address, m),
        }
    }

    /// Name, value and unit of everything there is, ready to print.
    pub(crate) fn rows(&self) -> Vec<(&'static str, String, &'static str)> {
        let mut rows = Vec::new();
        let mut row = |name, value: Option<u64>, thousandth, decimals, unit| {
            if let Some(value) = value {
                rows.push((name, fixed(value, thousandth, decimals), unit));
            }
        };
        row("voltage", self.voltage_mv.map(u64::from), 1_000, 1, "V");
        row("current", self.current_ma.map(u64::from), 1_000, 3, "A");
        row("power", self.power_mw, 1_000, 1, "W");
        row("energy", self.energy_mwh, 1_000_000, 3, "kWh");
        row(
            "frequency",
            self.frequency_mhz.map(u64::from),
            1_000,
            1,
            "Hz",
        );
        let factor = self.power_factor_milli.map(u64::from);
        row("power factor", factor, 1_000, 2, "");
        if let Some(alarm) = self.alarm {
            rows.push(("alarm", if alarm { "ON" } else { "off" }.to_owned(), ""));
        }
        rows
    }

    /// Everything in one line.
    pub(crate) fn line(&self) -> String {
        let parts: Vec<String> = self
            .rows()
            .into_iter()
            .filter(|(name, value, _)| *name != "alarm" || value == "ON")
            .map(|(name, value, unit)| match name {
                "power factor" => format!("pf {value}"),
                "alarm" => "ALARM".to_owned(),
                _ => format!("{value} {unit}"),
            })
            .collect();
        parts.join("  ")
    }
}

/// `value / one` with so many decimals; digits beyond them are cut, since no module has them.
pub(crate) fn fixed(value: u64, one: u64, decimals: u32) -> String {
    let (whole, rest) = (value / one, value % one);
    let part = rest / (one / 10_u64.pow(decimals)).max(1);
    format!("{whole}.{part:0width$}", width = decimals as usize)
}

/// A measured value for people, from one in thousandths of its unit where that is how it is kept.
pub(crate) fn measured(value: i64, unit: &str) -> String {
    let (one, decimals, shown) = match unit {
        "mV" => (1_000, 1, "V"),
        "mA" => (1_000, 3, "A"),
        "mW" => (1_000, 1, "W"),
        "mWh" => (1_000, 1, "Wh"),
        "mHz" => (1_000, 2, "Hz"),
        "ms" => (1_000, 1, "s"),
        "thousandths" => (10, 1, "%"),
        _ => return format!("{value} {unit}"),
    };
    let sign = if value < 0 { "-" } else { "" };
    format!(
        "{sign}{} {shown}",
        fixed(value.unsigned_abs(), one, decimals)
    )
}

/// Milliseconds since 1970.
pub(crate) fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}

/// A reading as a JSON line of `read` and `watch`, and as a CSV record.
#[derive(Debug, Serialize)]
pub(crate) struct Reading {
    pub(crate) unix_ms: u64,
    pub(crate) ok: bool,
    #[serde(flatten)]
    pub(crate) values: Values,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

impl Reading {
    pub(crate) fn good(values: Values) -> Self {
        Self {
            unix_ms: unix_ms(),
            ok: true,
            values,
            error: None,
            message: None,
        }
    }

    pub(crate) fn failed(address: Option<u8>, error: &'static str, message: String) -> Self {
        Self {
            unix_ms: unix_ms(),
            ok: false,
            values: Values {
                address,
                ..Values::default()
            },
            error: Some(error),
            message: Some(message),
        }
    }
}
