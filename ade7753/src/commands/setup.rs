//! From a chip fresh out of its reset to a configured one, and changes after that.

macro_rules! setup {
    ($($async:ident $await:ident)?) => {
        /// Resets the chip, makes sure that it is one, and configures it anew: windows, events and levels
        /// that were set since are off again. Gives the revision of the silicon, no value of which is
        /// documented.
        ///
        /// # Errors
        /// [`Failure::NotIdentified`] tells a floating bus, a wrong SPI mode, missing pauses and another
        /// chip apart; [`Failure::ResetTimeout`] is a chip without a clock.
        pub $($async)? fn init(&mut self) -> Result<Unsigned<8>, Error<SPI::Error>> {
            // A disturbed bit during identification is no other chip; what is wrong at first is what is
            // wrong.
            self.state.reset();
            let mut result = self.reset_and_identify()$(.$await)?;
            for _ in 1..self.state.config.attempts() {
                if !matches!(result, Err(Error::Chip(_))) {
                    break;
                }
                self.state.reset();
                let again = self.reset_and_identify()$(.$await)?;
                result = again.or(result);
            }
            result?;
            self.write_calibration()$(.$await)??;
            self.write(IRQEN, Events::NONE)$(.$await)??;
            for (address, raw) in self.state.config.board_registers() {
                if let Some(register) = register::at(address) {
                    self.write_raw(register, raw)$(.$await)??;
                }
            }
            // What happened during the reset, the reset itself included, is no news.
            self.discard_events()$(.$await)??;
            self.read(DIEREV)$(.$await)?
        }

        /// Clears the events of the chip, whatever they are; gives them if they could be read.
        $($async)? fn discard_events(&mut self) -> Result<Events, Error<SPI::Error>> {
            match self.read_raw(&RSTSTATUS::DESCRIPTION)$(.$await)? {
                Ok(raw) => Ok(Events::from_raw(raw)),
                Err(Error::Chip(Failure::Lost { .. })) => Ok(Events::NONE),
                Err(error) => Err(error),
            }
        }

        $($async)? fn reset_and_identify(&mut self) -> Result<(), Error<SPI::Error>> {
            /// The reset bit beside the reset value of MODE.
            const SWRST: u32 = 0x0040 | MODE::RESET;
            let reset = Write::new(MODE::ADDRESS, 2, SWRST, self.state.config.gap_ns()).resetting();
            self.send(&reset)$(.$await)??;
            let mut is_up = false;
            // 20 ms: no time is stated, a crystal starts within a few.
            for _ in 0..200 {
                let status = self.fetch(&STATUS::DESCRIPTION)$(.$await)??;
                is_up = Events::from_raw(status).contains(Events::RESET);
                if is_up {
                    break;
                }
                self.delay.delay_us(100)$(.$await)?;
            }
            let mut read = [0; DEFAULTS.len()];
            for (register, slot) in DEFAULTS.iter().zip(&mut read) {
                *slot = self.fetch(register)$(.$await)?? as u16;
            }
            identify::judge_defaults(&read).map_err(Failure::NotIdentified)?;
            if !is_up {
                return Err(Failure::ResetTimeout.into());
            }
            for (register, pattern) in &PATTERNS {
                let before = self.fetch(register)$(.$await)?? as u16;
                self.store(register, *pattern)$(.$await)??;
                let read = self.fetch(register)$(.$await)?? as u16;
                let ones = self.fetch(&CHKSUM::DESCRIPTION)$(.$await)?? & 0x3F;
                identify::judge_pattern(register, before, *pattern, read, ones)
                    .map_err(Failure::NotIdentified)?;
            }
            self.write_raw(&LINECYC::DESCRIPTION, LINECYC::RESET as u16)$(.$await)??;
            self.write_raw(&WDIV::DESCRIPTION, WDIV::RESET as u16)$(.$await)?
        }

        /// Compares every writable register with what it is meant to hold, and writes those anew that
        /// differ: after a brown-out, or now and then. Gives the number of them.
        ///
        /// # Errors
        /// [`Failure::ReadBack`] when a register does not take its value.
        pub $($async)? fn check_config(&mut self) -> Result<u8, Error<SPI::Error>> {
            // LINECYC is never 0, neither after a reset nor with windows: nobody answers then, and there is
            // nothing to be mended.
            if self.read(LINECYC)$(.$await)??.get() == 0 {
                return Err(Failure::NotIdentified(Symptom::AllZeros).into());
            }
            let mut restored = 0;
            // MODE, the lowest of them, comes last: windows start with it, and need their length before.
            for register in Shadow::registers().rev() {
                let wanted = self.state.shadow.get(register.address);
                let read = self.read_raw(register)$(.$await)??;
                if (read ^ u32::from(wanted)) & register.stable != 0 {
                    restored += 1;
                    self.write_raw(register, wanted)$(.$await)??;
                }
            }
            let events = self.discard_events()$(.$await)??.with(self.state.pending);
            let restarted = events.contains(Events::RESET);
            if restored > 0 || restarted {
                self.state.pending = Events::NONE;
                self.state.disturb_windows();
            }
            Ok(restored)
        }

        /// Changes MODE.
        ///
        /// # Errors
        /// As for [`write`](Self::write).
        pub $($async)? fn modify_mode(
            &mut self,
            change: impl FnOnce(Mode) -> Mode,
        ) -> Result<(), Error<SPI::Error>> {
            let present = Mode::from_bits(self.state.shadow.get(MODE::ADDRESS));
            self.write(MODE, change(present))$(.$await)?
        }

        /// Puts another calibration in force, of the same board: whether the integrator is on is set by
        /// [`init`](Self::init).
        ///
        /// # Errors
        /// As for [`write`](Self::write).
        pub $($async)? fn set_calibration(
            &mut self,
            calibration: Calibration,
        ) -> Result<(), Error<SPI::Error>> {
            self.state.config = self.state.config.with_calibration(calibration);
            self.state.disturb_windows();
            self.write_calibration()$(.$await)?
        }

        $($async)? fn write_calibration(&mut self) -> Result<(), Error<SPI::Error>> {
            let registers = self.state.config.calibration().registers;
            for (address, raw) in registers.entries() {
                if let Some(register) = register::at(address) {
                    self.write_raw(register, raw)$(.$await)??;
                }
            }
            Ok(())
        }

        /// Sets the pulse output, or switches the CF pin off.
        ///
        /// # Errors
        /// As for [`write`](Self::write).
        pub $($async)? fn set_pulse_output(
            &mut self,
            output: Option<PulseOutput>,
        ) -> Result<(), Error<SPI::Error>> {
            self.state.config.set_pulse_output(output);
            let Some(PulseOutput { numerator, denominator }) = output else {
                return self.modify_mode(|mode| mode.with(Mode::DISCF))$(.$await)?;
            };
            self.write(CFNUM, numerator)$(.$await)??;
            self.write(CFDEN, denominator)$(.$await)??;
            self.modify_mode(|mode| mode.without(Mode::DISCF))$(.$await)?
        }

        /// Sets what a sag is.
        ///
        /// # Errors
        /// As for [`write`](Self::write).
        pub $($async)? fn set_sag(&mut self, sag: Sag) -> Result<(), Error<SPI::Error>> {
            self.write(SAGLVL, sag.level)$(.$await)??;
            self.write(SAGCYC, sag.cycles)$(.$await)?
        }

        /// Sets the peaks beyond which there are events.
        ///
        /// # Errors
        /// As for [`write`](Self::write).
        pub $($async)? fn set_peak_levels(
            &mut self,
            levels: PeakLevels,
        ) -> Result<(), Error<SPI::Error>> {
            self.write(VPKLVL, levels.voltage)$(.$await)??;
            self.write(IPKLVL, levels.current)$(.$await)?
        }

        /// Sets the time without a zero crossing after which there is an event, up to 146 ms.
        ///
        /// # Errors
        /// [`Failure::OutOfRange`] for other times, else as for [`write`](Self::write).
        pub $($async)? fn set_zero_cross_timeout(
            &mut self,
            us: u32,
        ) -> Result<(), Error<SPI::Error>> {
            let steps = zero_cross_timeout(us, self.state.config.clkin_hz())?;
            self.write(ZXTOUT, steps)$(.$await)?
        }

        /// Chooses the events that pull the IRQ pin low. What the driver itself waits for stays.
        ///
        /// # Errors
        /// As for [`write`](Self::write).
        pub $($async)? fn enable_events(
            &mut self,
            events: Events,
        ) -> Result<(), Error<SPI::Error>> {
            let own = match self.state.windows {
                Some(_) => Events::CYCEND,
                None => Events::NONE,
            };
            self.write(IRQEN, events.with(own))$(.$await)?
        }

        /// Switches both converters off; registers keep their contents, energy stands still.
        ///
        /// # Errors
        /// As for [`write`](Self::write).
        pub $($async)? fn suspend(&mut self) -> Result<(), Error<SPI::Error>> {
            self.modify_mode(|mode| mode.with(Mode::ASUSPEND))$(.$await)?
        }

        /// Switches the converters on again; the window under way is dropped.
        ///
        /// # Errors
        /// As for [`write`](Self::write).
        pub $($async)? fn resume(&mut self) -> Result<(), Error<SPI::Error>> {
            self.state.disturb_windows();
            self.modify_mode(|mode| mode.without(Mode::ASUSPEND))$(.$await)?
        }
    };
}

pub(crate) use setup;
