use proptest::prelude::*;
use smart_meter::uplink::backoff::Backoff;

#[test]
fn waits_double_up_to_five_minutes() {
    let mut backoff = Backoff::new();
    let waits: Vec<_> = (0..12).map(|_| backoff.failed(0)).collect();
    assert_eq!(
        waits,
        [
            1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000,
            300_000
        ]
    );
    backoff.succeeded();
    assert_eq!(backoff.failed(0), 1_000);
}

proptest! {
    #[test]
    fn chance_takes_no_more_than_half(randoms in proptest::collection::vec(any::<u32>(), 1..300)) {
        let mut backoff = Backoff::new();
        let mut most = 1_000;
        for random in randoms {
            let wait = backoff.failed(random);
            prop_assert!(wait > most / 2 - 1 && wait <= most, "{wait} of {most}");
            most = (most * 2).min(300_000);
        }
    }
}
