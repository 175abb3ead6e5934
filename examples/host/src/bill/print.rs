//! Bills as people and as programs read them.

use meter_core::billing::{Bill, Money};
use serde::Serialize;

use super::amount::show;
use super::period::Period;
use super::tariff::Prices;
use crate::commands::{print, print_json};
use crate::error::Problem;
use crate::report::fixed;

/// A line of a bill.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) energy_mwh: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) price_micro: Option<i64>,
    pub(crate) amount_micro: i64,
}

#[derive(Debug, Serialize)]
struct Json<'a> {
    tariff: &'a str,
    from: Option<String>,
    to: Option<String>,
    days: u16,
    complete: bool,
    currency: &'a str,
    import_mwh: u64,
    export_mwh: u64,
    demand_mw: u64,
    lines: &'a [Line],
    sum_micro: i64,
    taxes: Vec<Line>,
    total_micro: i64,
    to_pay_micro: i64,
    to_pay: String,
}

/// The lines before taxes; they add up to the sum.
pub(crate) fn lines(prices: &Prices, bill: &Bill, period: &Period) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut begin = 0_u64;
    for ((mwh, amount), slab) in bill.slabs.iter().zip(&prices.slabs) {
        let from = kwh(begin);
        lines.push(Line {
            kind: "slab",
            name: match slab.up_to_mwh {
                Some(end) => format!("energy from {from} to {} kWh", kwh(end)),
                None => format!("energy above {from} kWh"),
            },
            energy_mwh: Some(*mwh),
            price_micro: Some(slab.micro_per_kwh),
            amount_micro: amount.0,
        });
        begin = slab.up_to_mwh.unwrap_or(begin);
    }
    let plan = prices.plan();
    for (((mwh, amount), name), price) in bill.rates.iter().zip(&prices.rate_names).zip(plan.rates)
    {
        lines.push(Line {
            kind: "rate",
            name: format!("energy at {name}"),
            energy_mwh: Some(*mwh),
            price_micro: Some(*price),
            amount_micro: amount.0,
        });
    }
    let mut charge = |kind, name: String, amount: Money| {
        if amount != Money::ZERO {
            lines.push(Line {
                kind,
                name,
                energy_mwh: None,
                price_micro: None,
                amount_micro: amount.0,
            });
        }
    };
    charge("fixed", "fixed charges".to_owned(), bill.fixed);
    charge(
        "demand",
        format!("demand of {} kW", fixed(period.demand_mw, 1_000_000, 3)),
        bill.demand,
    );
    charge(
        "export",
        format!("export of {} kWh", kwh(period.export_mwh)),
        Money::ZERO.minus(bill.export),
    );
    charge(
        "minimum",
        "to the least that is charged".to_owned(),
        bill.to_minimum,
    );
    lines
}

fn kwh(mwh: u64) -> String {
    show(i64::try_from(mwh).unwrap_or(i64::MAX), 0)
}

pub(crate) fn taxes(prices: &Prices, bill: &Bill) -> Vec<Line> {
    let rows = prices.taxes.iter().zip(bill.taxes);
    rows.map(|((name, ppm), amount)| Line {
        kind: "tax",
        // Millionths are hundredths of a percent twice.
        name: format!("{name} {} %", show(i64::from(*ppm) * 100, 0)),
        energy_mwh: None,
        price_micro: None,
        amount_micro: amount.0,
    })
    .collect()
}

pub(crate) fn as_json(prices: &Prices, bill: &Bill, period: &Period) -> Result<(), Problem> {
    let to_pay = bill.total.rounded(prices.decimals);
    print_json(&Json {
        tariff: &prices.name,
        from: period.dates.map(|(from, _)| from.to_string()),
        to: period.dates.map(|(_, to)| to.to_string()),
        days: period.days,
        complete: period.is_complete,
        currency: &prices.currency,
        import_mwh: period.import_mwh,
        export_mwh: period.export_mwh,
        demand_mw: period.demand_mw,
        lines: &lines(prices, bill, period),
        sum_micro: bill.sum.0,
        taxes: taxes(prices, bill),
        total_micro: bill.total.0,
        to_pay_micro: to_pay.0,
        to_pay: show(to_pay.0, prices.decimals),
    })
}

pub(crate) fn as_text(prices: &Prices, bill: &Bill, period: &Period) -> Result<(), Problem> {
    let decimals = prices.decimals;
    let title = match period.dates {
        Some((from, to)) => {
            let part = if period.is_complete {
                ""
            } else {
                ", not seen from beginning to end"
            };
            format!(
                "{}: {from} to {to}, {} days{part}",
                prices.name, period.days
            )
        }
        None => prices.name.clone(),
    };
    print(&title)?;
    let row = |name: &str, detail: &str, micro: i64| {
        print(&format!(
            "  {name:<34}{detail:>30}{:>16}",
            show(micro, decimals)
        ))
    };
    for line in lines(prices, bill, period) {
        let detail = match (line.energy_mwh, line.price_micro) {
            (Some(mwh), Some(price)) => format!("{} kWh at {}", kwh(mwh), show(price, decimals)),
            _ => String::new(),
        };
        row(&line.name, &detail, line.amount_micro)?;
    }
    row("sum", "", bill.sum.0)?;
    for tax in taxes(prices, bill) {
        row(&tax.name, "", tax.amount_micro)?;
    }
    row("total", "", bill.total.0)?;
    let to_pay = format!(
        "{} {}",
        prices.currency,
        show(bill.total.rounded(decimals).0, decimals)
    );
    print(&format!("  {:<34}{:>46}", "to pay", to_pay))
}
