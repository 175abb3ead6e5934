//! Single registers: read with check sum and repeats, written with read-back.

macro_rules! transfer {
    ($($async:ident $await:ident)?) => {
        /// Takes the bus device and the delay; nothing is sent before [`init`](Self::init).
        pub fn new(spi: SPI, delay: D, config: Config) -> Self {
            Self {
                spi,
                delay,
                state: State::new(config),
            }
        }

        /// Gives the bus device and the delay back.
        pub fn release(self) -> (SPI, D) {
            (self.spi, self.delay)
        }

        /// The settings.
        pub const fn config(&self) -> &Config {
            &self.state.config
        }

        /// What happened on the bus so far.
        pub const fn stats(&self) -> &Stats {
            &self.state.stats
        }

        /// Reads a register. With verification on, the check sum has to agree.
        ///
        /// RAENERGY, RVAENERGY, RSTSTATUS and the RST peaks are set to zero by this: the methods for
        /// energy, events and peaks do not lose what was in them.
        ///
        /// # Errors
        /// [`Failure::Checksum`] when repeats did not help, [`Failure::Lost`] for a register that a read
        /// sets to zero.
        pub $($async)? fn read<R: Register>(
            &mut self,
            _: R,
        ) -> Result<R::Value, Error<SPI::Error>> {
            let raw = self.read_raw(&R::DESCRIPTION)$(.$await)??;
            Ok(R::Value::from_raw(raw))
        }

        /// Writes a register. With verification on, it has to read back.
        ///
        /// # Errors
        /// [`Failure::ReadBack`] when it does not; nothing is written a second time.
        pub $($async)? fn write<R: Writable>(
            &mut self,
            _: R,
            value: R::Value,
        ) -> Result<(), Error<SPI::Error>> {
            self.write_raw(&R::DESCRIPTION, value.to_raw() as u16)$(.$await)?
        }

        /// Reads the register of a row of [`register::ALL`], for lists of all of them: the bits as they
        /// came.
        ///
        /// # Errors
        /// As for [`read`](Self::read).
        pub $($async)? fn read_raw(
            &mut self,
            register: &Description,
        ) -> Result<u32, Error<SPI::Error>> {
            for _ in 0..self.state.config.attempts() {
                let raw = self.fetch(register)$(.$await)??;
                if !self.state.config.verify() {
                    return Ok(raw);
                }
                let ones = self.fetch(&CHKSUM::DESCRIPTION)$(.$await)??;
                if ones & 0x3F == raw.count_ones() {
                    return Ok(raw);
                }
                let stats = &mut self.state.stats;
                stats.checksum_errors = stats.checksum_errors.wrapping_add(1);
                if register.access == Access::ReadClear {
                    return Err(Failure::Lost { register: register.address }.into());
                }
            }
            Err(Failure::Checksum { register: register.address }.into())
        }

        $($async)? fn write_raw(
            &mut self,
            register: &Description,
            raw: u16,
        ) -> Result<(), Error<SPI::Error>> {
            self.state.shadow.set(register.address, raw);
            self.store(register, raw)$(.$await)??;
            if !self.state.config.verify() {
                return Ok(());
            }
            let read = self.read_raw(register)$(.$await)?? as u16;
            if u32::from(read ^ raw) & register.stable == 0 {
                return Ok(());
            }
            let stats = &mut self.state.stats;
            stats.read_back_errors = stats.read_back_errors.wrapping_add(1);
            Err(Failure::ReadBack { register: register.address, wrote: raw, read }.into())
        }

        /// Reads without a check.
        $($async)? fn fetch(
            &mut self,
            register: &Description,
        ) -> Result<u32, Error<SPI::Error>> {
            let mut read = Read::new(register.address, register.bytes());
            let stats = &mut self.state.stats;
            stats.reads = stats.reads.wrapping_add(1);
            self.spi
                .transaction(&mut read.operations())$(.$await)?
                .map_err(Error::Spi)?;
            Ok(read.raw())
        }

        /// Writes without a check.
        $($async)? fn store(
            &mut self,
            register: &Description,
            raw: u16,
        ) -> Result<(), Error<SPI::Error>> {
            let gap_ns = self.state.config.gap_ns();
            let write = Write::new(register.address, register.bytes(), raw.into(), gap_ns);
            self.send(&write)$(.$await)?
        }

        $($async)? fn send(&mut self, write: &Write) -> Result<(), Error<SPI::Error>> {
            let stats = &mut self.state.stats;
            stats.writes = stats.writes.wrapping_add(1);
            if write.is_split() {
                self.spi.transaction(&mut write.split_operations())$(.$await)?
            } else {
                self.spi.transaction(&mut write.operations())$(.$await)?
            }
            .map_err(Error::Spi)
        }

        /// Latches the events of RSTSTATUS, which reads and clears them at once. With verification on,
        /// STATUS is looked at before: what a disturbed read clears is known then.
        $($async)? fn collect_events(&mut self) -> Result<(), Error<SPI::Error>> {
            let mut seen = 0;
            if self.state.config.verify() {
                seen = self.read_raw(&STATUS::DESCRIPTION)$(.$await)??;
                if seen == 0 {
                    return Ok(self.state.judge_restart()?);
                }
            }
            match self.read_raw(&RSTSTATUS::DESCRIPTION)$(.$await)? {
                Ok(raw) => seen |= raw,
                Err(Error::Chip(Failure::Lost { .. })) => {}
                Err(error) => return Err(error),
            }
            Ok(self.state.collect(seen)?)
        }

        /// Makes sure that the chip is there and as it was configured.
        $($async)? fn check_witness(&mut self) -> Result<(), Error<SPI::Error>> {
            let (address, expected) = self.state.witness();
            let Some(register) = register::at(address) else {
                return Ok(());
            };
            let read = self.read_raw(register)$(.$await)?? & register.stable;
            Ok(self.state.judge_witness(expected, read as u16)?)
        }
    };
}

pub(crate) use transfer;
