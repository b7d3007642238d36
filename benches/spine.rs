//! Speed of the way from session files to checked numbers, on synthetic sessions.
//!
//! `just bench` prints time for each step; steps that read or write text also print bytes a second. `just bench view` runs
//! those whose name holds `view`.
#![expect(clippy::unwrap_used, reason = "a bench ends with the first surprise")]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use assize::corpus::{BuildOptions, Corpus, Salt, build};
use assize::prompt::{Extras, Template};
use assize::rubric::{self, BUILT_IN, Level, Rubric};
use assize::session::Session;
use assize::simulate::{SimulateSpec, Simulation};
use assize::stats::{Basis, Bootstrap, Method, RatingTable, Scale, Statistic, Unit, Weighting, coefficients};
use assize::verdict::Reader;
use assize::view::{self, ViewSpec};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use tempfile::TempDir;

/// Sessions that are simulated.
const SESSIONS: usize = 200;

fn main() {
    divan::main();
}

/// Simulated session files, the corpus made of them, and one session of it.
struct Material {
    _folder: TempDir,
    raw: PathBuf,
    bytes: u64,
    session: Session,
}

static MATERIAL: LazyLock<Material> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("raw");
    let spec = SimulateSpec {
        sessions: SESSIONS,
        persons: Some(20),
        seed: 1,
        detail: assize::simulate::Detail::Full,
        gold: None,
    };
    let simulation = Simulation::new(spec, &rubrics()).unwrap();
    simulation.write(&raw).unwrap();
    let bytes = (0..SESSIONS).filter_map(|index| simulation.session(index)).map(|(_, text)| text.len() as u64).sum();
    let corpus = folder.path().join("corpus");
    build(std::slice::from_ref(&raw), &corpus, &BuildOptions::quiet(Salt::fixed([1; 32]))).unwrap();
    let corpus = Corpus::open(&corpus).unwrap();
    let longest = corpus.rows().unwrap().into_iter().max_by_key(|row| row.measures.actions).unwrap();
    let session = corpus.session(&longest.id).unwrap();
    Material { _folder: folder, raw, bytes, session }
});

fn rubrics() -> Vec<Rubric> {
    BUILT_IN.iter().map(|name| rubric::load(name, Path::new("/nowhere")).unwrap()).collect()
}

#[divan::bench(sample_count = 10)]
fn ingest(bencher: Bencher) {
    let material = &*MATERIAL;
    bencher.counter(BytesCount::new(material.bytes)).with_inputs(|| tempfile::tempdir().unwrap()).bench_values(
        |into| {
            build(std::slice::from_ref(&material.raw), into.path(), &BuildOptions::quiet(Salt::fixed([1; 32]))).unwrap()
        },
    );
}

/// A session that is longer than its view: the longest simulated one, its turns repeated.
fn long_session() -> Session {
    let mut session = MATERIAL.session.clone();
    session.turns = std::iter::repeat_n(session.turns, 50).flatten().collect();
    session
}

#[divan::bench]
fn view(bencher: Bencher) {
    let (session, spec) = (long_session(), ViewSpec::default());
    let whole = view::transcript(&session, &spec).len();
    bencher.counter(BytesCount::new(whole)).bench(|| view::render(black_box(&session), &spec));
}

#[divan::bench(args = BUILT_IN)]
fn prompt(bencher: Bencher, name: &str) {
    let rubric = rubric::load(name, Path::new("/nowhere")).unwrap();
    let template = Template::load(&rubric.prompt, Path::new("/nowhere")).unwrap();
    let view = view::render(&long_session(), &ViewSpec::default());
    bencher.bench(|| template.render(&rubric, black_box(&view.text), &view.nonce, &Extras::default()).unwrap());
}

#[divan::bench(args = ["plain", "fenced", "in prose"])]
fn answer(bencher: Bencher, form: &str) {
    let reader = Reader::new(&rubric::load("work_mode", Path::new("/nowhere")).unwrap()).unwrap();
    let object =
        r#"{"reason": "Most turns change the parser that dropped rows.", "evidence": [1, 4, 9], "label": "fix"}"#;
    let text = match form {
        "fenced" => format!("```json\n{object}\n```"),
        "in prose" => format!("Here is what I think of {{this}} session:\n{object}\nThat is all."),
        _ => object.to_owned(),
    };
    bencher.bench(|| reader.read(black_box(&text)).unwrap());
}

/// `items` rows of ratings in five categories; three in four times a rater says the item's true category.
fn ratings(items: usize, raters: usize) -> Vec<Vec<Option<u16>>> {
    let code = |item: usize, rater: usize| {
        let noise = blake3::hash(format!("{item} {rater}").as_bytes()).as_bytes()[0];
        let truth = item * 7 % 5;
        Some(u16::try_from(if noise < 192 { truth } else { usize::from(noise) % 5 }).unwrap())
    };
    (0..items).map(|item| (0..raters).map(|rater| code(item, rater)).collect()).collect()
}

fn table(rows: &[Vec<Option<u16>>]) -> RatingTable {
    let scale = Scale { level: Level::Ordinal, categories: 5, values: None, distances: None };
    RatingTable::new(scale, rows.first().map_or(0, Vec::len), rows, None)
}

#[divan::bench]
fn cohen_kappa_of_100_000_items(bencher: Bencher) {
    let rows = ratings(100_000, 2);
    let statistics = [Statistic::CohenKappa(Weighting::Unweighted, Basis::Position)];
    bencher
        .counter(ItemsCount::new(rows.len()))
        .bench(|| coefficients(&table(black_box(&rows)), &statistics, Method::default()));
}

#[divan::bench(args = [2, 3])]
fn krippendorff_alpha_of_100_000_items(bencher: Bencher, raters: usize) {
    let rows = ratings(100_000, raters);
    bencher
        .counter(ItemsCount::new(rows.len()))
        .bench(|| coefficients(&table(black_box(&rows)), &[Statistic::KrippendorffAlpha], Method::default()));
}

#[divan::bench(sample_count = 10)]
fn bootstrap_of_kappa_10_000_times_500_items(bencher: Bencher) {
    let table = table(&ratings(500, 2));
    let statistics = [Statistic::CohenKappa(Weighting::Unweighted, Basis::Position)];
    let method = Method::bootstrap(Bootstrap { replicates: 10_000, seed: 1 }, Unit::Item);
    bencher.bench(|| coefficients(black_box(&table), &statistics, method));
}
