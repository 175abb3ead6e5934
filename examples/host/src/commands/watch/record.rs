//! A CSV file that grows with every reading.

use std::path::Path;

use crate::error::Problem;
use crate::report::Reading;

pub(crate) struct Record(csv::Writer<std::fs::File>);

impl Record {
    pub(crate) fn create(path: &Path) -> Result<Self, Problem> {
        let mut writer = csv::Writer::from_path(path)
            .map_err(|error| Problem::Usage(format!("{}: {error}", path.display())))?;
        writer
            .write_record([
                "unix_ms",
                "address",
                "voltage_mv",
                "current_ma",
                "power_mw",
                "energy_mwh",
                "frequency_mhz",
                "power_factor_milli",
                "alarm",
                "error",
            ])
            .map_err(Self::failed)?;
        Ok(Self(writer))
    }

    pub(crate) fn write(&mut self, reading: &Reading) -> Result<(), Problem> {
        fn text(value: Option<impl ToString>) -> String {
            value.map(|value| value.to_string()).unwrap_or_default()
        }
        let values = &reading.values;
        self.0
            .write_record([
                reading.unix_ms.to_string(),
                text(values.address),
                text(values.voltage_mv),
                text(values.current_ma),
                text(values.power_mw),
                text(values.energy_mwh),
                text(values.frequency_mhz),
                text(values.power_factor_milli),
                text(values.alarm),
                text(reading.error),
            ])
            .map_err(Self::failed)?;
        self.0.flush()?;
        Ok(())
    }

    fn failed(error: csv::Error) -> Problem {
        Problem::Refused(format!("the CSV file can not be written: {error}"))
    }
}
