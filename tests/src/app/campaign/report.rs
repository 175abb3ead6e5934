//! What a campaign was like, in numbers.

use std::fmt;

use super::super::server::Deeds;

/// A reading began late by no more than this, in milliseconds.
const LATE_MS: u64 = 50;
/// The watchdog was fed at least this often, in milliseconds: it bites after eight seconds and more.
const UNFED_MS: u64 = 5_000;

macro_rules! sums {
    ($(#[$of:meta])* $name:ident { $($(#[$doc:meta])* $field:ident,)+ } $( most { $($(#[$most_doc:meta])* $most:ident,)+ } )?
        $( and { $($(#[$part_doc:meta])* $part:ident: $type:ty,)+ } )?) => {
        $(#[$of])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$doc])* pub $field: u64,)+
            $($($(#[$most_doc])* pub $most: u64,)+)?
            $($($(#[$part_doc])* pub $part: $type,)+)?
        }

        impl $name {
            /// Both.
            #[must_use]
            pub fn with(self, other: Self) -> Self {
                Self {
                    $($field: self.$field + other.$field,)+
                    $($($most: self.$most.max(other.$most),)+)?
                    $($($part: self.$part.with(other.$part),)+)?
                }
            }
        }
    };
}

sums! {
    /// How often what went wrong.
    Faults {
        /// Times without a network.
        offline,
        /// Times without a network for half a day or a whole one.
        long_offline,
        /// Times the server was killed, and came back.
        killed,
        /// Connections refused.
        refused,
        /// Errors instead of storing.
        errors,
        /// Errors although the server had stored.
        false_errors,
        /// Answers that took half a second to fourteen.
        slow,
        /// Connections closed in the middle of an answer.
        closed,
        /// Answers, requests or connections that got lost without a word.
        silent,
        /// Certificates that were not accepted.
        certificates,
        /// Time servers that jumped by hours or years.
        clock_jumps,
        /// Times without a time server.
        clock_servers,
        /// Clocks with a battery that had lost the time.
        clock_batteries,
        /// Times with noise, silence, echoes on the line.
        line,
        /// Meters taken off the line, and back.
        unplugged,
        /// Cards taken out, and put back.
        cards_out,
        /// Counters set to zero.
        resets,
        /// Meters replaced by others that had counted elsewhere.
        replaced,
    }
}

impl Faults {
    /// With what a server did.
    pub(super) const fn with_deeds(self, deeds: &Deeds) -> Self {
        Self {
            killed: deeds.killed,
            refused: deeds.refused,
            errors: deeds.failed,
            false_errors: deeds.failed_after_storing,
            slow: deeds.slow,
            closed: deeds.closed,
            silent: deeds.silent,
            certificates: deeds.certificates,
            ..self
        }
    }
}

sums! {
    /// What a campaign was like.
    Report {
        /// Virtual hours.
        hours,
        /// Of these, those of devices that send over MQTT.
        mqtt_hours,
        /// Those of devices with meters that do not count by themselves.
        volatile_hours,
        /// Starts of the device.
        starts,
        /// Times the supply went in the middle of a write, an erase included.
        cuts_in_writes,
        /// Of these, in the middle of an erase.
        cuts_in_erases,
        /// Times the supply went in the middle of a block of a card.
        cuts_in_card,
        /// Readings that meters gave.
        taken,
        /// Of these, those of which no record was made: whether the meter goes on was not known yet.
        withheld,
        /// Records at the server.
        readings,
        /// Records at the server.
        events,
        /// Records at the server.
        intervals,
        /// Readings that were in RAM when the supply went, and had not been sent.
        lost_readings,
        /// Other records of which the same is true.
        lost_others,
        /// Records on cards.
        lines,
        /// Records that waited for the card when the supply went.
        lost_lines,
        /// Records that had no room while there was no card.
        dropped_lines,
        /// Records that came to the server once more, under their name.
        again,
        /// Requests to the server.
        requests,
        /// Times somebody looked at the books.
        audits,
        /// Readings of the meter that failed.
        failed_polls,
        /// Times at which the meter was to be read and was not.
        missed_slots,
        /// Pages erased.
        erases,
        /// Energy of all registers in milliwatt-hours, and what of it was estimated.
        energy_mwh,
        /// Estimated energy.
        estimated_mwh,
    } most {
        /// The oldest of the lost readings was that old, in milliseconds.
        oldest_lost_ms,
        /// The oldest of the other lost records was that old, in milliseconds.
        oldest_other_ms,
        /// The most a reading began late, in milliseconds.
        latest_ms,
        /// The longest time the watchdog was not fed, in milliseconds.
        longest_unfed_ms,
        /// The longest it took until all that waited had come, when all was well again, in milliseconds.
        longest_drain_ms,
    } and {
        /// What went wrong.
        faults: Faults,
    }
}

impl Report {
    /// What holds of the whole of it.
    pub(super) fn check(&self, seed: u64) {
        assert_eq!(self.missed_slots, 0, "seed {seed}: a reading was left out");
        assert!(
            self.latest_ms <= LATE_MS,
            "seed {seed}: a reading began {} ms late",
            self.latest_ms
        );
        assert!(
            self.longest_unfed_ms <= UNFED_MS,
            "seed {seed}: a task was stuck: the watchdog was not fed for {} ms",
            self.longest_unfed_ms
        );
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |what: &str, value: String| writeln!(f, "| {what} | {value} |");
        let seconds = |ms: u64| format!("{:.1} s", ms as f64 / 1_000.0);
        let kwh = |mwh: u64| format!("{:.3} kWh", mwh as f64 / 1_000_000.0);
        let faults = &self.faults;
        row("what", "so often".into())?;
        row("---", "---".into())?;
        row(
            "virtual hours, of these with MQTT, with meters that do not count by themselves",
            format!(
                "{}, {}, {}",
                self.hours, self.mqtt_hours, self.volatile_hours
            ),
        )?;
        row(
            "starts of the device; supply cut in the middle of a write to flash, of an erase, of a block of the card",
            format!(
                "{}; {}, {}, {}",
                self.starts,
                self.cuts_in_writes - self.cuts_in_erases,
                self.cuts_in_erases,
                self.cuts_in_card
            ),
        )?;
        row(
            "no network for minutes or hours; for half a day or a day",
            format!("{}; {}", faults.offline, faults.long_offline),
        )?;
        row(
            "server killed and back; connections refused",
            format!("{}; {}", faults.killed, faults.refused),
        )?;
        row(
            "errors (500, quota exceeded); the same although stored",
            format!("{}; {}", faults.errors, faults.false_errors),
        )?;
        row(
            "answers that took up to 14 s; closed in the middle; lost",
            format!("{}; {}; {}", faults.slow, faults.closed, faults.silent),
        )?;
        row("wrong certificates", faults.certificates.to_string())?;
        row(
            "time servers that jumped; were silent; clocks that lost the time",
            format!(
                "{}; {}; {}",
                faults.clock_jumps, faults.clock_servers, faults.clock_batteries
            ),
        )?;
        row(
            "noise or silence on the line of the meters; a meter unplugged and back",
            format!("{}; {}", faults.line, faults.unplugged),
        )?;
        row("cards taken out and put back", faults.cards_out.to_string())?;
        row(
            "counters set to zero; meters replaced by used ones",
            format!("{}; {}", faults.resets, faults.replaced),
        )?;
        row(
            "readings taken; polls that failed; polls left out",
            format!(
                "{}; {}; {}",
                self.taken, self.failed_polls, self.missed_slots
            ),
        )?;
        row(
            "not told, since it was not known after a start whether the meter goes on",
            self.withheld.to_string(),
        )?;
        row(
            "records at the server: readings, events, intervals",
            format!("{}, {}, {}", self.readings, self.events, self.intervals),
        )?;
        row(
            "came again under their name; doubled otherwise",
            format!("{}; 0", self.again),
        )?;
        row(
            "lost with the supply, as the settings allow: readings, others",
            format!("{}, {}", self.lost_readings, self.lost_others),
        )?;
        row(
            "the oldest of these: reading (60 s are set), other",
            format!(
                "{}, {}",
                seconds(self.oldest_lost_ms),
                seconds(self.oldest_other_ms)
            ),
        )?;
        row(
            "records on cards, once each and in order; waiting for one when the supply went; without room, counted",
            format!(
                "{}; {}; {}",
                self.lines, self.lost_lines, self.dropped_lines
            ),
        )?;
        row("lost otherwise; registers lower than before", "0; 0".into())?;
        row(
            "energy in the registers; estimated of it",
            format!("{}; {}", kwh(self.energy_mwh), kwh(self.estimated_mwh)),
        )?;
        row(
            "times the books were compared: the sum of the intervals is the register, to the mWh",
            self.audits.to_string(),
        )?;
        row(
            "latest begin of a reading (50 ms are allowed)",
            format!("{} ms", self.latest_ms),
        )?;
        row(
            "longest time the watchdog was not fed (5 s are allowed)",
            seconds(self.longest_unfed_ms),
        )?;
        row(
            "longest time until everything had come, once all was well",
            seconds(self.longest_drain_ms),
        )
    }
}
