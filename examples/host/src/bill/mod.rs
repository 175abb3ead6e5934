//! `meter bill`: what was used, and what it costs.

mod amount;
pub(crate) mod cli;
mod file;
mod period;
mod print;
mod tariff;

use cli::BillOptions;
use file::TariffFile;
use meter_core::billing::Usage;
use period::{Period, RATES};
use tariff::Prices;

use crate::error::Problem;

pub(crate) fn run(options: &BillOptions) -> Result<(), Problem> {
    let prices = read(options)?;
    let periods = match &options.file {
        Some(path) => {
            let (periods, rejected) = period::of_recording(path, options, &prices)?;
            if let Some(first) = rejected.named.first() {
                eprintln!(
                    "meter: {} lines could not be used; line {}: {}",
                    rejected.count, first.line, first.reason
                );
            }
            periods
        }
        None => vec![of_numbers(options, &prices)?],
    };
    for (index, period) in periods.iter().enumerate() {
        let bill = prices
            .plan()
            .bill(&Usage {
                import_mwh: period.import_mwh,
                export_mwh: period.export_mwh,
                rates_mwh: &period.rates_mwh,
                days: period.days,
                demand_mw: period.demand_mw,
            })
            .map_err(|error| Problem::Refused(format!("{}: {error}", options.tariff.display())))?;
        if options.json {
            print::as_json(&prices, &bill, period)?;
        } else {
            if index > 0 {
                crate::commands::print("")?;
            }
            print::as_text(&prices, &bill, period)?;
        }
    }
    Ok(())
}

fn read(options: &BillOptions) -> Result<Prices, Problem> {
    let shown = options.tariff.display();
    let text = std::fs::read_to_string(&options.tariff)
        .map_err(|error| Problem::Refused(format!("{shown} can not be read: {error}")))?;
    let prices = TariffFile::parse(&text)
        .and_then(Prices::new)
        .map_err(|wrong| Problem::Refused(format!("{shown}: {}", wrong.explain(&text))))?;
    if usize::from(prices.rates()) > RATES {
        return Err(Problem::Refused(format!(
            "{shown}: there are up to {RATES} rates"
        )));
    }
    Ok(prices)
}

/// Usage from the command line: everything that the tariff asks for has to be said.
fn of_numbers(options: &BillOptions, prices: &Prices) -> Result<Period, Problem> {
    let usage = |text: String| Err(Problem::Usage(text));
    let mut rates_mwh = Vec::new();
    for (name, _) in &options.rates {
        if !prices.rate_names.contains(name) {
            let known = match prices.rate_names.is_empty() {
                true => "the tariff has none".to_owned(),
                false => format!("there are {}", prices.rate_names.join(", ")),
            };
            return usage(format!("no rate {name}: {known}"));
        }
        if options
            .rates
            .iter()
            .filter(|(other, _)| other == name)
            .count()
            > 1
        {
            return usage(format!("--rate {name} is given twice"));
        }
    }
    for name in &prices.rate_names {
        match options.rates.iter().find(|(given, _)| given == name) {
            Some((_, mwh)) => rates_mwh.push(*mwh),
            None => {
                return usage(format!(
                    "the tariff has a rate {name}: give --rate {name}=...kWh"
                ));
            }
        }
    }
    let by_rates = rates_mwh
        .iter()
        .try_fold(0_u64, |sum, mwh| sum.checked_add(*mwh));
    let import_mwh = match (options.import, by_rates.filter(|_| !rates_mwh.is_empty())) {
        (Some(import), Some(rates)) if import != rates => {
            return usage(format!(
                "the rates add up to {} kWh, and --import says {}",
                crate::report::fixed(rates, 1_000_000, 6),
                crate::report::fixed(import, 1_000_000, 6)
            ));
        }
        (Some(import), _) => import,
        (None, Some(rates)) => rates,
        (None, None) => {
            return usage("what was used? Give --import 342kWh, or a recording".to_owned());
        }
    };
    if prices.needs_days() && options.days.is_none() {
        return usage("the tariff charges by the day: give --days".to_owned());
    }
    if prices.needs_demand() && options.demand.is_none() {
        return usage("the tariff charges for demand: give --demand 4.2kW".to_owned());
    }
    Ok(Period {
        dates: None,
        days: options.days.unwrap_or_default(),
        import_mwh,
        export_mwh: options.export.unwrap_or_default(),
        rates_mwh,
        demand_mw: options.demand.unwrap_or_default(),
        is_complete: true,
    })
}
