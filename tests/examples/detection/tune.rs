//! The grids the defaults were chosen from, on the tuning half of the measured days alone.

use meter_core::detect::DropLimits;
use metering_tests::evaluation::household::{Day, Days, households};
use metering_tests::evaluation::sets::Data;
use metering_tests::evaluation::theft::{Quiet, Trial, Watch, find, healthy_lives, quiet, trials};

/// What settings did.
struct Row {
    limits: DropLimits,
    /// False alarms a month, over all households and of the worst.
    rate: f64,
    worst_rate: f64,
    /// Share of bypasses of 50 % found in seven days, over all households and of the worst.
    recall: f64,
    worst_recall: f64,
    /// Of bypasses of 40 %, over all households.
    margin: f64,
}

/// Days of all households.
struct Corpus {
    healthy: Vec<Vec<Vec<Day>>>,
    half: Vec<Vec<Trial>>,
    less: Vec<Vec<Trial>>,
}

impl Corpus {
    fn new(data: &Data, days: Days) -> Self {
        let households = households(data, days);
        Self {
            healthy: households.iter().map(|of| healthy_lives(of, 20)).collect(),
            half: households.iter().map(|of| trials(of, 50, 100)).collect(),
            less: households.iter().map(|of| trials(of, 40, 100)).collect(),
        }
    }

    fn row(&self, limits: DropLimits) -> Row {
        let watch = Watch::DropAlone(limits);
        let (mut all, mut worst_rate) = (Quiet::default(), 0.0_f64);
        for lives in &self.healthy {
            let of = quiet(lives, watch);
            worst_rate = worst_rate.max(of.rate());
            all.add(&of);
        }
        let recalls = |of: &[Vec<Trial>]| -> Vec<f64> {
            of.iter()
                .map(|trials| find(trials, watch).recall())
                .collect()
        };
        let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
        let half = recalls(&self.half);
        Row {
            limits,
            rate: all.rate(),
            worst_rate,
            recall: mean(&half),
            worst_recall: half.iter().copied().fold(1.0, f64::min),
            margin: mean(&recalls(&self.less)),
        }
    }
}

/// Prints what of the grid keeps quiet in every household, the best first: by what it finds in the worst.
pub fn print(data: &Data) {
    let corpus = Corpus::new(data, Days::Tuning);
    let mut rows = Vec::new();
    for slack_centi in [25, 50, 75, 100] {
        for sum_centi in [100, 125, 150, 175, 200, 250, 300, 400, 500] {
            for most_centi in [100, 125, 150, 200, 400] {
                for least_spread_milli in [50, 100, 200, 250, 300, 350, 400] {
                    rows.push(corpus.row(DropLimits {
                        slack_centi,
                        sum_centi,
                        most_centi,
                        least_spread_milli,
                    }));
                }
            }
        }
    }
    rows.sort_by(|a, b| {
        let is_good = |row: &Row| row.worst_rate <= 0.1;
        is_good(b)
            .cmp(&is_good(a))
            .then(b.worst_recall.total_cmp(&a.worst_recall))
    });
    println!(
        "| slack | sum | most | least spread | false alarms a month | of the worst | found | of the worst | of 40 % |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let textbook = DropLimits {
        slack_centi: 50,
        sum_centi: 500,
        most_centi: 400,
        least_spread_milli: 100,
    };
    for row in rows.iter().take(25) {
        line("", row);
    }
    line("textbook: ", &corpus.row(textbook));
    line("default: ", &corpus.row(DropLimits::new()));
}

fn line(name: &str, row: &Row) {
    let centi = |value: u16| f64::from(value) / 100.0;
    println!(
        "| {name}{} | {} | {} | {} % | {:.3} | {:.3} | {:.1} % | {:.1} % | {:.1} % |",
        centi(row.limits.slack_centi),
        centi(row.limits.sum_centi),
        centi(row.limits.most_centi),
        f64::from(row.limits.least_spread_milli) / 10.0,
        row.rate,
        row.worst_rate,
        row.recall * 100.0,
        row.worst_recall * 100.0,
        row.margin * 100.0
    );
}
