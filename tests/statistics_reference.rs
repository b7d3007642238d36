//! Coefficients by declared distances, alpha of sets of labels, tests that kappa is 0, jackknifes and sample sizes, against published
//! packages: tests/reference/distances.py and irr.R.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

use std::collections::{BTreeMap, BTreeSet};

use assize::agreement::{Options, multi_label_report};
use assize::gold::{LabelSet, LabelSets};
use assize::rubric::Level;
use assize::stats::estimate::{kappa_items_of_shares, kappa_test_items};
use assize::stats::{
    Coefficient, Errors, Method, RatingTable, Scale, Statistic, Unit, Weighting, coefficients, kappa_is_zero,
};
use serde_json::Value;

type Rows = Vec<Vec<Option<u16>>>;

fn reference(part: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("reference/distances.json")).unwrap();
    all[part].as_array().unwrap().clone()
}

fn table(of: &Value) -> RatingTable {
    let rows: Rows = serde_json::from_value(of["rows"].clone()).unwrap();
    let distances: Option<Vec<f64>> = serde_json::from_value(of["distances"].clone()).unwrap();
    let clusters: Option<Vec<u32>> = serde_json::from_value(of["clusters"].clone()).unwrap();
    let categories = serde_json::from_value(of["categories"].clone()).unwrap();
    let scale = Scale { level: Level::Nominal, categories, values: None, distances: distances.map(Into::into) };
    RatingTable::new(scale, rows[0].len(), &rows, clusters.as_deref())
}

fn close(found: Option<f64>, expected: &Value, what: &str) {
    let (found, expected) = (found.unwrap_or(f64::NAN), expected.as_f64().unwrap());
    assert!((found - expected).abs() < 1e-9, "{what}: {found} is not {expected}");
}

fn same(found: &Coefficient, expected: &Value) -> usize {
    let numbers = [
        ("value", found.value),
        ("se", found.se),
        ("low", found.low),
        ("high", found.high),
        ("observed_agreement", found.observed_agreement),
        ("expected_agreement", found.expected_agreement),
    ];
    let named = numbers.into_iter().filter_map(|(part, number)| Some((part, number, expected.get(part)?)));
    named.map(|(part, number, expected)| close(number, expected, &format!("{} {part}", found.name))).count()
}

// nltk and krippendorff (alpha), irrCAC (the families with errors and both agreements), statsmodels (kappa with its error).
#[test]
fn declared_distances_give_the_numbers_of_packages() {
    let mut compared = 0;
    for of in reference("by_distance") {
        let all = table(&of);
        let pair = all.pair(0, 1);
        for (table, part, statistics) in
            [(&all, "over_all", Statistic::custom_over_all()), (&pair, "pair", Statistic::custom_of_pair())]
        {
            for found in coefficients(table, &statistics, Method::default()) {
                compared += of[part].get(&found.name).map_or(0, |expected| same(&found, expected));
            }
        }
    }
    // Three tables with alpha, four families of six numbers and kappa of four.
    assert_eq!(compared, 3 * (1 + 4 * 6 + 4));
}

// nltk's AnnotationTask with its Jaccard and MASI distances, raters with holes, over all raters and of the first two.
#[test]
fn alpha_of_sets_is_that_of_nltk() {
    for of in reference("of_sets") {
        let rows: Vec<[String; 3]> = serde_json::from_value(of["ratings"].clone()).unwrap();
        let set = |[item, rater, labels]: &[String; 3]| LabelSet {
            item: item.clone(),
            rater: rater.clone(),
            labels: labels.chars().map(String::from).collect::<BTreeSet<_>>(),
            cluster: None,
            replicate: 1,
            line: 1,
        };
        let sets = LabelSets {
            sets: rows.iter().map(set).collect(),
            dropped: BTreeMap::new(),
            source: "synthetic".to_owned(),
            unread_columns: Vec::new(),
        };
        let report = multi_label_report(&sets, None, None, &Options::default()).unwrap();
        let pair = report.pair("r0", "r1").unwrap();
        for name in ["krippendorff_alpha_jaccard", "krippendorff_alpha_masi"] {
            let found = report.coefficient(name).unwrap();
            close(found.value, &of["over_all"][name], name);
            close(pair.coefficient(name).unwrap().value, &of["pair"][name], name);
            assert!(found.se.is_some_and(|se| se > 0.0) && found.low < found.value && found.n > 20, "{found:?}");
        }
    }
}

// The null variance of Fleiss, Cohen and Everitt as in statsmodels.
#[test]
fn the_test_of_no_kappa_is_that_of_statsmodels() {
    for of in reference("zeros") {
        let pair = table(&of);
        for weighting in [Weighting::Unweighted, Weighting::Linear, Weighting::Quadratic] {
            let found = kappa_is_zero(&pair, weighting);
            let expected = &of["tests"][&found.name];
            close(found.statistic, &expected["statistic"], &found.name);
            close(found.p, &expected["p"], &found.name);
        }
    }
}

// Loops over what packages give without one item, or one cluster; Cohen's kappa is that of the first two raters.
#[test]
fn jackknifes_are_those_of_a_loop() {
    let mut compared = 0;
    for of in reference("jackknifes") {
        let all = table(&of);
        let unit = if all.clusters().is_some() { Unit::Cluster } else { Unit::Item };
        let method = Method { unit, errors: Errors::Jackknife, ..Method::default() };
        let over_all = [Statistic::KrippendorffAlpha, Statistic::FleissKappa(Weighting::Unweighted)];
        let found = coefficients(&all, &over_all, method);
        let pair = coefficients(&all.pair(0, 1), &Statistic::of_pair(Level::Nominal), method);
        for found in found.iter().chain(pair.iter().filter(|of| of.name == "cohen_kappa")) {
            assert!(found.method.starts_with("jackknife over"), "{}", found.method);
            compared += same(found, &of["coefficients"][&found.name]);
        }
    }
    assert_eq!(compared, 2 * 3 * 2);
}

/// What irr and irrCAC of R give.
fn of_r() -> Value {
    serde_json::from_str(include_str!("reference/irr.json")).unwrap()
}

// irrCAC of R: where numbers of ratings vary, its error of alpha is the jackknife, and the Python port's is not.
#[test]
fn alpha_has_the_error_of_irrcac_of_r() {
    let tables: Value = serde_json::from_str(include_str!("reference/agreement.json")).unwrap();
    let theirs = of_r();
    for (of, expected) in tables["tables"].as_array().unwrap().iter().zip(theirs["alpha"].as_array().unwrap()) {
        assert_eq!(of["name"], expected["name"]);
        let rows: Rows = serde_json::from_value(of["rows"].clone()).unwrap();
        let categories = of["values"].as_array().unwrap().len();
        let scale = Scale { level: Level::Nominal, categories, values: None, distances: None };
        let table = RatingTable::new(scale, rows[0].len(), &rows, None);
        let found = coefficients(&table, &[Statistic::KrippendorffAlpha], Method::default());
        assert_eq!(same(&found[0], &expected["krippendorff_alpha"]), 2);
    }
}

#[test]
fn sample_sizes_are_those_of_irr() {
    let theirs = of_r();
    let number = |of: &Value, name: &str| of[name].as_f64().unwrap();
    for of in theirs["flack"].as_array().unwrap() {
        let shares: Vec<f64> = serde_json::from_value(of["shares"].clone()).unwrap();
        let found = kappa_items_of_shares(&shares, number(of, "null"), number(of, "kappa"), 0.05, number(of, "power"));
        close(found, &of["items"], "flack");
    }
    for of in theirs["cantor"].as_array().unwrap() {
        let [first, second] = ["first", "second"].map(|name| number(of, name));
        let found = kappa_test_items(first, second, number(of, "null"), number(of, "kappa"), 0.05, 0.8);
        close(found, &of["items"], "cantor");
    }
}
