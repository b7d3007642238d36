//! Coefficients of agreement against published packages, published tables, their own symmetries, and simulation.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod shared;

use std::collections::HashMap;

use assize::rubric::Level;
use assize::stats::{
    Basis, Bootstrap, Coefficient, ConfusionMatrix, Design, Errors, Influence, IntervalKind, Method, RatingTable,
    Sampling, Scale, Statistic, Undefined, Unit, Weighting, coefficients,
};
use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use serde_json::Value;

const LEVELS: [(Level, &str); 4] =
    [(Level::Nominal, "nominal"), (Level::Ordinal, "ordinal"), (Level::Interval, "interval"), (Level::Ratio, "ratio")];

const FLEISS: Statistic = Statistic::FleissKappa(Weighting::Unweighted);
const COHEN: Statistic = Statistic::CohenKappa(Weighting::Unweighted, Basis::Position);

type Rows = Vec<Vec<Option<u16>>>;

fn table(level: Level, values: &[f64], rows: &Rows) -> RatingTable {
    let scale = Scale { level, categories: values.len(), values: Some(values.to_vec()), distances: None };
    RatingTable::new(scale, rows.first().map_or(0, Vec::len), rows, None)
}

fn one(table: &RatingTable, statistic: Statistic) -> Coefficient {
    coefficients(table, &[statistic], Method::default()).remove(0)
}

/// The project's tolerance against deterministic references (agreement.md section 7).
fn assert_close(found: Option<f64>, expected: &Value, what: &str) {
    let (found, expected) = (found.unwrap_or(f64::NAN), expected.as_f64().unwrap());
    assert!((found - expected).abs() < 1e-9, "{what}: {found} is not {expected}");
}

fn assert_same(found: &Coefficient, expected: &Value, what: &str) {
    for (part, number) in [
        ("value", found.value),
        ("se", found.se),
        ("low", found.low),
        ("high", found.high),
        ("observed_agreement", found.observed_agreement),
        ("expected_agreement", found.expected_agreement),
    ] {
        if let Some(expected) = expected.get(part) {
            assert_close(number, expected, &format!("{what} {part}"));
        }
    }
}

// statsmodels, krippendorff, irrCAC and scikit-learn; versions and how: tests/reference/agreement.py.
#[test]
fn packages_give_the_same_numbers() {
    let reference: Value = serde_json::from_str(include_str!("reference/agreement.json")).unwrap();
    for of in reference["tables"].as_array().unwrap() {
        let name = of["name"].as_str().unwrap();
        let rows: Rows = serde_json::from_value(of["rows"].clone()).unwrap();
        let values: Vec<f64> = serde_json::from_value(of["values"].clone()).unwrap();
        for (level, level_name) in LEVELS {
            let alpha = one(&table(level, &values, &rows), Statistic::KrippendorffAlpha);
            assert_same(&alpha, &of["krippendorff_alpha"][level_name], &format!("{name}, alpha {level_name}"));
        }
        let nominal = table(Level::Nominal, &values, &rows);
        assert_same(&one(&nominal, FLEISS), &of["fleiss_kappa"], &format!("{name}, Fleiss"));
        if let Some(irrcac) = of.get("krippendorff_alpha_irrcac") {
            assert_same(&one(&nominal, Statistic::KrippendorffAlpha), irrcac, &format!("{name}, alpha of irrCAC"));
        }
        if let Some(expected) = of.get("pair") {
            let pair = nominal.pair(0, 1);
            for weighting in [Weighting::Unweighted, Weighting::Linear, Weighting::Quadratic] {
                let statistic = Statistic::CohenKappa(weighting, Basis::Position);
                assert_same(
                    &one(&pair, statistic),
                    &expected[statistic.name()],
                    &format!("{name}, {}", statistic.name()),
                );
            }
            let matrix = ConfusionMatrix::of(&pair, &pair.counts());
            for category in 0..values.len() {
                let scores = matrix.precision_recall_f1(category);
                for (part, score) in ["precision", "recall", "f1"].into_iter().zip(scores) {
                    assert_close(score, &expected[part][category], &format!("{name}, {part} of {category}"));
                }
            }
        }
    }
}

// scipy, statsmodels, irrCAC, scikit-learn and pingouin; versions and how: tests/reference/coefficients.py.
#[test]
fn packages_give_the_same_numbers_for_every_coefficient() {
    let reference: Value = serde_json::from_str(include_str!("reference/coefficients.json")).unwrap();
    let mut compared = 0;
    for of in reference["tables"].as_array().unwrap() {
        let name = of["name"].as_str().unwrap();
        let rows: Rows = serde_json::from_value(of["rows"].clone()).unwrap();
        let values: Vec<f64> = serde_json::from_value(of["values"].clone()).unwrap();
        let all = table(Level::Interval, &values, &rows);
        let over_all = Statistic::every_over_all(Level::Interval).into_iter().map(|one| ("over_all", &all, one));
        let pair = all.pair(0, 1);
        let of_pair =
            Statistic::every_of_pair(Level::Interval, values.len()).into_iter().map(|one| ("pair", &pair, one));
        for (part, table, statistic) in over_all.chain(of_pair) {
            if let Some(expected) = of[part].get(statistic.name()) {
                assert_same(&one(table, statistic), expected, &format!("{name}, {}", statistic.name()));
                compared += 1;
            }
        }
    }
    // Six tables with 24 coefficients over all raters and 12 of the first two; fewer means that some went uncompared.
    assert_eq!(compared, 6 * (24 + 12));
}

// psych and epiR of R: tests/reference/psych.R. The error of psych's weighted kappa is not that of Fleiss, Cohen and Everitt (statsmodels
// has it), and so is not compared.
#[test]
fn r_packages_give_the_same_numbers() {
    let ours: Value = serde_json::from_str(include_str!("reference/agreement.json")).unwrap();
    let theirs: Value = serde_json::from_str(include_str!("reference/psych.json")).unwrap();
    let mut compared = 0;
    for (of, expected) in ours["tables"].as_array().unwrap().iter().zip(theirs["tables"].as_array().unwrap()) {
        assert_eq!(of["name"], expected["name"]);
        let name = of["name"].as_str().unwrap();
        let rows: Rows = serde_json::from_value(of["rows"].clone()).unwrap();
        let values: Vec<f64> = serde_json::from_value(of["values"].clone()).unwrap();
        let complete: Rows = rows.into_iter().filter(|row| row.iter().all(Option::is_some)).collect();
        let all = table(Level::Interval, &values, &complete);
        for statistic in Statistic::every_over_all(Level::Interval) {
            if let Some(icc) = expected["icc"].get(statistic.name()) {
                assert_same(&one(&all, statistic), icc, &format!("{name}, {}", statistic.name()));
                compared += 1;
            }
        }
        let pair = all.pair(0, 1);
        for statistic in Statistic::every_of_pair(Level::Interval, values.len()) {
            if let Some(numbers) = expected.get("pair").and_then(|pair| pair.get(statistic.name())) {
                assert_same(&one(&pair, statistic), numbers, &format!("{name}, {}", statistic.name()));
                compared += 1;
            }
        }
    }
    assert_eq!(
        compared,
        6 * 6 + 4 * 3,
        "six intraclass correlations of six tables, three coefficients of the four of two raters"
    );
    for of in theirs["prevalence"].as_array().unwrap() {
        let number = |key: &str| of[key].as_f64().unwrap();
        let raw = number("positive") / number("tested");
        let share = (raw + number("specificity") - 1.0) / (number("sensitivity") + number("specificity") - 1.0);
        assert_close(Some(share), &of["value"], "the formula of Rogan and Gladen");
    }
}

// scipy on fixed resampling indices: tests/reference/bootstrap.py. Percent agreement is a mean, so that leaving one item out and the
// influences give one acceleration; that of kappa is scipy's own.
#[test]
fn bootstrap_intervals_are_those_of_scipy() {
    let reference: Value = serde_json::from_str(include_str!("reference/bootstrap.json")).unwrap();
    let side = |name: &str| -> Vec<u16> { serde_json::from_value(reference[name].clone()).unwrap() };
    let rows: Rows = side("first").into_iter().zip(side("second")).map(|(a, b)| vec![Some(a), Some(b)]).collect();
    let table = table(Level::Nominal, &[1.0, 2.0, 3.0], &rows);
    for of in reference["cases"].as_array().unwrap() {
        let name = of["name"].as_str().unwrap();
        let statistic = if name == "cohen_kappa" { COHEN } else { Statistic::PercentAgreement };
        let influence = Influence::of(&table, statistic).unwrap();
        assert_close(Some(influence.value), &of["value"], name);
        let own = influence.acceleration(Design::default());
        let leaving_out = of["acceleration"].as_f64().unwrap();
        let tolerance = if name == "cohen_kappa" { 0.005 } else { 1e-12 };
        assert!((own - leaving_out).abs() < tolerance, "{name}: {own} is not {leaving_out}");
        let replicates: Vec<f64> = serde_json::from_value(of["replicates"].clone()).unwrap();
        for expected in of["intervals"].as_array().unwrap() {
            let kind = match expected["kind"].as_str().unwrap() {
                "percentile" => IntervalKind::Percentile,
                "basic" => IntervalKind::Basic,
                _ => IntervalKind::Bca,
            };
            let confidence = expected["confidence"].as_f64().unwrap();
            let found = kind.of(&replicates, influence.value, confidence, leaving_out).unwrap();
            assert_close(Some(found.0), &expected["low"], &format!("{name} {expected}"));
            assert_close(Some(found.1), &expected["high"], &format!("{name} {expected}"));
        }
    }
}

#[test]
fn published_tables_give_the_published_numbers() {
    let Some(folder) = shared::folder("agreement-data") else { return };
    let text = fs_err::read_to_string(folder.join("tables.json")).unwrap();
    let tables: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    let mut compared = 0;
    for (name, of) in &tables {
        let categories: Vec<&str> = of["categories"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
        let raters: Vec<&str> = of["raters"].as_array().unwrap().iter().map(|r| r.as_str().unwrap()).collect();
        let values: Option<Vec<f64>> = serde_json::from_value(of["values"].clone()).unwrap();
        let mut items: HashMap<String, usize> = HashMap::new();
        let mut rows: Rows = Vec::new();
        let mut reader = csv::Reader::from_path(folder.join(format!("tables/{name}.csv"))).unwrap();
        for record in reader.records() {
            let record = record.unwrap();
            let item = *items.entry(record[0].to_owned()).or_insert_with(|| {
                rows.push(vec![None; raters.len()]);
                rows.len() - 1
            });
            let rater = raters.iter().position(|rater| *rater == &record[1]).unwrap();
            let code = categories.iter().position(|category| *category == &record[2]).unwrap();
            rows[item][rater] = Some(u16::try_from(code).unwrap());
        }
        for (key, published) in of["published"].as_object().unwrap() {
            let plain = Weighting::Unweighted;
            let (level, statistic) = match key.as_str() {
                "krippendorff_nominal" => (Level::Nominal, Statistic::KrippendorffAlpha),
                "krippendorff_ordinal" => (Level::Ordinal, Statistic::KrippendorffAlpha),
                "krippendorff_interval" => (Level::Interval, Statistic::KrippendorffAlpha),
                "pa" | "fleiss_pa" => (Level::Nominal, Statistic::PercentAgreement),
                "fleiss" => (Level::Nominal, FLEISS),
                "conger" => (Level::Nominal, Statistic::CongerKappa(plain)),
                "light_kappa" => (Level::Nominal, Statistic::LightKappa(plain)),
                "bp" => (Level::Nominal, Statistic::BrennanPrediger(plain)),
                "gwet" => (Level::Nominal, Statistic::GwetAc(plain)),
                "pair.scott_pi" => (Level::Nominal, Statistic::ScottPi(plain)),
                "pair.kappa_max" => (Level::Nominal, Statistic::KappaMax),
                "pair.cohen_kappa" | "pair.cohen_kappa_se" => (Level::Nominal, COHEN),
                other => panic!("{name}: no coefficient for {other}"),
            };
            let scale = Scale { level, categories: categories.len(), values: values.clone(), distances: None };
            let found = one(&RatingTable::new(scale, raters.len(), &rows, None), statistic);
            let number = if key.ends_with("_se") { found.se } else { found.value }.unwrap();
            let (expected, tolerance) = (published["value"].as_f64().unwrap(), published["tol"].as_f64().unwrap());
            assert!((number - expected).abs() <= tolerance, "{name} {key}: {number} is not {expected}");
            compared += 1;
        }
    }
    // Every published figure of the tables: 12 of JUDGE-BENCH, the others from papers.
    assert_eq!(compared, 71);
}

#[test]
fn undefined_has_a_reason_and_never_a_number() {
    let values = [1.0, 2.0];
    let all = Statistic::of_pair(Level::Ordinal).into_iter().chain([FLEISS]);
    let same = table(Level::Nominal, &values, &vec![vec![Some(0), Some(0)]; 5]);
    let apart = table(Level::Nominal, &values, &vec![vec![Some(0), None], vec![None, Some(1)]]);
    let single = table(Level::Nominal, &values[..1], &vec![vec![Some(0), Some(0)]; 5]);
    for statistic in all {
        let found = one(&apart, statistic);
        assert_eq!(
            (found.value, found.undefined, found.n > 0),
            (None, Some(Undefined::NoPairableItems), statistic == FLEISS)
        );
        for table in [&same, &single] {
            let found = one(table, statistic);
            if statistic == Statistic::PercentAgreement {
                assert_eq!((found.value, found.undefined), (Some(1.0), None));
            } else {
                assert_eq!((found.value, found.undefined), (None, Some(Undefined::SingleCategory)));
            }
        }
    }
    let words = Scale { level: Level::Interval, categories: 2, values: None, distances: None };
    let words = RatingTable::new(words, 2, &[vec![Some(0), Some(1)]], None);
    assert_eq!(one(&words, Statistic::KrippendorffAlpha).undefined, Some(Undefined::NotNumeric));
    let negative = table(Level::Ratio, &[-1.0, 1.0], &vec![vec![Some(0), Some(1)]]);
    assert_eq!(one(&negative, Statistic::KrippendorffAlpha).undefined, Some(Undefined::NegativeValue));
}

#[test]
fn one_item_has_a_value_and_no_error() {
    let found = one(&table(Level::Nominal, &[1.0, 2.0], &vec![vec![Some(0), Some(1)]]), Statistic::KrippendorffAlpha);
    // By hand: one pair that disagrees, two values once each: 1 - (2 - 1) * 2 / 2 = 0.
    assert_eq!((found.value, found.se, found.low, found.n), (Some(0.0), None, None, 1));
}

fn some_rows() -> impl Strategy<Value = Rows> {
    let rating = proptest::option::weighted(0.8, 0_u16..4);
    proptest::collection::vec(proptest::collection::vec(rating, 3), 2..30)
}

fn close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-9,
        (a, b) => a == b,
    }
}

fn same_numbers(a: &Coefficient, b: &Coefficient) -> bool {
    close(a.value, b.value) && close(a.se, b.se) && a.n == b.n && a.undefined == b.undefined
}

proptest! {
    #[test]
    fn order_of_items_and_raters_never_matters(rows in some_rows()) {
        let values = [0.0, 1.0, 2.0, 5.0];
        let turned: Rows = rows.iter().rev().map(|row| row.iter().rev().copied().collect()).collect();
        for (level, _) in LEVELS {
            let (there, back) = (table(level, &values, &rows), table(level, &values, &turned));
            for statistic in [Statistic::PercentAgreement, FLEISS, Statistic::KrippendorffAlpha] {
                prop_assert!(same_numbers(&one(&there, statistic), &one(&back, statistic)));
            }
            for statistic in Statistic::of_pair(level) {
                prop_assert!(same_numbers(&one(&there.pair(0, 2), statistic), &one(&there.pair(2, 0), statistic)));
                prop_assert!(same_numbers(&one(&there.pair(0, 2), statistic), &one(&back.pair(0, 2), statistic)));
            }
        }
    }

    #[test]
    fn names_of_nominal_categories_never_matter(rows in some_rows()) {
        let renamed: Rows = rows.iter().map(|row| row.iter().map(|code| code.map(|code| (code + 3) % 4)).collect()).collect();
        let values = [0.0, 1.0, 2.0, 3.0];
        let (there, back) = (table(Level::Nominal, &values, &rows), table(Level::Nominal, &values, &renamed));
        for statistic in Statistic::of_pair(Level::Nominal) {
            prop_assert!(same_numbers(&one(&there.pair(0, 1), statistic), &one(&back.pair(0, 1), statistic)));
        }
        prop_assert!(same_numbers(&one(&there, FLEISS), &one(&back, FLEISS)));
    }

    #[test]
    fn two_categories_make_all_weights_and_levels_one(rows in some_rows()) {
        let halved: Rows = rows.iter().map(|row| row.iter().map(|code| code.map(|code| code % 2)).collect()).collect();
        let pair = table(Level::Nominal, &[0.0, 1.0], &halved).pair(0, 1);
        let kappa = |weighting| one(&pair, Statistic::CohenKappa(weighting, Basis::Position));
        prop_assert!(same_numbers(&kappa(Weighting::Unweighted), &kappa(Weighting::Linear)));
        prop_assert!(same_numbers(&kappa(Weighting::Unweighted), &kappa(Weighting::Quadratic)));
        let alpha = |level| one(&table(level, &[0.0, 1.0], &halved), Statistic::KrippendorffAlpha);
        for (level, _) in LEVELS {
            prop_assert!(close(alpha(Level::Nominal).value, alpha(level).value));
        }
    }

    #[test]
    fn numbers_stay_in_bounds(rows in some_rows()) {
        for (level, _) in LEVELS {
            let of = table(level, &[0.0, 1.0, 2.0, 5.0], &rows);
            let all = Statistic::over_all(level).into_iter().map(|statistic| one(&of, statistic));
            for found in all.chain(Statistic::of_pair(level).into_iter().map(|statistic| one(&of.pair(0, 1), statistic))) {
                let numbers = [found.value, found.se, found.low, found.high];
                prop_assert!(numbers.into_iter().flatten().all(f64::is_finite));
                prop_assert!(found.value.is_none_or(|value| value <= 1.0));
                prop_assert!(found.value.is_some() != found.undefined.is_some());
                prop_assert!(found.se.is_none_or(|se| se >= 0.0));
            }
        }
    }
}

/// A number in [0, 1).
fn uniform(generator: &mut Pcg64) -> f64 {
    f64::from(generator.next_u32()) / 4_294_967_296.0
}

// Two raters keep a fair coin with probability 0.9 each, else flip it: they agree with 0.82, kappa is 0.64.
fn coin_pair(generator: &mut Pcg64, keep: f64) -> Vec<Option<u16>> {
    let truth = uniform(generator) < 0.5;
    (0..2).map(|_| Some(u16::from((uniform(generator) < keep) == truth))).collect()
}

fn covered(found: &Coefficient, truth: f64) -> bool {
    found.low.is_some_and(|low| low <= truth) && found.high.is_some_and(|high| high >= truth)
}

#[test]
fn kappa_intervals_cover_the_truth_as_often_as_they_say() {
    let mut generator = Pcg64::seed_from_u64(11);
    let covers = (0..2000).filter(|_| {
        let rows: Rows = (0..150).map(|_| coin_pair(&mut generator, 0.9)).collect();
        covered(&one(&table(Level::Nominal, &[0.0, 1.0], &rows), COHEN), 0.64)
    });
    // Three standard deviations around 95 % of 2,000 are 29; one point is left for the normal approximation at n = 150.
    let covers = covers.count();
    assert!((1851..=1929).contains(&covers), "{covers} of 2000");
}

// Clusters share their raters' mistakes: in half of them raters keep the coin with 0.99, in the others with 0.71.
#[test]
fn clusters_need_their_own_bootstrap() {
    let mut generator = Pcg64::seed_from_u64(12);
    let bootstrap = Bootstrap { replicates: 200, seed: 5 };
    let kappa = [COHEN];
    // Agreement is the mean of 0.99^2 + 0.01^2 and 0.71^2 + 0.29^2 = 0.7842; kappa on even margins 2 * 0.7842 - 1.
    let truth = 2.0 * 0.7842 - 1.0;
    let [mut by_cluster, mut by_item] = [0, 0];
    for _ in 0..120 {
        let keeps: Vec<f64> = (0..40).map(|_| if uniform(&mut generator) < 0.5 { 0.99 } else { 0.71 }).collect();
        let clusters: Vec<u32> = (0..40).flat_map(|cluster| [cluster; 12]).collect();
        let rows: Rows = clusters.iter().map(|cluster| coin_pair(&mut generator, keeps[*cluster as usize])).collect();
        let scale = Scale { level: Level::Nominal, categories: 2, values: None, distances: None };
        let table = RatingTable::new(scale, 2, &rows, Some(&clusters));
        by_cluster +=
            u32::from(covered(&coefficients(&table, &kappa, Method::bootstrap(bootstrap, Unit::Cluster))[0], truth));
        by_item +=
            u32::from(covered(&coefficients(&table, &kappa, Method::bootstrap(bootstrap, Unit::Item))[0], truth));
    }
    // Three standard deviations below 93 % (percentile intervals of 40 clusters are a little short) of 120 are 103. Intervals
    // that ignore clusters are too short by the root of the design effect, 1.87, and cover about 71 %, which is 85; three
    // standard deviations above are 100.
    assert!(by_cluster >= 103, "{by_cluster} of 120 by cluster");
    assert!(by_item < 100, "{by_item} of 120 by item");
}

/// The value where every item has its own weight.
fn weighed(rows: &Rows, weights: &[f64], statistic: Statistic, level: Level) -> Result<f64, Undefined> {
    let table = table(level, &[0.0, 1.0, 2.0, 5.0], rows);
    let mut sums = vec![0.0; table.patterns().len()];
    for (item, weight) in weights.iter().enumerate() {
        sums[table.pattern_of(item)] += weight;
    }
    statistic.value(&table, &sums)
}

// The derivative by the weight of each item, by central differences of the value, less its mean: coefficients with degrees of
// freedom in them (alpha, intraclass correlations, concordance over n - 1) hold those fixed.
#[test]
fn influences_are_the_derivatives_of_the_value() {
    let rows: Rows = [
        [0, 0, 1],
        [1, 1, 1],
        [2, 3, 3],
        [0, 1, 0],
        [3, 3, 2],
        [1, 2, 1],
        [2, 2, 2],
        [0, 0, 0],
        [1, 0, 3],
        [3, 2, 3],
        [2, 2, 1],
    ]
    .iter()
    .map(|row| row.iter().map(|code| Some(*code)).collect())
    .collect();
    let mut holes = rows.clone();
    holes[0][2] = None;
    holes[3] = vec![None, Some(1), None];
    holes[5][0] = None;
    let fixed = |name: &str| name.starts_with("icc") || name == "krippendorff_alpha" || name == "lin_ccc_n_minus_1";
    let mut checked = 0;
    for level in [Level::Nominal, Level::Ordinal, Level::Interval] {
        for (rows, statistics) in [
            (rows.clone(), Statistic::every_over_all(level)),
            (holes.clone(), Statistic::every_over_all(level)),
            (rows.iter().map(|row| row[..2].to_vec()).collect(), Statistic::every_of_pair(level, 4)),
        ] {
            let table = table(level, &[0.0, 1.0, 2.0, 5.0], &rows);
            for statistic in statistics.into_iter().filter(|one| !fixed(&one.name()) && *one != Statistic::KappaMax) {
                let influence = Influence::of(&table, statistic).unwrap();
                let sum: f64 = influence.by_item.iter().flatten().sum();
                assert!(sum.abs() < 1e-12, "{} sums to {sum}", statistic.name());
                for item in 0..rows.len() {
                    let moved = |step: f64| {
                        let mut weights = vec![1.0; rows.len()];
                        weights[item] += step;
                        weighed(&rows, &weights, statistic, level).unwrap()
                    };
                    let slope = (8.0 * (moved(1e-3) - moved(-1e-3)) - (moved(2e-3) - moved(-2e-3))) / 12e-3;
                    let found = influence.by_item[item].unwrap_or(0.0);
                    assert!((found - slope).abs() < 1e-9, "{} item {item}: {found}, {slope}", statistic.name());
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 800, "{checked}");
}

fn pair_of(rows: &Rows) -> RatingTable {
    table(Level::Interval, &[1.0, 2.0, 3.0, 4.0], rows).pair(0, 1)
}

proptest! {
    #[test]
    fn identities_between_coefficients_hold(rows in some_rows()) {
        let pair = pair_of(&rows);
        let value = |statistic| one(&pair, statistic).value;
        let plain = Weighting::Unweighted;
        prop_assert!(close(value(Statistic::ScottPi(plain)), value(FLEISS)));
        prop_assert!(close(value(COHEN), value(Statistic::CongerKappa(plain))));
        prop_assert!(close(value(COHEN), value(Statistic::LightKappa(plain))));
        prop_assert!(close(value(Statistic::BennettS), value(Statistic::Pabak)));
        prop_assert!(close(value(Statistic::BennettS), value(Statistic::BrennanPrediger(plain))));
        // Krippendorff 2004: alpha is 1 - (1 - pi) (N - 1) / N, with N = 2 n ratings of two raters.
        let n = 2.0 * pair.items() as f64;
        let alpha = one(&table(Level::Nominal, &[1.0, 2.0, 3.0, 4.0], &rows).pair(0, 1), Statistic::KrippendorffAlpha).value;
        prop_assert!(close(value(Statistic::ScottPi(plain)).map(|pi| 1.0 - (1.0 - pi) * (n - 1.0) / n), alpha));
        // Quadratic kappa on equally spaced values is Lin's concordance (King and Chinchilli 2001).
        if let Some(concordance) = value(Statistic::LinCcc) {
            prop_assert!(close(value(Statistic::CohenKappa(Weighting::Quadratic, Basis::Position)), Some(concordance)));
        }
        // Kappa is at most its largest value; W of two raters is (rho + 1) / 2 where neither has ties of its own shape.
        if let (Some(kappa), Some(most)) = (value(COHEN), value(Statistic::KappaMax)) {
            prop_assert!(kappa <= most + 1e-12);
        }
        for statistic in Statistic::every_of_pair(Level::Interval, 4) {
            let found = one(&pair, statistic);
            prop_assert!(found.value.is_none_or(|value| value <= 1.0 + 1e-12), "{}", statistic.name());
            prop_assert!([found.value, found.se, found.low, found.high].into_iter().flatten().all(f64::is_finite));
            prop_assert!(found.value.is_some() != found.undefined.is_some());
        }
    }

    #[test]
    fn even_margins_make_kappas_one_and_turned_scales_turn_signs(pairs in proptest::collection::vec((0_u16..3, 0_u16..3), 2..20)) {
        // Every pair beside its turns through the three categories: all margins are even.
        let turns = |(a, b): &(u16, u16)| (0..3).map(|turn| vec![Some((a + turn) % 3), Some((b + turn) % 3)]).collect::<Vec<_>>();
        let even: Rows = pairs.iter().flat_map(turns).collect();
        let nominal = table(Level::Nominal, &[1.0, 2.0, 3.0], &even);
        let kappa = one(&nominal, COHEN).value;
        let plain = Weighting::Unweighted;
        for other in [Statistic::ScottPi(plain), Statistic::BennettS, Statistic::GwetAc(plain), Statistic::MatthewsCorrelation] {
            prop_assert!(close(kappa, one(&nominal, other).value), "{}", other.name());
        }
        let rows: Rows = pairs.iter().map(|(a, b)| vec![Some(*a), Some(*b)]).collect();
        let turned: Rows = pairs.iter().map(|(a, b)| vec![Some(*a), Some(2 - *b)]).collect();
        let values = [1.0, 2.0, 3.0];
        for statistic in [Statistic::Spearman, Statistic::KendallTauB, Statistic::Pearson] {
            let there = one(&table(Level::Interval, &values, &rows), statistic).value;
            let back = one(&table(Level::Interval, &values, &turned), statistic).value;
            prop_assert!(close(there, back.map(|value| -value)));
        }
    }

    #[test]
    fn weights_count_as_copies_do(rows in some_rows()) {
        let items: Vec<Vec<(u32, u16)>> = rows.iter().map(|row| {
            (0..).zip(row).filter_map(|(rater, code)| code.map(|code| (rater, code))).collect()
        }).collect();
        let doubled: Vec<f64> = (0..items.len()).map(|at| if at % 2 == 0 { 2.0 } else { 1.0 }).collect();
        let copies: Rows = rows.iter().enumerate().flat_map(|(at, row)| vec![row.clone(); 2 - at % 2]).collect();
        let scale = Scale { level: Level::Nominal, categories: 4, values: None, distances: None };
        let weighted = RatingTable::from_ratings(scale, 3, &items, Sampling { weights: Some(&doubled), ..Sampling::default() });
        let copied = table(Level::Nominal, &[0.0, 1.0, 2.0, 5.0], &copies);
        for statistic in [FLEISS, Statistic::CongerKappa(Weighting::Unweighted), Statistic::GwetAc(Weighting::Unweighted)] {
            prop_assert!(close(one(&weighted, statistic).value, one(&copied, statistic).value));
        }
    }
}

// One item a cluster is no cluster at all, and the same judge twice has no difference.
#[test]
fn designs_and_differences_follow_from_the_influences() {
    let mut generator = Pcg64::seed_from_u64(3);
    let rows: Rows = (0..60)
        .map(|_| {
            let pair = coin_pair(&mut generator, 0.85);
            let third = coin_pair(&mut generator, 0.9)[0];
            vec![pair[0], pair[1], third]
        })
        .collect();
    let table = table(Level::Nominal, &[0.0, 1.0], &rows);
    let first = Influence::of_pair(&table, COHEN, 0, 1).unwrap();
    let second = Influence::of_pair(&table, COHEN, 0, 2).unwrap();
    let plain = first.standard_error(Design::default()).unwrap();
    let alone: Vec<u32> = (0..60).collect();
    let by_item = first.standard_error(Design { clusters: Some(&alone), strata: None }).unwrap();
    assert!((plain.se - by_item.se).abs() < 1e-15 && plain.degrees == 59);
    let nothing = first.minus(&first);
    assert!(nothing.value == 0.0 && nothing.standard_error(Design::default()).unwrap().se == 0.0);
    let difference = first.minus(&second);
    let error = difference.standard_error(Design::default()).unwrap();
    assert!((difference.value - (first.value - second.value)).abs() < 1e-15 && error.se > 0.0);
    let one_stratum = [0_u32; 60];
    let lonely: Vec<u32> = (0..60).map(|item| u32::from(item == 7)).collect();
    let in_strata = |strata: &[u32]| first.standard_error(Design { clusters: None, strata: Some(strata) });
    assert!((in_strata(&one_stratum).unwrap().se - plain.se).abs() < 1e-12);
    assert_eq!(in_strata(&lonely), Err(Undefined::TooFewItems));
}

// The three kinds come from the same replicates; the standard error of replicates is near that of the influences.
#[test]
fn bootstrap_kinds_are_read_from_the_same_replicates() {
    let mut generator = Pcg64::seed_from_u64(9);
    let rows: Rows = (0..300).map(|_| coin_pair(&mut generator, 0.9)).collect();
    let table = table(Level::Nominal, &[0.0, 1.0], &rows);
    let by = |kind| {
        let errors = Errors::Bootstrap(Bootstrap { replicates: 4000, seed: 2 }, kind);
        coefficients(&table, &[COHEN], Method { errors, ..Method::default() }).remove(0)
    };
    let [percentile, basic, bca] = [IntervalKind::Percentile, IntervalKind::Basic, IntervalKind::Bca].map(by);
    let twice = 2.0 * percentile.value.unwrap();
    assert!((basic.low.unwrap() - (twice - percentile.high.unwrap())).abs() < 1e-12);
    assert_eq!((percentile.se, percentile.se), (basic.se, bca.se));
    assert!(bca.low < percentile.low, "kappa near 1 is skewed to the left, which BCa follows");
    let formula = one(&table, COHEN).se.unwrap();
    // The error of a standard deviation of 4,000 replicates is about one in 90.
    assert!((percentile.se.unwrap() / formula - 1.0).abs() < 0.05);
}

// Items of one rating: the published formula and the influences differ, and both are named.
#[test]
fn single_ratings_have_two_errors() {
    let rows: Rows =
        (0..40_u16).map(|item| vec![Some(item % 2), (item % 4 != 0).then_some(u16::from(item % 5 == 0))]).collect();
    let table = table(Level::Nominal, &[0.0, 1.0], &rows);
    let by = |errors| coefficients(&table, &[FLEISS], Method { errors, ..Method::default() }).remove(0);
    let (classical, influence) = (by(Errors::Classical), by(Errors::Influence));
    assert!(classical.se != influence.se && classical.value == influence.value);
    assert!(classical.method.contains("Gwet 2014") && influence.method.contains("infinitesimal jackknife"));
}
