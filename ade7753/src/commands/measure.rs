//! Events, line-cycle windows, free-running energy, rms values, peaks and temperature.

macro_rules! measure {
    ($($async:ident $await:ident)?) => {
        /// Takes those of the events that have happened. RSTSTATUS is read once; the others stay
        /// latched in the driver until they are asked for.
        ///
        /// # Errors
        /// [`Failure::Restarted`] after a brown-out, until [`check_config`](Self::check_config) or
        /// [`init`](Self::init) has mended it.
        pub $($async)? fn take_events(
            &mut self,
            which: Events,
        ) -> Result<Events, Error<SPI::Error>> {
            self.collect_events()$(.$await)??;
            Ok(self.state.take(which))
        }

        /// Starts line-cycle windows of this length. The first one is dropped: it did not begin at
        /// a zero crossing.
        ///
        /// # Errors
        /// As for [`write`](Self::write).
        pub $($async)? fn start_windows(
            &mut self,
            length: LineCycles,
        ) -> Result<(), Error<SPI::Error>> {
            // A window under way would go on with its own length.
            self.stop_windows()$(.$await)??;
            let half_cycles = Unsigned::new(length.half_cycles().into());
            self.write(LINECYC, half_cycles.unwrap_or(Unsigned::MAX))$(.$await)??;
            self.modify_mode(|mode| mode.with(Mode::CYCMODE))$(.$await)??;
            let enabled = Events::from_bits(self.state.shadow.get(IRQEN::ADDRESS));
            self.write(IRQEN, enabled.with(Events::CYCEND))$(.$await)??;
            // The end of an older window is none of this one.
            self.take_events(Events::CYCEND)$(.$await)??;
            self.state.windows = Some(Tracker::new(length));
            Ok(())
        }

        /// Ends the windows.
        ///
        /// # Errors
        /// As for [`write`](Self::write).
        pub $($async)? fn stop_windows(&mut self) -> Result<(), Error<SPI::Error>> {
            self.state.windows = None;
            self.modify_mode(|mode| mode.without(Mode::CYCMODE))$(.$await)?
        }

        /// The window that has ended since the last call, if one has. `now_us` is any clock in
        /// microseconds that may wrap.
        ///
        /// Rms values are taken at the zero crossing that ended the window and a quarter of a cycle
        /// later, so call this every half millisecond, or when the IRQ pin falls (see
        /// [`interrupted`](Self::interrupted)) and then until the window is there. A window that is
        /// noticed later comes without them.
        ///
        /// # Errors
        /// [`Failure::WindowsLost`] when windows went by unread, after which the present one follows;
        /// [`Failure::NoMains`]; [`Failure::Restarted`].
        pub $($async)? fn poll_window(
            &mut self,
            now_us: u32,
        ) -> Result<Option<Window>, Error<SPI::Error>> {
            let Some(tracker) = &mut self.state.windows else {
                return Err(Failure::WindowsOff.into());
            };
            match tracker.poll(now_us) {
                Poll::Nothing => return Ok(None),
                Poll::Ready(window) => return Ok(Some(window)),
                Poll::ReadRms(window, rms) => {
                    let rms = Some(rms.mean(self.read_rms()$(.$await)??));
                    return Ok(Some(Window { rms, ..window }));
                }
                Poll::Look => {}
            }
            self.collect_events()$(.$await)??;
            let ended = !self.state.take(Events::CYCEND).is_empty();
            let Some(tracker) = &mut self.state.windows else {
                return Ok(None);
            };
            match tracker.look(ended, now_us) {
                End::Waiting | End::Dropped => Ok(None),
                End::Late => {
                    tracker.restart();
                    self.check_witness()$(.$await)??;
                    Err(Failure::NoMains.into())
                }
                End::Read { fresh, elapsed_us } => {
                    self.read_window(fresh, elapsed_us)$(.$await)??;
                    // Complete at once when there are no rms values to come.
                    let tracker = self.state.windows.as_mut();
                    Ok(match tracker.map(|tracker| tracker.poll(now_us)) {
                        Some(Poll::Ready(window)) => Some(window),
                        _ => None,
                    })
                }
            }
        }

        /// Tells when the IRQ pin fell, as an interrupt handler has noted it: a window that is polled
        /// within half a millisecond of this comes with rms values, however long ago the last poll
        /// was.
        pub const fn interrupted(&mut self, at_us: u32) {
            if let Some(tracker) = &mut self.state.windows {
                tracker.interrupted(at_us);
            }
        }

        /// Waits for the end of a window. `clock` gives the time in microseconds.
        ///
        /// # Errors
        /// As for [`poll_window`](Self::poll_window).
        pub $($async)? fn window(
            &mut self,
            mut clock: impl FnMut() -> u32,
        ) -> Result<Window, Error<SPI::Error>> {
            loop {
                if let Some(window) = self.poll_window(clock())$(.$await)?? {
                    return Ok(window);
                }
                self.delay.delay_us(200)$(.$await)?;
            }
        }

        $($async)? fn read_window(
            &mut self,
            fresh: bool,
            elapsed_us: u32,
        ) -> Result<(), Error<SPI::Error>> {
            // Rms values first, while the zero crossing is near. PERIOD is not 0 in a chip that
            // works, and STATUS tells whether another window ended, or the chip, meanwhile.
            let rms = if fresh { Some(self.read_rms()$(.$await)??) } else { None };
            let active = self.read(LAENERGY)$(.$await)??.get();
            let apparent = self.read(LVAENERGY)$(.$await)??.get();
            let reactive = match self.state.config.variant() {
                Variant::Ade7753 => Some(self.read(LVARENERGY)$(.$await)??.get()),
                Variant::Ade7763 => None,
            };
            let period = self.read(PERIOD)$(.$await)??.get() as u16;
            let status = self.read(STATUS)$(.$await)??;
            if status.contains(Events::RESET) {
                return Err(Failure::Restarted.into());
            }
            if period == 0 {
                self.check_witness()$(.$await)??;
            }
            let clkin_hz = self.state.config.clkin_hz();
            let Some(tracker) = &mut self.state.windows else {
                return Err(Failure::WindowsOff.into());
            };
            let half_cycles = tracker.length().half_cycles();
            let window = Window { active, apparent, reactive, rms, period, half_cycles };
            let again = status.contains(Events::CYCEND);
            Ok(tracker.take(window, elapsed_us, again, clkin_hz)?)
        }

        $($async)? fn read_rms(&mut self) -> Result<Rms, Error<SPI::Error>> {
            let current = self.read(IRMS)$(.$await)??.get();
            let voltage = self.read(VRMS)$(.$await)??.get();
            Ok(Rms { current, voltage })
        }

        /// Rms values at the next zero crossing and a quarter of a cycle later, and the line period.
        ///
        /// # Errors
        /// [`Failure::NoMains`] when there is no zero crossing within 30 ms.
        pub $($async)? fn rms_at_zero_crossing(
            &mut self,
        ) -> Result<(Rms, u16), Error<SPI::Error>> {
            self.take_events(Events::ZX)$(.$await)??;
            self.wait_for(Events::ZX, 300)$(.$await)??;
            self.rms_from_here()$(.$await)?
        }

        /// Rms values now and a quarter of a cycle later.
        $($async)? fn rms_from_here(&mut self) -> Result<(Rms, u16), Error<SPI::Error>> {
            let rms = self.read_rms()$(.$await)??;
            let period = self.read(PERIOD)$(.$await)??.get() as u16;
            self.delay.delay_us(quarter_us(period, self.state.config.clkin_hz()))$(.$await)?;
            let later = self.read_rms()$(.$await)??;
            Ok((rms.mean(later), period))
        }

        /// Waits for an event, a hundred microseconds at a time.
        $($async)? fn wait_for(
            &mut self,
            event: Events,
            tries: u32,
        ) -> Result<(), Error<SPI::Error>> {
            for _ in 0..tries {
                if !self.take_events(event)$(.$await)??.is_empty() {
                    return Ok(());
                }
                self.delay.delay_us(100)$(.$await)?;
            }
            self.check_witness()$(.$await)??;
            Err(Failure::NoMains.into())
        }

        /// Energy that came in since the last call, from the registers that a read sets to zero. Call
        /// it at least every three minutes.
        ///
        /// # Errors
        /// [`Failure::EnergyOverflow`] when a register has wrapped: what was in it can not be told,
        /// and counting begins anew.
        pub $($async)? fn take_energy(&mut self) -> Result<EnergyDelta, Error<SPI::Error>> {
            self.check_witness()$(.$await)??;
            let (active, first) = self
                .read_cleared(&AENERGY::DESCRIPTION, &RAENERGY::DESCRIPTION)$(.$await)??;
            let (apparent, second) = self
                .read_cleared(&VAENERGY::DESCRIPTION, &RVAENERGY::DESCRIPTION)$(.$await)??;
            // After the registers: a flag that is up now belongs to what was read.
            self.collect_events()$(.$await)??;
            let flags = Events::AEHF | Events::AEOF | Events::VAEHF | Events::VAEOF;
            let half_full = energy::judge(self.state.take(flags))?;
            let delta = EnergyDelta {
                active: Signed::<24>::from_raw(active).get(),
                apparent,
                half_full,
                salvaged: first || second,
            };
            self.state.totals.add(&delta);
            Ok(delta)
        }

        /// Energy of all calls of [`take_energy`](Self::take_energy).
        pub const fn energy_totals(&self) -> EnergyTotals {
            self.state.totals
        }

        /// Reads a register that a read sets to zero, after its twin that is not: when the
        /// disturbed bus loses the one, the other was nearly the same.
        $($async)? fn read_cleared(
            &mut self,
            twin: &Description,
            register: &Description,
        ) -> Result<(u32, bool), Error<SPI::Error>> {
            if !self.state.config.verify() {
                return Ok((self.read_raw(register)$(.$await)??, false));
            }
            let before = self.read_raw(twin)$(.$await)??;
            match self.read_raw(register)$(.$await)? {
                Ok(raw) => Ok((raw, false)),
                Err(Error::Chip(Failure::Lost { .. })) => Ok((before, true)),
                Err(error) => Err(error),
            }
        }

        /// The largest samples of current and voltage since the last call: IPEAK, and VPEAK, which
        /// counts double.
        ///
        /// # Errors
        /// [`Failure::Lost`] when a disturbed read has cleared a register.
        pub $($async)? fn take_peaks(
            &mut self,
        ) -> Result<(Unsigned<24>, Unsigned<24>), Error<SPI::Error>> {
            self.check_witness()$(.$await)??;
            let current = self.read(RSTIPEAK)$(.$await)??;
            let voltage = self.read(RSTVPEAK)$(.$await)??;
            Ok((current, voltage))
        }

        /// Measures the temperature of the chip, which takes until the next zero crossing.
        ///
        /// # Errors
        /// [`Failure::NoMains`]: without zero crossings the chip does not measure.
        pub $($async)? fn temperature(&mut self) -> Result<Temperature, Error<SPI::Error>> {
            self.take_events(Events::TEMP)$(.$await)??;
            self.modify_mode(|mode| mode.with(Mode::TEMPSEL))$(.$await)??;
            // The chip takes the bit back by itself.
            let mode = self.state.shadow.get(MODE::ADDRESS) & !Mode::TEMPSEL.bits();
            self.state.shadow.set(MODE::ADDRESS, mode);
            self.wait_for(Events::TEMP, 500)$(.$await)??;
            Ok(Temperature { code: self.read(TEMP)$(.$await)?? })
        }
    };
}

pub(crate) use measure;
