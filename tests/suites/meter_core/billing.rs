//! Bills by hand, and credit that adds up.

use meter_core::billing::{Bill, Money, Notice, Plan, PlanError, Prepaid, Slab, Usage};
use proptest::prelude::*;

const KWH: u64 = 1_000_000;

const fn slab(up_to_kwh: Option<u64>, micro_per_kwh: i64) -> Slab {
    Slab {
        up_to_mwh: match up_to_kwh {
            Some(kwh) => Some(kwh * KWH),
            None => None,
        },
        micro_per_kwh,
    }
}

/// As Indian households pay: the first 100 units at 3.05, the next 200 at 5.00, the rest at 6.75.
const SLABS: &[Slab] = &[
    slab(Some(100), 3_050_000),
    slab(Some(300), 5_000_000),
    slab(None, 6_750_000),
];

const HOUSEHOLD: Plan<'_> = Plan {
    slabs: SLABS,
    rates: &[],
    fixed_micro: 120_000_000,
    daily_micro: 500_000,
    demand_micro_per_kw: 25_000_000,
    export_micro_per_kwh: 2_250_000,
    minimum_micro: 0,
    taxes_ppm: [50_000, 10_000],
};

fn usage(import_mwh: u64) -> Usage<'static> {
    Usage {
        import_mwh,
        days: 30,
        ..Usage::default()
    }
}

fn of(slabs: &[(u64, Money)]) -> Vec<(u64, i64)> {
    slabs.iter().map(|(mwh, money)| (*mwh, money.0)).collect()
}

#[test]
fn a_household_pays_slabs_charges_demand_and_taxes() {
    let bill = HOUSEHOLD
        .bill(&Usage {
            demand_mw: 3_200_000,
            export_mwh: 12_500_000,
            ..usage(350_400_000)
        })
        .unwrap();
    assert_eq!(
        of(&bill.slabs),
        [
            (100 * KWH, 305_000_000),
            (200 * KWH, 1_000_000_000),
            // 50.4 kWh at 6.75.
            (50_400_000, 340_200_000)
        ]
    );
    // 120 and 30 times 0.50; 3.2 kW at 25; 12.5 kWh at 2.25.
    assert_eq!(
        (bill.fixed.0, bill.demand.0, bill.export.0),
        (135_000_000, 80_000_000, 28_125_000)
    );
    assert_eq!(
        bill.sum.0,
        305_000_000 + 1_000_000_000 + 340_200_000 + 215_000_000 - 28_125_000
    );
    // 5 % and 1 % of 1832.075.
    assert_eq!(bill.taxes.map(|tax| tax.0), [91_603_750, 18_320_750]);
    assert_eq!(bill.total.0, 1_941_999_500);
    assert_eq!(bill.total.rounded(2), Money(1_942_000_000));
    assert_eq!(bill.to_minimum, Money::ZERO);
}

#[test]
fn a_slab_ends_at_its_limit_and_not_a_milliwatt_hour_later() {
    for (import_mwh, slabs) in [
        (0, vec![]),
        (1, vec![(1, 3)]),
        (100 * KWH, vec![(100 * KWH, 305_000_000)]),
        (100 * KWH + 1, vec![(100 * KWH, 305_000_000), (1, 5)]),
        (
            300 * KWH,
            vec![(100 * KWH, 305_000_000), (200 * KWH, 1_000_000_000)],
        ),
    ] {
        let bill = HOUSEHOLD.bill(&usage(import_mwh)).unwrap();
        assert_eq!(of(&bill.slabs), slabs, "{import_mwh}");
    }
}

#[test]
fn each_rate_has_its_price_and_energy_without_one_is_refused() {
    let plan = Plan {
        rates: &[100_000, 300_000],
        ..Plan::default()
    };
    let bill = |import_mwh, rates_mwh: &[u64]| {
        plan.bill(&Usage {
            rates_mwh,
            ..usage(import_mwh)
        })
        .map(|bill| bill.total.0)
    };
    // 10 kWh at 0.10 and 5 at 0.30.
    assert_eq!(bill(15 * KWH, &[10 * KWH, 5 * KWH]), Ok(2_500_000));
    assert_eq!(
        bill(15 * KWH, &[10 * KWH]),
        Err(PlanError::Rates {
            prices: 2,
            rates: 1
        })
    );
    assert_eq!(
        bill(15 * KWH, &[5 * KWH; 3]),
        Err(PlanError::Rates {
            prices: 2,
            rates: 3
        })
    );
    assert_eq!(
        bill(16 * KWH, &[10 * KWH, 5 * KWH]),
        Err(PlanError::Unassigned {
            rates_mwh: 15 * KWH,
            import_mwh: 16 * KWH
        })
    );
    // A plan without prices for rates does not care.
    let rates_mwh = &[10 * KWH];
    assert!(
        HOUSEHOLD
            .bill(&Usage {
                rates_mwh,
                ..usage(15 * KWH)
            })
            .is_ok()
    );
}

#[test]
fn export_makes_a_bill_negative_where_there_is_no_least_charge() {
    let plan = Plan {
        fixed_micro: 0,
        daily_micro: 0,
        ..HOUSEHOLD
    };
    let sunny = Usage {
        export_mwh: 100 * KWH,
        ..usage(10 * KWH)
    };
    // 30.50 used, 225 returned.
    let bill = plan.bill(&sunny).unwrap();
    assert_eq!((bill.sum.0, bill.to_minimum.0), (-194_500_000, 0));
    // A credit is not taxed.
    assert_eq!((bill.taxes, bill.total.0), ([Money::ZERO; 2], -194_500_000));
    // With a least charge that is what is paid.
    let least = Plan {
        minimum_micro: 50_000_000,
        ..plan
    };
    let bill = least.bill(&sunny).unwrap();
    assert_eq!((bill.sum.0, bill.to_minimum.0), (50_000_000, 244_500_000));
    assert_eq!(bill.total.0, 53_000_000);
    // Whoever uses more does not pay it on top.
    assert_eq!(
        least.bill(&usage(100 * KWH)).unwrap().to_minimum,
        Money::ZERO
    );
}

#[test]
fn plans_that_make_no_sense_are_refused() {
    let check = |slabs: &[Slab]| {
        Plan {
            slabs,
            ..Plan::default()
        }
        .check()
    };
    assert_eq!(check(&[]), Ok(()));
    assert_eq!(check(&[slab(Some(10), 1)]), Err(PlanError::Ends));
    assert_eq!(
        check(&[slab(None, 1), slab(None, 1)]),
        Err(PlanError::Order { slab: 0 })
    );
    assert_eq!(
        check(&[slab(Some(10), 1), slab(Some(10), 2), slab(None, 3)]),
        Err(PlanError::Order { slab: 1 })
    );
    assert_eq!(
        check(&[slab(Some(0), 1), slab(None, 3)]),
        Err(PlanError::Order { slab: 0 })
    );
    assert_eq!(check(&[slab(None, -1)]), Err(PlanError::Negative));
    let nine: Vec<Slab> = (1..9)
        .map(|kwh| slab(Some(kwh), 1))
        .chain([slab(None, 1)])
        .collect();
    assert_eq!(check(&nine), Err(PlanError::TooMany { most: 8 }));
    assert_eq!(check(&nine[1..]), Ok(()));
    let negative = Plan {
        export_micro_per_kwh: -1,
        ..Plan::default()
    };
    assert_eq!(negative.check(), Err(PlanError::Negative));
    assert_eq!(
        Plan {
            rates: &[1, -1],
            ..Plan::default()
        }
        .check(),
        Err(PlanError::Negative)
    );
}

#[test]
fn amounts_round_half_away_from_zero() {
    for (micro, decimals, rounded) in [
        (1_005_000, 2, 1_010_000),
        (1_004_999, 2, 1_000_000),
        (-1_005_000, 2, -1_010_000),
        (-1_004_999, 2, -1_000_000),
        (499_999, 0, 0),
        (500_000, 0, 1_000_000),
        (15, 5, 20),
        (7, 6, 7),
    ] {
        assert_eq!(
            Money(micro).rounded(decimals),
            Money(rounded),
            "{micro} {decimals}"
        );
    }
}

proptest! {
    #[test]
    fn lines_add_up_to_the_sum_and_taxes_to_the_total(
        import_mwh in 0u64..10_000_000_000,
        export_mwh in 0u64..10_000_000_000,
        demand_mw in 0u64..100_000_000,
        limits in prop::collection::btree_set(1u64..5_000, 0..7),
        prices in prop::array::uniform8(0i64..20_000_000),
        minimum_micro in prop_oneof![Just(0i64), 1i64..100_000_000],
        taxes_ppm in prop::array::uniform2(0u32..300_000),
    ) {
        let mut slabs: Vec<Slab> = limits
            .into_iter()
            .zip(prices)
            .map(|(kwh, price)| slab(Some(kwh), price))
            .collect();
        slabs.push(slab(None, prices[7]));
        let plan = Plan { slabs: &slabs, minimum_micro, taxes_ppm, ..HOUSEHOLD };
        let bill: Bill = plan.bill(&Usage { export_mwh, demand_mw, ..usage(import_mwh) }).unwrap();
        prop_assert_eq!(bill.slabs.iter().map(|(mwh, _)| *mwh).sum::<u64>(), import_mwh);
        let lines: i64 = bill.slabs.iter().map(|(_, money)| money.0).sum();
        let sum = lines + bill.fixed.0 + bill.demand.0 - bill.export.0 + bill.to_minimum.0;
        prop_assert_eq!(bill.sum.0, sum);
        prop_assert_eq!(bill.total.0, sum + bill.taxes[0].0 + bill.taxes[1].0);
        prop_assert!(minimum_micro == 0 || sum >= minimum_micro);
        // Each slab by itself, in fractions: off by a rounding each.
        let exact: f64 = bill
            .slabs
            .iter()
            .zip(&slabs)
            .map(|((mwh, _), slab)| *mwh as f64 * slab.micro_per_kwh as f64 / 1e6)
            .sum();
        prop_assert!((lines as f64 - exact).abs() <= 4.0 + exact * 1e-12, "{} {}", lines, exact);
    }

    #[test]
    fn credit_goes_by_what_the_slabs_cost_however_often_it_is_looked_at(
        steps in prop::collection::vec(0u64..40_000_000, 1..60),
        restart in any::<prop::sample::Index>(),
    ) {
        let mut prepaid = Prepaid::new(Money(50_000_000), Money::ZERO);
        prepaid.top_up(Money(1_000_000_000_000));
        let restart = restart.index(steps.len());
        let mut used = 0;
        for (number, step) in steps.into_iter().enumerate() {
            prepaid.consume(step, &HOUSEHOLD);
            used += step;
            if number == restart {
                let (credit, used) = (prepaid.credit(), prepaid.used_mwh());
                prepaid = Prepaid::resume(Money(50_000_000), Money::ZERO, credit, used);
            }
        }
        // All at once, rounded down.
        let costs: i128 = [(0, 100, 3_050_000), (100, 300, 5_000_000), (300, 1 << 40, 6_750_000)]
            .into_iter()
            .map(|(from, to, price): (u64, u64, i128)| {
                let mwh = used.min(to * KWH).saturating_sub(from * KWH);
                i128::from(mwh) * price
            })
            .sum();
        prop_assert_eq!(i128::from(prepaid.credit().0), 1_000_000_000_000 - costs / 1_000_000);
    }
}

#[test]
fn a_customer_is_told_once_when_credit_gets_low_is_lent_and_gone() {
    let mut prepaid = Prepaid::new(Money(10_000_000), Money(5_000_000));
    assert!(prepaid.is_supplied());
    assert_eq!(prepaid.top_up(Money(50_000_000)), Some(Notice::Restored));
    let mut told = Vec::new();
    for _ in 0..20 {
        // 1 kWh at 3.05.
        told.extend(prepaid.consume(KWH, &HOUSEHOLD));
        if !prepaid.is_supplied() {
            break;
        }
    }
    assert_eq!(told, [Notice::Low, Notice::Emergency, Notice::Exhausted]);
    // 18 times 3.05 are 54.90, 19 are 57.95.
    assert_eq!(prepaid.credit(), Money(-7_950_000));
    // After a restart nothing is told twice.
    let (credit, used) = (prepaid.credit(), prepaid.used_mwh());
    let mut prepaid = Prepaid::resume(Money(10_000_000), Money(5_000_000), credit, used);
    assert_eq!(prepaid.consume(0, &HOUSEHOLD), None);
    assert_eq!(prepaid.top_up(Money(10_000_000)), Some(Notice::Low));
    prepaid.begin_period();
    assert_eq!(
        (prepaid.used_mwh(), prepaid.credit()),
        (0, Money(2_050_000))
    );
}
