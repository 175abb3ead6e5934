//! Samples of the waveform.

macro_rules! waveform {
    ($($async:ident $await:ident)?) => {
        /// Selects the source and the rate of samples. Zero crossings, energy and rms values go on.
        ///
        /// # Errors
        /// As for [`write`](Self::write).
        pub $($async)? fn start_waveform(
            &mut self,
            source: WaveformSource,
            rate: SampleRate,
        ) -> Result<(), Error<SPI::Error>> {
            self.modify_mode(|mode| mode.with_waveform(source).with_sample_rate(rate))$(.$await)??;
            // The register changes only while its event is enabled (page 55, WSMP).
            let enabled = Events::from_bits(self.state.shadow.get(IRQEN::ADDRESS));
            self.write(IRQEN, enabled.with(Events::WSMP))$(.$await)??;
            self.take_events(Events::WSMP)$(.$await)??;
            Ok(())
        }

        /// Ends the samples, so that their events do not pull the IRQ pin any more.
        ///
        /// # Errors
        /// As for [`write`](Self::write).
        pub $($async)? fn stop_waveform(&mut self) -> Result<(), Error<SPI::Error>> {
            let enabled = Events::from_bits(self.state.shadow.get(IRQEN::ADDRESS));
            self.write(IRQEN, enabled.without(Events::WSMP))$(.$await)?
        }

        /// The sample that has come since the last call, if one has.
        ///
        /// # Errors
        /// As for [`read`](Self::read).
        pub $($async)? fn poll_sample(
            &mut self,
        ) -> Result<Option<Signed<24>>, Error<SPI::Error>> {
            if self.take_events(Events::WSMP)$(.$await)??.is_empty() {
                return Ok(None);
            }
            self.read(WAVEFORM)$(.$await)?.map(Some)
        }

        /// Fills `samples` with consecutive ones. `clock` gives the time in microseconds.
        ///
        /// # Errors
        /// [`Failure::SamplesLost`] when the bus was too slow for the rate; [`Failure::NoSamples`].
        pub $($async)? fn capture(
            &mut self,
            source: WaveformSource,
            rate: SampleRate,
            samples: &mut [i32],
            mut clock: impl FnMut() -> u32,
        ) -> Result<(), Error<SPI::Error>> {
            self.start_waveform(source, rate)$(.$await)??;
            let result = self.capture_started(samples, &mut clock)$(.$await)?;
            self.stop_waveform()$(.$await)??;
            let elapsed_us = result?;
            let clkin_hz = self.state.config.clkin_hz();
            Ok(judge_capture(samples.len(), elapsed_us, rate, clkin_hz)?)
        }

        /// Gives the time between the first and the last sample.
        $($async)? fn capture_started(
            &mut self,
            samples: &mut [i32],
            clock: &mut impl FnMut() -> u32,
        ) -> Result<u32, Error<SPI::Error>> {
            let (mut first_us, mut last_us) = (None, 0);
            for slot in samples {
                *slot = self.next_sample()$(.$await)??.get();
                last_us = clock();
                first_us = first_us.or(Some(last_us));
            }
            Ok(last_us.wrapping_sub(first_us.unwrap_or(last_us)))
        }

        /// Waits for a sample of a capture. There is no time for the check sum of RSTSTATUS at the full
        /// rate: a flag that was misread makes a sample too many or too few, which the time tells.
        $($async)? fn next_sample(&mut self) -> Result<Signed<24>, Error<SPI::Error>> {
            for _ in 0..2_000 {
                let raw = self.fetch(&RSTSTATUS::DESCRIPTION)$(.$await)??;
                self.state.collect(raw)?;
                if !self.state.take(Events::WSMP).is_empty() {
                    return self.read(WAVEFORM)$(.$await)?;
                }
            }
            Err(Failure::NoSamples.into())
        }

        /// Waits for a sample.
        $($async)? fn sample(&mut self) -> Result<Signed<24>, Error<SPI::Error>> {
            // Samples are at most 1.1 ms apart, and a poll takes 2 us at the very least.
            for _ in 0..2_000 {
                if let Some(sample) = self.poll_sample()$(.$await)?? {
                    return Ok(sample);
                }
            }
            Err(Failure::NoSamples.into())
        }

        /// Shorts the inputs of one channel after the other inside the chip and looks at what the
        /// converters make of it: a few millivolts in a chip that works. The window under way is
        /// dropped, and energy is not counted meanwhile, half a second.
        ///
        /// # Errors
        /// [`Failure::NoSamples`]; whatever the outcome, MODE is put back.
        pub $($async)? fn self_test(&mut self) -> Result<SelfTest, Error<SPI::Error>> {
            let mode = Mode::from_bits(self.state.shadow.get(MODE::ADDRESS));
            let result = self.both_shorted()$(.$await)?;
            self.stop_waveform()$(.$await)??;
            self.write(MODE, mode)$(.$await)??;
            self.state.disturb_windows();
            result
        }

        $($async)? fn both_shorted(&mut self) -> Result<SelfTest, Error<SPI::Error>> {
            let current = self.shorted(Mode::DISCH1, WaveformSource::Channel1)$(.$await)??;
            let voltage = self.shorted(Mode::DISCH2, WaveformSource::Channel2)$(.$await)??;
            Ok(SelfTest { current, voltage })
        }

        /// The largest of some samples of a shorted channel.
        $($async)? fn shorted(
            &mut self,
            short: Mode,
            source: WaveformSource,
        ) -> Result<u32, Error<SPI::Error>> {
            self.modify_mode(|mode| mode.with(short))$(.$await)??;
            self.start_waveform(source, SampleRate::Eighth)$(.$await)??;
            // The high-pass filter of channel 1 settles.
            self.delay.delay_ms(200)$(.$await)?;
            let mut largest = 0;
            for _ in 0..16 {
                let sample = self.sample()$(.$await)??;
                largest = sample.get().unsigned_abs().max(largest);
            }
            self.modify_mode(|mode| mode.without(short))$(.$await)??;
            Ok(largest)
        }
    };
}

pub(crate) use waveform;
