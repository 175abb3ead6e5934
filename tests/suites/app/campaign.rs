//! The campaign in short; `cargo run --release -p metering-tests --example campaign` has ten thousand hours.

use metering_tests::app::campaign::{Campaign, Report};

#[test]
fn devices_among_faults_lose_nothing_that_is_not_theirs_to_lose() {
    let reports = (0..6).map(|seed| Campaign::new(seed).run(60));
    let report = reports.fold(Report::default(), Report::with);
    println!("{report}");
    // What has to hold was checked on the way; here, that it was put to the test.
    assert!(report.readings > 200_000, "{report}");
    assert!(
        report.cuts_in_writes > 20 && report.cuts_in_erases > 2,
        "{report}"
    );
    assert!(
        report.again > 1_000 && report.failed_polls > 10_000,
        "{report}"
    );
    assert!(report.lost_readings > 100, "{report}");
}
