//! `assize ingest` of a large corpus beside the floor: a program that does nothing but parse every line into a JSON value.
//!
//! `just bench ingest` makes a synthetic corpus of 1,000 MB (`ASSIZE_BENCH_MB`), or takes the `.jsonl` files below
//! `ASSIZE_BENCH_FILES`, runs both programs on it in turn, and prints CPU seconds, MB a second of one core, peak memory
//! and the ratio of each pair of runs. The floor is built from `bench/ingest-floor` in `ASSIZE_SHARED`.
#![expect(clippy::unwrap_used, reason = "a bench ends with the first surprise")]
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench has no settings but its environment")]

mod corpus;
mod measure;

use std::path::{Path, PathBuf};
use std::process::Command;

use measure::{Usage, run};

/// Times that each program runs, in turn: a machine that others share changes its speed from run to run.
const ROUNDS: usize = 9;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted =
        arguments.iter().filter(|argument| !argument.starts_with('-')).all(|name| "ingest".contains(name.as_str()));
    // `cargo test --benches` calls every bench without this; it is no place for a gigabyte.
    if !wanted || !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    if !Path::new("/proc/self/stat").exists() {
        println!("ingest skipped: CPU time and memory are read from /proc, which only Linux has");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (what, files) = material(&folder.path().join("raw"));
    let bytes: u64 = files.iter().map(|file| fs_err::metadata(file).unwrap().len()).sum();
    let megabytes = bytes as f64 / 1e6;
    println!("{what}: {} files, {megabytes:.0} MB; {ROUNDS} rounds, medians", files.len());

    let root = std::env::var_os("ASSIZE_BENCH_FILES").map_or_else(|| folder.path().join("raw"), PathBuf::from);
    let into = folder.path().join("corpus");
    let floor = floor();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut ingest = Command::new(env!("CARGO_BIN_EXE_assize"));
        // A second ingest of the same files would find nothing to do.
        ours.push(run(ingest.args(["ingest", "--quiet", "--fresh"]).arg(&root).arg("--into").arg(&into)));
        if let Some(floor) = &floor {
            theirs.push(run(Command::new(floor).args(&files)));
        }
    }
    let mut ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, floor)| ours.cpu / floor.cpu).collect();
    ratios.sort_by(f64::total_cmp);
    println!("{:14} {:>8} {:>8} {:>13} {:>9}", "", "CPU s", "wall s", "MB/s a core", "peak MB");
    for (name, runs) in [("floor", &mut theirs), ("assize ingest", &mut ours)] {
        if let Some(median) = Usage::median(runs) {
            let speed = megabytes / median.cpu;
            println!("{name:14} {:8.2} {:8.2} {speed:13.0} {:9.0}", median.cpu, median.wall, median.peak_megabytes);
        }
    }
    if let (Some(ours), [least, .., most]) = (Usage::median(&mut ours), ratios.as_slice()) {
        let median = ratios[ratios.len() / 2];
        println!("CPU of assize / CPU of the floor right after it: median {median:.2}, from {least:.2} to {most:.2}");
        println!("cores used: {:.2}", ours.cpu / ours.wall);
    }
    let stored = fs_err::metadata(into.join("corpus.sqlite")).unwrap().len();
    println!("corpus.sqlite: {:.0} MB", stored as f64 / 1e6);
}

/// The files to read, made in `folder` unless others are named.
fn material(folder: &Path) -> (&'static str, Vec<PathBuf>) {
    if let Some(folder) = std::env::var_os("ASSIZE_BENCH_FILES") {
        return ("files named", below(Path::new(&folder)));
    }
    let megabytes = std::env::var("ASSIZE_BENCH_MB").map_or(1000, |text| text.parse().unwrap());
    corpus::write(folder, megabytes * 1_000_000);
    ("synthetic corpus", below(folder))
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(|entry| entry.unwrap().into_path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl")).collect()
}

/// The program to measure beside, built where the project keeps what its tests make.
fn floor() -> Option<PathBuf> {
    let shared = std::env::var_os("ASSIZE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let source = shared.join("bench/ingest-floor");
    if !source.join("Cargo.toml").exists() {
        println!("floor skipped: no {}", source.display());
        return None;
    }
    // Built from a copy: what is shared is only read.
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ingest-floor");
    fs_err::create_dir_all(copy.join("src")).unwrap();
    for file in ["Cargo.toml", "src/main.rs"] {
        fs_err::write(copy.join(file), fs_err::read(source.join(file)).unwrap()).unwrap();
    }
    let mut cargo = Command::new(env!("CARGO"));
    // Not the target folder of the run that started this bench.
    let built =
        cargo.args(["build", "--release", "--quiet"]).current_dir(&copy).env("CARGO_TARGET_DIR", copy.join("target"));
    assert!(built.status().unwrap().success(), "the floor does not build");
    Some(copy.join("target/release/ingest-floor"))
}
