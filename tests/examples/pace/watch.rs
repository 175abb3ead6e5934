//! Detectors over 64-bit floats.

use meter_core::EventCode;

use crate::energy::{FloatEnergy, Step};
use crate::float::{FloatReading, Said, toggle};
use crate::load::{HIGH_USAGE_W, OVER_CURRENT_A, OVERLOAD_W};

/// An alarm that waits before it begins and before it ends.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    is_on: bool,
    since_s: Option<f64>,
}

impl Held {
    fn push(
        &mut self,
        (code, hold_s, clear_s): (EventCode, f64, f64),
        (is_beyond, is_back): (bool, bool),
        at_s: f64,
        said: &mut Vec<Said>,
    ) {
        let moves = if self.is_on { is_back } else { is_beyond };
        if !moves {
            self.since_s = None;
            return;
        }
        let since_s = *self.since_s.get_or_insert(at_s);
        if at_s - since_s >= if self.is_on { clear_s } else { hold_s } {
            self.since_s = None;
            toggle(&mut self.is_on, code, is_beyond, is_back, at_s, said);
        }
    }
}

/// All that looks at each reading.
#[derive(Clone, Debug, Default)]
pub struct Watches {
    overload: Held,
    over_current: Held,
    low_factor: Held,
    theft: Held,
    usage: Held,
    residual: (bool, u32),
    impossible: (bool, u32),
    before_a: Option<f64>,
    frozen: bool,
    frozen_count: u32,
    frozen_s: f64,
    values: (f64, f64, f64),
    mismatch: bool,
    look: Option<(f64, f64, f64, f64)>,
    reset: bool,
    glitch: bool,
    offset_s: Option<f64>,
    day: (f64, f64),
    drift: bool,
    edge: Edge,
    success: Option<f64>,
    last_good_s: f64,
    is_lost: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Edge {
    steady: Option<f64>,
    candidate: f64,
    count: u32,
}

impl Watches {
    pub fn push(
        &mut self,
        r: &FloatReading,
        step: &Step,
        energy: &FloatEnergy,
        said: &mut Vec<Said>,
    ) -> Option<f64> {
        let at_s = r.at_s;
        self.limits(r, said);
        let apparent = r.volts * r.amperes;
        let slack = 0.02 * apparent + 2.0 * (r.volts * 0.001 + r.amperes * 0.1 + 0.1);
        let moved = self
            .before_a
            .is_none_or(|before| (before - r.amperes).abs() > r.amperes / 5.0);
        self.before_a = Some(r.amperes);
        if !moved && apparent >= 10.0 {
            let off = (apparent * r.factor - r.watts).abs();
            let is_wrong = off > slack + 2.0 * apparent * 0.01;
            row(
                &mut self.residual,
                EventCode::Residual,
                is_wrong,
                at_s,
                said,
            );
        }
        let is_wrong = r.watts > apparent + slack;
        row(
            &mut self.impossible,
            EventCode::ImpossiblePower,
            is_wrong,
            at_s,
            said,
        );
        self.frozen(r, said);
        self.mismatch(at_s, energy, said);
        // The poll was good.
        let success = self
            .success
            .map_or(1.0, |success| success + (1.0 - success) / 256.0);
        let is_silent = self.success.is_some() && at_s - self.last_good_s < 0.0;
        self.success = Some(success);
        self.last_good_s = at_s;
        let is_bad = success < 0.95 || is_silent;
        toggle(
            &mut self.is_lost,
            EventCode::LinkLost,
            is_bad,
            success >= 0.97,
            at_s,
            said,
        );
        toggle(
            &mut self.reset,
            EventCode::CounterReset,
            step.is_reset,
            !step.is_reset,
            at_s,
            said,
        );
        let code = EventCode::CounterGlitch;
        toggle(
            &mut self.glitch,
            code,
            step.is_glitch,
            !step.is_glitch,
            at_s,
            said,
        );
        self.clock(r, said);
        self.edge.push(r.watts)
    }

    fn limits(&mut self, r: &FloatReading, said: &mut Vec<Said>) {
        let at_s = r.at_s;
        let above = |value: f64, limit: u32| {
            let limit = f64::from(limit);
            (value > limit, value < 0.95 * limit)
        };
        let power = above(r.watts, OVERLOAD_W);
        self.overload
            .push((EventCode::Overload, 10.0, 30.0), power, at_s, said);
        let current = above(r.amperes, OVER_CURRENT_A);
        self.over_current
            .push((EventCode::OverCurrent, 10.0, 30.0), current, at_s, said);
        let is_low = r.factor < 0.3 && r.amperes > 0.5;
        let code = EventCode::LowPowerFactor;
        self.low_factor
            .push((code, 1_800.0, 30.0), (is_low, !is_low), at_s, said);
        let would_show = r.volts * r.amperes > 200.0 * 0.4;
        let is_odd = r.watts == 0.0 && r.amperes > 0.1 && would_show;
        let code = EventCode::TheftSuspicion;
        self.theft
            .push((code, 10.0, 30.0), (is_odd, !is_odd), at_s, said);
        let is_high = r.watts > f64::from(HIGH_USAGE_W);
        self.usage.push(
            (EventCode::HighUsage, 10.0, 30.0),
            (is_high, !is_high),
            at_s,
            said,
        );
    }

    fn frozen(&mut self, r: &FloatReading, said: &mut Vec<Said>) {
        let values = (r.volts, r.amperes, r.watts);
        let is_same = values == self.values;
        let limit_s = if r.watts > 5.0 { 60.0 } else { 300.0 };
        self.frozen_count = if is_same { self.frozen_count + 1 } else { 0 };
        let is_long = is_same && r.at_s - self.frozen_s >= limit_s && self.frozen_count >= 3;
        if !is_same {
            self.values = values;
            self.frozen_s = r.at_s;
        }
        toggle(
            &mut self.frozen,
            EventCode::FrozenSource,
            is_long,
            !is_same,
            r.at_s,
            said,
        );
    }

    fn mismatch(&mut self, at_s: f64, energy: &FloatEnergy, said: &mut Vec<Said>) {
        let now = (at_s, energy.gap_s, energy.import_wh, energy.integrated_wh);
        let base = *self.look.get_or_insert(now);
        let (elapsed_s, gap_s) = (at_s - base.0, energy.gap_s - base.1);
        let (counted, integrated) = (energy.import_wh - base.2, energy.integrated_wh - base.3);
        let larger = counted.max(integrated);
        if larger < 50.0 && elapsed_s < 86_400.0 {
            return;
        }
        self.look = Some(now);
        let allowed = 2.0 + 0.03 * larger + 27_600.0 * gap_s / 3_600.0 + 0.05 * elapsed_s / 3_600.0;
        let is_apart = (counted - integrated).abs() > allowed;
        toggle(
            &mut self.mismatch,
            EventCode::EnergyMismatch,
            is_apart,
            !is_apart,
            at_s,
            said,
        );
    }

    fn clock(&mut self, r: &FloatReading, said: &mut Vec<Said>) {
        let offset_s = r.utc_s - r.at_s;
        let before = self.offset_s.replace(offset_s);
        let Some(before) = before else {
            self.day = (r.at_s, offset_s);
            return;
        };
        if (offset_s - before).abs() > 2.0 {
            self.day = (r.at_s, offset_s);
            let mut is_on = false;
            let code = EventCode::ClockStep;
            toggle(&mut is_on, code, true, true, r.at_s, said);
            toggle(&mut is_on, code, true, true, r.at_s, said);
        } else if r.at_s - self.day.0 >= 86_400.0 {
            let drifts = (offset_s - self.day.1).abs() > 5.0;
            self.day = (r.at_s, offset_s);
            toggle(
                &mut self.drift,
                EventCode::ClockDrift,
                drifts,
                !drifts,
                r.at_s,
                said,
            );
        }
    }
}

/// Three in a row.
fn row(
    (is_on, count): &mut (bool, u32),
    code: EventCode,
    is_wrong: bool,
    at_s: f64,
    said: &mut Vec<Said>,
) {
    *count = if is_wrong { *count + 1 } else { 0 };
    toggle(is_on, code, *count >= 3, !is_wrong, at_s, said);
}

fn is_near(a: f64, b: f64) -> bool {
    (a - b).abs() <= f64::max(15.0, a.max(b) / 20.0)
}

impl Edge {
    fn push(&mut self, watts: f64) -> Option<f64> {
        if self.count == 0 || !is_near(watts, self.candidate) {
            self.candidate = watts;
            self.count = 1;
            return None;
        }
        self.count = (self.count + 1).min(3);
        if self.count < 3 {
            return None;
        }
        let before = self.steady.replace(watts);
        let candidate = std::mem::replace(&mut self.candidate, watts);
        before
            .filter(|before| !is_near(candidate, *before))
            .map(|before| watts - before)
    }
}
