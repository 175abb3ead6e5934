//! A tariff that makes sense, ready for `meter-core`.

use std::collections::BTreeMap;

use jiff::civil::Date;
use meter_core::billing::{Plan, PlanError, Slab};
use meter_core::tariff::{LocalTime, Season, Switch, Tariff, TariffError};
use toml::Spanned;

use super::amount::Amount;
use super::file::{Day, TariffFile, Wrong};

/// What is charged, and which rate is in force when.
#[derive(Debug)]
pub(crate) struct Prices {
    pub(crate) name: String,
    pub(crate) currency: String,
    pub(crate) decimals: u8,
    pub(crate) billing_day: u8,
    pub(crate) demand_s: u32,
    pub(crate) slabs: Vec<Slab>,
    pub(crate) rate_names: Vec<String>,
    rate_prices: Vec<i64>,
    seasons: Vec<Days>,
    holidays: Vec<(u8, u8)>,
    /// Those of one year only.
    holidays_of: BTreeMap<i16, Vec<(u8, u8)>>,
    fixed: i64,
    daily: i64,
    demand: i64,
    export: i64,
    minimum: i64,
    pub(crate) taxes: Vec<(String, u32)>,
}

/// A season with its days.
#[derive(Debug)]
struct Days {
    from: (u8, u8),
    workday: Vec<Switch>,
    saturday: Vec<Switch>,
    sunday: Vec<Switch>,
}

impl Prices {
    pub(crate) fn new(file: TariffFile) -> Result<Self, Wrong> {
        let decimals = *file.decimals.get_ref();
        if decimals > 6 {
            return Err(Wrong::at(&file.decimals, "money has 0 to 6 decimals"));
        }
        if !(1..=28).contains(file.billing_day.get_ref()) {
            return Err(Wrong::at(
                &file.billing_day,
                "billing periods begin with a day from 1 to 28",
            ));
        }
        let charge = |amount: &Option<Spanned<Amount>>| {
            amount.as_ref().map_or(0, |amount| amount.get_ref().0)
        };
        let charges = &file.charges;
        for amount in [
            &charges.fixed,
            &charges.daily,
            &charges.demand,
            &charges.export,
            &charges.minimum,
        ]
        .into_iter()
        .flatten()
        .chain(file.slabs.iter().map(|slab| &slab.price))
        .chain(file.rates.iter().map(|rate| &rate.price))
        {
            if amount.get_ref().0 < 0 {
                return Err(Wrong::at(amount, PlanError::Negative.to_string()));
            }
        }
        let demand_minutes = charges
            .demand_minutes
            .as_ref()
            .map_or(15, |minutes| *minutes.get_ref());
        if let Some(minutes) = &charges.demand_minutes
            && !matches!(demand_minutes, 5 | 10 | 15 | 30 | 60)
        {
            return Err(Wrong::at(
                minutes,
                "demand is taken over 5, 10, 15, 30 or 60 minutes",
            ));
        }
        if let Some(third) = file.taxes.get(2) {
            return Err(Wrong::at(
                third,
                "a plan has up to two taxes: add those up that are of the same sum",
            ));
        }
        let mut rate_names: Vec<String> = Vec::new();
        for rate in &file.rates {
            if rate_names.contains(rate.name.get_ref()) {
                return Err(Wrong::at(&rate.name, "there is a rate of that name"));
            }
            rate_names.push(rate.name.get_ref().clone());
        }
        let mut seasons = Vec::new();
        for season in &file.seasons {
            let days = |day: &Spanned<Day>| switches(day, &rate_names);
            let workday = days(&season.workday)?;
            let saturday = season.saturday.as_ref().map_or(Ok(workday.clone()), days)?;
            let sunday = season.sunday.as_ref().map_or(Ok(saturday.clone()), days)?;
            seasons.push(Days {
                from: month_and_day(&season.from)?,
                workday,
                saturday,
                sunday,
            });
        }
        let (mut holidays, mut holidays_of) = (Vec::new(), BTreeMap::<i16, Vec<_>>::new());
        for holiday in &file.holidays {
            match holiday.get_ref().parse::<Date>() {
                Ok(date) => holidays_of
                    .entry(date.year())
                    .or_default()
                    .push(short(date)),
                Err(_) => holidays.push(month_and_day(holiday)?),
            }
        }
        let prices = Self {
            name: file.name.unwrap_or_else(|| "bill".to_owned()),
            currency: file.currency,
            decimals,
            billing_day: *file.billing_day.get_ref(),
            demand_s: demand_minutes * 60,
            slabs: file
                .slabs
                .iter()
                .map(|slab| Slab {
                    up_to_mwh: slab.up_to_kwh.as_ref().map(|limit| limit.get_ref().0),
                    micro_per_kwh: slab.price.get_ref().0,
                })
                .collect(),
            rate_prices: file
                .rates
                .iter()
                .map(|rate| rate.price.get_ref().0)
                .collect(),
            rate_names,
            seasons,
            holidays,
            holidays_of,
            fixed: charge(&charges.fixed),
            daily: charge(&charges.daily),
            demand: charge(&charges.demand),
            export: charge(&charges.export),
            minimum: charge(&charges.minimum),
            taxes: file
                .taxes
                .iter()
                .map(|tax| (tax.get_ref().name.clone(), tax.get_ref().percent.0))
                .collect(),
        };
        prices.check(
            &file
                .slabs
                .iter()
                .map(|slab| slab.price.span().start)
                .collect::<Vec<_>>(),
        )?;
        if prices.rate_names.is_empty() != prices.seasons.is_empty() {
            let what = "rates need seasons that say when each is in force, and seasons need rates";
            return Err(Wrong {
                at: None,
                what: what.to_owned(),
            });
        }
        prices.check_seasons(
            &file
                .seasons
                .iter()
                .map(|season| season.from.span().start)
                .collect::<Vec<_>>(),
        )?;
        Ok(prices)
    }

    pub(crate) fn plan(&self) -> Plan<'_> {
        let tax = |index: usize| self.taxes.get(index).map_or(0, |(_, ppm)| *ppm);
        Plan {
            slabs: &self.slabs,
            rates: &self.rate_prices,
            fixed_micro: self.fixed,
            daily_micro: self.daily,
            demand_micro_per_kw: self.demand,
            export_micro_per_kwh: self.export,
            minimum_micro: self.minimum,
            taxes_ppm: [tax(0), tax(1)],
        }
    }

    /// The rate in force at a time of a year; `None` without rates.
    pub(crate) fn rate_at(&self, year: i16, time: LocalTime) -> Option<u8> {
        let seasons = self.seasons();
        let mut holidays = self.holidays.clone();
        holidays.extend(self.holidays_of.get(&year).into_iter().flatten());
        let tariff = Tariff::new(&seasons, &holidays, self.rates()).ok()?;
        Some(tariff.rate_at(time))
    }

    pub(crate) fn rates(&self) -> u8 {
        u8::try_from(self.rate_names.len()).unwrap_or(u8::MAX)
    }

    pub(crate) const fn needs_days(&self) -> bool {
        self.daily > 0
    }

    pub(crate) const fn needs_demand(&self) -> bool {
        self.demand > 0
    }

    fn seasons(&self) -> Vec<Season<'_>> {
        self.seasons.iter().map(Days::season).collect()
    }

    fn check(&self, slabs_at: &[usize]) -> Result<(), Wrong> {
        self.plan().check().map_err(|error| Wrong {
            at: match error {
                PlanError::Order { slab } => slabs_at.get(slab).copied(),
                PlanError::Ends => slabs_at.last().copied(),
                _ => None,
            },
            what: error.to_string(),
        })
    }

    fn check_seasons(&self, seasons_at: &[usize]) -> Result<(), Wrong> {
        if self.seasons.is_empty() {
            return Ok(());
        }
        let seasons = self.seasons();
        Tariff::new(&seasons, &self.holidays, self.rates())
            .map(|_| ())
            .map_err(|error| Wrong {
                at: match error {
                    TariffError::Seasons => seasons_at.first().copied(),
                    _ => None,
                },
                what: error.to_string(),
            })
    }
}

impl Days {
    fn season(&self) -> Season<'_> {
        Season {
            from: self.from,
            workday: &self.workday,
            saturday: &self.saturday,
            sunday: &self.sunday,
        }
    }
}

/// The switches of a day in the order of their times.
fn switches(day: &Spanned<Day>, rates: &[String]) -> Result<Vec<Switch>, Wrong> {
    let mut switches = Vec::new();
    for (time, name) in day.get_ref() {
        let minute = minute(time.get_ref())
            .ok_or_else(|| Wrong::at(time, "a time of the day is written 06:00"))?;
        let rate = rates
            .iter()
            .position(|rate| rate == name.get_ref())
            .ok_or_else(|| {
                let known = rates.join(", ");
                Wrong::at(
                    name,
                    format!("no rate is called {}; there are {known}", name.get_ref()),
                )
            })?;
        let rate = u8::try_from(rate).map_err(|_| Wrong::at(name, "too many rates"))?;
        switches.push(Switch { minute, rate });
    }
    switches.sort_by_key(|switch| switch.minute);
    if switches.first().is_none_or(|switch| switch.minute != 0) {
        return Err(Wrong::at(day, TariffError::Switches.to_string()));
    }
    Ok(switches)
}

/// `06:30`, in minutes.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |part: &str| -> Option<u16> {
        let is_number =
            matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse().ok())?
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// `12-25`; the 29th of February is one.
fn month_and_day(text: &Spanned<String>) -> Result<(u8, u8), Wrong> {
    let date = format!("2024-{}", text.get_ref()).parse::<Date>();
    let wrong = |_| Wrong::at(text, "a date is written 12-25, or 2024-12-25 for one year");
    date.map(short).map_err(wrong)
}

fn short(date: Date) -> (u8, u8) {
    (date.month().unsigned_abs(), date.day().unsigned_abs())
}
