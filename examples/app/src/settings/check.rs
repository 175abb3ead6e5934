//! Whether settings are what they have to be, each for itself and together.

use super::invalid::{Fault, Invalid};
use super::table::{Entry, Kind, TABLE, Text};
use super::url::Url;
use super::{CHANNELS, Settings, Uplink};

/// Offsets from UTC are quarters of an hour, from that of Baker Island to that of Kiribati.
pub(super) const OFFSETS_MIN: core::ops::RangeInclusive<i16> = -720..=840;

impl Settings {
    /// Whether they can be used.
    ///
    /// # Errors
    /// [`Invalid`] about the first setting that can not.
    pub fn check(&self) -> Result<(), Invalid> {
        for entry in &TABLE {
            self.check_entry(entry)?;
        }
        self.check_together()
    }

    /// A setting for itself.
    pub(super) fn check_entry(&self, entry: &Entry) -> Result<(), Invalid> {
        let fault = match &entry.kind {
            Kind::Text(text) | Kind::Secret(text) => text.check((text.get)(self)).err(),
            Kind::Number { get, scale, .. } => (!scale.contains(get(self)))
                .then_some(Fault::Number(super::scale::NumberFault::Range, scale)),
            Kind::Choice { get, words, .. } => {
                (get(self) >= words.len()).then_some(Fault::Word(words))
            }
            Kind::Offset => {
                let offset_min = self.zone.offset_min;
                let is_offset = OFFSETS_MIN.contains(&offset_min) && offset_min % 15 == 0;
                (!is_offset).then_some(Fault::Offset)
            }
            Kind::Addresses => check_addresses(&self.addresses).err(),
        };
        fault.map_or(Ok(()), |fault| {
            Err(Invalid {
                name: entry.name,
                fault,
            })
        })
    }

    fn check_together(&self) -> Result<(), Invalid> {
        let fault = |name, fault| Err(Invalid { name, fault });
        let (name, address, secure) = match self.uplink {
            Uplink::None => return Ok(()),
            Uplink::Http => ("http.base", &self.http_base, "https://"),
            Uplink::Mqtt => ("mqtt.broker", &self.mqtt_broker, "mqtts://"),
        };
        if address.is_empty() {
            return fault("uplink.kind", Fault::Needs(name));
        }
        let is_tls = Url::parse(address).is_ok_and(|url| url.scheme.is_tls());
        if !is_tls && !self.allow_plain {
            return fault(name, Fault::Plain(secure));
        }
        Ok(())
    }

    /// Every setting that can not be used gets its default. The first of them is returned.
    pub(super) fn repair(&mut self) -> Option<Invalid> {
        let default = Self::default();
        let mut first = None;
        for entry in &TABLE {
            if let Err(invalid) = self.check_entry(entry) {
                self.take(entry, &default);
                first = first.or(Some(invalid));
            }
        }
        first.or_else(|| self.check_together().err())
    }

    /// Takes one setting from others.
    fn take(&mut self, entry: &Entry, from: &Self) {
        match &entry.kind {
            Kind::Text(text) | Kind::Secret(text) => {
                (text.set)(self, (text.get)(from));
            }
            Kind::Number { get, set, .. } => set(self, get(from)),
            Kind::Choice { get, set, .. } => set(self, get(from)),
            Kind::Offset => self.zone.offset_min = from.zone.offset_min,
            Kind::Addresses => self.addresses.clone_from(&from.addresses),
        }
    }
}

impl Text {
    pub(super) fn check(&self, text: &str) -> Result<(), Fault> {
        if text.len() > self.most {
            return Err(Fault::TooLong {
                length: text.len(),
                most: self.most,
            });
        }
        (self.rule)(text)
    }
}

pub(super) fn check_addresses(addresses: &[u8]) -> Result<(), Fault> {
    if addresses.len() > CHANNELS {
        return Err(Fault::TooManyAddresses(CHANNELS));
    }
    for (at, address) in addresses.iter().enumerate() {
        if !(1..=247).contains(address) {
            return Err(Fault::Address);
        }
        if addresses.iter().skip(at + 1).any(|other| other == address) {
            return Err(Fault::TwiceTheSame(*address));
        }
    }
    Ok(())
}
