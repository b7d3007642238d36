//! The study's exhibits on a run made by hand: figure data, correction by gold, withheld cells, and the page they stand on.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::collections::BTreeMap;
use std::path::Path;

use assize::corpus::{IngestReport, SessionRow};
use assize::gold::{Rating, Ratings};
use assize::report::{Cell, Exhibit, Floors, Inputs, Report, TableBuilder, Withheld, build, html, markdown, tables};
use assize::rubric::{self, Rubric};
use assize::run::{Experiment, RubricRecord, RunRecord, RunState};
use assize::session::{Evidence, Format, Measures, Scope};
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
        id: format!("session-{session:04}"),
        file: format!("p/session-{session:04}.jsonl"),
        format: Format::ClaudeCode,
        person: Some(format!("person-{}", session / 8)),
        project: None,
        scope: Scope::Interactive,
        scope_rule: "entrypoint cli".to_owned(),
        scope_doubt: false,
        planned_in: None,
        work: String::new(),
        started_at: Some(format!("{}-11T10:00:00Z", months[(session / 7) % 7])),
        measures: Measures {
            prompts,
            actions: prompts * (4 + 2 * level + session as u64 % 3),
            output_words: prompts * 500 * level,
            model_calls: prompts * 7 + session as u64 % 5,
            lines_added: if session.is_multiple_of(5) { 0 } else { 40 },
            ..Measures::default()
        },
        evidence: Evidence::default(),
        recorder: None,
        content_hash: String::new(),
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
    assert_eq!(charts, 2 + 2 + 2 + 3 + 3 + 1 + 2 + 2, "every panel of every figure is drawn");
    assert!(!page.contains("NaN") && !text.contains("NaN"));
}

#[test]
fn the_study_in_json_is_stable() {
    let report = report(280, &["work_mode", "outcome"], Some(gold()), Floors::default());
    insta::assert_json_snapshot!(exhibit(&report, "figure_1"));
    insta::assert_json_snapshot!(report.study[0].notes);
}
