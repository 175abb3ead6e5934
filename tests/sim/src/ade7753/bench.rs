//! A load bench: mains, a load, and the parts between them and the chip.

use core::f64::consts::PI;

use super::board::Board;
use super::input::Inputs;
use super::path::pole;

/// What flows on the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Volts rms.
    pub volts: f64,
    /// Amperes rms.
    pub amperes: f64,
    /// By how much the current lags in degrees; negative when it leads, 180 when power flows back.
    pub lag_deg: f64,
    /// Mains frequency in hertz.
    pub hz: f64,
}

impl Load {
    /// Active power in watts.
    #[must_use]
    pub fn watts(&self) -> f64 {
        self.volts * self.amperes * (self.lag_deg * PI / 180.0).cos()
    }

    /// Reactive power in vars, positive when the current lags.
    #[must_use]
    pub fn vars(&self) -> f64 {
        self.volts * self.amperes * (self.lag_deg * PI / 180.0).sin()
    }

    /// Apparent power in voltamperes.
    #[must_use]
    pub fn voltamperes(&self) -> f64 {
        self.volts * self.amperes
    }
}

/// Error of a sensor at some rms value: share too much, and lead in degrees.
type Curve = fn(f64) -> (f64, f64);

/// A sensor with the filter behind it.
#[derive(Clone, Copy, Debug)]
pub struct Sensor {
    /// Volts at the output a unit of input, nominal.
    volts_per_unit: f64,
    curve: Curve,
    /// Error and lead on top of the curve.
    error: f64,
    lead_deg: f64,
    /// Corner of the anti-alias filter in hertz.
    filter_hz: f64,
    /// A coil: its output goes with frequency and leads by 90 degrees.
    nominal_hz: Option<f64>,
}

impl Sensor {
    const fn new(volts_per_unit: f64, curve: Curve) -> Self {
        Self {
            volts_per_unit,
            curve,
            error: 0.0,
            lead_deg: 0.0,
            filter_hz: f64::INFINITY,
            nominal_hz: None,
        }
    }

    /// A current transformer or divider without faults.
    #[must_use]
    pub const fn ideal(volts_per_unit: f64) -> Self {
        Self::new(volts_per_unit, |_| (0.0, 0.0))
    }

    /// An SCT-013-000 (100 A : 50 mA) with a burden of 22 ohm: ratio and lead as measured on specimens
    /// (openenergymonitor, learn, "yhdc-sct-013-000-ct-sensor-report" and its CT6-phase.svg).
    #[must_use]
    pub const fn sct_013_000() -> Self {
        Self::new(22.0 / 2_000.0, |amperes| {
            (table(&SCT_RATIO, amperes), table(&SCT_LEAD, amperes))
        })
    }

    /// A ZMPT101B between `resistor_ohm` and `burden_ohm`: a tenth of a percent, 0.2 degrees
    /// (operating guide: linear within 0.2 %, up to 20 minutes of angle).
    #[must_use]
    pub const fn zmpt101b(resistor_ohm: f64, burden_ohm: f64) -> Self {
        Self::new(burden_ohm / resistor_ohm, |_| (-0.001, 0.2))
    }

    /// A Rogowski coil with so many volts an ampere at a frequency.
    #[must_use]
    pub const fn rogowski(volts_per_ampere: f64, hz: f64) -> Self {
        let mut coil = Self::ideal(volts_per_ampere);
        coil.nominal_hz = Some(hz);
        coil
    }

    /// The same with a gain error (a share) and a lead.
    #[must_use]
    pub const fn with_errors(mut self, share: f64, lead_deg: f64) -> Self {
        self.error = share;
        self.lead_deg = lead_deg;
        self
    }

    /// The same with a resistor and a capacitor behind it.
    #[must_use]
    pub const fn with_filter(mut self, ohm: f64, nanofarad: f64) -> Self {
        self.filter_hz = 1e9 / (2.0 * PI * ohm * nanofarad);
        self
    }

    /// Output in volts rms and lead in degrees for an input at a frequency.
    fn output(&self, input: f64, hz: f64) -> (f64, f64) {
        let (error, lead) = (self.curve)(input);
        let (gain, lag) = pole(hz, self.filter_hz);
        let (coil_gain, coil_lead) = match self.nominal_hz {
            Some(nominal) => (hz / nominal, 90.0),
            None => (1.0, 0.0),
        };
        let volts = input * self.volts_per_unit * (1.0 + error) * (1.0 + self.error);
        (
            volts * gain * coil_gain,
            lead + self.lead_deg + coil_lead - lag * 180.0 / PI,
        )
    }
}

/// Share that the secondary current is too much, by amperes: 0.2534 mA at 0.5 A and so on, without the
/// mean of the middle of the range.
const SCT_RATIO: [(f64, f64); 7] = [
    (0.5, 0.0136),
    (5.0, -0.02),
    (10.0, 0.0),
    (50.0, 0.014),
    (100.0, 0.0144),
    (140.0, -0.0186),
    (200.0, -0.181),
];

/// Lead in degrees at 22 ohm, by amperes.
const SCT_LEAD: [(f64, f64); 11] = [
    (0.25, 4.34),
    (0.4, 4.12),
    (0.63, 3.86),
    (1.0, 3.59),
    (1.6, 3.72),
    (2.5, 3.79),
    (6.3, 3.93),
    (9.98, 3.79),
    (24.95, 3.57),
    (39.92, 3.43),
    (63.0, 3.30),
];

/// Between two rows, straight over the logarithm of the first column.
fn table(rows: &[(f64, f64)], x: f64) -> f64 {
    let above = rows.iter().position(|(row, _)| *row >= x);
    let (low, high) = match above {
        Some(0) => return rows.first().map_or(0.0, |row| row.1),
        Some(above) => (rows.get(above - 1), rows.get(above)),
        None => return rows.last().map_or(0.0, |row| row.1),
    };
    match (low, high) {
        (Some(low), Some(high)) => {
            let share = (x / low.0).ln() / (high.0 / low.0).ln();
            low.1 + share * (high.1 - low.1)
        }
        _ => 0.0,
    }
}

/// Sensors in front of a board.
#[derive(Clone, Debug)]
pub struct Bench {
    board: Board,
    current: Sensor,
    voltage: Sensor,
}

impl Bench {
    /// Puts sensors in front of a board.
    #[must_use]
    pub const fn new(board: Board, current: Sensor, voltage: Sensor) -> Self {
        Self {
            board,
            current,
            voltage,
        }
    }

    /// The board.
    #[must_use]
    pub const fn board(&self) -> &Board {
        &self.board
    }

    /// Switches to another load.
    pub fn apply(&self, load: Load) {
        self.board.apply(self.inputs(load));
    }

    /// What a load makes at the chip's inputs.
    #[must_use]
    pub fn inputs(&self, load: Load) -> Inputs {
        let (ch1_v, current_lead) = self.current.output(load.amperes, load.hz);
        let (ch2_v, voltage_lead) = self.voltage.output(load.volts, load.hz);
        Inputs {
            ch1_v,
            ch2_v,
            lag_deg: load.lag_deg - current_lead + voltage_lead,
            hz: load.hz,
        }
    }
}
