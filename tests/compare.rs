//! `assize compare`, and the tests, annotator models, calibration and bias measures behind it, against published packages.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod shared;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use assize::rubric::Level;
use assize::stats::annotators::{Annotations, Confusions, Consensus, Em, Glad, Mace};
use assize::stats::bias::{BothOrders, LengthPair, OwnAnswer, length_bias, option_order, own_bias, position_bias};
use assize::stats::calibration::{Brier, Isotonic, Platt, Reliability, Temperature};
use assize::stats::conformal::{Conformal, Score};
use assize::stats::regression::Logit;
use assize::stats::{
    Adjustment, AlternativeTest, Basis, Bootstrap, ConfusionMatrix, Contrast, Design, Errors, Finding, Influence,
    IntervalKind, Method, RatingTable, Scale, Statistic, Test, Undefined, Unit, Verdict, Weighting, bowker, cochran_q,
    mcnemar, mcnemar_clustered, sight, stuart_maxwell,
};
use proptest::prelude::*;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use serde_json::Value;
use tempfile::TempDir;

const KAPPA: Statistic = Statistic::CohenKappa(Weighting::Unweighted, Basis::Position);

fn reference() -> Value {
    serde_json::from_str(include_str!("reference/compare.json")).unwrap()
}

fn list<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn near(found: f64, expected: &Value, tolerance: f64, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() < tolerance, "{what}: {found} is not {expected}");
}

fn nominal(categories: usize) -> Scale {
    Scale { level: Level::Nominal, categories, values: None, distances: None }
}

fn matrix(counts: &[Vec<u64>]) -> ConfusionMatrix {
    let rows: Vec<[Option<u16>; 2]> = (0_u16..)
        .zip(counts)
        .flat_map(|(a, row)| (0_u16..).zip(row).map(move |(b, n)| (a, b, *n)))
        .flat_map(|(a, b, n)| (0..n).map(move |_| [Some(a), Some(b)]))
        .collect();
    let table = RatingTable::new(nominal(counts.len()), 2, &rows, None);
    ConfusionMatrix::of(&table, &table.counts())
}

fn same(test: &Test, expected: &[Value]) {
    near(test.statistic.unwrap(), &expected[0], 1e-9, &test.name);
    near(test.df.unwrap(), &expected[1], 1e-9, &test.name);
    near(test.p.unwrap(), &expected[2], 1e-9, &test.name);
}

// statsmodels, scipy; versions and how: tests/reference/compare.py.
#[test]
fn tests_of_margins_are_those_of_statsmodels() {
    let reference = reference();
    for of in reference["mcnemar"].as_array().unwrap() {
        let found = mcnemar(of["b"].as_u64().unwrap(), of["c"].as_u64().unwrap(), 1000);
        for (test, name) in found.iter().zip(["exact", "mid_p", "chi_p"]) {
            near(test.p.unwrap(), &of[name], 1e-9, &format!("{} {of}", test.name));
        }
        near(found[2].statistic.unwrap(), &of["chi"], 1e-9, "chi");
    }
    for of in reference["squares"].as_array().unwrap() {
        let matrix = matrix(&list::<Vec<Vec<u64>>>(&of["table"]));
        same(&bowker(&matrix), of["bowker"].as_array().unwrap());
        same(&stuart_maxwell(&matrix), of["stuart_maxwell"].as_array().unwrap());
    }
    for of in reference["cochran"].as_array().unwrap() {
        let items: Vec<Vec<u8>> = list(&of["items"]);
        let items: Vec<Vec<bool>> = items.iter().map(|row| row.iter().map(|hit| *hit == 1).collect()).collect();
        same(&cochran_q(&items), &[of["statistic"].clone(), of["df"].clone(), of["p"].clone()]);
    }
    for of in reference["multiple"].as_array().unwrap() {
        let p: Vec<f64> = list(&of["p"]);
        let methods = [Adjustment::Holm, Adjustment::BenjaminiHochberg, Adjustment::BenjaminiYekutieli];
        for (method, name) in methods.into_iter().zip(["holm", "benjamini_hochberg", "benjamini_yekutieli"]) {
            for (found, expected) in method.adjust(&p).into_iter().zip(of[name].as_array().unwrap()) {
                near(found, expected, 1e-12, name);
            }
        }
    }
}

#[test]
fn without_disagreement_there_is_no_test() {
    assert!(mcnemar(0, 0, 9).iter().all(|test| test.undefined == Some(Undefined::NoVariation) && test.p.is_none()));
    let agreed = matrix(&[vec![5, 0, 0], vec![0, 3, 0], vec![0, 0, 2]]);
    assert_eq!(bowker(&agreed).undefined, Some(Undefined::NoVariation));
    assert_eq!(stuart_maxwell(&agreed).undefined, Some(Undefined::NoVariation));
    assert_eq!(cochran_q(&[vec![true, true], vec![false, false]]).undefined, Some(Undefined::NoVariation));
    assert_eq!(mcnemar_clustered(&[(1, 1), (1, -1)]).undefined, Some(Undefined::TooFewItems));
    assert_eq!(mcnemar_clustered(&[(1, 1), (1, -1), (2, 0)]).undefined, Some(Undefined::NoVariation));
}

// Two separate groups of labels that are only confused among themselves: by hand, McNemar's chi-square of each, with one df each.
#[test]
fn stuart_maxwell_takes_one_label_of_each_group() {
    let apart = matrix(&[vec![9, 6, 0, 0], vec![2, 9, 0, 0], vec![0, 0, 5, 7], vec![0, 0, 1, 5]]);
    let test = stuart_maxwell(&apart);
    assert!((test.statistic.unwrap() - (16.0 / 8.0 + 36.0 / 8.0)).abs() < 1e-12 && test.df == Some(2.0));
}

proptest! {
    #[test]
    fn tests_do_not_know_which_rater_is_first(counts in prop::collection::vec(0_u64..20, 9)) {
        let rows: Vec<Vec<u64>> = counts.chunks(3).map(<[u64]>::to_vec).collect();
        let turned: Vec<Vec<u64>> = (0..3).map(|b| (0..3).map(|a| rows[a][b]).collect()).collect();
        // The same labels in another order.
        let order = [2, 0, 1];
        let moved: Vec<Vec<u64>> = order.iter().map(|a| order.iter().map(|b| rows[*a][*b]).collect()).collect();
        for test in [bowker, stuart_maxwell] {
            let (one, other, third) = (test(&matrix(&rows)), test(&matrix(&turned)), test(&matrix(&moved)));
            prop_assert_eq!(one.undefined, other.undefined);
            if let Some(p) = one.p {
                prop_assert!((0.0..=1.0).contains(&p));
                prop_assert!((p - other.p.unwrap()).abs() < 1e-9 && (p - third.p.unwrap()).abs() < 1e-9);
            }
        }
        let two = [vec![rows[0][0], rows[0][1]], vec![rows[1][0], rows[1][1]]];
        let [a, b] = [bowker(&matrix(&two)), stuart_maxwell(&matrix(&two))];
        let chi = &mcnemar(two[0][1], two[1][0], 1)[2];
        prop_assert_eq!((a.p.is_some(), b.p.is_some()), (chi.p.is_some(), chi.p.is_some()));
        if let Some(p) = chi.p {
            prop_assert!((a.p.unwrap() - p).abs() < 1e-12 && (b.p.unwrap() - p).abs() < 1e-9);
        }
    }

    #[test]
    fn adjusted_p_keep_their_order_and_only_grow(p in prop::collection::vec(0.0_f64..=1.0, 1..30)) {
        for method in [Adjustment::Holm, Adjustment::BenjaminiHochberg, Adjustment::BenjaminiYekutieli] {
            let adjusted = method.adjust(&p);
            for (at, one) in p.iter().enumerate() {
                prop_assert!(adjusted[at] >= one - 1e-15 && adjusted[at] <= 1.0);
                for (other, two) in p.iter().enumerate() {
                    prop_assert!(one > two || adjusted[at] <= adjusted[other] + 1e-15);
                }
            }
        }
    }

    #[test]
    fn brier_is_the_sum_of_its_parts(seed in 0_u64..1000) {
        let mut random = random(seed);
        let p: Vec<f64> = (0..60).map(|_| (random() * 12.0).floor() / 11.0).map(|p| p.min(1.0)).collect();
        let y: Vec<bool> = p.iter().map(|p| random() < *p).collect();
        let whole = Brier::of(&p, &y).unwrap();
        prop_assert!(whole.within.abs() < 1e-12 && whole.reliability >= 0.0 && whole.resolution >= 0.0);
        let binned = Brier::binned(&p, &y, 4).unwrap();
        prop_assert!((binned.score - whole.score).abs() < 1e-12);
        let diagram = Reliability::of(&p, &y, 4).unwrap();
        prop_assert!(diagram.expected_error <= diagram.largest_error + 1e-12);
        prop_assert_eq!(diagram.bins.iter().map(|bin| bin.n).sum::<usize>(), 60);
    }
}

fn random(seed: u64) -> impl FnMut() -> f64 {
    let mut generator = Pcg64::seed_from_u64(seed);
    move || (generator.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
}

/// Binary raters of `items` items who are right with these probabilities, independently; the first column is the truth.
fn raters(seed: u64, items: usize, accuracy: &[f64]) -> Vec<Vec<u16>> {
    let mut random = random(seed);
    (0..items)
        .map(|_| {
            let truth = u16::from(random() < 0.5);
            let rated = accuracy.iter().map(|chance| if random() < *chance { truth } else { 1 - truth });
            std::iter::once(truth).chain(rated.collect::<Vec<_>>()).collect()
        })
        .collect()
}

fn table(rows: &[Vec<u16>], clusters: Option<&[u32]>) -> RatingTable {
    let cells: Vec<Vec<Option<u16>>> = rows.iter().map(|row| row.iter().copied().map(Some).collect()).collect();
    RatingTable::new(nominal(2), rows[0].len(), &cells, clusters)
}

// Percent agreement is a mean: its difference is the paired t test of the hits (scipy would say the same by definition).
#[test]
fn the_difference_of_two_accuracies_is_the_paired_t_test() {
    let table = table(&raters(3, 80, &[0.9, 0.7]), None);
    let contrast = Contrast { first: (0, 1), second: (0, 2) };
    let method = Method { confidence: 0.95, unit: Unit::Item, errors: Errors::Influence };
    let found = contrast.difference(&table, Statistic::PercentAgreement, method);
    let apart: Vec<f64> = (0..table.items())
        .map(|item| {
            let row = &table.patterns()[table.pattern_of(item)];
            f64::from(row[1].1 == row[0].1) - f64::from(row[2].1 == row[0].1)
        })
        .collect();
    let mean = apart.iter().sum::<f64>() / 80.0;
    let variance = apart.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / 79.0;
    assert!((found.coefficient.value.unwrap() - mean).abs() < 1e-12);
    assert!((found.coefficient.se.unwrap() - (variance / 80.0).sqrt()).abs() < 1e-12);
    assert_eq!(found.df, Some(79));
    let back = Contrast { first: (0, 2), second: (0, 1) }.difference(&table, KAPPA, method);
    let there = contrast.difference(&table, KAPPA, method);
    assert!((there.coefficient.value.unwrap() + back.coefficient.value.unwrap()).abs() < 1e-12 && there.p == back.p);
    let boots =
        Method { errors: Errors::Bootstrap(Bootstrap { replicates: 4000, seed: 1 }, IntervalKind::Bca), ..method };
    let boot = contrast.difference(&table, KAPPA, boots).coefficient;
    assert!((boot.se.unwrap() / there.coefficient.se.unwrap() - 1.0).abs() < 0.06, "{boot:?} {there:?}");
    assert!(boot.low.unwrap() < there.coefficient.value.unwrap() && boot.method.contains("paired BCa bootstrap"));
}

#[test]
fn a_judge_is_equivalent_to_itself_and_p_fits_the_interval() {
    let table = table(&raters(5, 300, &[0.85, 0.85, 0.6]), None);
    let method = Method::default();
    let with = |judge, margin| {
        let contrast = Contrast { first: (0, 1), second: (0, judge) };
        contrast.equivalence(&table, KAPPA, margin, method).unwrap()
    };
    assert_eq!(with(1, 0.01).verdict, Verdict::Equivalent);
    assert_eq!((with(2, 0.2).verdict, with(3, 0.1).verdict), (Verdict::Equivalent, Verdict::Different));
    assert_eq!(with(2, 0.01).verdict, Verdict::Inconclusive);
    for (judge, margin) in [(2, 0.2), (2, 0.01), (3, 0.1), (3, 0.5)] {
        let found = with(judge, margin);
        assert_eq!(found.p.unwrap() < 0.05, found.verdict == Verdict::Equivalent, "{found:?}");
    }
}

#[test]
fn the_alternative_annotator_test_is_that_of_the_paper() {
    for of in reference()["alternative"].as_array().unwrap() {
        let rows: Vec<Vec<Option<u16>>> = list(&of["rows"]);
        let judge = rows[0].len() - 1;
        let table = RatingTable::new(nominal(3), judge + 1, &rows, None);
        let found = AlternativeTest::default().run(&table, judge, &(0..judge).collect::<Vec<_>>());
        for (person, expected) in found.people.iter().zip(of["people"].as_array().unwrap()) {
            assert_eq!(person.n as u64, expected["n"].as_u64().unwrap());
            near(person.advantage.unwrap(), &expected["advantage"], 1e-9, "advantage");
            near(person.p.unwrap(), &expected["p"], 1e-9, "p");
            near(person.p_adjusted.unwrap(), &expected["p_adjusted"], 1e-9, "adjusted");
        }
        near(found.winning_rate.unwrap(), &of["winning_rate"], 1e-12, "winning rate");
        near(found.advantage.unwrap(), &of["advantage"], 1e-12, "advantage");
    }
}

fn annotations(of: &Value) -> Annotations {
    let ratings: Vec<(u32, u32, u16)> = list(&of["ratings"]);
    let size = |name: &str| usize::try_from(of[name].as_u64().unwrap()).unwrap();
    Annotations::new(size("categories"), size("raters"), vec![None; size("items")], &ratings)
}

fn accuracy(found: &Consensus, truth: &[usize]) -> f64 {
    let hits = found.labels().iter().zip(truth).filter(|(label, truth)| **label == Some(**truth)).count();
    hits as f64 / truth.len() as f64
}

#[test]
fn annotator_models_are_those_of_crowd_kit() {
    for of in reference()["annotators"].as_array().unwrap() {
        let data = annotations(of);
        let truth: Vec<usize> = list(&of["truth"]);
        let coin = Em { confusions: Confusions::OneCoin, ..Em::default() };
        for (name, model) in [("dawid_skene", Em::default()), ("one_coin", coin)] {
            let found = model.fit(&data);
            let expected: Vec<Vec<f64>> = list(&of[name]);
            assert!(found.converged);
            let worst = found.posteriors.iter().flatten().zip(expected.iter().flatten());
            let worst = worst.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-5, "{name}: {worst}");
        }
        for (name, found) in [("mace", Mace::default().fit(&data)), ("glad", Glad::default().fit(&data))] {
            let expected = of["accuracy"][name].as_f64().unwrap();
            assert!(
                (accuracy(&found, &truth) - expected).abs() <= 0.03,
                "{name}: {} {expected}",
                accuracy(&found, &truth)
            );
        }
    }
}

#[test]
fn known_labels_are_held_and_more_rounds_never_lose_likelihood() {
    let of = &reference()["annotators"][0];
    let ratings: Vec<(u32, u32, u16)> = list(&of["ratings"]);
    let truth: Vec<u16> = list(&of["truth"]);
    let known = |item: usize| (item < 20).then_some(1 - truth[item]);
    let data = Annotations::new(2, 6, (0..truth.len()).map(known).collect(), &ratings);
    let found = Em::default().fit(&data);
    for (label, truth) in found.labels().iter().zip(&truth).take(20) {
        assert_eq!(*label, Some(usize::from(1 - truth)));
    }
    let after = |rounds| Em { most_iterations: rounds, ..Em::default() }.fit(&annotations(of)).log_likelihood;
    let likelihoods: Vec<f64> = (1..30).map(after).collect();
    assert!(likelihoods.windows(2).all(|pair| pair[1] >= pair[0] - 1e-9), "{likelihoods:?}");
    assert_eq!(Mace::default().fit(&data), Mace::default().fit(&data));
}

// The 45 patients of Dawid and Skene 1979. After four rounds, where crowd-kit stops by default, posteriors are 0.021 from those at rest and
// no label flips (agreement.md, section 8).
#[test]
fn the_patients_of_1979_need_more_than_four_rounds() {
    let Some(folder) = shared::folder("agreement-data") else { return };
    let text = fs_err::read_to_string(folder.join("dawid_skene_1979.csv")).unwrap();
    let mut names: [HashMap<String, u32>; 2] = Default::default();
    let mut ratings = Vec::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let mut number = |which: usize| {
            let next = u32::try_from(names[which].len()).unwrap();
            *names[which].entry(cells[which].to_owned()).or_insert(next)
        };
        ratings.push((number(0), number(1), cells[3].parse::<u16>().unwrap() - 1));
    }
    let data = Annotations::new(4, names[1].len(), vec![None; names[0].len()], &ratings);
    assert_eq!((data.items(), data.raters()), (45, 5));
    let found = Em::default().fit(&data);
    let early = Em { most_iterations: 4, ..Em::default() }.fit(&data);
    let apart = early.posteriors.iter().flatten().zip(found.posteriors.iter().flatten()).map(|(a, b)| (a - b).abs());
    let most = apart.fold(0.0, f64::max);
    assert!((most - 0.021).abs() < 0.0005 && found.converged, "{most}");
    assert_eq!(early.labels(), found.labels());
}

#[test]
fn calibration_is_that_of_netcal_and_scikit_learn() {
    let reference = reference();
    for of in reference["calibration"]["binary"].as_array().unwrap() {
        let (p, y): (Vec<f64>, Vec<bool>) = (list(&of["p"]), list(&of["y"]));
        let brier = Brier::of(&p, &y).unwrap();
        near(brier.score, &of["brier"], 1e-12, "brier");
        near(brier.reliability, &of["reliability"], 1e-9, "reliability");
        near(brier.resolution, &of["resolution"], 1e-9, "resolution");
        for bins in [5, 10, 15] {
            let diagram = Reliability::of(&p, &y, bins).unwrap();
            near(diagram.expected_error, &of["ece"][bins.to_string()], 1e-9, &format!("ece {bins}"));
            near(diagram.largest_error, &of["mce"][bins.to_string()], 1e-9, &format!("mce {bins}"));
        }
        let hits: Vec<f64> = y.iter().map(|hit| f64::from(*hit)).collect();
        let isotonic = Isotonic::fit(&p, &hits).unwrap();
        let at: Vec<f64> = list(&of["isotonic"]["at"]);
        for (at, expected) in at.into_iter().zip(of["isotonic"]["value"].as_array().unwrap()) {
            near(isotonic.apply(at), expected, 1e-9, &format!("isotonic at {at}"));
        }
        let scores: Vec<f64> = list(&of["platt"]["scores"]);
        let platt = Platt::fit(&scores, &y).unwrap();
        near(platt.slope, &of["platt"]["slope"], 1e-4, "slope");
        near(platt.intercept, &of["platt"]["intercept"], 1e-4, "intercept");
        let rows: Vec<Vec<f64>> = scores.iter().map(|score| vec![1.0, *score]).collect();
        let logit = Logit::fit(&rows, &hits).unwrap();
        let n = y.len() as f64;
        for (at, error) in logit.standard_errors(Design::default()).unwrap().into_iter().enumerate() {
            near(logit.coefficients[at].value, &of["logit"]["beta"][at], 1e-9, "beta");
            near(error * ((n - 1.0) / n).sqrt(), &of["logit"]["robust_se"][at], 1e-9, "robust se");
        }
    }
    let of = &reference["calibration"]["temperature"];
    let (logits, labels): (Vec<Vec<f64>>, Vec<usize>) = (list(&of["logits"]), list(&of["labels"]));
    near(Temperature::fit(&logits, &labels).unwrap().0, &of["value"], 1e-4, "temperature");
    assert_eq!(Temperature::fit(&[vec![1.0, 0.0]], &[0]), Err(Undefined::NoVariation));
    assert_eq!(Platt::fit(&[0.1, 0.4], &[true, true]), Err(Undefined::SingleCategory));
    assert_eq!(Brier::of(&[1.2], &[true]), Err(Undefined::NotNumeric));
}

#[test]
fn conformal_sets_have_the_order_statistic_and_cover() {
    let of = &reference()["conformal"];
    let (p, labels): (Vec<Vec<f64>>, Vec<usize>) = (list(&of["p"]), list(&of["labels"]));
    for expected in of["thresholds"].as_array().unwrap() {
        let alpha = expected["alpha"].as_f64().unwrap();
        for (score, name) in [(Score::LeastAmbiguous, "lac"), (Score::Adaptive, "aps")] {
            let found = Conformal::fit(score, &p, &labels, alpha).unwrap();
            near(found.threshold, &expected[name], 1e-12, name);
            assert!(found.coverage(&p, &labels).unwrap().covered >= 1.0 - alpha);
        }
    }
    let few = Conformal::fit(Score::Adaptive, &p[..5], &labels[..5], 0.05).unwrap();
    assert_eq!((few.threshold, few.set(&p[9]).len()), (f64::INFINITY, 4));
}

// tests/reference/conformal.py, where MAPIE's random draws are 0.
#[test]
fn conformal_sets_are_those_of_mapie() {
    let reference: Value = serde_json::from_str(include_str!("reference/conformal.json")).unwrap();
    for of in reference["cases"].as_array().unwrap() {
        let (p, labels): (Vec<Vec<f64>>, Vec<usize>) = (list(&of["p"]), list(&of["labels"]));
        let (known, new) = p.split_at(labels.len());
        for (score, name) in [(Score::LeastAmbiguous, "lac"), (Score::Adaptive, "aps")] {
            let found = Conformal::fit(score, known, &labels, of["alpha"].as_f64().unwrap()).unwrap();
            near(found.threshold, &of[name]["threshold"], 1e-9, name);
            let theirs: Vec<Vec<usize>> = list(&of[name]["sets"]);
            for (row, theirs) in new.iter().zip(theirs) {
                assert_eq!(found.set(row), theirs, "{name}");
            }
        }
    }
}

#[test]
fn llmbar_counts_are_those_published() {
    let Some(folder) = shared::folder("agreement-data/llmbar") else { return };
    let mut runs: HashMap<[String; 3], Vec<BothOrders>> = HashMap::new();
    for row in csv::Reader::from_path(folder.join("judgments.csv")).unwrap().records() {
        let row = row.unwrap();
        let verdict = |at: usize| row[at].parse().ok();
        let item = BothOrders { gold: verdict(4), one_first: verdict(5), two_first: verdict(6) };
        runs.entry([0, 1, 2].map(|at| row[at].to_owned())).or_default().push(item);
    }
    let published: Value =
        serde_json::from_str(&fs_err::read_to_string(folder.join("published.json")).unwrap()).unwrap();
    let published = published["published"].as_array().unwrap();
    assert_eq!(published.len(), 325);
    for of in published {
        let key = ["set", "judge", "prompt"].map(|name| of[name].as_str().unwrap().to_owned());
        let found = position_bias(&runs[&key]);
        let count = |name: &str| of[name].as_str().unwrap().split(" / ").next().unwrap().parse::<usize>().unwrap();
        assert_eq!(found.items as u64, of["n"].as_u64().unwrap());
        assert_eq!(found.right_one_first, count("correct_False"), "{of}");
        assert_eq!(found.right_two_first, count("correct_True"), "{of}");
        assert_eq!(found.right_both, count("correct_both"), "{of}");
        // The published count takes two missing verdicts for two equal ones.
        let neither = runs[&key].iter().filter(|item| item.one_first.is_none() && item.two_first.is_none()).count();
        assert_eq!(found.consistent + neither, count("equal"), "{of}");
        assert_eq!(found.consistent + found.first_shown + found.second_shown, found.paired);
    }
}

#[test]
fn bias_that_was_planted_is_found_and_none_where_there_is_none() {
    let mut random = random(9);
    let pair = |slope: f64, random: &mut dyn FnMut() -> f64| {
        let (first, second) = (100.0 + 100.0 * random(), 100.0 + 100.0 * random());
        let chance = 1.0 / (1.0 + (-slope * (first - second) / 40.0 - 0.4).exp());
        LengthPair { first_preferred: f64::from(random() < chance), first_length: first, second_length: second }
    };
    for (slope, biased) in [(1.0, true), (0.0, false)] {
        let pairs: Vec<LengthPair> = (0..2000).map(|_| pair(slope, &mut random)).collect();
        let found = length_bias(&pairs, Design::default(), 0.95).unwrap();
        assert_eq!(found.p < 0.001, biased, "{found:?}");
        let planted = slope * found.deviation / 40.0;
        assert!((found.slope - planted).abs() < 4.0 * found.se, "{found:?}");
        assert!((found.controlled_share - 0.5987).abs() < 0.05, "{found:?}");
    }
    assert_eq!(length_bias(&[], Design::default(), 0.95), Err(Undefined::TooFewItems));
    // By hand: expected 10 each, (100 + 25 + 25) / 10 = 15, two degrees of freedom: exp(-7.5).
    let order = option_order(&[20, 5, 5]);
    assert!((order.p.unwrap() - (-7.5_f64).exp()).abs() < 1e-12 && order.statistic == Some(15.0));
    let own = |judge_prefers_own, gold_prefers_own| OwnAnswer { judge_prefers_own, gold_prefers_own };
    // By hand: own kept 3 of 4, other given its due 1 of 4.
    let items = [
        own(true, true),
        own(true, true),
        own(true, true),
        own(false, true),
        own(true, false),
        own(true, false),
        own(true, false),
        own(false, false),
    ];
    assert!((own_bias(&items, Design::default(), 0.95).unwrap().value - 0.5).abs() < 1e-12);
    assert_eq!(own_bias(&items[..4], Design::default(), 0.95), Err(Undefined::SingleCategory));
}

/// Two people and a judge; the consensus settles what people dispute by a third reading, or by the judge's where it is seen.
fn finding(seed: u64, people: f64, judge: f64, third: f64, in_sight: bool) -> Finding {
    let rows: Vec<Vec<u16>> = raters(seed, 600, &[people, people, judge, third])
        .into_iter()
        .map(|row| {
            let settled = if in_sight { row[3] } else { row[4] };
            vec![row[1], row[2], row[3], if row[1] == row[2] { row[1] } else { settled }]
        })
        .collect();
    let table = table(&rows, None);
    let of = |a, b| Influence::of_pair(&table, KAPPA, a, b).unwrap();
    sight(&[of(0, 1)], &[of(0, 2), of(1, 2)], &of(3, 2), Design::default(), 0.95).unwrap().finding
}

#[test]
fn a_consensus_with_sight_of_the_judge_is_told_and_one_without_is_not() {
    let likely = |people, judge, seen| {
        (0..40).filter(|seed| finding(*seed, people, judge, 0.95, seen) == Finding::Likely).count()
    };
    assert!(likely(0.8, 0.75, true) >= 36, "{}", likely(0.8, 0.75, true));
    // Also a judge better than any person is no reason for the strong warning: 5 % at most, and 6 of 40 are far beyond that.
    assert!(likely(0.8, 0.95, false) <= 5 && likely(0.85, 0.75, false) <= 5);
    // A judge as good as people, a consensus as people make it: not even the weak one.
    let any = (0..40).filter(|seed| finding(*seed, 0.9, 0.8, 0.9, false) != Finding::None).count();
    assert!(any <= 5, "{any}");
}

fn folder_with(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs_err::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn assize(folder: &Path, args: &[&str]) -> Output {
    Command::cargo_bin("assize").unwrap().current_dir(folder).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Gold and judges `a` (right but on every tenth item), `b` (wrong on every third), with a refusal of `b` on item 0.
fn ratings() -> (String, String) {
    let (mut judges, mut gold) = ("item,rater,label,no_verdict\n".to_owned(), "item,rater,label\n".to_owned());
    for item in 0..60 {
        let truth = item % 2;
        writeln!(gold, "{item},gold,{truth}").unwrap();
        writeln!(judges, "{item},a,{},", if item % 10 == 9 { 1 - truth } else { truth }).unwrap();
        if item == 0 {
            judges += "0,b,,refused\n";
        } else {
            writeln!(judges, "{item},b,{},", if item % 3 == 1 { 1 - truth } else { truth }).unwrap();
        }
    }
    (judges, gold)
}

#[test]
fn judges_are_compared_on_the_items_that_all_labelled() {
    let (judges, gold) = ratings();
    let folder = folder_with(&[("judges.csv", &judges), ("gold.csv", &gold)]);
    let output = assize(folder.path(), &["compare", "judges.csv", "--gold", "gold.csv", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let one = &report["comparisons"][0];
    assert_eq!((report["version"].as_u64(), one["items"].as_u64()), (Some(1), Some(59)));
    assert_eq!(
        (&one["judges"], &one["sides"][1]["no_verdicts"]),
        (&serde_json::json!(["a", "b"]), &serde_json::json!({"refused": 1}))
    );
    // Wrong: a on 6, b on 20, both on item 19 and 49: 4 and 18 alone.
    let tests = one["tests"].as_array().unwrap();
    assert_eq!((tests[0]["name"].as_str(), tests[0]["statistic"].as_f64()), (Some("mcnemar_exact"), Some(4.0)));
    near(one["differences"][0]["value"].as_f64().unwrap(), &serde_json::json!(14.0 / 59.0), 1e-12, "difference");
    assert_eq!(one["differences"][0]["p"], one["differences"][0]["p_adjusted"]);
    near(one["bounds"]["low"].as_f64().unwrap(), &serde_json::json!((54.0 - 40.0) / 60.0), 1e-12, "bounds");
    let shown = text(&assize(folder.path(), &["compare", "judges.csv", "--gold", "gold.csv"]).stdout);
    assert!(shown.contains("refused 1") && shown.contains("whatever the missing verdicts"), "{shown}");
}

#[test]
fn margins_decide_the_exit_code() {
    let (judges, gold) = ratings();
    let folder = folder_with(&[("judges.csv", &judges), ("gold.csv", &gold)]);
    let code = |more: &[&str]| {
        assize(folder.path(), &[&["compare", "judges.csv", "--gold", "gold.csv"], more].concat()).status.code()
    };
    assert_eq!(code(&["--margin", "0.05"]), Some(1));
    assert_eq!(code(&["--margin", "0.4"]), Some(2));
    assert_eq!(code(&["--margin", "1.5"]), Some(0));
    assert_eq!(code(&["--margin", "0"]), Some(3));
    assert_eq!(code(&["--judges", "a,c"]), Some(3));
    assert_eq!(code(&["--reference", "zoe"]), Some(3));
    assert_eq!(code(&["--format", "csv", "--adjust", "by"]), Some(0));
}

#[test]
fn two_files_with_one_judge_are_two_judges() {
    let (judges, gold) = ratings();
    let folder = folder_with(&[("one.csv", &judges), ("two.csv", &judges), ("gold.csv", &gold)]);
    let output = assize(folder.path(), &["compare", "one.csv", "two.csv", "--gold", "gold.csv", "--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let pairs: Vec<&Value> = report["comparisons"].as_array().unwrap().iter().map(|one| &one["judges"]).collect();
    assert_eq!(pairs, [&serde_json::json!(["a@one.csv", "a@two.csv"]), &serde_json::json!(["b@one.csv", "b@two.csv"])]);
    assert_eq!(report["comparisons"][0]["differences"][0]["value"].as_f64(), Some(0.0));
}

#[test]
fn the_consensus_of_raters_is_printed_and_known_labels_hold() {
    let rows: String =
        raters(4, 50, &[0.9, 0.8, 0.7]).iter().enumerate().fold("item,rater,label\n".to_owned(), |text, (at, row)| {
            let of = |name: &str, label: u16| format!("{at},{name},{label}\n");
            text + &of("x", row[1])
                + &of("y", row[2])
                + &of("z", row[3])
                + &if at < 10 { of("gold", row[0]) } else { String::new() }
        });
    let folder = folder_with(&[("ratings.csv", &rows)]);
    for model in ["dawid-skene", "one-coin", "mace", "glad"] {
        let output = assize(folder.path(), &["agree", "ratings.csv", "--consensus", model, "--format", "json"]);
        assert_eq!(output.status.code(), Some(0), "{model} {}", text(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let items = report["items"].as_array().unwrap();
        assert_eq!((items.len(), report["raters"].as_array().unwrap().len()), (50, 3));
        assert_eq!(items.iter().filter(|item| item["known"] == true).count(), 10);
        let sum: f64 = items[20]["posterior"].as_array().unwrap().iter().map(|p| p.as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-9);
    }
}

// The file of 271 of 400 messages: figures of its manifest, and the warning that its authors' consensus calls for.
#[test]
fn programming_by_chat_has_its_ceiling_and_its_warning() {
    let Some(folder) = shared::folder("gold/programming-by-chat") else { return };
    let raters = "labels_gpt,labels_claude,labels_a1,labels_a2,labels_consensus";
    let wide = ["agree", "human_labels.csv", "--item", "id", "--wide", raters, "--multi-label", "--format", "json"];
    let drop = [
        "--drop-label",
        "8.1 Others",
        "--drop-label",
        "2. Failure Reporting",
        "--drop-label",
        "3.3 General Knowledge query",
    ];
    let who = ["--people", "labels_a1,labels_a2", "--reference", "labels_consensus"];
    let args = [&wide[..], &drop, &who].concat();
    let output = assize(&folder, &args);
    assert!(!output.stdout.is_empty(), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    for of in report["ceilings"].as_array().unwrap() {
        near(of["coefficients"][0]["value"].as_f64().unwrap(), &serde_json::json!(0.662), 5e-4, "ceiling");
    }
    for (of, expected) in report["sights"].as_array().unwrap().iter().zip([0.837, 0.803]) {
        near(of["consensus"].as_f64().unwrap(), &serde_json::json!(expected), 5e-4, "consensus");
        assert_eq!(of["finding"], "possible", "{of}");
    }
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("may have been made with sight of labels_gpt") && notes.contains("labels_claude"),
        "{notes}"
    );
}
