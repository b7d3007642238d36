//! What `assize agree` prints instead of coefficients, whole commands: calibration, label sets, test-retest, bias, the alternative
//! annotator test; strata and weights; a run whose judge says how sure it is.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "other commands' tests need more of it")]
mod project;
mod shared;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use assert_cmd::Command;
use project::{Fake, Project, completion, said};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

fn folder_with(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs_err::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn agree(folder: &Path, args: &[&str]) -> Output {
    Command::cargo_bin("assize").unwrap().current_dir(folder).arg("agree").args(args).output().unwrap()
}

fn json(folder: &Path, args: &[&str]) -> Value {
    let output = agree(folder, &[args, &["--format", "json"]].concat());
    assert!(!output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The number of that name in a list of numbers.
fn number<'a>(numbers: &'a Value, name: &str) -> &'a Value {
    numbers.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()
}

fn near(found: &Value, expected: f64) {
    let number = found.as_f64().unwrap_or(f64::NAN);
    assert!((number - expected).abs() < 1e-9, "{found} is not {expected}");
}

fn random(seed: u64) -> impl FnMut() -> f64 {
    let mut generator = Pcg64::seed_from_u64(seed);
    move || (generator.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
}

/// A judge that is right on three of four items where it says 0.9, and on two of four where it says 0.6; one item has no confidence.
fn eight() -> String {
    let mut text = "item,rater,label,confidence\n".to_owned();
    for item in 0..8 {
        let (confidence, right) = if item < 4 { (0.9, item < 3) } else { (0.6, item < 6) };
        let truth = ["yes", "no"][item % 2];
        let given = if right { truth } else { ["no", "yes"][item % 2] };
        writeln!(text, "{item},gold,{truth},\n{item},judge,{given},{confidence}").unwrap();
    }
    text + "8,gold,yes,\n8,judge,yes,\n"
}

#[test]
fn calibration_has_murphys_parts_and_the_diagram() {
    let folder = folder_with(&[("r.csv", &eight())]);
    let report = json(folder.path(), &["r.csv", "--calibration", "--bins", "5"]);
    let of = &report["judges"][0];
    assert_eq!((&of["judge"], &of["reference"]), (&"judge".into(), &"gold".into()));
    assert_eq!((&of["n"], &of["without_confidence"]), (&8.into(), &1.into()));
    // By hand: squares 3 x 0.01 + 0.81 and 2 x 0.16 + 2 x 0.36; gaps 0.15 and 0.1; base rate 5 / 8.
    near(&of["brier"]["score"], (0.03 + 0.81 + 0.32 + 0.72) / 8.0);
    near(&of["brier"]["reliability"], f64::midpoint(0.15_f64.powi(2), 0.1_f64.powi(2)));
    near(&of["brier"]["resolution"], 0.125_f64.powi(2));
    near(&of["brier"]["uncertainty"], 0.625 * 0.375);
    near(&number(&of["numbers"], "expected_calibration_error")["value"], 0.125);
    near(&number(&of["numbers"], "maximum_calibration_error")["value"], 0.15);
    near(&number(&of["numbers"], "overconfidence")["value"], 0.75 - 0.625);
    let filled: Vec<&Value> = of["diagram"]["bins"].as_array().unwrap().iter().filter(|bin| bin["n"] != 0).collect();
    assert_eq!(filled.len(), 2);
    near(&filled[0]["accuracy"], 0.5);
    let maps: Vec<&str> = of["maps"].as_array().unwrap().iter().map(|map| map["map"].as_str().unwrap()).collect();
    assert_eq!(maps, ["stated", "temperature", "platt", "isotonic"]);
    let csv = stdout(&agree(folder.path(), &["r.csv", "--calibration", "--format", "csv"]));
    assert!(csv.starts_with("rubric,judge,reference,above,up_to,n,confidence,accuracy,low,high"), "{csv}");
    let output = agree(folder.path(), &["r.csv", "--calibration", "--diagram", "d.svg"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("Brier score 0.2350 = reliability"), "{}", stdout(&output));
    assert!(fs_err::read_to_string(folder.path().join("d.svg")).unwrap().starts_with("<svg xmlns="));
}

/// Gold on `gold` items and a judge on all `items`, with the probabilities of three labels that it draws its label from, raised to
/// `power`; gold has a split.
fn three_labels(seed: u64, items: usize, gold: usize, power: f64) -> [String; 3] {
    let mut random = random(seed);
    let mut judge = "item,rater,label,confidence\n".to_owned();
    let mut truth = "item,rater,label,split\n".to_owned();
    let mut all = "item,rater,label,probability\n".to_owned();
    for item in 0..items {
        let scale = |p: [f64; 3]| p.map(|one| one / p.iter().sum::<f64>());
        let honest = scale([0; 3].map(|_| -random().ln()));
        let draw = random();
        let label = usize::from(draw > honest[0]) + usize::from(draw > honest[0] + honest[1]);
        if item < gold {
            writeln!(truth, "{item},gold,l{label},{}", ["dev", "test"][item % 2]).unwrap();
        }
        let stated = scale(honest.map(|one| one.powf(power)));
        let most = (0..3).max_by(|a, b| stated[*a].total_cmp(&stated[*b])).unwrap();
        writeln!(judge, "{item},judge,l{most},{}", stated[most]).unwrap();
        for (label, share) in stated.iter().enumerate() {
            writeln!(all, "{item},judge,l{label},{share}").unwrap();
        }
    }
    [judge, truth, all]
}

// Probabilities squared are those of a judge at temperature 1/2: the temperature that makes it honest again is 2.
#[test]
fn temperature_takes_back_what_was_sharpened() {
    let [judge, gold, all] = three_labels(1, 1500, 1500, 2.0);
    let folder = folder_with(&[("j.csv", &judge), ("g.csv", &gold), ("p.csv", &all)]);
    let args = ["j.csv", "--gold", "g.csv", "--calibration", "--probabilities", "p.csv"];
    let report = json(folder.path(), &args);
    let maps = report["judges"][0]["maps"].as_array().unwrap();
    let temperature = maps[1]["parameters"]["temperature"].as_f64().unwrap();
    assert!((temperature - 2.0).abs() < 0.25, "{temperature}");
    let error = |map: usize| number(&maps[map]["numbers"], "expected_calibration_error")["value"].as_f64().unwrap();
    assert!(
        error(0) > 0.1 && (1..4).all(|map| error(map) < 0.06),
        "{} {} {} {}",
        error(0),
        error(1),
        error(2),
        error(3)
    );
    let split = json(folder.path(), &[&args[..], &["--fit", "dev"]].concat());
    let numbers = &split["judges"][0]["maps"][0]["numbers"];
    assert_eq!(number(numbers, "brier_score")["n"], 750, "measured on the split that was not fitted on");
    assert!(split["judges"][0]["fitted"].as_str().unwrap().contains("fitted on the split dev"));
}

#[rstest]
#[case::lac("lac")]
#[case::aps("aps")]
fn label_sets_cover_on_items_held_out(#[case] score: &str) {
    let [judge, gold, all] = three_labels(2, 1000, 800, 2.0);
    let folder = folder_with(&[("j.csv", &judge), ("g.csv", &gold), ("p.csv", &all)]);
    let args = ["j.csv", "--gold", "g.csv", "--conformal", score, "--coverage", "0.8", "--probabilities", "p.csv"];
    let report = json(folder.path(), &args);
    let of = &report["judges"][0];
    let coverage = number(&of["numbers"], "coverage");
    // Four standard deviations of a share of 0.8 among 800 are 0.057.
    assert!((coverage["value"].as_f64().unwrap() - 0.8).abs() < 0.057 && coverage["n"] == 800, "{coverage}");
    assert_eq!(of["items"].as_array().unwrap().len(), 1000, "items without gold have sets too");
    assert_eq!((&of["items"][999]["truth"], of["coverage_by_label"].as_array().unwrap().len()), (&Value::Null, 3));
    let again = json(folder.path(), &args);
    assert_eq!(report, again, "the same seed gives the same folds");
    let csv = stdout(&agree(folder.path(), &[&args[..], &["--format", "csv"]].concat()));
    assert_eq!(csv.lines().count(), 1001);
    // From a confidence alone coverage holds too: the rest is shared evenly, and ties make sets of APS larger than they need be.
    let alone = json(folder.path(), &args[..7]);
    let coverage = number(&alone["judges"][0]["numbers"], "coverage")["value"].as_f64().unwrap();
    assert!(coverage > 0.8 - 0.057 && (score == "aps" || coverage < 0.8 + 0.057), "{coverage}");
}

#[test]
fn too_few_labels_for_a_coverage_are_told() {
    let folder = folder_with(&[("r.csv", &eight())]);
    let output = agree(folder.path(), &["r.csv", "--conformal", "lac", "--coverage", "0.99"]);
    assert!(stdout(&output).contains("too few for a coverage of 0.99: sets hold all labels"), "{}", stdout(&output));
    let report = json(folder.path(), &["r.csv", "--conformal", "lac", "--coverage", "0.99"]);
    assert_eq!(report["judges"][0]["threshold"], Value::Null);
}

/// One of three labels.
fn third(draw: f64) -> usize {
    usize::from(draw > 1.0 / 3.0) + usize::from(draw > 2.0 / 3.0)
}

/// Three people right on 0.8 of 150 items, judges right on 0.85 and on 0.4, each asked three times.
fn crowd() -> String {
    let mut random = random(3);
    let mut text = "item,rater,label,replicate\n".to_owned();
    for item in 0..150 {
        let truth = third(random());
        let people = [("ann", 0.8), ("bob", 0.8), ("cy", 0.8)];
        for (rater, chance, repeats) in
            people.map(|(name, chance)| (name, chance, 1)).into_iter().chain([("good", 0.85, 3), ("poor", 0.4, 3)])
        {
            for replicate in 1..=repeats {
                let label = if random() < chance { truth } else { third(random()) };
                writeln!(text, "{item},{rater},{label},{replicate}").unwrap();
            }
        }
        writeln!(text, "{item},gold,{truth},").unwrap();
    }
    text
}

#[test]
fn a_good_judge_may_stand_in_for_people_and_a_poor_one_may_not() {
    let folder = folder_with(&[("r.csv", &crowd())]);
    let args = ["r.csv", "--alternative-annotator", "--people", "ann,bob,cy"];
    let output = agree(folder.path(), &args);
    assert_eq!(output.status.code(), Some(1), "one of two judges fails");
    let report = json(folder.path(), &args);
    let [good, poor] = [&report["judges"][0], &report["judges"][1]];
    assert_eq!((&good["passes"], &poor["passes"]), (&true.into(), &false.into()));
    assert_eq!((&good["winning_rate"], good["people"].as_array().unwrap().len()), (&1.0.into(), 3));
    let (value, ends) = (good["advantage_probability"].as_f64().unwrap(), &good["interval"]);
    assert!(ends[0].as_f64().unwrap() < value && value < ends[1].as_f64().unwrap());
    // Asked for no less than people: the poor one still fails, and the good one no longer has the margin that let it pass so clearly.
    let strict = json(folder.path(), &[&args[..], &["--epsilon", "0"]].concat());
    let p = |report: &Value| report["judges"][0]["people"][0]["p"].as_f64().unwrap();
    assert!(p(&strict) > p(&report));
    let few = crowd().lines().take(200).collect::<Vec<_>>().join("\n");
    let folder = folder_with(&[("r.csv", &few)]);
    assert_eq!(agree(folder.path(), &args).status.code(), Some(2), "fewer than 30 items are not tested");
}

#[test]
fn repeats_are_held_against_each_other_and_against_gold() {
    let text = "item,rater,label,replicate,cluster\n1,j,a,1,p\n1,j,a,2,p\n2,j,a,1,p\n2,j,b,2,p\n3,j,b,1,q\n3,j,b,2,q\n4,j,a,1,q\n\
                1,gold,a,,p\n2,gold,a,,p\n3,gold,b,,q\n4,gold,b,,q\n";
    let folder = folder_with(&[("r.csv", text)]);
    let report = json(folder.path(), &["r.csv", "--test-retest"]);
    let of = &report["judges"][0];
    assert_eq!((&of["items"], &of["replicates"]), (&3.into(), &serde_json::json!([1, 2])));
    near(&of["flip_rate"]["value"], 1.0 / 3.0);
    near(&number(&of["coefficients"], "percent_agreement")["value"], 2.0 / 3.0);
    let against = number(&of["against"][0]["coefficients"], "percent_agreement");
    // Right: 1, 1, 2, 3, 3 of seven verdicts.
    near(&against["value"], 5.0 / 7.0);
    assert!(against["n"] == 7 && against["method"].as_str().unwrap().contains("2 clusters"), "{against}");
    let crowd = folder_with(&[("r.csv", &crowd())]);
    let report = json(crowd.path(), &["r.csv", "--test-retest"]);
    let against = number(&report["judges"][0]["against"][0]["coefficients"], "cohen_kappa");
    assert!(against["method"].as_str().unwrap().contains("150 clusters"), "items are clusters: {against}");
    let text = stdout(&agree(crowd.path(), &["r.csv", "--test-retest"]));
    assert!(text.contains("good asked 3 times") && text.contains("All repeats against gold on 150 items"), "{text}");
}

// The published count of equal verdicts and the pairs that turn, of one judge of LLMBar, from the shared data.
#[test]
fn llmbar_verdicts_go_through_the_command() {
    let Some(folder) = shared::folder("agreement-data/llmbar") else { return };
    let published: Value =
        serde_json::from_str(&fs_err::read_to_string(folder.join("published.json")).unwrap()).unwrap();
    let of = &published["published"][0];
    let key = ["set", "judge", "prompt"].map(|name| of[name].as_str().unwrap().to_owned());
    let mut text = "item,rater,label,replicate,shown,no_verdict\n".to_owned();
    for row in csv::Reader::from_path(folder.join("judgments.csv")).unwrap().records() {
        let row = row.unwrap();
        if (0..3).all(|at| row[at] == key[at]) {
            writeln!(text, "{},gold,{},,,", &row[3], &row[4]).unwrap();
            for (replicate, shown) in [(1, "1|2"), (2, "2|1")] {
                let verdict = &row[4 + replicate];
                let kind = if matches!(verdict, "1" | "2") { "" } else { "invalid" };
                let label = if kind.is_empty() { verdict } else { "" };
                writeln!(text, "{},judge,{label},{replicate},{shown},{kind}", &row[3]).unwrap();
            }
        }
    }
    let own = folder_with(&[("r.csv", &text)]);
    let report = json(own.path(), &["r.csv", "--bias"]);
    let position = &report["judges"][0]["position"];
    let both = of["correct_both"].as_str().unwrap().split(" / ").next().unwrap().parse::<u64>().unwrap();
    assert_eq!(position["right_both"].as_u64(), Some(both), "{of}");
    assert_eq!(position["tests"][0]["name"], "mcnemar_exact");
}

/// Preferences that length, own answers and a place move, or not.
fn preferences(moved: bool) -> String {
    let mut random = random(if moved { 5 } else { 6 });
    let mut text = "item,rater,label,shown,lengths,own\n".to_owned();
    for item in 0..1200 {
        let turned = random() < 0.5;
        let lengths = [random(), random()].map(|share| 50.0 + 250.0 * share);
        let better = random() < 0.5;
        let pull = if moved { 0.01 * (lengths[0] - lengths[1]) + 0.8 + if turned { -0.8 } else { 0.8 } } else { 0.0 };
        let chance = 1.0 / (1.0 + (-(pull + if better { 1.5 } else { -1.5 })).exp());
        let label = if random() < chance { "A" } else { "B" };
        let (shown, shown_lengths) = if turned {
            ("B|A", format!("{}|{}", lengths[1], lengths[0]))
        } else {
            ("A|B", format!("{}|{}", lengths[0], lengths[1]))
        };
        writeln!(text, "{item},judge,{label},{shown},{shown_lengths},A").unwrap();
        writeln!(text, "{item},gold,{},,,", if better { "A" } else { "B" }).unwrap();
    }
    text
}

#[rstest]
#[case::moved(true)]
#[case::not_moved(false)]
fn planted_bias_is_found_and_none_where_there_is_none(#[case] moved: bool) {
    let folder = folder_with(&[("r.csv", &preferences(moved))]);
    let report = json(folder.path(), &["r.csv", "--bias"]);
    let of = &report["judges"][0];
    assert_eq!(of["length"]["p"].as_f64().unwrap() < 0.001, moved, "{of}");
    assert_eq!(of["option_order"]["p"].as_f64().unwrap() < 0.001, moved, "{of}");
    let ends = &of["self_preference"]["interval"];
    assert_eq!(ends[0].as_f64().unwrap() > 0.0, moved, "{of}");
    assert!(of["position"].is_null() && of["needs"]["position"].as_str().unwrap().contains("A|B and B|A"));
    let text = stdout(&agree(folder.path(), &["r.csv", "--bias"]));
    assert!(text.contains("length_slope") && text.contains("needs two rows an item"), "{text}");
}

#[rstest]
#[case::no_confidence("item,rater,label\n1,gold,a\n1,j,a\n", &["--calibration"], "no rating of a judge has a confidence")]
#[case::no_confidence_for_sets("item,rater,label\n1,gold,a\n1,j,a\n", &["--conformal", "aps"], "fill a column `confidence`")]
#[case::confidence_in_percent("item,rater,label,confidence\n1,gold,a,\n1,j,a,90\n", &["--calibration"], "r.csv:3: \"90\" is not a probability from 0 to 1")]
#[case::confidence_not_finite("item,rater,label,confidence\n1,gold,a,\n1,j,a,NaN\n", &["--calibration"], "r.csv:3: \"NaN\" is not a probability")]
#[case::no_reference("item,rater,label,confidence\n1,i,a,0.5\n1,j,a,0.5\n", &["--calibration"], "no reference to hold judges against")]
#[case::no_judge("item,rater,label,confidence\n1,gold,a,0.5\n", &["--calibration"], "there is no judge")]
#[case::no_split("item,rater,label,confidence\n1,gold,a,\n1,j,a,0.5\n", &["--calibration", "--fit", "dev"], "no label of gold has the split dev")]
#[case::no_people("item,rater,label\n1,gold,a\n1,j,a\n", &["--alternative-annotator"], "needs two people, and none is known")]
#[case::one_person("item,rater,label\n1,ann,a\n1,j,a\n", &["--alternative-annotator", "--people", "ann"], "only ann is known")]
#[case::unknown_person("item,rater,label\n1,ann,a\n1,j,a\n", &["--alternative-annotator", "--people", "ann,zoe"], "--people names zoe, who rated nothing")]
#[case::asked_once("item,rater,label\n1,gold,a\n1,j,a\n", &["--test-retest"], "no judge has a second replicate")]
#[case::nothing_shown("item,rater,label\n1,gold,a\n1,j,a\n", &["--bias"], "option_order: a column `shown`")]
#[case::label_not_shown("item,rater,label,shown\n1,gold,a,\n1,j,c,a|b\n", &["--bias"], "r.csv:3: the label \"c\" is not among the options shown (a, b)")]
#[case::lengths_of_others("item,rater,label,shown,lengths\n1,j,a,a|b,10\n", &["--bias"], "r.csv:2: 1 lengths for 2 options shown")]
#[case::length_not_finite("item,rater,label,shown,lengths\n1,j,a,a|b,10|inf\n", &["--bias"], "r.csv:2: the length \"inf\" is not a number")]
#[case::two_analyses("item,rater,label\n1,gold,a\n1,j,a\n", &["--bias", "--calibration"], "cannot be used with")]
#[case::gate("item,rater,label\n1,gold,a\n1,j,a\n", &["--bias", "--min", "kappa=0.5"], "cannot be used with")]
#[case::bins_alone("item,rater,label\n1,gold,a\n1,j,a\n", &["--bins", "5"], "--calibration")]
#[case::no_stratum("item,rater,label,s\n1,gold,a,x\n1,j,a,x\n2,gold,a,\n2,j,a,\n", &["--strata", "s"], "item 2 has no stratum")]
#[case::two_strata("item,rater,label,s\n1,gold,a,x\n1,j,a,y\n", &["--strata", "s"], "item 1 is in two strata: x and y")]
#[case::no_such_strata("item,rater,label,s\n1,gold,a,x\n1,j,a,x\n", &["--strata", "t"], "no column named \"t\"")]
#[case::torn_cluster("item,rater,label,s,cluster\n1,gold,a,x,p\n1,j,a,x,p\n2,gold,a,y,p\n2,j,a,y,p\n", &["--strata", "s"], "lies in several strata")]
#[case::strata_bootstrap("item,rater,label,s\n1,gold,a,x\n1,j,a,x\n", &["--strata", "s", "--replicates", "200"], "does not draw within strata")]
fn what_is_missing_is_named(#[case] text: &str, #[case] args: &[&str], #[case] expected: &str) {
    let folder = folder_with(&[("r.csv", text)]);
    let output = agree(folder.path(), &[&["r.csv"], args].concat());
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
    assert!(stderr(&output).contains(expected), "{expected:?} is not in {:?}", stderr(&output));
    assert!(output.stdout.is_empty());
}

#[rstest]
#[case::sum(
    "item,rater,label,probability\n1,j,a,0.5\n1,j,b,0.2\n",
    "p.csv:2: the probabilities of 1 by j sum to 0.700"
)]
#[case::twice("item,rater,label,probability\n1,j,a,0.5\n1,j,a,0.5\n", "p.csv:3: \"a\" of 1 by j stands twice")]
#[case::unknown(
    "item,rater,label,probability\n1,j,A,1\n",
    "p.csv:2: unknown label \"A\": it differs from \"a\" by letter case"
)]
#[case::no_column("item,rater,label,p\n1,j,a,1\n", "no column named \"probability\"")]
#[case::none("item,rater,label,probability\n", "p.csv holds no ratings")]
fn bad_probabilities_are_named(#[case] text: &str, #[case] expected: &str) {
    let ratings = "item,rater,label\n1,gold,a\n1,j,a\n2,gold,b\n2,j,b\n";
    let folder = folder_with(&[("r.csv", ratings), ("p.csv", text)]);
    let output = agree(folder.path(), &["r.csv", "--calibration", "--probabilities", "p.csv", "--categories", "a,b"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains(expected), "{expected:?} is not in {:?}", stderr(&output));
}

// A column that nobody asked for may hold anything: people write "high" under confidence too.
#[test]
fn confidence_is_read_only_where_it_is_asked_for() {
    let folder = folder_with(&[("r.csv", "item,rater,label,confidence\n1,a,x,high\n1,b,x,low\n")]);
    let output = agree(folder.path(), &["r.csv"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("columns not read: confidence"), "{}", stdout(&output));
}

// By hand: within each stratum of two items one agrees, so that the centred influences are 1/2 x 1/4 each: the variance is
// 2 strata x 2 / 1 x 2 x (1/8)^2 = 1/8. Without strata it is 4 / 3 x 4 x (1/8)^2 = 1/12.
#[test]
fn strata_and_weights_change_the_error() {
    let text = "item,rater,label,s,w\n1,gold,a,x,1\n1,j,a,x,1\n2,gold,a,x,1\n2,j,b,x,1\n3,gold,b,y,3\n3,j,b,y,3\n4,gold,b,y,3\n4,j,a,y,3\n";
    let folder = folder_with(&[("r.csv", text)]);
    let of = |args: &[&str]| {
        let report = json(folder.path(), &[&["r.csv", "--se", "influence"], args].concat());
        number(&report["pairs"][0]["coefficients"], "percent_agreement").clone()
    };
    near(&of(&[])["se"], (1.0_f64 / 12.0).sqrt());
    let stratified = of(&["--strata", "s"]);
    near(&stratified["se"], (1.0_f64 / 8.0).sqrt());
    assert!(stratified["method"].as_str().unwrap().contains("within strata"), "{stratified}");
    // Weights 1/2 and 3/2: stratum x has influences 1/16, y 3/16: 2 x 2 x ((1/16)^2 + (3/16)^2).
    near(&of(&["--strata", "s", "--weight", "w"])["se"], (4.0 * (1.0 + 9.0) / 256.0_f64).sqrt());
    let alone = "item,rater,label,s\n1,gold,a,x\n1,j,a,x\n2,gold,a,x\n2,j,b,x\n3,gold,b,y\n3,j,b,y\n";
    let folder = folder_with(&[("r.csv", alone)]);
    let report = json(folder.path(), &["r.csv", "--strata", "s"]);
    let of = number(&report["pairs"][0]["coefficients"], "percent_agreement");
    assert_eq!((&of["se"], &of["method"]), (&Value::Null, &"no interval: fewer than two items in a stratum".into()));
}

/// A judge that says of part n of the machine: glad where n is even, and how sure it is.
async fn judge() -> Fake {
    Fake::start(Duration::ZERO, |body| {
        let number = body.split("part number ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
        let label = if number.is_some_and(|number| number.is_multiple_of(2)) { "glad" } else { "sad" };
        let asked = body.contains("number from 0 to 1");
        let confidence = if asked { 0.75 } else { 7.5 };
        completion(&serde_json::json!({ "label": label, "confidence": confidence }).to_string())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rubric_asks_for_confidence_and_the_run_is_calibrated() {
    let server = judge().await;
    let project = Project::with_sessions(40);
    let rubric = fs_err::read_to_string(project.path("rubrics/mood.yaml")).unwrap();
    let rubric = rubric.replace("  kind: choice\n", "  kind: choice\n  confidence: true\n");
    fs_err::write(project.path("rubrics/mood.yaml"), rubric).unwrap();
    project.experiment("openai/made-up", "");
    let output = project.run(&server.url(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let run = project.run_folder().file_name().unwrap().to_string_lossy().into_owned();
    let ratings = fs_err::read_to_string(project.path(format!("results/{run}/ratings.csv"))).unwrap();
    assert!(ratings.lines().next().unwrap().ends_with(",confidence") && ratings.contains(",0.75"), "{ratings}");
    let gold: String = (0..40).fold("item,rater,label\n".to_owned(), |mut text, number: usize| {
        let glad = number.is_multiple_of(2) != number.is_multiple_of(10);
        let _ = writeln!(text, "session-{number:03},ann,{}", if glad { "glad" } else { "sad" });
        text
    });
    fs_err::write(project.path("gold.csv"), gold).unwrap();
    let args = ["agree", &run, "--gold", "gold.csv", "--calibration", "--format", "json"];
    let output = project.assize(&args, None).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["rubric"], &report["judges"][0]["n"]), (&"mood".into(), &40.into()));
    near(&number(&report["judges"][0]["numbers"], "accuracy")["value"], 0.9);
    near(&number(&report["judges"][0]["numbers"], "overconfidence")["value"], 0.75 - 0.9);
}
