//! The energy counter of a simulated module, which outlives it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use meter_sim::pzem::{Line, ModuleId};

use crate::error::Problem;

/// What a new one has counted already.
const NEW_WH: u32 = 1_284_350;

pub(super) struct Counter {
    file: Option<File>,
    pub(super) energy_wh: u32,
    pub(super) module: Option<ModuleId>,
}

impl Counter {
    /// Of the module at an address; kept in a folder, if there is one.
    pub(super) fn new(address: u8, folder: Option<&Path>) -> Result<Self, Problem> {
        let mut counter = Self {
            file: None,
            energy_wh: NEW_WH,
            module: None,
        };
        let Some(folder) = folder else {
            return Ok(counter);
        };
        let path = folder.join(format!("module-{address}.txt"));
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut text = String::new();
        let opened = options.open(&path).and_then(|mut file| {
            file.read_to_string(&mut text)?;
            Ok(file)
        });
        let refused = |why: &dyn std::fmt::Display| {
            let name = path.display();
            Problem::Refused(format!(
                "{name}: {why}: it keeps the counter of a simulated module"
            ))
        };
        counter.file = Some(opened.map_err(|error| refused(&error))?);
        if !text.is_empty() {
            let number = text.trim_end().trim_end_matches(" Wh").parse();
            counter.energy_wh = number.map_err(|error| refused(&error))?;
        }
        Ok(counter)
    }

    /// Writes down what the module has counted since, in one piece.
    pub(super) fn keep(&mut self, line: &Line) -> io::Result<()> {
        let (Some(file), Some(module)) = (&mut self.file, self.module) else {
            return Ok(());
        };
        let now_wh = line.ac(module, |module| module.energy_wh());
        if let Some(now_wh) = now_wh.filter(|now_wh| *now_wh != self.energy_wh) {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(format!("{now_wh:010} Wh\n").as_bytes())?;
            self.energy_wh = now_wh;
        }
        Ok(())
    }
}
