//! `assize agree`: what it prints, what it exits with, what it refuses.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod shared;

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

/// Ten items, two raters who agree on eight of them, and a person per pair of items.
const TWO_RATERS: &str = "item,rater,label\n\
    1,ann,fix\n1,bob,fix\n2,ann,fix\n2,bob,fix\n3,ann,fix\n3,bob,build\n4,ann,build\n4,bob,build\n5,ann,build\n5,bob,build\n\
    6,ann,build\n6,bob,build\n7,ann,build\n7,bob,fix\n8,ann,fix\n8,bob,fix\n9,ann,fix\n9,bob,fix\n10,ann,build\n10,bob,build\n";

fn folder_with(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    folder
}

fn agree(folder: &Path, args: &[&str]) -> Output {
    Command::cargo_bin("assize").unwrap().current_dir(folder).arg("agree").args(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(folder: &Path, args: &[&str]) -> Value {
    let output = agree(folder, &[args, &["--format", "json"]].concat());
    assert!(!output.stdout.is_empty(), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

/// A coefficient of the pair of two raters.
fn of_pair(report: &Value, raters: [&str; 2], name: &str) -> f64 {
    let pairs = report["pairs"].as_array().unwrap();
    let pair = pairs
        .iter()
        .find(|pair| raters.iter().all(|rater| pair["raters"].as_array().unwrap().contains(&(*rater).into())));
    let coefficients = pair.unwrap()["coefficients"].as_array().unwrap();
    coefficients.iter().find(|of| of["name"] == name).unwrap()["value"].as_f64().unwrap()
}

#[test]
fn json_has_the_designed_form() {
    let folder = folder_with(&[("ratings.csv", TWO_RATERS)]);
    let output = agree(folder.path(), &["ratings.csv", "--min", "kappa=0.2", "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!("agree_json", stdout(&output));
}

#[test]
fn text_is_readable() {
    let folder = folder_with(&[("ratings.csv", TWO_RATERS)]);
    let output = agree(folder.path(), &["ratings.csv", "--min", "kappa=-0.2"]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!("agree_text", stdout(&output));
}

#[rstest]
#[case::no_gate(&[], 0)]
#[case::passes(&["--min", "kappa=0.1"], 0)]
#[case::holds_the_threshold(&["--min", "kappa=1"], 2)]
#[case::one_of_two_holds_it(&["--min", "agreement=0.2", "--min", "alpha=0.99"], 2)]
#[case::by_bootstrap(&["--min", "cohen_kappa=1", "--replicates", "200", "--categories", "build,fix"], 2)]
#[case::unreadable_gate(&["--min", "kappa"], 3)]
#[case::unknown_coefficient(&["--min", "kapa=0.5"], 3)]
#[case::by_jackknife(&["--se", "jackknife", "--min", "kappa=1"], 2)]
#[case::by_influence(&["--se", "influence", "--confidence", "0.9", "--min", "gwet_ac1=0.1"], 0)]
#[case::all(&["--all"], 0)]
#[case::named(&["--coefficients", "gwet_ac1,pabak"], 0)]
#[case::not_at_this_level(&["--coefficients", "pearson"], 3)]
#[case::all_and_named(&["--all", "--coefficients", "gwet_ac1"], 3)]
#[case::bad_confidence(&["--confidence", "95"], 3)]
#[case::no_weights(&["--weight", "weight"], 3)]
#[case::no_clusters(&["--by", "cluster"], 3)]
#[case::no_order(&["--level", "ordinal"], 3)]
#[case::no_such_reference(&["--reference", "zoe"], 3)]
#[case::unknown_label(&["--categories", "build,fixed"], 3)]
#[case::unknown_option(&["--minimum", "kappa=0.5"], 3)]
fn exit_codes(#[case] args: &[&str], #[case] code: i32) {
    let folder = folder_with(&[("ratings.csv", TWO_RATERS)]);
    let output = agree(folder.path(), &[&["ratings.csv"], args].concat());
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(code == 3, output.stdout.is_empty(), "results go to stdout, and errors print none");
}

#[test]
fn a_gate_that_fails_exits_with_one_and_says_which() {
    let row = |item: usize| format!("{item},gold,{}\n{item},judge,{}", item % 2, item / 2 % 2);
    let rows: Vec<String> = ["item,rater,label".to_owned()].into_iter().chain((0..40).map(row)).collect();
    let folder = folder_with(&[("ratings.csv", &rows.join("\n"))]);
    let output = agree(folder.path(), &["ratings.csv", "--min", "kappa=0.6"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("gate fail: cohen_kappa >= 0.6 for gold - judge: 0.000, 95 % interval"));
}

#[rstest]
#[case::unknown_label("item,rater,label\n1,a,fix\n1,b,Fix\n", &["--categories", "fix,build"], "ratings.csv:3: unknown label \"Fix\": it differs from \"fix\"")]
#[case::duplicate("item,rater,label\n1,a,fix\n1,b,fix\n1,a,build\n", &[], "ratings.csv:4: a rated 1 twice, first on line 2")]
#[case::missing_column("item,who,label\n1,a,fix\n", &[], "no column named \"rater\"")]
#[case::mapped_column("item,who,label\n1,a,fix\n", &["--rater", "whom"], "no column named \"whom\"; did you mean \"who\"?")]
#[case::empty_file("", &[], "ratings.csv holds no ratings")]
#[case::header_only("item,rater,label\n", &[], "ratings.csv holds no ratings")]
#[case::empty_cell("item,rater,label\n1,a,\n", &[], "ratings.csv:2: the label is empty")]
#[case::bad_weight("item,rater,label,weight\n1,a,fix,inf\n", &[], "ratings.csv:2: the weight \"inf\" is not a finite number")]
#[case::one_rater("item,rater,label\n1,a,fix\n2,a,fix\n", &[], "ratings.csv: only one rater (a)")]
#[case::not_text("item,rater,label\n1,a,\u{0}fix\n1,b,fix\n", &["--categories", "fix"], "unknown label \"\\0fix\"")]
#[case::semicolons("item;rater;label\n1;a;fix\n", &[], "ratings.csv: columns are separated by semicolons")]
#[case::trailing_space("item,rater,label\n1,a,fix\n1,b,fix \n", &["--categories", "fix"], "unknown label \"fix \": it differs from \"fix\"")]
#[case::categories_twice("item,rater,label\n1,a,fix\n1,b,fix\n", &["--categories", "fix,fix"], "fix is declared twice")]
#[case::weight_below_zero("item,rater,label,w\n1,a,fix,-2\n1,b,fix,1\n", &["--weight", "w"], "ratings.csv:2: the weight \"-2\" is not a finite number above 0")]
#[case::weights_all_zero("item,rater,label,w\n1,a,fix,0\n1,b,fix,0\n", &["--weight", "w"], "ratings.csv:3: the weight \"0\" is not a finite number above 0")]
#[case::two_weights("item,rater,label,w\n1,a,fix,2\n1,b,fix,3\n", &["--weight", "w"], "item 1 has two weights: 2 and 3")]
#[case::item_without_weight("item,rater,label,w\n1,a,fix,2\n1,b,fix,2\n2,a,fix,\n2,b,fix,\n", &["--weight", "w"], "item 2 has no weight")]
#[case::no_order("item,rater,label\n1,a,low\n1,b,high\n", &["--level", "ordinal"], "the ordinal level needs an order")]
#[case::not_numbers("item,rater,label\n1,a,3\n1,b,NaN\n", &["--level", "ordinal"], "the ordinal level needs an order, and the labels are not numbers (3, NaN)")]
#[case::no_such_coefficient("item,rater,label\n1,a,fix\n1,b,fix\n", &["--coefficients", "kapa"], "there is no coefficient kapa at nominal level; known are: ")]
#[case::no_distances("item,rater,label\n1,a,fix\n1,b,fix\n", &["--coefficients", "cohen_kappa_custom"], "there is no coefficient cohen_kappa_custom")]
#[case::distances_of_others("item,rater,label\n1,a,fix\n1,b,plan\n", &["--distances", "d.csv"], "d.csv:2: unknown label \"build\"")]
#[case::distances_and_sets("item,rater,label\n1,a,fix\n1,b,plan\n", &["--distances", "d.csv", "--multi-label"], "cannot be used with")]
#[case::jackknife_in_strata("item,rater,label,s\n1,a,fix,x\n1,b,fix,x\n", &["--strata", "s", "--se", "jackknife"], "does not draw within strata")]
#[case::no_such_rubric("item,rater,label,rubric\n1,a,fix,work_mode\n1,b,fix,work_mode\n", &["--rubric", "outcome"], "it has: work_mode")]
fn bad_input_is_an_error_that_names_the_place(#[case] text: &str, #[case] args: &[&str], #[case] expected: &str) {
    let folder = folder_with(&[("ratings.csv", text), ("d.csv", "first,second,distance\nfix,build,1\n")]);
    let output = agree(folder.path(), &[&["ratings.csv"], args].concat());
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains(expected), "{expected:?} is not in {:?}", stderr(&output));
    assert!(output.stdout.is_empty());
}

// Infinity is no number either: at interval level labels that are not all finite numbers have no coefficient that needs them.
#[test]
fn labels_that_are_not_finite_have_no_numbers() {
    let text = "item,rater,label\n1,a,3\n1,b,inf\n2,a,3\n2,b,3\n";
    let folder = folder_with(&[("ratings.csv", text)]);
    let report = json(folder.path(), &["ratings.csv", "--level", "interval"]);
    let coefficients = report["pairs"][0]["coefficients"].as_array().unwrap();
    for name in ["krippendorff_alpha", "pearson", "lin_ccc", "icc_2_1"] {
        let found = coefficients.iter().find(|of| of["name"] == name).unwrap();
        assert_eq!((&found["value"], &found["undefined"]), (&Value::Null, &"not_numeric".into()), "{name}");
    }
}

// Two categories are used and five declared: only coefficients of equal shares see it.
#[test]
fn unused_categories_count_for_some_coefficients_only() {
    let folder = folder_with(&[("ratings.csv", TWO_RATERS)]);
    let two = json(folder.path(), &["ratings.csv", "--categories", "fix,build"]);
    let five = json(folder.path(), &["ratings.csv", "--categories", "fix,build,plan,ask,other"]);
    let both = |name: &str| [&two, &five].map(|report| of_pair(report, ["ann", "bob"], name));
    for name in ["cohen_kappa", "scott_pi", "krippendorff_alpha", "matthews_correlation", "kappa_max"] {
        let [of_two, of_five] = both(name);
        assert!((of_two - of_five).abs() < 1e-12, "{name}");
    }
    for name in ["gwet_ac1", "brennan_prediger", "bennett_s", "pabak"] {
        let [of_two, of_five] = both(name);
        assert!(of_two + 0.01 < of_five, "{name}");
    }
}

#[test]
fn each_level_brings_its_coefficients() {
    let folder =
        folder_with(&[("ratings.csv", "item,rater,label\n1,a,1\n1,b,2\n2,a,2\n2,b,2\n3,a,4\n3,b,3\n4,a,1\n4,b,1\n")]);
    let names = |level: &str| -> Vec<String> {
        let report = json(folder.path(), &["ratings.csv", "--level", level]);
        let pair = report["pairs"][0]["coefficients"].as_array().unwrap().clone();
        let all = report["coefficients"].as_array().unwrap().clone();
        all.iter().chain(&pair).map(|of| of["name"].as_str().unwrap().to_owned()).collect()
    };
    let of = |level: &str, name: &str| names(level).iter().any(|one| one == name);
    assert!(of("nominal", "gwet_ac1") && !of("nominal", "cohen_kappa_linear"));
    assert!(of("ordinal", "gwet_ac2_ordinal") && of("ordinal", "kendall_w") && !of("ordinal", "pearson"));
    assert!(of("interval", "icc_3_k") && of("interval", "cohen_kappa_linear_by_value") && of("ratio", "lin_ccc"));
}

// By hand: fix and build are 1 apart, plan is 3 from both. One of four items differs, by 1. Margins are fix 2, build 1, plan 1 and fix 1,
// build 2, plan 1, so that chance makes (2 x 2 + 1 x 1) x 1 + (2 x 1 + 1 x 1 + 1 x 1 + 1 x 2) x 3 = 23 sixteenths, and kappa is 1 - 4 / 23.
#[test]
fn distances_of_ones_own_make_coefficients_of_their_own() {
    let ratings = "item,rater,label\n1,a,fix\n1,b,fix\n2,a,fix\n2,b,build\n3,a,build\n3,b,build\n4,a,plan\n4,b,plan\n";
    let distances = "first,second,distance\nfix,build,1\nplan,fix,3\nplan,build,3\n";
    let folder = folder_with(&[("ratings.csv", ratings), ("d.csv", distances)]);
    let report = json(folder.path(), &["ratings.csv", "--distances", "d.csv"]);
    assert!((of_pair(&report, ["a", "b"], "cohen_kappa_custom") - (1.0 - 4.0 / 23.0)).abs() < 1e-12);
    let text = stdout(&agree(folder.path(), &["ratings.csv", "--distances", "d.csv"]));
    assert!(text.contains("krippendorff_alpha_custom") && text.contains("cohen_kappa_is_zero"), "{text}");
}

// A judge, two people and a consensus on cells of several labels: alpha of sets stands for all, for pairs, and in the ceiling.
#[test]
fn sets_of_labels_have_an_alpha() {
    let cells = ["a|b", "a", "b|c", "c", "a|c", "b"];
    let row = |at: usize| {
        let other = cells[(at + 1) % 6];
        let said = [
            cells[at % 6],
            if at.is_multiple_of(4) { other } else { cells[at % 6] },
            if at.is_multiple_of(3) { other } else { cells[at % 6] },
        ];
        format!("{at},{},{},{}\n", said[0], said[1], said[2])
    };
    let text: String = ["item,ann,bob,judge\n".to_owned()].into_iter().chain((0..24).map(row)).collect();
    let folder = folder_with(&[("wide.csv", &text)]);
    let args = ["wide.csv", "--wide", "ann,bob,judge", "--multi-label", "--separator", "|", "--people", "ann,bob"];
    let report = json(folder.path(), &args);
    let names = |of: &Value| of.as_array().unwrap().iter().map(|one| one["name"].clone()).collect::<Vec<_>>();
    let alphas = ["krippendorff_alpha_jaccard", "krippendorff_alpha_masi"];
    assert_eq!(names(&report["coefficients"]), alphas);
    assert_eq!(names(&report["pairs"][0]["coefficients"])[1..], alphas);
    assert_eq!(names(&report["ceilings"][0]["coefficients"])[1..], alphas);
    let among = &report["ceilings"][0]["coefficients"][2];
    assert!((of_pair(&report, ["ann", "bob"], alphas[1]) - among["value"].as_f64().unwrap()).abs() < 1e-12);
    let text = stdout(&agree(folder.path(), &args));
    assert!(text.contains("All raters") && text.contains("krippendorff_alpha_masi"), "{text}");
}

// Every item has two raters of its own, so that pairs are as many as squares of raters: nothing may grow with them.
#[test]
fn raters_of_one_item_each_are_one_crowd() {
    let row = |at: usize| {
        let (item, side) = (at / 2, at % 2);
        format!("{item},r{item}-{side},{}\n", (item + side * usize::from(item % 5 == 0)) % 2)
    };
    let text: String = ["item,rater,label\n".to_owned()].into_iter().chain((0..40_000).map(row)).collect();
    let folder = folder_with(&[("ratings.csv", &text)]);
    let output = agree(folder.path(), &["ratings.csv", "--all"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(text.contains("799980000 pairs of raters are too many to list"), "{text}");
    assert!(text.contains("... and 39950 more raters"), "{text}");
    assert!(text.contains("light_kappa         undefined: too_many_raters"), "{text}");
    let row = text.lines().find(|line| line.starts_with("percent_agreement")).unwrap();
    assert!(row.contains("0.800") && row.contains("20000"), "{row}");
}

#[test]
fn a_folder_that_is_no_run_is_told_apart() {
    let folder = folder_with(&[("notes/todo.md", "x")]);
    let output = agree(folder.path(), &["notes"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("notes is a folder without ratings.csv, so not a run"), "{}", stderr(&output));
}

// A spreadsheet's bytes: a byte order mark, carriage returns, quotes, commas and line feeds inside labels.
#[test]
fn files_of_spreadsheets_are_read_as_they_are_meant() {
    let text = "\u{feff}item,rater,label\r\n1,a,\"x, or \"\"y\"\"\"\r\n1,b,\"x, or \"\"y\"\"\"\r\n2,a,\"two\nlines\"\r\n2,b,z\r\n";
    let folder = folder_with(&[("ratings.csv", text)]);
    let report = json(folder.path(), &["ratings.csv"]);
    assert_eq!(report["categories"], serde_json::json!(["two\nlines", "x, or \"y\"", "z"]));
    assert!((of_pair(&report, ["a", "b"], "percent_agreement") - 0.5).abs() < 1e-12);
    let table = stdout(&agree(folder.path(), &["ratings.csv"]));
    assert!(table.contains("two\\nlines"), "{table}");
}

#[test]
fn what_rests_on_few_or_equal_items_is_told() {
    let two = "item,rater,label\n1,a,x\n1,b,x\n2,a,y\n2,b,y\n3,a,y\n";
    let folder = folder_with(&[("ratings.csv", two)]);
    let text = stdout(&agree(folder.path(), &["ratings.csv"]));
    assert!(text.contains("b against a (1 items rated by one of them only do not count)"), "{text}");
    assert!(text.contains("note: an interval without width comes from items that are all alike"), "{text}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = folder_with(&[]);
    let output = agree(folder.path(), &["nowhere.csv"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("nowhere.csv"), "{}", stderr(&output));
}

const RUN: &str = "item,rater,label,rubric,cluster,replicate,no_verdict\n\
    s1,judge,fix,work_mode,p1,1,\ns2,judge,build,work_mode,p1,1,\ns3,judge,,work_mode,p2,1,refused\ns4,judge,fix,work_mode,p3,1,\n\
    s1,judge,build,work_mode,p1,2,\n";

#[test]
fn a_run_is_held_against_gold_with_no_verdicts_counted() {
    let gold = "item,rater,label\ns1,ann,fix\ns2,ann,build\ns3,ann,fix\ns9,ann,fix\n";
    let folder = folder_with(&[("results/first/ratings.csv", RUN), ("gold.csv", gold)]);
    let args = ["first", "--gold", "gold.csv", "--categories", "fix,build"];
    let report = json(folder.path(), &args);
    assert_eq!(report["pairs"][0]["raters"], serde_json::json!(["ann", "judge"]));
    assert_eq!((&report["pairs"][0]["items"], &report["pairs"][0]["unpaired"]), (&2.into(), &2.into()));
    let judge = &report["raters_detail"][1];
    assert_eq!(judge["no_verdicts"], serde_json::json!({"refused": 1}));
    assert_eq!((&judge["n"], &judge["replicates_left_out"]), (&3.into(), &1.into()));
    let notes = report["notes"].to_string();
    assert!(notes.contains("1 items of the label file are not sessions of the run, such as s9"), "{notes}");
    assert!(notes.contains("1 judged sessions have no label"), "{notes}");
    assert!(!notes.contains("without a cluster"), "s3 has its cluster from the judge's no-verdict: {notes}");
    assert_eq!(report["clusters"], 3);
    let folder_itself = json(folder.path(), &["results/first", "--gold", "gold.csv", "--categories", "fix,build"]);
    assert_eq!(report, folder_itself);
}

#[test]
fn a_judge_alone_needs_gold() {
    let folder = folder_with(&[("results/first/ratings.csv", RUN)]);
    let output = agree(folder.path(), &["first", "--categories", "fix,build"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("only one rater (judge)"), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("hint: --gold GOLD.csv holds the judge against other raters"),
        "{}",
        stderr(&output)
    );
}

#[rstest]
#[case::no_match(
    "item,rater,label\nx,ann,fix\ny,ann,fix\n",
    "gold.csv: none of its 2 items is a known session (first: \"x\")"
)]
#[case::unknown_label(
    "item,rater,label\ns1,ann,fix\ns2,ann,fixx\n",
    "gold.csv:3: unknown label \"fixx\"; did you mean \"fix\"?"
)]
#[case::other_rubric(
    "item,rater,label,rubric\ns1,ann,fix,outcome\n",
    "the label file has no rubric of the run (work_mode)"
)]
#[case::same_name("item,rater,label\ns1,judge,fix\n", "judge is both a judge of the run and a rater of the label file")]
fn gold_that_does_not_fit_a_run_is_refused(#[case] gold: &str, #[case] expected: &str) {
    let folder = folder_with(&[("results/first/ratings.csv", RUN), ("gold.csv", gold)]);
    let output = agree(folder.path(), &["first", "--gold", "gold.csv", "--categories", "fix,build"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains(expected), "{expected:?} is not in {:?}", stderr(&output));
}

#[test]
fn several_rubrics_come_under_their_names() {
    let text = "item,rater,label,rubric\n1,a,fix,work_mode\n1,b,fix,work_mode\n1,a,3,expertise\n1,b,4,expertise\n";
    let folder = folder_with(&[("ratings.csv", text)]);
    let all = json(folder.path(), &["ratings.csv"]);
    assert_eq!(all["version"], 1);
    assert_eq!(all["rubrics"].as_object().unwrap().keys().collect::<Vec<_>>(), ["expertise", "work_mode"]);
    let one = json(
        folder.path(),
        &["ratings.csv", "--rubric", "expertise", "--categories", "1,2,3,4,5", "--level", "ordinal"],
    );
    assert_eq!((&one["rubric"], &one["level"]), (&"expertise".into(), &"ordinal".into()));
    assert_eq!(one["categories"].as_array().unwrap().len(), 5);
}

#[test]
fn csv_has_one_row_a_coefficient() {
    let folder = folder_with(&[("ratings.csv", TWO_RATERS)]);
    let output = agree(folder.path(), &["ratings.csv", "--format", "csv", "--min", "kappa=0.1"]);
    assert!(stderr(&output).starts_with("gate pass: cohen_kappa >= 0.1 for ann - bob"), "{}", stderr(&output));
    let output = stdout(&output);
    let mut reader = csv::Reader::from_reader(output.as_bytes());
    let header = reader.headers().unwrap().clone();
    assert_eq!(
        header.iter().collect::<Vec<_>>().join(","),
        "rubric,first,second,label,name,value,se,low,high,n,method,undefined"
    );
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let kappa = rows.iter().find(|row| &row[1] == "ann" && &row[4] == "cohen_kappa").unwrap();
    assert!((kappa[5].parse::<f64>().unwrap() - 0.6).abs() < 1e-9);
}

#[test]
fn bootstraps_are_the_same_on_any_number_of_threads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/synthetic-ratings");
    let run = |threads: &str, seed: &str| {
        let mut command = Command::cargo_bin("assize").unwrap();
        command.current_dir(&folder).env("RAYON_NUM_THREADS", threads);
        stdout(
            &command
                .args([
                    "agree",
                    "ratings.csv",
                    "--format",
                    "json",
                    "--bootstrap",
                    "bca",
                    "--replicates",
                    "300",
                    "--seed",
                    seed,
                ])
                .output()
                .unwrap(),
        )
    };
    assert_eq!(run("1", "4"), run("3", "4"));
    assert_ne!(run("1", "4"), run("1", "5"));
}

// The figures of the manifest beside the file, which takes labels by their exact text: three labels that fit no code are
// left out.
#[test]
fn programming_by_chat_gives_the_figures_of_its_manifest() {
    let Some(folder) = shared::folder("gold/programming-by-chat") else { return };
    let wide =
        ["human_labels.csv", "--item", "id", "--wide", "labels_gpt,labels_claude,labels_a1,labels_a2,labels_consensus"];
    let by_text = ["--multi-label", "--drop-label", "8.1 Others", "--drop-label", "2. Failure Reporting"];
    let report = json(&folder, &[&wide[..], &by_text, &["--drop-label", "3.3 General Knowledge query"]].concat());
    assert_eq!((report["items"].as_u64(), report["categories"].as_array().unwrap().len()), (Some(271), 20));
    for (raters, expected) in [
        (["labels_a1", "labels_a2"], 0.662),
        (["labels_consensus", "labels_gpt"], 0.803),
        (["labels_consensus", "labels_claude"], 0.837),
        (["labels_gpt", "labels_claude"], 0.705),
        (["labels_a1", "labels_gpt"], 0.579),
        (["labels_a1", "labels_claude"], 0.625),
        (["labels_a2", "labels_gpt"], 0.753),
        (["labels_a2", "labels_claude"], 0.863),
    ] {
        let found = of_pair(&report, raters, "macro_cohen_kappa");
        assert!((found - expected).abs() <= 0.0005, "{raters:?}: {found} is not {expected}");
    }
    // By the code in front of the label the one misspelt label counts, and annotators a1 and a2 agree a little less.
    let by_key =
        ["--multi-label", "--label-key", r"^(\d\.\d)", "--drop-label", "8.1", "--drop-label", "2. Failure Reporting"];
    let report = json(&folder, &[&wide[..], &by_key].concat());
    assert!((of_pair(&report, ["labels_a1", "labels_a2"], "macro_cohen_kappa") - 0.6614).abs() < 0.00005);
}

#[test]
fn silver_ratings_give_the_table_of_their_readme() {
    let Some(folder) = shared::folder("silver") else { return };
    let all = json(&folder, &["ratings.csv"]);
    for (rubric, agreement, kappa) in [
        ("work_mode", 0.984, 0.980),
        ("expertise", 0.922, 0.880),
        ("outcome", 0.984, 0.927),
        ("success_signal", 0.891, 0.839),
        ("failure_signal", 0.797, 0.694),
        ("occupation_user", 0.969, 0.882),
        ("occupation_work", 1.0, 1.0),
        ("codebase_context", 0.984, 0.949),
    ] {
        let of = |name: &str| of_pair(&all["rubrics"][rubric], ["model-a", "model-b"], name);
        assert!((of("percent_agreement") - agreement).abs() <= 0.0005, "{rubric}");
        assert!((of("cohen_kappa") - kappa).abs() <= 0.0005, "{rubric}");
    }
}
