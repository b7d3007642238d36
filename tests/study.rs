//! The study's exhibits on a run made by hand: figure data, correction by gold, withheld cells, and the page they stand on.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod rows;

use std::collections::BTreeMap;
use std::path::Path;

use assize::corpus::{IngestReport, SessionRow};
use assize::gold::{Rating, Ratings};
use assize::report::{Cell, Exhibit, Floors, Inputs, Report, TableBuilder, Withheld, build, html, markdown, tables};
use assize::rubric::{self, Rubric};
use assize::run::{Experiment, RubricRecord, RunRecord, RunState};
use assize::session::Measures;
use assize::verdict::{Fingerprint, NoVerdict, Outcome, Verdict};
use serde_json::{Value, json};

const JUDGE: &str = "judge";
const RUBRICS: [&str; 9] = [
    "work_mode",
    "expertise",
    "outcome",
    "success_signal",
    "failure_signal",
    "occupation_user",
    "occupation_work",
    "decisions",
    "task_value",
];

/// Sessions: eight a person, in seven months, of every mode and level. What the judge says is a fixed function of the number.
fn verdicts(session: usize) -> Vec<(&'static str, Outcome)> {
    let of = |list: &[&str], step: usize| list[(session / step) % list.len()].to_owned();
    let label = |label: String| Outcome::Label { label, reason: None, evidence: vec![], confidence: None };
    let value = |value: Value| Outcome::Value { value, reason: None, evidence: vec![] };
    let level = 1 + (session / 2) % 5;
    // The higher the level, the more succeed: two tenths to six tenths.
    let good = (session / 14) % 10 <= level;
    let outcome = if good {
        "succeeded"
    } else if session.is_multiple_of(3) {
        "failed"
    } else {
        "partially_succeeded"
    };
    let outcome = if session.is_multiple_of(13) { "no_clear_goal" } else { outcome };
    let by = |agent: usize, all: usize, kind: &str| -> Vec<Value> {
        (0..all)
            .map(|at| json!({"turn": 1, "type": kind, "by": if at < agent { "agent" } else { "user" }, "what": "x"}))
            .collect()
    };
    let decisions = [by(session % 4, 4, "planning"), by(3 + session % 3, 5, "execution")].concat();
    let mut all = vec![
        ("work_mode", label(of(&["fix", "build", "operate", "communicate", "understand", "plan", "analyze"], 1))),
        ("outcome", label(outcome.to_owned())),
        ("success_signal", label(if good { of(&["3", "4", "5"], 1) } else { "1".to_owned() })),
        ("failure_signal", label(if good { "none".to_owned() } else { of(&["2", "3", "4"], 1) })),
        ("occupation_work", label(of(&["computer_mathematical", "legal"], 3))),
        ("decisions", value(Value::Array(decisions))),
        ("task_value", value(json!(100 + 100 * (session % 50)))),
    ];
    all.push(match session % 20 {
        0 => ("expertise", Outcome::None { kind: NoVerdict::Abstained, detail: String::new() }),
        _ => ("expertise", label(level.to_string())),
    });
    all.push(match session % 4 {
        0 => ("occupation_user", Outcome::None { kind: NoVerdict::Abstained, detail: String::new() }),
        1 => ("occupation_user", label("management".to_owned())),
        _ => ("occupation_user", label("computer_mathematical".to_owned())),
    });
    all
}

fn row(session: usize) -> SessionRow {
    let months = ["2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04"];
    let prompts = 1 + session as u64 % 4;
    let level = 1 + (session as u64 / 2) % 5;
    SessionRow {
        person: Some(format!("person-{}", session / 8)),
        started_at: Some(format!("{}-11T10:00:00Z", months[(session / 7) % 7])),
        models: vec![["claude-sonnet-4-5", "claude-opus-4-6"][usize::from((session / 7) % 7 > 2)].to_owned()],
        measures: Measures {
            prompts,
            actions: prompts * (4 + 2 * level + session as u64 % 3),
            output_words: prompts * 500 * level,
            model_calls: prompts * 7 + session as u64 % 5,
            lines_added: if session.is_multiple_of(5) { 0 } else { 40 },
            ..Measures::default()
        },
        ..rows::row(&format!("session-{session:04}"))
    }
}

/// Gold of the first 120 sessions: the judge is right but for every fifth session that it calls a fix, which is a build.
fn gold() -> Ratings {
    let label = |session: usize| {
        let judged = verdicts(session).remove(0).1.label().unwrap().to_owned();
        if judged == "fix" && session.is_multiple_of(5) { "build".to_owned() } else { judged }
    };
    let rating = |session: usize| Rating {
        item: format!("session-{session:04}"),
        rater: "gold".to_owned(),
        label: label(session),
        rubric: Some("work_mode".to_owned()),
        ..Rating::default()
    };
    Ratings { rows: (0..120).map(rating).collect(), ..Ratings::default() }
}

fn rubrics(names: &[&str]) -> Vec<Rubric> {
    names.iter().map(|name| rubric::load(name, Path::new("/nowhere")).unwrap()).collect()
}

fn report(sessions: usize, names: &[&str], gold: Option<Ratings>, floors: Floors) -> Report {
    let rubrics = rubrics(names);
    let experiment: Experiment = serde_json::from_value(json!({
        "name": "made", "corpus": "datasets/made", "rubrics": names, "judges": [{"model": "some/model", "name": JUDGE}]
    }))
    .unwrap();
    let mut table = TableBuilder::new(&rubrics, [JUDGE], gold.as_ref());
    for session in 0..sessions {
        for (rubric, outcome) in verdicts(session).into_iter().filter(|(rubric, _)| names.contains(rubric)) {
            let (session, rubric, judge) = (format!("session-{session:04}"), rubric.to_owned(), JUDGE.to_owned());
            let (unit, repairs, calls) = (Fingerprint::of(&[b"unit"]), [].into(), vec![]);
            table.verdict(&Verdict { session, rubric, judge, replicate: 1, unit, outcome, repairs, calls }).unwrap();
        }
    }
    (0..sessions).for_each(|session| table.session(&row(session)));
    let table = table.finish(&BTreeMap::new(), None).unwrap();
    let record = |rubric: &Rubric| RubricRecord {
        name: rubric.name.clone(),
        version: rubric.version,
        hash: rubric.hash(),
        schema_hash: String::new(),
        prompt_hash: String::new(),
    };
    let run = RunRecord {
        version: 1,
        id: "made-00000000".to_owned(),
        state: RunState::Done,
        started_at: "2026-11-22T10:00:00Z".to_owned(),
        updated_at: "2026-11-22T10:05:00Z".to_owned(),
        assize: "0.1.0".to_owned(),
        experiment,
        corpus_hash: String::new(),
        ingest: IngestReport::default(),
        rubrics: rubrics.iter().map(record).collect(),
        sessions_in_corpus: sessions as u64,
        out_of_scope: BTreeMap::new(),
        sessions: sessions as u64,
        units: 0,
        weights: BTreeMap::new(),
        paid: assize::ledger::Paid::default(),
        totals: vec![],
    };
    build(&Inputs { run, table, rubrics, gold, agreement: vec![], floors }).unwrap()
}

fn exhibit<'a>(report: &'a Report, id: &str) -> &'a Exhibit {
    report.study[0].exhibits.iter().find(|exhibit| exhibit.id == id).unwrap()
}

fn cell<'a>(exhibit: &'a Exhibit, panel: &str, group: &str, measure: &str) -> &'a Cell {
    let panel = exhibit.panels.iter().find(|known| known.id == panel).unwrap();
    panel.cells.iter().find(|cell| cell.group == group && cell.measure == measure).unwrap()
}

fn raw(cell: &Cell) -> f64 {
    cell.raw.as_ref().unwrap().value.unwrap()
}

const ALL: Floors = Floors { persons: 0, sessions: 0 };

#[test]
fn every_figure_has_its_numbers_and_its_published_ones() {
    let report = report(1_400, &RUBRICS, None, Floors::default());
    for id in ["1", "2", "3", "4", "5", "6", "a1", "a2"].map(|number| format!("figure_{number}")) {
        let exhibit = exhibit(&report, &id);
        let cells = || exhibit.panels.iter().flat_map(|panel| &panel.cells);
        assert!(cells().any(|cell| cell.raw.is_some()) && cells().any(|cell| cell.published.is_some()), "{id}");
        let missing: Vec<&str> = exhibit.needs.iter().map(|need| need.rubric.as_str()).collect();
        assert!(missing.iter().all(|name| *name == "task_posting"), "{id}: {missing:?}");
    }
    // By hand: 200 of 1,400 sessions are fixes; planning decisions are the agent's in 0, 25, 50 and 75 %.
    assert!((raw(cell(exhibit(&report, "figure_1"), "modes", "fix", "share")) - 1.0 / 7.0).abs() < 1e-12);
    let second = exhibit(&report, "figure_2");
    for bin in ["0-10", "20-30", "50-60", "70-80"] {
        assert!((raw(cell(second, "planning", bin, "share")) - 0.25).abs() < 1e-12, "{bin}");
    }
    assert!((raw(cell(second, "mean", "execution", "mean")) - 0.8).abs() < 1e-3);
    // Actions per prompt are 4 + 2 level + 0, 1 or 2.
    let third = exhibit(&report, "figure_3");
    assert!((raw(cell(third, "actions", "5", "median")) - 15.0).abs() < 1e-12);
    assert_eq!(cell(third, "actions", "5", "geometric_mean").published.as_ref().unwrap().value.to_string(), "11.7");
    let gradient = raw(cell(third, "gradient", "words", "per_level"));
    assert!(gradient > 0.3 && gradient < 0.6, "{gradient}");
    // Table A1 has all six columns and the check; the slope is about a tenth.
    let slopes: Vec<f64> = exhibit(&report, "table_a1").panels[0].cells.iter().map(raw).collect();
    assert!(slopes.len() == 7 && slopes.iter().all(|slope| (0.02..0.12).contains(slope)), "{slopes:?}");
}

/// The price of a session, as the judge gives it.
fn price(session: usize) -> f64 {
    (100 + 100 * (session % 50)) as f64
}

#[test]
fn value_grows_by_month_and_mode_beside_what_was_published() {
    let report = report(1_400, &RUBRICS, None, ALL);
    let fourth = exhibit(&report, "figure_4");
    let months = ["2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04"];
    let of = |month: usize, mode: Option<usize>| -> Vec<f64> {
        let own = |session: &usize| (session / 7) % 7 == month && mode.is_none_or(|mode| session % 7 == mode);
        (0..1_400).filter(own).map(price).collect()
    };
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let logs = |values: Vec<f64>| (values.iter().map(|value| value.ln()).sum::<f64>() / values.len() as f64).exp();
    for (mode, number) in [("all", None), ("fix", Some(0)), ("build", Some(1))] {
        for (at, month) in months.iter().enumerate() {
            let (plain, geometric) = (cell(fourth, "value", month, mode), cell(fourth, "value_geometric", month, mode));
            assert_eq!(plain.sessions, Some(of(at, number).len() as u64), "{month} {mode}");
            assert!((raw(plain) - (mean(of(at, number)) / mean(of(0, number)) - 1.0)).abs() < 1e-9, "{month} {mode}");
            let expected = logs(of(at, number)) / logs(of(0, number)) - 1.0;
            assert!((raw(geometric) - expected).abs() < 1e-9, "{month} {mode}");
            assert_eq!(
                geometric.raw.as_ref().unwrap().low.is_some(),
                at > 0,
                "the first month is what others are held against"
            );
        }
    }
    let published = |month, mode| cell(fourth, "value", month, mode).published.as_ref().map(|one| one.value);
    assert_eq!((published("2026-04", "all"), published("2026-04", "build")), (Some(0.27), Some(0.43)));
    assert_eq!(published("2026-03", "all"), None);
    assert!(fourth.notes.iter().any(|note| note.starts_with("Task value is an order")), "{:?}", fourth.notes);
    let tables: BTreeMap<String, String> = tables(&report).unwrap().into_iter().collect();
    assert!(tables["figure_4.csv"].contains("value_geometric,change,2026-04"));
}

#[test]
fn value_grows_without_modes_too() {
    let report = report(280, &["task_value"], None, ALL);
    let fourth = exhibit(&report, "figure_4");
    let panels: Vec<&str> = fourth.panels.iter().map(|panel| panel.id.as_str()).collect();
    assert_eq!(panels, ["value", "value_geometric"]);
    assert!(fourth.panels.iter().flat_map(|panel| &panel.cells).all(|cell| cell.measure == "all"));
    assert!(fourth.needs.iter().any(|need| need.rubric == "work_mode"));
    assert!(html(&report).unwrap().contains("judge-0-figure_4-value_geometric"));
}

#[test]
fn every_column_of_table_a1_says_what_it_holds_equal_and_for_whom() {
    let report = report(1_400, &RUBRICS, None, Floors::default());
    let table = exhibit(&report, "table_a1");
    let titles: Vec<&str> = table.panels[0].cells.iter().map(|cell| cell.group_title.as_str()).collect();
    assert_eq!(
        titles[..6],
        [
            "(1) nothing held equal",
            "(2) and work mode × value band",
            "(3) and month",
            "(4) and occupation of the work",
            "(5) and software occupation",
            "(6) and model tier × length band, ln model calls, ln prompts"
        ]
    );
    let column = |number: usize| &table.panels[0].cells[number - 1];
    // All persons have sessions with a goal and a level; by hand: every thirteenth session has no goal, every twentieth no level.
    assert_eq!((column(1).persons, column(1).sessions), (Some(175), Some(1_400 - 70 - 108 + 6)));
    assert!(column(6).extra["cells"] > column(5).extra["cells"], "the sixth column has cells of its own");
    let notes = table.notes.join(" ");
    assert!(notes.contains("Tiers in this run: claude opus, claude sonnet.") && notes.contains("What cannot be had"));
    assert!(exhibit(&report, "figure_3").caption.contains("software occupation, model tier, errors by person"));
}

#[test]
fn adjusted_rates_lie_between_0_and_1_and_say_when_they_had_to_be_held() {
    // Few sessions in small cells, so that a linear model goes beyond.
    let report = report(112, &["expertise", "outcome", "success_signal", "failure_signal", "work_mode"], None, ALL);
    let mut held = 0;
    for cell in
        ["figure_5", "table_a2"].iter().flat_map(|id| &exhibit(&report, id).panels).flat_map(|panel| &panel.cells)
    {
        let Some(adjusted) = &cell.adjusted else { continue };
        let ends = [adjusted.value, adjusted.low, adjusted.high];
        assert!(ends.iter().flatten().all(|end| (0.0..=1.0).contains(end)), "{cell:?}");
        let beyond = cell.extra.get("linear_low").is_some_and(|low| *low < 0.0)
            || cell.extra.get("linear_high").is_some_and(|high| *high > 1.0);
        assert_eq!(adjusted.method.ends_with("held at 0 and 1"), beyond, "{cell:?}");
        held += usize::from(beyond);
    }
    assert!(held > 0, "nothing had to be held");
    assert!(html(&report).unwrap().contains("‡") && markdown(&report).unwrap().contains("‡"));
    let tables: BTreeMap<String, String> = tables(&report).unwrap().into_iter().collect();
    assert!(tables["figure_5.csv"].contains("linear_low=-") || tables["figure_5.csv"].contains("linear_high=1."));
}

#[test]
fn rates_have_bounds_and_sessions_without_a_goal_are_outside() {
    let report = report(260, &RUBRICS, None, ALL);
    let cell = cell(exhibit(&report, "table_2"), "measures", "all", "judged_success");
    // By hand: every thirteenth of 260 sessions has no clear goal.
    assert_eq!((cell.sessions, cell.persons, cell.no_verdict), (Some(240), Some(33), Some(0)));
    assert!((cell.worst.unwrap().0 - raw(cell)).abs() < 1e-12);
    let software = self::cell(exhibit(&report, "table_2"), "measures", "all", "software_occupation");
    assert_eq!((software.sessions, software.count), (Some(195), Some(130)), "unclear occupations are outside");
}

#[test]
fn gold_corrects_and_without_it_numbers_say_so() {
    let with = report(700, &RUBRICS, Some(gold()), ALL);
    let judge = &with.rubrics[0].judges[0];
    let correction = judge.correction.as_ref().unwrap();
    assert_eq!((correction.rater.as_str(), correction.sessions, correction.persons), ("gold", 120, Some(15)));
    let fix = judge.shares.iter().find(|row| row.label == "fix").unwrap();
    let corrected = fix.corrected.as_ref().unwrap();
    // A fifth of the judge's fixes are builds.
    assert!((fix.share.value.unwrap() - 1.0 / 7.0).abs() < 1e-12);
    assert!((corrected.value.unwrap() - 0.8 / 7.0).abs() < 0.02 && corrected.low < corrected.value, "{corrected:?}");
    let first = exhibit(&with, "figure_1");
    assert_eq!(cell(first, "modes", "fix", "share").corrected.as_ref().unwrap().value, corrected.value);
    assert!(first.correction.as_ref().unwrap().starts_with("corrected by PPI++"));
    let without = report(700, &RUBRICS, None, ALL);
    assert!(exhibit(&without, "figure_1").correction.as_ref().unwrap().starts_with("uncorrected"));
    assert!(without.rubrics[0].judges[0].shares.iter().all(|row| row.corrected.is_none()));
}

#[test]
fn small_cells_are_withheld_everywhere_and_never_alone() {
    // Of 112 sessions, a month and mode have about two: all are withheld; a mode has sixteen, of all fourteen persons.
    let report = report(112, &RUBRICS, None, Floors::default());
    let months = &exhibit(&report, "figure_4").panels[0].cells;
    assert!(months.iter().all(|cell| cell.withheld.is_some() || cell.count == Some(0)));
    for study in &report.study {
        for cell in study.exhibits.iter().flat_map(|exhibit| &exhibit.panels).flat_map(|panel| &panel.cells) {
            if cell.withheld.is_some() {
                assert!(cell.raw.is_none() && cell.sessions.is_none() && cell.worst.is_none(), "{cell:?}");
            }
        }
    }
    let levels = &exhibit(&report, "by_level").panels[0];
    for measure in ["judged_success", "verified_success"] {
        let hidden = levels.cells.iter().filter(|cell| cell.measure == measure && cell.withheld.is_some()).count();
        assert_ne!(hidden, 1, "one alone could be computed from the total");
    }
    let complements = || report.study[0].exhibits.iter().flat_map(|e| &e.panels).flat_map(|p| &p.cells);
    let all = serde_json::to_string(&complements().map(|cell| cell.withheld).collect::<Vec<_>>()).unwrap();
    assert!(all.contains("too_few_sessions"), "{all}");
    assert!(
        complements().filter(|cell| cell.withheld == Some(Withheld::TooFewPersons)).all(|cell| cell.count.is_none())
    );
}

#[test]
fn a_figure_without_its_rubric_says_what_it_needs() {
    let report = report(40, &["work_mode"], None, ALL);
    let fifth = exhibit(&report, "figure_5");
    assert!(fifth.panels.is_empty());
    let needs: Vec<&str> = fifth.needs.iter().map(|need| need.rubric.as_str()).collect();
    assert_eq!(needs, ["expertise", "outcome", "success_signal", "failure_signal"]);
    let page = html(&report).unwrap();
    assert!(page.contains("not in this run") && !page.contains("NaN"));
    markdown(&report).unwrap();
}

#[test]
fn the_page_and_the_tables_hold_every_exhibit() {
    let report = report(700, &RUBRICS, Some(gold()), Floors::default());
    let (page, text) = (html(&report).unwrap(), markdown(&report).unwrap());
    let tables: BTreeMap<String, String> = tables(&report).unwrap().into_iter().collect();
    for exhibit in &report.study[0].exhibits {
        let name = format!("{}.csv", exhibit.id);
        assert!(tables.contains_key(&name) && page.contains(&format!("tables/{name}")), "{name}");
        assert!(text.contains(&exhibit.title), "{}", exhibit.title);
        let rows = exhibit.panels.iter().map(|panel| panel.cells.len()).sum::<usize>();
        assert_eq!(tables[&name].lines().count(), rows + 1, "{name}");
    }
    let charts = page.matches("class=\"chart panel\"").count();
    assert_eq!(charts, 2 + 2 + 2 + 4 + 3 + 1 + 2 + 2, "every panel of every figure is drawn");
    assert!(!page.contains("NaN") && !text.contains("NaN"));
}

#[test]
fn the_study_in_json_is_stable() {
    let report = report(280, &["work_mode", "outcome"], Some(gold()), Floors::default());
    insta::assert_json_snapshot!(exhibit(&report, "figure_1"));
    insta::assert_json_snapshot!(report.study[0].notes);
}
