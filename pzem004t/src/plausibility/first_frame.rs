//! The first frame after power-up.

use super::{Field, Implausible, Reason};

/// Holds back the first frame after a module came up, until a second one bears it out.
///
/// One gate per module. A frame that a module sends while it starts up can be nonsense inside
/// every range; the energy counter then jumps, and whoever adds up energy keeps the error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FirstFrame {
    state: Gate,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum Gate {
    #[default]
    Empty,
    Held {
        energy_wh: u32,
    },
    Open,
}

impl FirstFrame {
    /// More energy than any module counts between two polls of a start-up: 23 kW for two minutes.
    const MAX_STEP_WH: u32 = 800;

    /// A gate that holds back the first frame.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: Gate::Empty }
    }

    /// A gate that is open, for callers that want every frame.
    #[must_use]
    pub const fn open() -> Self {
        Self { state: Gate::Open }
    }

    /// Whether frames pass.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, Gate::Open)
    }

    /// Takes the energy counter of the next frame.
    ///
    /// # Errors
    /// [`Reason::FirstFrame`] for the frame that is held back: read again, soon.
    pub fn admit(&mut self, energy_wh: u32) -> Result<(), Implausible> {
        match self.state {
            Gate::Open => return Ok(()),
            Gate::Held { energy_wh: first }
                if energy_wh
                    .checked_sub(first)
                    .is_some_and(|step| step <= Self::MAX_STEP_WH) =>
            {
                self.state = Gate::Open;
                return Ok(());
            }
            Gate::Empty | Gate::Held { .. } => self.state = Gate::Held { energy_wh },
        }
        Err(Implausible::new(Field::Energy, Reason::FirstFrame))
    }

    /// The module was gone: its next frame is a first one again.
    pub const fn close(&mut self) {
        self.state = Gate::Empty;
    }
}
