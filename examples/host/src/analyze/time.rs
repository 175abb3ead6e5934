//! Times as people write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

/// Forms that are known without being told.
const FORMS: [&str; 8] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S%.f",
    "%d/%m/%Y %H:%M:%S%.f",
    "%d.%m.%Y %H:%M:%S%.f",
    "%d.%m.%Y %H:%M",
    "%d/%m/%Y;%H:%M:%S%.f",
];

/// Milliseconds since 1970. A time without a zone is taken as it is written.
pub(crate) fn parse(text: &str, format: Option<&str>) -> Option<i64> {
    let text = text.trim();
    if let Some(format) = format {
        return NaiveDateTime::parse_from_str(text, format)
            .map(|time| time.and_utc().timestamp_millis())
            .or_else(|_| DateTime::parse_from_str(text, format).map(|time| time.timestamp_millis()))
            .ok();
    }
    if let Ok(number) = text.parse::<f64>() {
        // Seconds of our days have ten digits, milliseconds thirteen.
        let ms = if number.abs() >= 1e11 {
            number
        } else {
            number * 1e3
        };
        return (ms.is_finite() && (0.0..1e14).contains(&ms)).then_some(ms as i64);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_millis());
    }
    // The last moment of a day, as some loggers have it.
    let midnight = [" 24:00:00", "T24:00:00", " 24:00", "T24:00"];
    if let Some(day) = midnight.iter().find_map(|end| text.strip_suffix(end)) {
        let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
        let next = day.succ_opt()?.and_hms_opt(0, 0, 0)?;
        return Some(next.and_utc().timestamp_millis());
    }
    FORMS.iter().find_map(|form| {
        let time = NaiveDateTime::parse_from_str(text, form).ok()?;
        Some(time.and_utc().timestamp_millis())
    })
}

/// For people and for JSON.
pub(crate) fn show(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms).map_or_else(
        || "?".to_owned(),
        |time| time.format("%Y-%m-%dT%H:%M:%S").to_string(),
    )
}
