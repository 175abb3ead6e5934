//! `calibrate 100W`: with something whose power is known, step by step.

use embedded_io_async::{Read, Write};

use super::Console;
use super::terminal::{Entered, say};
use crate::blobs::Blobs;
use crate::calibrate::{Calibrator, Load, Refusal};
use crate::platform::Clock;
use crate::settings::scale::Scale;
use crate::text::Decimal;

/// So long is waited for steady readings.
const PATIENCE_MS: u64 = 180_000;
/// Ctrl-C.
const ABANDON: u8 = 0x03;

static WATTS: Scale = Scale {
    least: 1_000,
    most: 100_000_000,
    units: &[("W", 1_000), ("kW", 1_000_000)],
    zero_is_none: false,
};
static VOLTS: Scale = Scale {
    least: 90_000,
    most: 300_000,
    units: &[("V", 1_000), ("mV", 1)],
    zero_is_none: false,
};

/// What stands behind `calibrate`; `None` if it is no load.
fn load(line: &str, nominal_mv: u32) -> Option<Load> {
    let (mut mw, mut mv, mut make): (_, _, fn(u32, u32) -> Load) = (None, nominal_mv, Load::Bulb);
    for word in line.split_whitespace().skip(1) {
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        let small = |value| u32::try_from(value).ok();
        if is("bulb") {
            make = Load::Bulb;
        } else if is("heater") || is("kettle") || is("iron") {
            make = Load::Heater;
        } else if is("reference") {
            make = |mw, _| Load::Reference(mw);
        } else if let Ok(volts) = VOLTS.parse(word) {
            mv = small(volts)?;
        } else {
            let watts = WATTS.parse(word).ok().filter(|_| mw.is_none())?;
            mw = Some(small(watts)?);
        }
    }
    mw.map(|mw| make(mw, mv))
}

impl<S: Read + Write, C: Clock, B: Blobs> Console<'_, S, C, B> {
    pub(super) async fn calibrate(&mut self) {
        let nominal_mv = u32::from(self.draft.nominal_v) * 1_000;
        let Some(load) = load(self.terminal.line(), nominal_mv) else {
            say!(
                self.terminal,
                "what is printed on it? `calibrate 100W 230V` for a bulb, `calibrate 2kW heater`, or what a better meter \
                 shows: `calibrate 98.7W reference`"
            );
            return;
        };
        if self.live.channels.borrow().len() > 1 {
            say!(self.terminal, "{}", Refusal::SeveralMeters);
            return;
        }
        if self.draft.gains_ppm != self.live.settings.borrow().gains_ppm {
            say!(
                self.terminal,
                "changed corrections are not saved: `save` or `revert` first"
            );
            return;
        }
        say!(
            self.terminal,
            "Switch everything else off and this load on, and let it get warm: a bulb a minute."
        );
        if self.terminal.ask("Enter goes on, Ctrl-C leaves: ").await != Entered::Line {
            return;
        }
        self.measure(load).await;
    }

    async fn measure(&mut self, load: Load) {
        let mut calibrator = Calibrator::new();
        let since_ms = self.terminal.clock().now_ms();
        let mut seen = 0;
        let proposal = loop {
            let now_ms = self.terminal.clock().now_ms();
            let (interval_ms, gains_ppm) = {
                let settings = self.live.settings.borrow();
                (settings.interval_ms, settings.gains_ppm)
            };
            if let Some(channel) = self.live.channels.borrow().first() {
                calibrator.look(channel, interval_ms, now_ms);
            }
            let is_late = now_ms.saturating_sub(since_ms) > PATIENCE_MS;
            match calibrator.propose(load, gains_ppm) {
                Ok(proposal) => break proposal,
                Err(Refusal::Readings(count)) if !is_late => {
                    if count != seen {
                        say!(self.terminal, "reading {count}");
                    }
                    seen = count;
                }
                Err(Refusal::Unsteady(_)) if !is_late => {}
                Err(refusal) => {
                    say!(self.terminal, "nothing to set: {refusal}");
                    return;
                }
            }
            if self.waits(u64::from(interval_ms) / 4).await {
                say!(self.terminal, "left: nothing was set");
                return;
            }
        };
        let percent = |ppm: i32| Decimal::new(ppm.into(), 4, 2);
        say!(
            self.terminal,
            "measured {} W at {} V, where the load takes {} W, known to {} %",
            Decimal::milli(proposal.measured_mw.into(), 2),
            Decimal::milli(proposal.voltage_mv.into(), 1),
            Decimal::milli(proposal.expected_mw.into(), 2),
            Decimal::new(proposal.tolerance_ppm.into(), 4, 1)
        );
        let [_, current, power] = proposal.gains_ppm.map(percent);
        say!(
            self.terminal,
            "calibration.current would be {current} %, calibration.power {power} %"
        );
        let entered = self.terminal.ask("Set them? yes or no: ").await;
        if entered == Entered::Line && self.terminal.line().trim().eq_ignore_ascii_case("yes") {
            self.draft.gains_ppm = proposal.gains_ppm;
            say!(self.terminal, "set: `save` keeps it and puts it in force");
        } else {
            say!(self.terminal, "nothing was set");
        }
    }

    /// Waits; whether somebody wants to leave.
    async fn waits(&mut self, ms: u64) -> bool {
        let until_ms = self.terminal.clock().now_ms().saturating_add(ms);
        while let Some(byte) = self.terminal.byte_until(until_ms).await {
            if byte == ABANDON {
                return true;
            }
        }
        false
    }
}
