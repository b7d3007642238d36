//! `assize estimate`: numbers against published packages, properties, coverage, and the whole command.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "other commands' tests need more of it")]
mod project;
#[path = "../benches/coverage/simulated.rs"]
mod simulated;

use std::fmt::Write as _;
use std::process::Output;
use std::time::Duration;

use assize::estimate::Method;
use assize::stats::Undefined;
use assize::stats::estimate::{
    Corrected, Form, LabelSample, Numbers, Pilot, cross_predictions, design_based, gold_only, invert,
    kappa_unit_variance, mcnemar_items, mcnemar_power, neyman, overall_tuning, power_tuned, predict, rogan_gladen,
    tuned,
};
use project::{Fake, Project, completion, said};
use proptest::prelude::*;
use serde_json::Value;
use simulated::Cell;

fn reference() -> Value {
    serde_json::from_str(include_str!("reference/estimate.json")).unwrap()
}

fn close(found: f64, expected: &Value, tolerance: f64, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() <= tolerance, "{what}: {found} is not {expected}");
}

/// Packages divide variances by n; we by n - 1.
fn by_n(estimate: &Corrected) -> f64 {
    let n = estimate.error.units as f64;
    estimate.error.se * ((n - 1.0) / n).sqrt()
}

fn same(estimate: &Corrected, expected: &Value, what: &str) {
    close(estimate.value(), &expected["value"], 1e-9, what);
    close(by_n(estimate), &expected["se"], 1e-9, what);
}

fn labels(of: &Value) -> Vec<usize> {
    of.as_array().unwrap().iter().map(|label| usize::try_from(label.as_u64().unwrap()).unwrap()).collect()
}

fn sample_of(one: &Value) -> LabelSample {
    let (gold, judged, rest) = (labels(&one["gold"]), labels(&one["judged"]), labels(&one["rest"]));
    let n = judged.len() + rest.len();
    LabelSample {
        labels: usize::try_from(one["labels"].as_u64().unwrap()).unwrap(),
        gold: gold.iter().copied().map(Some).chain(rest.iter().map(|_| None)).collect(),
        judged: judged.iter().chain(&rest).copied().map(Some).collect(),
        weights: vec![1.0; n],
        gold_weights: None,
        clusters: None,
    }
}

#[test]
fn shares_are_those_of_the_packages() {
    for one in reference()["samples"].as_array().unwrap() {
        let sample = sample_of(one);
        let without_gold: Vec<bool> = sample.gold.iter().map(Option::is_none).collect();
        let rest = sample.part(&without_gold);
        let numbers: Vec<_> = (0..sample.labels).map(|label| sample.indicator(label)).collect();
        let lambda = overall_tuning(&numbers).unwrap();
        close(lambda, &one["lambda"], 1e-9, "lambda");
        for (label, numbers) in numbers.iter().enumerate() {
            same(&tuned(numbers, lambda, Form::Share).unwrap(), &one["ppi_plus_plus"][label], "ppi_plus_plus");
            same(&predict(numbers, Form::Share).unwrap(), &one["ppi"][label], "ppi");
            let design = design_based(numbers, Form::Share).unwrap();
            close(design.value(), &one["design_based"][label]["value"], 1e-9, "design_based");
            close(by_n(&design), &one["design_based"][label]["se"], 1e-9, "design_based");
        }
        let inversion = invert(&rest, &sample).unwrap();
        close(inversion.condition, &one["inversion"]["condition"], 1e-9, "condition");
        for (label, share) in inversion.shares.iter().enumerate() {
            close(share.value(), &one["inversion"]["most_likely"][label], 1e-6, "inversion");
            if !inversion.constrained {
                close(share.value(), &one["inversion"]["solved"][label], 1e-9, "inversion");
            }
        }
        if let Some(expected) = one.get("rogan_gladen") {
            let (delta, _) = rogan_gladen(&rest, &sample, 1, false).unwrap();
            same(&delta, expected, "rogan_gladen");
            close(delta.value(), &expected["judgy"], 1e-9, "judgy");
            let (low, high) = rogan_gladen(&rest, &sample, 1, true).unwrap().0.interval(0.95);
            close(low, &expected["low"], 1e-9, "lang_reiczigel");
            close(high, &expected["high"], 1e-9, "lang_reiczigel");
        }
    }
    let constrained = |one: &Value| invert(&sample_of(one), &sample_of(one)).unwrap().constrained;
    assert!(reference()["samples"].as_array().unwrap().iter().any(|one| !constrained(one)));
}

#[test]
fn means_are_those_of_the_packages() {
    for one in reference()["numbers"].as_array().unwrap() {
        let floats =
            |of: &Value| of.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect::<Vec<f64>>();
        let gold = floats(&one["gold"]);
        let weights = vec![1.0; gold.len() + one["rest"].as_array().unwrap().len()];
        let numbers = |judged: &Value, rest: &Value| Numbers {
            judged: floats(judged).into_iter().chain(floats(rest)).map(Some).collect(),
            gold: gold.iter().copied().map(Some).chain(floats(rest).iter().map(|_| None)).collect(),
            weights: &weights,
            gold_weights: None,
            clusters: None,
        };
        let own = numbers(&one["judged"], &one["rest"]);
        let (plus, lambda) = power_tuned(&own, Form::Wald).unwrap();
        close(lambda, &one["lambda"], 1e-9, "lambda");
        same(&plus, &one["ppi_plus_plus"], "ppi_plus_plus");
        same(&predict(&own, Form::Wald).unwrap(), &one["ppi"], "ppi");
        same(&gold_only(&own, Form::Wald).unwrap(), &one["gold_only"], "gold_only");
        let cross = numbers(&one["cross"]["judged"], &one["cross"]["rest"]);
        same(&predict(&cross, Form::Wald).unwrap(), &one["cross"], "cross");
    }
}

#[test]
fn plans_are_those_of_closed_forms() {
    for one in reference()["kappa"].as_array().unwrap() {
        let number = |name: &str| one[name].as_f64().unwrap();
        let found = kappa_unit_variance(number("first"), number("second"), number("kappa")).unwrap();
        close(found, &one["unit_variance"], 1e-9, "kappa");
    }
    assert_eq!(kappa_unit_variance(0.9, 0.1, 0.9), None);
    // 1.96 squared times 0.25 over 0.05 squared; half of the variance explained by a judge on endless items.
    let pilot = Pilot { variance: 0.25, r_squared: 0.5, judged: 1e12, design_effect: 1.0 };
    assert!((pilot.classical(0.05, 0.95) - 384.145_882).abs() < 1e-5);
    assert!((pilot.power_tuned(0.05, 0.95).unwrap() - 192.072_941).abs() < 1e-4);
    assert_eq!(Pilot { judged: 100.0, ..pilot }.power_tuned(0.05, 0.95), None);
    // Miettinen's formula by hand: (1.959964 * sqrt(0.3) + 0.841621 * sqrt(0.29))^2 / 0.01.
    let items = mcnemar_items(0.2, 0.1, 0.05, 0.8).unwrap();
    assert!((items - 232.99).abs() < 0.5, "{items}");
    assert!((mcnemar_power(0.2, 0.1, 0.05, items) - 0.8).abs() < 1e-9);
    assert_eq!(mcnemar_items(0.1, 0.1, 0.05, 0.8), None);
    // Twice the deviation gets twice the labels, no stratum more than it has, and none is left without a first look.
    assert_eq!(neyman(&[(1.0, 0.4, 1000, 1), (1.0, 0.2, 1000, 1)], 28), [19, 9]);
    assert_eq!(neyman(&[(1.0, 0.4, 2, 1), (1.0, 0.0, 5, 0)], 4), [1, 3]);
}

#[test]
fn what_cannot_be_turned_round_is_refused() {
    let sample = |pairs: &[(usize, usize)]| LabelSample {
        labels: 2,
        gold: pairs.iter().map(|pair| Some(pair.0)).collect(),
        judged: pairs.iter().map(|pair| Some(pair.1)).collect(),
        weights: vec![1.0; pairs.len()],
        gold_weights: None,
        clusters: None,
    };
    let blind = sample(&[(0, 0), (0, 1), (1, 0), (1, 1)]);
    assert_eq!(invert(&blind, &blind).unwrap_err(), Undefined::SingularConfusion);
    assert_eq!(rogan_gladen(&blind, &blind, 1, false).unwrap_err(), Undefined::JudgeNotBetterThanChance);
    let wrong = sample(&[(0, 1), (0, 1), (1, 0), (1, 0)]);
    assert_eq!(invert(&wrong, &wrong).unwrap_err(), Undefined::JudgeNotBetterThanChance);
    let never = sample(&[(0, 0), (0, 0), (0, 1)]);
    assert_eq!(invert(&never, &never).unwrap_err(), Undefined::TooFewItems);
    // A judge that says the same of all counts for nothing.
    let constant = sample(&[(0, 0), (0, 0), (1, 0)]);
    assert_eq!(overall_tuning(&[constant.indicator(1)]), Ok(0.0));
}

#[test]
fn known_probabilities_mend_an_unequal_draw() {
    // 100 items of label 1 and 300 of label 0, a judge that says 0 of all; gold is every second of the first, every tenth of the rest.
    let gold = |item: usize| match item {
        0..100 => item.is_multiple_of(2).then_some(1),
        _ => item.is_multiple_of(10).then_some(0),
    };
    let sample = LabelSample {
        labels: 2,
        judged: vec![Some(0); 400],
        gold: (0..400).map(gold).collect(),
        weights: vec![1.0; 400],
        gold_weights: Some((0..400).map(|item| if item < 100 { 2.0 } else { 10.0 }).collect()),
        clusters: None,
    };
    for method in [Method::DesignBased, Method::PpiPlusPlus, Method::Ppi, Method::GoldOnly] {
        let share = method.shares(&sample, &sample, None).labels.swap_remove(1).unwrap();
        assert!((share.value() - 0.25).abs() < 1e-9, "{method:?}: {}", share.value());
    }
}

const METHODS: [Method; 7] = [
    Method::PpiPlusPlus,
    Method::Ppi,
    Method::CrossPpi,
    Method::DesignBased,
    Method::LangReiczigel,
    Method::Inversion,
    Method::GoldOnly,
];

fn samples() -> impl Strategy<Value = LabelSample> {
    let item = (0_usize..3, 0_usize..3, 0_u8..10, 0_u32..12, any::<bool>());
    proptest::collection::vec(item, 30..80).prop_map(|items| LabelSample {
        labels: 3,
        judged: items.iter().map(|item| Some(if item.2 < 7 { item.0 } else { item.1 })).collect(),
        gold: items.iter().map(|item| item.4.then_some(item.0)).collect(),
        weights: items.iter().map(|item| 1.0 + f64::from(item.2 % 3)).collect(),
        gold_weights: None,
        clusters: Some(items.iter().map(|item| item.3).collect()),
    })
}

proptest! {
    #[test]
    fn shares_sum_to_one_and_follow_the_names_of_labels(sample in samples()) {
        let turn = |labels: &[Option<usize>]| labels.iter().map(|label| label.map(|label| (label + 1) % 3)).collect();
        let turned = LabelSample { judged: turn(&sample.judged), gold: turn(&sample.gold), ..sample.clone() };
        for method in METHODS {
            let found = method.shares(&sample, &sample, None);
            let other = method.shares(&turned, &turned, None);
            if let Some(lambda) = found.lambda {
                prop_assert!((0.0..=1.0).contains(&lambda));
            }
            let values: Result<Vec<f64>, Undefined> = found.labels.iter().map(|one| one.clone().map(|one| one.value())).collect();
            if let (Ok(values), false) = (values, method == Method::LangReiczigel) {
                prop_assert!((values.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{method:?}: {values:?}");
            }
            for (label, one) in found.labels.iter().enumerate() {
                match (one, &other.labels[(label + 1) % 3]) {
                    (Ok(one), Ok(other)) => {
                        let apart = ((one.value() - other.value()).abs(), (one.error.se - other.error.se).abs());
                        prop_assert!(apart.0 < 1e-6 && apart.1 < 1e-9, "{method:?}: {apart:?} with error {}, condition {:?}", one.error.se, found.condition);
                        let (low, high) = one.interval(0.95);
                        let inside = one.value().clamp(0.0, 1.0);
                        prop_assert!(0.0 <= low && low <= high && high <= 1.0);
                        prop_assert!(method == Method::LangReiczigel || (low <= inside && inside <= high));
                    }
                    (one, other) => prop_assert_eq!(one.is_ok(), other.is_ok()),
                }
            }
        }
    }

    #[test]
    fn a_perfect_judge_is_not_corrected(sample in samples()) {
        // Gold says what the judge says, wherever it says anything.
        let gold = sample.gold.iter().zip(&sample.judged).map(|(gold, judged)| gold.and(*judged)).collect();
        let sample = LabelSample { gold, weights: vec![1.0; sample.judged.len()], ..sample };
        let total = sample.judged.len() as f64;
        for method in [Method::DesignBased, Method::LangReiczigel, Method::Inversion] {
            for (label, share) in method.shares(&sample, &sample, None).labels.into_iter().enumerate() {
                let raw = sample.judged.iter().filter(|judged| **judged == Some(label)).count() as f64 / total;
                if let Ok(share) = share {
                    prop_assert!((share.value() - raw).abs() < 1e-9, "{method:?}: {} is not {raw}", share.value());
                }
            }
        }
        // PPI speaks of the items without gold there.
        let rest: Vec<_> = sample.judged.iter().zip(&sample.gold).filter(|(_, gold)| gold.is_none()).collect();
        let share = rest.iter().filter(|(judged, _)| **judged == Some(1)).count() as f64 / rest.len() as f64;
        if let Ok(found) = predict(&sample.indicator(1), Form::Share) {
            prop_assert!(rest.is_empty() || (found.value() - share).abs() < 1e-9);
        }
    }
}

const CELL: Cell = Cell { gold: 100, judged: 600, prevalence: 0.3, sensitivity: 0.85, specificity: 0.9, persons: None };

#[test]
fn intervals_shrink_with_gold() {
    let width = |cell: Cell, method: Method| {
        let share = method.shares(&cell.draw(1), &cell.draw(1), None).labels.swap_remove(1).unwrap();
        let (low, high) = share.interval(0.95);
        high - low
    };
    for method in METHODS {
        let (few, many) = (width(CELL, method), width(Cell { gold: 400, judged: 2400, ..CELL }, method));
        assert!(many < 0.65 * few, "{method:?}: {few} to {many}");
    }
    assert!(width(CELL, Method::PpiPlusPlus) < 0.85 * width(CELL, Method::GoldOnly));
}

#[test]
fn items_of_a_person_share_a_fold() {
    let sample = Cell { persons: Some(9), ..CELL }.draw(3);
    let predictions = cross_predictions(&sample, 1, 5);
    let clusters = sample.clusters.as_ref().unwrap();
    for item in 0..CELL.judged {
        let alike = |other: usize| {
            clusters[other] == clusters[item]
                && sample.judged[other] == sample.judged[item]
                && sample.gold[other].is_some() == sample.gold[item].is_some()
        };
        assert!((0..item).filter(|other| alike(*other)).all(|other| predictions[other] == predictions[item]));
    }
}

#[test]
fn intervals_cover_the_truth_as_often_as_they_say() {
    let cells = [
        CELL,
        Cell { gold: 40, ..CELL },
        Cell { prevalence: 0.06, ..CELL },
        Cell { gold: 200, persons: Some(60), ..CELL },
    ];
    for cell in cells {
        for method in [Method::PpiPlusPlus, Method::DesignBased, Method::LangReiczigel, Method::Inversion] {
            let covers = |seed: u64| {
                let sample = cell.draw(seed);
                let share = method.shares(&sample, &sample, None).labels.swap_remove(1);
                share.is_ok_and(|share| {
                    let (low, high) = share.interval(0.95);
                    (low..=high).contains(&cell.prevalence)
                })
            };
            let covered = (0..200).filter(|seed| covers(*seed)).count();
            // Four standard deviations below 95 % of 200 are 178.
            assert!(covered >= 178, "{method:?} covers {covered} of 200 in {cell:?}");
        }
    }
}

/// A judge that says of part n of the machine: glad where n is even.
async fn judge() -> Fake {
    Fake::start(Duration::ZERO, |body| {
        let number = body.split("part number ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
        let label = if number.is_some_and(|number| number.is_multiple_of(2)) { "glad" } else { "sad" };
        completion(&serde_json::json!({ "label": label }).to_string())
    })
    .await
}

/// Gold for `sessions` sessions: the judge is wrong about every tenth.
fn gold(sessions: usize) -> String {
    (0..sessions).fold("item,rater,label\n".to_owned(), |mut text, number| {
        let glad = number.is_multiple_of(2) != number.is_multiple_of(10);
        let _ = writeln!(text, "session-{number:03},ann,{}", if glad { "glad" } else { "sad" });
        text
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_estimated_raw_and_corrected() {
    let server = judge().await;
    let project = Project::with_sessions(40);
    project.experiment("openai/made-up", "");
    let output = project.run(&server.url(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let run = project.run_folder().file_name().unwrap().to_string_lossy().into_owned();
    let estimate = |args: &[&str]| {
        project.assize(&[&["estimate", &run, "--gold", "gold.csv"], args].concat(), None).output().unwrap()
    };

    fs_err::write(project.path("gold.csv"), gold(20) + "elsewhere,ann,glad\n").unwrap();
    let output = estimate(&["--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&all["version"], &all["confidence"]), (&1.into(), &0.95.into()));
    assert_eq!(
        all["notes"],
        serde_json::json!(["1 items of the label file are not sessions of the corpus, such as elsewhere"])
    );
    let glad = &all["reports"][0]["rows"][0];
    assert_eq!((&glad["label"], &glad["judged"], &glad["gold"]), (&"glad".into(), &40.into(), &20.into()));
    assert_eq!(glad["raw"]["value"], 0.5);
    let methods: Vec<&str> =
        glad["corrected"].as_array().unwrap().iter().map(|one| one["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["ppi_plus_plus", "lang_reiczigel", "inversion"]);
    for one in glad["corrected"].as_array().unwrap() {
        let number = |name: &str| one[name].as_f64().unwrap();
        assert!(number("value") < 0.45 && number("low") < number("value") && number("value") < number("high"), "{one}");
    }

    let text = said(&estimate(&["--by", "started_at", "--method", "gold-only"]));
    assert!(text.contains("too_few_items") && text.contains("Differences"), "{text}");
    let csv = said(&estimate(&["--format", "csv"]));
    assert!(
        csv.starts_with("rubric,judge,group,less,label,judged,gold,gold_with_label,method,value,se,low,high"),
        "{csv}"
    );
    let plan = estimate(&["--plan", "--half-width", "0.1", "--format", "json"]);
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    let needed = &plan["plans"][0]["needed"][0];
    assert!(
        needed["ppi_plus_plus"].as_u64().unwrap_or(u64::MAX) > 0 && needed["classical"].as_u64().unwrap() > 80,
        "{plan}"
    );

    for (file, code, expected) in [
        (gold(6), 2, "gold labels of 6 sessions only; at least 10 are needed"),
        ("item,rater,label\nsession-001,ann,Glad\n".to_owned(), 3, "differs from \"glad\" by letter case"),
        ("item,rater,label\nsession-001,ann,glad\nsession-001,ann,sad\n".to_owned(), 3, "rated session-001 twice"),
        (
            "item,rater,label\nsession-001,ann,glad\nsession-002,bob,sad\n".to_owned(),
            3,
            "several raters of mood (ann, bob)",
        ),
    ] {
        fs_err::write(project.path("gold.csv"), file).unwrap();
        let output = estimate(&[]);
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        assert!(said(&output).contains(expected), "{expected:?} is not in {}", said(&output));
    }
}

// Simulated sessions of several months, judged by rules, with gold for every second session.
#[test]
fn strata_and_kappa_above_a_value_are_asked_for_by_name() {
    let project = Project::with_sessions(1);
    let run = |args: &[&str]| project.assize(args, None).output().unwrap();
    assert!(run(&["simulate", "--sessions", "80", "--seed", "4", "--out", "sim"]).status.success());
    assert!(run(&["ingest", "sim/projects", "--into", "datasets/sim"]).status.success());
    let experiment = "name: trial\ncorpus: datasets/sim\nrubrics: [work_mode]\njudges: [{model: baseline/rules}]\n";
    fs_err::write(project.path("experiment.yaml"), experiment).unwrap();
    assert!(run(&["run", "experiment.yaml"]).status.success());
    let truth = fs_err::read_to_string(project.path("sim/truth.csv")).unwrap();
    let of_mode = truth.lines().skip(1).filter(|line| line.contains(",work_mode,")).step_by(2);
    let gold = truth.lines().take(1).chain(of_mode).collect::<Vec<_>>().join("\n");
    fs_err::write(project.path("gold.csv"), gold).unwrap();
    let id = project.run_folder().file_name().unwrap().to_string_lossy().into_owned();
    let estimate = |args: &[&str]| run(&[&["estimate", &id, "--gold", "gold.csv", "--format", "json"], args].concat());
    let shares = |output: &Output| -> Vec<f64> {
        let all: Value = serde_json::from_slice(&output.stdout).unwrap();
        let rows = all["reports"][0]["rows"].as_array().unwrap().clone();
        rows.iter().map(|row| row["corrected"][0]["value"].as_f64().unwrap()).collect()
    };
    let stratified = shares(&estimate(&["--method", "stratified-ppi", "--strata", "month"]));
    let plain = shares(&estimate(&["--method", "ppi-plus-plus"]));
    assert!((stratified.iter().sum::<f64>() - 1.0).abs() < 1e-9 && stratified != plain, "{stratified:?} {plain:?}");
    // One stratum that holds all is PPI++.
    assert_eq!(shares(&estimate(&["--method", "stratified-ppi", "--strata", "format"])), plain);
    let without = estimate(&["--method", "stratified-ppi"]);
    assert_eq!(without.status.code(), Some(3));
    assert!(said(&without).contains("stratified_ppi needs --strata COLUMN"), "{}", said(&without));
    let unknown = estimate(&["--method", "stratified-ppi", "--strata", "moon"]);
    assert!(said(&unknown).contains("sessions have no column moon"), "{}", said(&unknown));

    let planned: Value = serde_json::from_slice(&estimate(&["--plan", "--above", "0.1"]).stdout).unwrap();
    let above = &planned["plans"][0]["above"];
    assert!(above["influence"].as_u64().unwrap() > 10 && above["cantor"].is_null(), "{above}");
    assert_eq!(estimate(&["--plan", "--above", "1"]).status.code(), Some(3));
}
