//! Alarms as spans of time, merged and matched to what was there to be found.

/// Something a detector said, from its beginning to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Who said it.
    pub name: &'static str,
    /// When it began, in milliseconds.
    pub begin_ms: u64,
    /// When it ended, or the last reading.
    pub end_ms: u64,
}

/// Alarms closer together than this are one.
const MERGED_MS: u64 = 60_000;

/// Alarms of one detector that overlap or nearly follow one another become one.
pub fn merge(mut alarms: Vec<Alarm>) -> Vec<Alarm> {
    alarms.sort_by_key(|alarm| (alarm.name, alarm.begin_ms));
    let mut merged: Vec<Alarm> = Vec::new();
    for alarm in alarms {
        match merged.last_mut() {
            Some(last) if last.name == alarm.name && alarm.begin_ms <= last.end_ms + MERGED_MS => {
                last.end_ms = last.end_ms.max(alarm.end_ms);
            }
            _ => merged.push(alarm),
        }
    }
    merged
}

/// What alarms found of one labelled span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// How long after the onset the first matching alarm began; `None` when nothing was found.
    pub delay_ms: Option<u64>,
    /// Alarms that belong to nothing.
    pub false_alarms: usize,
    /// Alarms that belong to it.
    pub matched: usize,
}

/// An alarm belongs to a span when it overlaps it, or begins no later after its onset than is tolerated.
pub fn score(alarms: &[Alarm], onset_ms: u64, end_ms: u64, tolerance_ms: u64) -> Match {
    let mut result = Match::default();
    for alarm in alarms {
        let overlaps = alarm.begin_ms <= end_ms && alarm.end_ms >= onset_ms;
        let follows = alarm.begin_ms >= onset_ms && alarm.begin_ms - onset_ms <= tolerance_ms;
        if overlaps || follows {
            result.matched += 1;
            let delay = alarm.begin_ms.saturating_sub(onset_ms);
            result.delay_ms = Some(result.delay_ms.map_or(delay, |other| other.min(delay)));
        } else {
            result.false_alarms += 1;
        }
    }
    result
}

/// The value below which a share of the values lies; `None` of nothing.
pub fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * share).round() as usize).copied()
}
