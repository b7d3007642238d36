//! Speed of the coefficients: one row a task, CPU, and median and best by the clock, on synthetic ratings.
//!
//! `just bench-agreement` prints the table; `just bench-agreement PYTHON` also times the published packages on tables of the same
//! size, in the same sitting, with the interpreter that is named (`benches/agreement.py`), and prints both with their ratio.
//! `-- --out FILE.csv` keeps the figures, which is what the script reads.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench ends with the first surprise, and prints its table"
)]

use std::hint::black_box;
use std::time::Instant;

use assize::rubric::Level;
use assize::stats::annotators::{Annotations, Em};
use assize::stats::estimate::Form;
use assize::stats::estimate::{LabelSample, overall_tuning, rogan_gladen, tuned};
use assize::stats::{
    Basis, Bootstrap, Errors, IntervalKind, Method, RatingTable, Scale, Statistic, Unit, Weighting, coefficients,
};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;

const KAPPA: Statistic = Statistic::CohenKappa(Weighting::Unweighted, Basis::Position);

/// Ratings of `R` raters: a planted category, kept with 0.7, else drawn evenly; a share `missing` is left out.
fn ratings<const R: usize>(items: usize, categories: u32, missing: f64) -> Vec<[Option<u16>; R]> {
    let mut generator = Pcg64::seed_from_u64(1);
    let mut uniform = move || f64::from(generator.next_u32()) / 4_294_967_296.0;
    let code = |at: f64| (0..categories).find(|code| at * f64::from(categories) < f64::from(code + 1)).unwrap();
    (0..items)
        .map(|_| {
            let truth = code(uniform());
            std::array::from_fn(|_| {
                let code = if uniform() < 0.7 { truth } else { code(uniform()) };
                (uniform() >= missing).then_some(u16::try_from(code).unwrap())
            })
        })
        .collect()
}

fn table<const R: usize>(level: Level, categories: u16, rows: &[[Option<u16>; R]]) -> RatingTable {
    let values = Some((1..=categories).map(f64::from).collect());
    RatingTable::new(Scale { level, categories: categories.into(), values, distances: None }, R, rows, None)
}

/// Four raters of 10,000 items each out of twelve, right with 0.75, of four classes.
fn crowd() -> Annotations {
    let mut generator = Pcg64::seed_from_u64(2);
    let mut below = move |bound: u32| generator.next_u32() % bound;
    let mut ratings = Vec::new();
    for item in 0..10_000 {
        let truth = below(4);
        for place in 0..4 {
            let label = if below(100) < 75 { truth } else { below(4) };
            ratings.push((item, (item + place * 3) % 12, u16::try_from(label).unwrap()));
        }
    }
    Annotations::new(4, 12, vec![None; 10_000], &ratings)
}

/// `gold` labelled items among `items` judged ones, two labels, sensitivity and specificity 0.9.
fn judged(gold: usize, items: usize) -> LabelSample {
    let mut generator = Pcg64::seed_from_u64(3);
    let mut chance = move || f64::from(generator.next_u32()) / 4_294_967_296.0;
    let truth: Vec<usize> = (0..items).map(|_| usize::from(chance() < 0.3)).collect();
    LabelSample {
        labels: 2,
        judged: truth.iter().map(|label| Some(if chance() < 0.9 { *label } else { 1 - *label })).collect(),
        gold: truth.iter().enumerate().map(|(at, label)| (at < gold).then_some(*label)).collect(),
        weights: vec![1.0; items],
        gold_weights: None,
        clusters: None,
    }
}

/// Nanoseconds of CPU that this process has used so far, on all threads; none where the system does not tell.
fn cpu_nanoseconds() -> Option<u64> {
    let of_thread = |thread: std::io::Result<fs_err::DirEntry>| {
        let text = fs_err::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    };
    fs_err::read_dir("/proc/self/task").ok()?.map(of_thread).sum()
}

/// What one run of a task takes, in seconds.
struct Seconds {
    /// Median by the clock.
    median: f64,
    /// Best by the clock.
    best: f64,
    /// CPU over all threads, mean; the clock's median where the system does not tell.
    cpu: f64,
}

/// Runs a task at least nine times and for a second: the system counts CPU in steps of some milliseconds.
fn timed<T>(mut task: impl FnMut() -> T) -> Seconds {
    let (begun, before) = (Instant::now(), cpu_nanoseconds());
    let mut seconds = Vec::new();
    while seconds.len() < 9 || begun.elapsed().as_secs_f64() < 1.0 {
        let start = Instant::now();
        black_box(task());
        seconds.push(start.elapsed().as_secs_f64());
    }
    let used =
        before.zip(cpu_nanoseconds()).map(|(before, after)| (after - before) as f64 / 1e9 / seconds.len() as f64);
    seconds.sort_by(f64::total_cmp);
    let median = seconds[seconds.len() / 2];
    Seconds { median, best: seconds[0], cpu: used.unwrap_or(median) }
}

/// The table in the making.
#[derive(Default)]
struct Sitting {
    lines: Vec<String>,
}

impl Sitting {
    /// `key` names the task to the script. A target is met where CPU over all threads is no more than it: on a machine with nothing else
    /// to do the clock shows that, or less where threads share the work.
    fn row<T>(&mut self, key: &str, task: &str, target: f64, run: impl FnMut() -> T) {
        let Seconds { median, best, cpu } = timed(run);
        let met = if cpu <= target { "met" } else { "missed" };
        println!("{task:<58} {target:>9.4} {cpu:>10.5} {median:>10.5} {best:>10.5}  {met}");
        self.lines.push(format!("{key},\"{task}\",{target},{cpu},{median},{best}"));
    }
}

fn main() {
    println!("{:<58} {:>9} {:>10} {:>10} {:>10}", "task", "target s", "CPU s", "median s", "best s");
    let mut sitting = Sitting::default();
    let plain = Method::default();
    let pairs = ratings::<2>(100_000, 5, 0.0);
    let of_codes = || coefficients(&table(Level::Nominal, 5, &pairs), &[KAPPA], plain);
    sitting.row("kappa_codes", "kappa + SE, 1e5 x 2, codes", 0.001, of_codes);
    let words = ["fix", "build", "plan", "ask", "other"];
    let text: Vec<[&str; 2]> = pairs.iter().map(|row| row.map(|code| words[usize::from(code.unwrap())])).collect();
    let coded = || {
        let code = |word: &str| words.iter().position(|known| *known == word).and_then(|at| u16::try_from(at).ok());
        let rows: Vec<[Option<u16>; 2]> = text.iter().map(|row| row.map(code)).collect();
        coefficients(&table(Level::Nominal, 5, &rows), &[KAPPA], plain)
    };
    sitting.row("kappa_strings", "kappa + SE, 1e5 x 2, strings", 0.005, coded);
    let three = ratings::<3>(100_000, 5, 0.2);
    for (key, name, level, statistic, target) in [
        (
            "alpha_nominal",
            "alpha nominal + SE, 1e5 x 3, 20 % missing",
            Level::Nominal,
            Statistic::KrippendorffAlpha,
            0.003,
        ),
        ("alpha_ordinal", "alpha ordinal + SE, same", Level::Ordinal, Statistic::KrippendorffAlpha, 0.003),
        ("ac1", "AC1 + SE, same", Level::Nominal, Statistic::GwetAc(Weighting::Unweighted), 0.005),
        ("conger", "Conger + SE, same", Level::Nominal, Statistic::CongerKappa(Weighting::Unweighted), 0.005),
    ] {
        sitting.row(key, name, target, || coefficients(&table(level, 5, &three), &[statistic], plain));
    }
    let resampled = |kind, replicates| Method {
        errors: Errors::Bootstrap(Bootstrap { replicates, seed: 1 }, kind),
        unit: Unit::Item,
        ..Method::default()
    };
    let percentile = resampled(IntervalKind::Percentile, 10_000);
    let small = table(Level::Nominal, 3, &ratings::<2>(500, 3, 0.0));
    sitting
        .row("kappa_bootstrap", "kappa bootstrap B=10,000, n=500", 0.02, || coefficients(&small, &[KAPPA], percentile));
    let large = table(Level::Nominal, 3, &ratings::<2>(5_000_000, 3, 0.0));
    let of_millions = || coefficients(&large, &[KAPPA], percentile);
    sitting.row("kappa_bootstrap_5e6", "kappa bootstrap B=10,000, n=5,000,000", 0.02, of_millions);
    let bca = resampled(IntervalKind::Bca, 1_000);
    sitting.row("kappa_bca", "kappa BCa B=1,000, n=500", 0.01, || coefficients(&small, &[KAPPA], bca));
    let ordinal = table(Level::Ordinal, 5, &ratings::<3>(500, 5, 0.0));
    let of_ordinal = || coefficients(&ordinal, &[Statistic::KrippendorffAlpha], percentile);
    sitting.row("alpha_bootstrap", "alpha ordinal bootstrap B=10,000, n=500 x 3", 0.1, of_ordinal);
    let crowd = crowd();
    let rounds = Em { most_iterations: 50, tolerance: -1.0, ..Em::default() };
    let dawid_skene = "Dawid-Skene, 1e4 items, 4e4 ratings, 4 classes, 50 rounds";
    sitting.row("dawid_skene", dawid_skene, 0.05, || rounds.fit(&crowd));
    let judged = judged(300, 100_000);
    let numbers = [judged.indicator(0), judged.indicator(1)];
    let power_tuned = || overall_tuning(&numbers).and_then(|lambda| tuned(&numbers[1], lambda, Form::Share));
    sitting.row("ppi", "PPI++ share and interval, n=300, N=1e5", 0.001, power_tuned);
    let lang_reiczigel = || rogan_gladen(&judged, &judged, 1, true);
    sitting.row("judgy", "Lang-Reiczigel interval in judgy's place, same", 0.01, lang_reiczigel);
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--out") {
        let text = format!("key,task,target,cpu,median,best\n{}\n", sitting.lines.join("\n"));
        fs_err::write(&arguments[at + 1], text).unwrap();
    }
}
