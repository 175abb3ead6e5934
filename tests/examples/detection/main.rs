//! What the detectors of `meter-core` say on recordings: nothing when all is well, and how soon what when it is not.
//!
//! Runs on the data sets below the folder that `METER_DATA` names, and on the committed extracts alone without it.

mod faults;
mod healthy;
mod integrals;
mod labels;
mod theft;
mod tune;
mod tune_nights;

use metering_tests::evaluation::sets::{self, Data};

fn main() {
    let data = Data::from_environment();
    println!(
        "Recordings: {}",
        if data.is_whole() {
            "the data sets below METER_DATA"
        } else {
            "committed extracts alone, since METER_DATA names no folder"
        }
    );
    if std::env::args().any(|argument| argument == "--tune") {
        tune::print(&data);
        return tune_nights::print(&data);
    }
    println!(
        "Not among them: a PZEM-004T with a load and its register at a reading a second, a household over months.\n"
    );
    let healthy = sets::healthy(&data);
    healthy::print(&healthy);
    faults::print(&healthy, data.is_whole());
    theft::print(&data);
    labels::print(&data);
    integrals::print(&data, &healthy);
}
