//! What Home Assistant is told so that it knows the topics by itself: one retained message for each value
//! (<https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery>).

use core::fmt::{self, Write};

use super::json::Object;
use super::mqtt::topic::{self, Topic};
use crate::settings::Name;

/// Where the value is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A member of the meter's present.
    Now(&'static str),
    /// An alarm in the meter's present.
    Alarm(&'static str),
    /// A member of the device's health.
    Health(&'static str),
}

/// Something that has a value in Home Assistant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entity {
    object: &'static str,
    name: &'static str,
    place: Place,
    device_class: &'static str,
    state_class: Option<&'static str>,
    unit: Option<&'static str>,
}

const fn measured(
    object: &'static str,
    name: &'static str,
    device_class: &'static str,
    unit: Option<&'static str>,
) -> Entity {
    Entity {
        object,
        name,
        place: Place::Now(object),
        device_class,
        state_class: Some("measurement"),
        unit,
    }
}

const fn counted(object: &'static str, name: &'static str) -> Entity {
    Entity {
        object,
        name,
        place: Place::Now(object),
        device_class: "energy",
        state_class: Some("total_increasing"),
        unit: Some("kWh"),
    }
}

const fn alarm(object: &'static str, name: &'static str, code: &'static str) -> Entity {
    Entity {
        object,
        name,
        place: Place::Alarm(code),
        device_class: "problem",
        state_class: None,
        unit: None,
    }
}

const fn diagnosis(
    object: &'static str,
    name: &'static str,
    device_class: &'static str,
    state_class: &'static str,
    unit: &'static str,
) -> Entity {
    Entity {
        object,
        name,
        place: Place::Health(object),
        device_class,
        state_class: Some(state_class),
        unit: Some(unit),
    }
}

/// Everything that is told: of each meter its values and alarms, of the device its radio and how long it runs.
pub const ENTITIES: &[Entity] = &[
    measured("voltage", "Voltage", "voltage", Some("V")),
    measured("current", "Current", "current", Some("A")),
    measured("power_watts", "Power", "power", Some("W")),
    counted("energy_kwh", "Energy"),
    measured("frequency", "Frequency", "frequency", Some("Hz")),
    measured("power_factor", "Power factor", "power_factor", None),
    alarm("sag", "Undervoltage", "SAG"),
    alarm("swell", "Overvoltage", "SWELL"),
    alarm("interruption", "Interruption", "INTERRUPTION"),
    alarm("overload", "Overload", "OVERLOAD"),
    alarm("over_current", "Overcurrent", "OVER_CURRENT"),
    alarm(
        "theft_suspicion",
        "Current without power",
        "THEFT_SUSPICION",
    ),
    alarm("high_usage", "High usage", "HIGH_USAGE"),
    alarm("frozen_source", "Meter repeats itself", "FROZEN_SOURCE"),
    alarm("link_lost", "Meter does not answer", "LINK_LOST"),
    diagnosis(
        "rssi_dbm",
        "Signal",
        "signal_strength",
        "measurement",
        "dBm",
    ),
    diagnosis("uptime_s", "Uptime", "duration", "total_increasing", "s"),
];

impl Entity {
    /// Whether the device has it, and not each of its meters.
    #[must_use]
    pub const fn is_of_device(&self) -> bool {
        matches!(self.place, Place::Health(_))
    }

    const fn component(&self) -> &'static str {
        match self.place {
            Place::Alarm(_) => "binary_sensor",
            Place::Now(_) | Place::Health(_) => "sensor",
        }
    }

    /// Where it is told.
    #[must_use]
    pub fn topic(&self, meter: Name<'_>) -> Topic {
        let node = Node(meter);
        topic::topic(format_args!(
            "homeassistant/{}/{node}/{}/config",
            self.component(),
            self.object
        ))
    }

    /// Writes what is told. Values of a meter that sends none any more go out after three intervals and half a minute.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn config(
        &self,
        out: &mut dyn Write,
        device: Name<'_>,
        meter: Name<'_>,
        interval_ms: u32,
    ) -> fmt::Result {
        let mut object = Object::new(out);
        object.text("name", self.name);
        object.text("unique_id", format_args!("{}_{}", Node(meter), self.object));
        match self.place {
            Place::Now(member) => {
                object.text("state_topic", topic::now(meter));
                object.text("value_template", Template(member));
                // Alarms do not go out: that the meter is silent is one of them.
                object.number("expire_after", interval_ms / 1_000 * 3 + 30);
            }
            Place::Alarm(code) => {
                object.text("state_topic", topic::now(meter));
                object.text(
                    "value_template",
                    format_args!("{{{{ 'ON' if '{code}' in value_json.alarms else 'OFF' }}}}"),
                );
            }
            Place::Health(member) => {
                object.text("state_topic", topic::health(device));
                object.text("value_template", Template(member));
                object.text("entity_category", "diagnostic");
            }
        }
        object.text("device_class", self.device_class);
        if let Some(state_class) = self.state_class {
            object.text("state_class", state_class);
        }
        if let Some(unit) = self.unit {
            object.text("unit_of_measurement", unit);
        }
        object.text("availability_topic", topic::status(device));
        object.object("device", |device| {
            device.texts("identifiers", [Node(meter)]);
            device.text("name", meter);
            device.text("manufacturer", "smart-meter");
            device.text("model", "energy meter");
            device.text("sw_version", env!("CARGO_PKG_VERSION"));
        });
        object.end()
    }
}

/// A value that may not be there.
struct Template(&'static str);

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{ value_json.{} | default(none) }}}}", self.0)
    }
}

/// The name of a meter in letters, digits, `-` and `_`, which is all that is allowed there.
#[derive(Clone, Copy)]
struct Node<'a>(Name<'a>);

impl fmt::Display for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Narrow<'f, 'g>(&'f mut fmt::Formatter<'g>);

        impl Write for Narrow<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                text.chars().try_for_each(|character| {
                    let is_allowed =
                        character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
                    self.0.write_char(if is_allowed { character } else { '_' })
                })
            }
        }

        f.write_str("smartmeter_")?;
        write!(Narrow(f), "{}", self.0)
    }
}
