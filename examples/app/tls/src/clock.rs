//! The time certificates are judged by.

use core::cell::Cell;

use critical_section::Mutex;
use mbedtls_rs::sys::hook::wall_clock::{MbedtlsWallClock, hook_wall_clock};
use mbedtls_rs::sys::tm;
use smart_meter::text::Iso;

/// Seconds since 1970, as of the connection that is being opened.
static UTC_S: Mutex<Cell<Option<i64>>> = Mutex::new(Cell::new(None));

struct Hook;

impl MbedtlsWallClock for Hook {
    /// Without a time no certificate is accepted.
    fn instant(&self) -> Option<tm> {
        let utc_s = critical_section::with(|cs| UTC_S.borrow(cs).get())?;
        let moment = moment(utc_s)?;
        let (year, month, day) = moment.date();
        let (hour, minute, second) = moment.time();
        Some(tm {
            tm_sec: second.into(),
            tm_min: minute.into(),
            tm_hour: hour.into(),
            tm_mday: day.into(),
            tm_mon: i32::from(month) - 1,
            tm_year: i32::from(year) - 1_900,
            // MbedTLS compares dates and looks at neither of these.
            tm_wday: 0,
            tm_yday: 0,
            tm_isdst: 0,
        })
    }
}

/// A time as a date, if it has one.
fn moment(utc_s: i64) -> Option<Iso> {
    Iso::new(utc_s.checked_mul(1_000)?)
}

/// Has MbedTLS ask here.
pub(crate) fn install() {
    // SAFETY: the clock is a constant, so it lives as long as MbedTLS can ask it, and this comes before anything that
    // does: there is no session without a `Secure`, whose constructor calls this.
    #[allow(
        unsafe_code,
        reason = "the hook of MbedTLS is one place for the whole program"
    )]
    unsafe {
        hook_wall_clock(Some(&Hook));
    }
}

/// Sets the time; whether it is one.
pub(crate) fn set(utc_s: i64) -> bool {
    critical_section::with(|cs| UTC_S.borrow(cs).set(Some(utc_s)));
    moment(utc_s).is_some()
}
