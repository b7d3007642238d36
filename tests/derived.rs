//! Derived measures: their page, hand-worked rates, coverage by simulation, and the whole command.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "other commands' tests need more of it")]
mod project;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use assize::corpus::SessionRow;
use assize::estimate::{
    DecisionShares, DerivedMeasure, DerivedReports, Method, Options, Shares, Source, derived_ratings, derived_verdicts,
    estimate_derived,
};
use assize::gold::{Missing, Rating, Ratings};
use assize::session::{Evidence, Measures};
use assize::verdict::{Fingerprint, NoVerdict, Outcome, Verdict};
use project::{Project, said};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use serde_json::Value;

#[test]
fn every_measure_has_one_definition_on_the_page() {
    let page = fs_err::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/derived-measures.md")).unwrap();
    let cells = page.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
    let mut defined = BTreeSet::new();
    for name in cells.map(|cell| cell.trim().trim_matches('`').to_owned()) {
        assert!(defined.insert(name.clone()), "{name} is defined twice");
    }
    let known: BTreeSet<String> = DerivedMeasure::ALL.iter().map(|measure| measure.as_str().to_owned()).collect();
    assert_eq!(known.difference(&defined).collect::<Vec<_>>(), [""; 0], "measures without a definition on the page");
    assert_eq!(defined.difference(&known).collect::<Vec<_>>(), [""; 0], "definitions without a measure");
    for measure in DerivedMeasure::ALL {
        assert!(page.contains(measure.formula()), "the page does not have the formula of {}", measure.as_str());
    }
}

fn row(number: usize, lines_added: u64, machine_success: Option<bool>) -> SessionRow {
    SessionRow {
        measures: Measures { lines_added, ..Measures::default() },
        evidence: Evidence { machine_success, ..Evidence::default() },
        ..rows::row(&format!("s{number:04}"))
    }
}

fn verdict(number: usize, rubric: &str, label: Result<&str, NoVerdict>) -> Verdict {
    let outcome = match label {
        Ok(label) => Outcome::Label { label: label.to_owned(), reason: None, evidence: Vec::new(), confidence: None },
        Err(kind) => Outcome::None { kind, detail: String::new() },
    };
    Verdict {
        session: format!("s{number:04}"),
        rubric: rubric.to_owned(),
        judge: "judge".to_owned(),
        replicate: 1,
        unit: Fingerprint::of(&[rubric.as_bytes()]),
        outcome,
        repairs: BTreeSet::new(),
        calls: Vec::new(),
    }
}

fn rating(number: usize, rubric: &str, label: &str) -> Rating {
    Rating {
        item: format!("s{number:04}"),
        rater: "gold".to_owned(),
        label: label.to_owned(),
        rubric: Some(rubric.to_owned()),
        ..Rating::default()
    }
}

/// Sessions with outcome, success and failure signal by the judge, and by gold where there is gold.
#[derive(Default)]
struct Made {
    verdicts: Vec<Verdict>,
    gold: Ratings,
    rows: Vec<SessionRow>,
}

const PARTS: [&str; 3] = ["outcome", "success_signal", "failure_signal"];

impl Made {
    fn add(&mut self, judged: [&str; 3], gold: Option<[&str; 3]>, row_of: impl Fn(usize) -> SessionRow) {
        let number = self.rows.len();
        self.rows.push(row_of(number));
        self.verdicts.extend(PARTS.iter().zip(judged).map(|(rubric, label)| verdict(number, rubric, Ok(label))));
        let gold = gold.into_iter().flat_map(|labels| PARTS.iter().zip(labels));
        self.gold.rows.extend(gold.map(|(rubric, label)| rating(number, rubric, label)));
    }

    fn estimate(&self, methods: &[Method]) -> DerivedReports {
        let (weights, options) = (BTreeMap::new(), Options { methods: methods.to_vec(), ..Options::default() });
        let source = Source {
            verdicts: &self.verdicts,
            rows: &self.rows,
            sessions: self.rows.len() as u64,
            weights: &weights,
            gold: &self.gold,
            reference: None,
        };
        estimate_derived(&source, &["judge"], &Shares::new(), &options).unwrap()
    }
}

fn rate<'a>(all: &'a DerivedReports, measure: &str) -> &'a assize::estimate::Row {
    let report = all.reports.iter().find(|report| report.rubric == measure).unwrap();
    report.row("rate").unwrap()
}

fn close(found: Option<f64>, expected: f64) {
    assert!((found.unwrap() - expected).abs() < 1e-12, "{found:?} is not {expected}");
}

const VERIFIED: [&str; 3] = ["succeeded", "4", "none"];
const SOFT: [&str; 3] = ["succeeded", "2", "none"];
const GOALLESS: [&str; 3] = ["no_clear_goal", "none", "none"];

/// 40 sessions, 20 of them with gold. The judge: 20 verified, 10 not, 10 without a goal, and half of each with gold; gold
/// takes two of the verified back. By PPI, yes is 20/40 - 2/20 = 0.4, no is 10/40 + 2/20 = 0.35, and the rate 0.4 / 0.75.
#[test]
fn rates_are_those_worked_by_hand() {
    let mut made = Made::default();
    for number in 0..40 {
        let judged = [VERIFIED, VERIFIED, SOFT, GOALLESS][number % 4];
        let gold = (number < 20).then_some(if number == 0 || number == 4 { SOFT } else { judged });
        made.add(judged, gold, |number| row(number, 3, Some(number % 2 == 0)));
    }
    let all = made.estimate(&[Method::Ppi, Method::GoldOnly, Method::LangReiczigel]);
    let verified = rate(&all, "verified_success");
    close(verified.raw.value, 20.0 / 30.0);
    assert_eq!((verified.judged, verified.gold, verified.gold_with_label), (30, 15, 8));
    close(verified.by(Method::Ppi).unwrap().value, 0.4 / 0.75);
    close(verified.by(Method::GoldOnly).unwrap().value, 8.0 / 15.0);
    assert!(verified.by(Method::LangReiczigel).is_none(), "its interval is of one share, not of a ratio");
    assert_eq!(verified.raw_worst, Some((20.0 / 30.0, 20.0 / 30.0)));
    // Nothing is wrong about the outcome, so that nothing is corrected.
    close(rate(&all, "judged_success").by(Method::Ppi).unwrap().value, 1.0);
    // No judge and no gold puts a session among the troubled.
    let abandoned = rate(&all, "abandoned");
    assert_eq!((abandoned.judged, abandoned.raw.value, abandoned.corrected[0].value), (0, None, None));
    let measured: Vec<(&str, Option<f64>)> =
        all.measured.iter().map(|one| (one.rubric.as_str(), one.row("rate").unwrap().raw.value)).collect();
    let expected = [("machine_verified_success", Some(0.5)), ("wrote_code", Some(1.0)), ("code_producing", Some(1.0))];
    assert_eq!(measured, expected);
    // Numbers 0, 1 of four are verified, 2 is not, and even ones have machine evidence.
    let tables: Vec<_> = all.twins.iter().map(|twin| (twin.rater.as_str(), twin.counts, twin.outside)).collect();
    assert_eq!(tables, [("judge", [[10, 10], [10, 0]], 10), ("gold", [[3, 5], [7, 0]], 5)]);
    let left_out: Vec<&str> = all.left_out.iter().map(|one| one.measure.as_str()).collect();
    assert_eq!(left_out.len(), 5, "decisions and occupation: {left_out:?}");
    assert!(all.left_out[4].why.contains("judge has no verdicts on occupation_user"), "{}", all.left_out[4].why);
    assert_eq!(all.inconclusive(), None);
}

#[test]
fn a_missing_part_leaves_no_verdict_of_the_same_kind() {
    let verdicts = [
        verdict(0, "outcome", Ok("failed")),
        verdict(0, "failure_signal", Err(NoVerdict::Refused)),
        verdict(1, "outcome", Ok("failed")),
        verdict(1, "failure_signal", Ok("4")),
        verdict(2, "outcome", Ok("failed")),
    ];
    let rows = [row(0, 0, None), row(1, 0, None), row(2, 0, None)];
    let derived = |measure| derived_verdicts(&verdicts, &rows, &Shares::new(), measure, "judge");
    let found = derived(DerivedMeasure::Abandoned).unwrap();
    let said: Vec<_> = found.iter().map(|one| (one.outcome.label(), one.outcome.no_verdict())).collect();
    assert_eq!(said, [(None, Some(NoVerdict::Refused)), (Some("yes"), None)], "the third was not reached");
    assert_eq!(found[0].rubric, "abandoned");
    assert!(
        derived(DerivedMeasure::VerifiedSuccess).unwrap_err().to_string().contains("no verdicts on success_signal")
    );
    let odd = [verdict(0, "outcome", Ok("great"))];
    let error = derived_verdicts(&odd, &rows, &Shares::new(), DerivedMeasure::JudgedSuccess, "judge").unwrap_err();
    let expected =
        "judged_success cannot read the label \"great\" that judge gave s0000 for outcome; it knows succeeded,";
    assert!(error.to_string().starts_with(expected), "{error}");
}

#[test]
fn label_files_are_derived_like_verdicts() {
    let of = |ratings: &Ratings, measure| {
        let derived = derived_ratings(ratings, &[row(0, 0, None), row(1, 0, None)], &Shares::new(), measure)?;
        Ok::<_, assize::estimate::EstimateError>(
            derived.rows.into_iter().map(|row| (row.item, row.label, row.weight)).collect::<Vec<_>>(),
        )
    };
    let mut ratings = Ratings {
        rows: vec![rating(0, "outcome", "succeeded"), rating(0, "success_signal", "5"), rating(1, "outcome", "failed")],
        ..Ratings::default()
    };
    let yes = |weight| vec![("s0000".to_owned(), "yes".to_owned(), weight)];
    assert_eq!(of(&ratings, DerivedMeasure::VerifiedSuccess).unwrap(), yes(None), "the other has one part only");
    ratings.rows[0].weight = Some(2.0);
    let error = of(&ratings, DerivedMeasure::VerifiedSuccess).unwrap_err().to_string();
    assert!(error.contains("gives the parts of verified_success different weights for s0000"), "{error}");
    ratings.rows[1].weight = Some(2.0);
    assert_eq!(of(&ratings, DerivedMeasure::VerifiedSuccess).unwrap(), yes(Some(2.0)));
    ratings.rows[1].label = "6".to_owned();
    assert!(of(&ratings, DerivedMeasure::VerifiedSuccess).is_err());

    let mut occupation = Ratings { rows: vec![rating(0, "occupation_user", "unclear")], ..Ratings::default() };
    occupation.missing.push(Missing {
        item: "s0001".to_owned(),
        rater: "gold".to_owned(),
        rubric: Some("occupation_user".to_owned()),
        cluster: None,
        replicate: None,
        kind: NoVerdict::Abstained,
    });
    let labels: Vec<String> =
        of(&occupation, DerivedMeasure::SoftwareOccupation).unwrap().into_iter().map(|(_, label, _)| label).collect();
    assert_eq!(labels, ["outside", "outside"]);
}

#[test]
fn shares_of_decisions_make_control() {
    let shares = |planning| DecisionShares { planning_user: planning, execution_user: Some(0.1) };
    let of = |rater: &str, number: usize, planning| ((rater.to_owned(), format!("s{number:04}")), shares(planning));
    let shares: Shares =
        [of("judge", 0, Some(0.9)), of("judge", 1, None), of("gold", 0, Some(0.8)), of("gold", 1, None)].into();
    let rows = [row(0, 0, None), row(1, 0, None)];
    let found = derived_verdicts(&[], &rows, &shares, DerivedMeasure::UserControlsPlanning, "judge").unwrap();
    let labels: Vec<_> = found.iter().map(|one| one.outcome.label()).collect();
    assert_eq!(labels, [Some("yes"), Some("outside")]);
    let ratings = Ratings { rows: vec![rating(0, "outcome", "failed")], ..Ratings::default() };
    let gold = derived_ratings(&ratings, &rows, &shares, DerivedMeasure::UserControlsPlanning).unwrap();
    let labels: Vec<&str> = gold.rows.iter().map(|one| one.label.as_str()).collect();
    assert_eq!(labels, ["no", "outside"], "80 % is no control, and judges are not raters of the label file");
}

/// Planted sessions, and a judge that takes half of what fell short for a success and inflates the evidence.
fn planted(seed: u64) -> Made {
    let mut generator = Pcg64::seed_from_u64(seed);
    let mut uniform = move || f64::from(generator.next_u32()) / 4_294_967_296.0;
    let mut made = Made::default();
    for number in 0..300 {
        let draw = uniform();
        let outcome = match draw {
            _ if draw < 0.5 => "succeeded",
            _ if draw < 0.75 => "partially_succeeded",
            _ if draw < 0.9 => "failed",
            _ => "no_clear_goal",
        };
        let hard = uniform() < if outcome == "succeeded" { 0.6 } else { 0.2 };
        let trouble = uniform() < if outcome == "failed" { 0.7 } else { 0.2 };
        let truth = [outcome, if hard { "4" } else { "2" }, if trouble { "3" } else { "1" }];
        let judged_outcome = if outcome != "succeeded" && uniform() < 0.5 { "succeeded" } else { outcome };
        let judged_hard = hard || uniform() < 0.4;
        let judged_trouble = trouble && uniform() < 0.7;
        let judged = [judged_outcome, if judged_hard { "4" } else { "2" }, if judged_trouble { "3" } else { "1" }];
        made.add(judged, (number < 120).then_some(truth), |number| row(number, 1, None));
    }
    made
}

/// Verified: 0.5 x 0.6 of the 0.9 with a goal. Judged: 0.5 of 0.9. Trouble: (0.75 x 0.2 + 0.15 x 0.7) of 0.9.
#[test]
fn corrected_intervals_cover_the_planted_rates_and_raw_ones_do_not() {
    const RUNS: usize = 60;
    let planted_rates = [("verified_success", 0.3 / 0.9), ("judged_success", 0.5 / 0.9), ("hits_trouble", 0.255 / 0.9)];
    let methods = [Method::PpiPlusPlus, Method::Inversion, Method::GoldOnly];
    let mut covered: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for seed in 0..RUNS as u64 {
        let all = planted(seed).estimate(&methods);
        for (measure, truth) in planted_rates {
            let row = rate(&all, measure);
            for value in std::iter::once(&row.raw).chain(&row.corrected) {
                let covers = (value.low.unwrap()..=value.high.unwrap()).contains(&truth);
                *covered.entry((measure, value.method.clone())).or_default() += usize::from(covers);
            }
        }
    }
    for ((measure, method), count) in covered {
        if method == "raw" {
            assert!(count < 20, "the raw interval of {measure} covers {count} of {RUNS}");
        } else {
            // Four standard deviations below 95 % of 60.
            assert!(count >= 50, "{method} of {measure} covers {count} of {RUNS}");
        }
    }
}

#[test]
fn the_whole_command() {
    let project = Project::with_sessions(16);
    let rubrics = "outcome, success_signal, failure_signal, occupation_user, occupation_work, codebase_context";
    let text = format!(
        "name: trial\ncorpus: datasets/made\nrubrics: [{rubrics}]\njudges: [{{name: rules, model: baseline/rules}}]\n"
    );
    fs_err::write(project.path("experiment.yaml"), text).unwrap();
    let output = project.assize(&["run", "experiment.yaml"], None).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let run = project.run_folder().file_name().unwrap().to_string_lossy().into_owned();
    let mut gold = "item,rater,label,rubric\n".to_owned();
    for number in 0..14 {
        let outcome = if number < 4 { "failed" } else { "succeeded" };
        for (label, rubric) in [(outcome, "outcome"), ("2", "success_signal"), ("none", "failure_signal")] {
            gold.extend(["session-", &format!("{number:03}"), ",ann,", label, ",", rubric, "\n"]);
        }
    }
    fs_err::write(project.path("gold.csv"), &gold).unwrap();
    let estimate = |args: &[&str]| {
        let args = [&["estimate", &run, "--gold", "gold.csv", "--derived"], args].concat();
        project.assize(&args, None).output().unwrap()
    };
    let output = estimate(&["--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&all["version"], &all["run"]), (&1.into(), &run.clone().into()));
    let judged = all["reports"].as_array().unwrap().iter().find(|one| one["rubric"] == "judged_success").unwrap();
    let rate = judged["rows"].as_array().unwrap().iter().find(|one| one["label"] == "rate").unwrap();
    assert_eq!((&rate["gold"], &rate["gold_with_label"]), (&14.into(), &10.into()));
    assert!(rate["corrected"][0]["value"].is_f64(), "{rate}");
    let text = said(&estimate(&[]));
    for expected in ["verified_success", "measured", "beside machine evidence", "note: user_controls_planning by rules"]
    {
        assert!(text.contains(expected), "{expected:?} is not in {text}");
    }
    let csv = said(&estimate(&["--format", "csv"]));
    assert!(csv.contains("\nwrote_code,measured,,,rate,16,0,0,raw,0,"), "{csv}");
    let refused = estimate(&["--plan"]);
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    fs_err::write(project.path("gold.csv"), gold.replace("failed", "Failed")).unwrap();
    let output = estimate(&[]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("cannot read the label \"Failed\""), "{}", said(&output));
    fs_err::write(project.path("gold.csv"), "item,rater,label,rubric\nsession-001,ann,glad,mood\n").unwrap();
    let output = estimate(&[]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("no rater of the label file has all that verified_success"), "{}", said(&output));
}
