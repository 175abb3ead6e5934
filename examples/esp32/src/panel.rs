//! Light and button.

use esp_hal::gpio::{Input, Output};
use smart_meter::platform::{Button, Led};

/// A light between its pin and ground.
pub struct Light(pub Output<'static>);

impl Led for Light {
    fn set(&mut self, is_on: bool) {
        self.0.set_level(is_on.into());
    }
}

/// A button between its pin and ground.
pub struct Contact(pub Input<'static>);

impl Button for Contact {
    fn is_pressed(&mut self) -> bool {
        self.0.is_low()
    }
}
