//! Registers in watt-hours of 64-bit floats.

use crate::float::FloatReading;

const MODULI: [f64; 3] = [65_536.0, 10_000_000.0, 4_294_967_296.0];
const MOST_W: f64 = 27_600.0;
const GAP_S: f64 = 10.0;
const BRIDGED_S: f64 = 300.0;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Doubt {
    #[default]
    None,
    Nonsense,
    Reset,
    Zero,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    Counted(f64),
    Wrapped(f64),
    Reset(f64),
    Impossible,
}

/// What a reading did to the counter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Step {
    pub is_reset: bool,
    pub is_glitch: bool,
}

/// The registers and what is believed of the counter.
#[derive(Clone, Debug, Default)]
pub struct FloatEnergy {
    pub import_wh: f64,
    pub estimated_wh: f64,
    pub integrated_wh: f64,
    pub apparent_wh: f64,
    pub nonactive_wh: f64,
    pub gap_s: f64,
    /// Wraps, resets, glitches.
    pub counts: (u16, u16, u16),
    last: Option<(f64, f64, f64, f64)>,
    counter: Option<f64>,
    counter_s: f64,
    /// When the meter said something new last.
    news_s: f64,
    doubted: f64,
    doubted_s: f64,
    doubt: Doubt,
    /// What the power has added since the counter moved.
    unconfirmed_wh: f64,
}

impl FloatEnergy {
    pub fn push(&mut self, reading: &FloatReading) -> Step {
        let apparent = reading.volts * reading.amperes;
        let nonactive = (apparent * apparent - reading.watts * reading.watts)
            .max(0.0)
            .sqrt();
        let now = (reading.at_s, reading.watts, apparent, nonactive);
        let last = self.last.replace(now);
        let is_news = last.is_none_or(|(_, watts, before, other)| {
            (watts, before, other) != (reading.watts, apparent, nonactive)
        });
        if let Some((at_s, watts, before, other)) = last {
            let elapsed_s = reading.at_s - at_s;
            if elapsed_s > GAP_S {
                self.gap_s += elapsed_s;
            }
            if elapsed_s <= BRIDGED_S {
                let half_h = elapsed_s / 7_200.0;
                let wh = (watts + reading.watts) * half_h;
                self.integrated_wh += wh;
                self.unconfirmed_wh += wh;
                self.apparent_wh += (before + apparent) * half_h;
                self.nonactive_wh += (other + nonactive) * half_h;
            }
        }
        self.count(reading, is_news)
    }

    fn count(&mut self, reading: &FloatReading, is_news: bool) -> Step {
        let (mut step, now) = (Step::default(), reading.counter);
        let Some(before) = self.counter else {
            self.believe(reading);
            return step;
        };
        if now == before && self.doubt == Doubt::None {
            // Read again, and not moved: what the power adds goes on.
            self.counter_s = reading.at_s;
            if is_news {
                self.news_s = reading.at_s;
            }
            return step;
        }
        // A counter that is brought up to date now and then may step by what the power gives reason for.
        let by_power = (1.5 * self.unconfirmed_wh).floor() + 2.0;
        let steps = most(reading.at_s - self.counter_s).max(by_power);
        let change = judge(before, now, steps, &MODULI);
        let is_awaited = matches!(change, Change::Wrapped(_)) && self.doubt == Doubt::Zero;
        if matches!(change, Change::Counted(_) | Change::Wrapped(_)) {
            if self.doubt != Doubt::None && !is_awaited {
                step.is_glitch = true;
                self.counts.2 += u16::from(self.doubt != Doubt::Nonsense);
            }
            if matches!(change, Change::Wrapped(_)) && !is_awaited && now == 0.0 {
                self.doubt(reading, Doubt::Zero);
                return step;
            }
            self.take(change, &mut step);
            self.believe(reading);
        } else if self.fits_doubt(reading) {
            // It may have counted while the meter repeated itself.
            let counted = judge(before, now, most(reading.at_s - self.news_s), &[]);
            if self.doubt != Doubt::Nonsense && change != Change::Impossible {
                self.take(change, &mut step);
            } else if matches!(counted, Change::Counted(_)) {
                step.is_glitch = true;
                self.gap_s += reading.at_s - self.news_s;
                self.take(counted, &mut step);
            } else {
                step.is_glitch = true;
                self.estimate(self.unconfirmed_wh);
            }
            self.believe(reading);
        } else {
            if !matches!(self.doubt, Doubt::None | Doubt::Nonsense) {
                step.is_glitch = true;
                self.counts.2 += 1;
            }
            if change == Change::Impossible {
                step.is_glitch = true;
                self.counts.2 += 1;
                self.doubt(reading, Doubt::Nonsense);
            } else {
                self.doubt(reading, Doubt::Reset);
            }
        }
        step
    }

    fn fits_doubt(&self, reading: &FloatReading) -> bool {
        let steps = most(reading.at_s - self.doubted_s);
        let change = judge(self.doubted, reading.counter, steps, &[]);
        self.doubt != Doubt::None && matches!(change, Change::Counted(_))
    }

    fn take(&mut self, change: Change, step: &mut Step) {
        match change {
            Change::Counted(wh) => self.import_wh += wh,
            Change::Wrapped(wh) => {
                self.counts.0 += 1;
                self.import_wh += wh;
            }
            Change::Reset(wh) => {
                self.counts.1 += 1;
                step.is_reset = true;
                self.import_wh += wh;
                self.estimate((self.unconfirmed_wh - wh).max(0.0));
            }
            Change::Impossible => {}
        }
    }

    fn estimate(&mut self, wh: f64) {
        self.import_wh += wh;
        self.estimated_wh += wh;
    }

    fn doubt(&mut self, reading: &FloatReading, why: Doubt) {
        self.doubted = reading.counter;
        self.doubted_s = reading.at_s;
        self.doubt = why;
    }

    fn believe(&mut self, reading: &FloatReading) {
        self.counter = Some(reading.counter);
        self.counter_s = reading.at_s;
        self.news_s = reading.at_s;
        self.doubt = Doubt::None;
        self.unconfirmed_wh = 0.0;
    }
}

fn most(elapsed_s: f64) -> f64 {
    (MOST_W * elapsed_s / 3_600.0).floor() + 2.0
}

fn judge(before: f64, now: f64, most: f64, moduli: &[f64]) -> Change {
    if now >= before {
        let wh = now - before;
        return if wh <= most {
            Change::Counted(wh)
        } else {
            Change::Impossible
        };
    }
    for modulus in moduli {
        let to_end = modulus - before;
        if to_end >= 0.0 && to_end + now <= most && to_end <= (modulus / 16.0).floor() {
            return Change::Wrapped(to_end + now);
        }
    }
    if now <= most {
        Change::Reset(now)
    } else {
        Change::Impossible
    }
}
