//! Coverage of nominal 95 % intervals of corrected shares, by simulation: one row a cell and method.
//!
//! `just bench-coverage` prints the table; `just bench-coverage PYTHON` also runs judgy and truescore on the same samples (see
//! `benches/coverage.py`). `-- --out FOLDER` writes the samples, `-- --replicates N` draws so many of each cell (1,000).
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench ends with the first surprise, and prints its table"
)]

mod simulated;

use std::fmt::Write as _;

use assize::estimate::Method;
use assize::stats::{Observation, shares};
use rayon::prelude::*;
use simulated::Cell;

const METHODS: [Method; 8] = [
    Method::PpiPlusPlus,
    Method::Ppi,
    Method::CrossPpi,
    Method::DesignBased,
    Method::RoganGladen,
    Method::LangReiczigel,
    Method::Inversion,
    Method::GoldOnly,
];

/// Samples written for other packages.
const WRITTEN: u64 = 300;

fn cells() -> Vec<Cell> {
    let grid = |(gold, judged, prevalence, sensitivity, specificity, persons)| Cell {
        gold,
        judged,
        prevalence,
        sensitivity,
        specificity,
        persons,
    };
    [
        (30, 500, 0.3, 0.9, 0.9, None),
        (100, 1000, 0.3, 0.9, 0.9, None),
        (300, 1000, 0.3, 0.9, 0.9, None),
        (100, 150, 0.3, 0.9, 0.9, None),
        (100, 1000, 0.05, 0.9, 0.9, None),
        (100, 1000, 0.05, 0.7, 0.98, None),
        (100, 1000, 0.5, 0.65, 0.65, None),
        (100, 1000, 0.3, 0.99, 0.99, None),
        (100, 1000, 0.3, 0.9, 0.9, Some(40)),
        (300, 1000, 0.3, 0.9, 0.9, Some(40)),
        (300, 1000, 0.3, 0.7, 0.9, Some(100)),
    ]
    .map(grid)
    .to_vec()
}

/// Low and high of one method, in the order of [`METHODS`] with the raw share first; none where it refuses.
fn intervals(cell: &Cell, seed: u64) -> Vec<Option<(f64, f64)>> {
    let sample = cell.draw(seed);
    let own: Vec<String> = match &sample.clusters {
        Some(clusters) => clusters.iter().map(u32::to_string).collect(),
        None => (0..cell.judged).map(|item| item.to_string()).collect(),
    };
    let observations: Vec<Observation<'_>> = (sample.judged.iter().zip(&own))
        .map(|(label, cluster)| Observation { label: label.unwrap(), weight: 1.0, cluster })
        .collect();
    let raw = &shares(&observations, 2)[1];
    let corrected = METHODS.iter().map(|method| {
        let share = method.shares(&sample, &sample, None).labels.swap_remove(1);
        share.ok().map(|share| share.interval(0.95))
    });
    std::iter::once(raw.low.zip(raw.high)).chain(corrected).collect()
}

fn write(folder: &std::path::Path, cells: &[Cell]) {
    fs_err::create_dir_all(folder).unwrap();
    for (number, cell) in cells.iter().enumerate() {
        let head = format!(
            "# gold={} judged={} prevalence={} sensitivity={} specificity={} persons={}\n",
            cell.gold,
            cell.judged,
            cell.prevalence,
            cell.sensitivity,
            cell.specificity,
            cell.persons.unwrap_or(0)
        );
        let mut text = head + "replicate,judged,gold,cluster\n";
        for seed in 0..WRITTEN {
            let sample = cell.draw(seed);
            for item in 0..cell.judged {
                let gold = sample.gold[item].map_or(String::new(), |label| label.to_string());
                let cluster = sample.clusters.as_ref().map_or(String::new(), |clusters| clusters[item].to_string());
                writeln!(text, "{seed},{},{gold},{cluster}", sample.judged[item].unwrap()).unwrap();
            }
        }
        fs_err::write(folder.join(format!("cell-{number:02}.csv")), text).unwrap();
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let after = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1));
    let replicates: u64 = after("--replicates").map_or(1_000, |text| text.parse().unwrap());
    let cells = cells();
    if let Some(folder) = after("--out") {
        write(std::path::Path::new(folder), &cells);
    }
    let names: Vec<&str> = std::iter::once("raw").chain(METHODS.iter().map(|method| method.as_str())).collect();
    println!("| gold | judged | share | Se | Sp | persons | {} |", names.join(" | "));
    println!("|{}", " --- |".repeat(6 + names.len()));
    for cell in &cells {
        let all: Vec<Vec<Option<(f64, f64)>>> =
            (0..replicates).into_par_iter().map(|seed| intervals(cell, seed)).collect();
        let columns = (0..names.len()).map(|at| {
            let found: Vec<(f64, f64)> = all.iter().filter_map(|row| row[at]).collect();
            let n = found.len() as f64;
            let hits = found.iter().filter(|(low, high)| (*low..=*high).contains(&cell.prevalence)).count() as f64;
            let width = found.iter().map(|(low, high)| high - low).sum::<f64>() / n;
            let refused = all.len() - found.len();
            let refused = if refused > 0 { format!(" ({refused} refused)") } else { String::new() };
            format!("{:.1} % / {width:.3}{refused}", 100.0 * hits / n)
        });
        let columns: Vec<String> = columns.collect();
        let persons = cell.persons.map_or("-".to_owned(), |persons| persons.to_string());
        let Cell { gold, judged, prevalence, sensitivity, specificity, .. } = cell;
        println!(
            "| {gold} | {judged} | {prevalence} | {sensitivity} | {specificity} | {persons} | {} |",
            columns.join(" | ")
        );
    }
}
