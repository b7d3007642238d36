//! The checks that the study did not make, on a run made by hand: what judges that differ in one thing do to the same sessions.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod rows;

use std::collections::BTreeMap;
use std::path::Path;

use assize::agreement::{Declared, Options, RatedVerdicts, report as agree};
use assize::corpus::{IngestReport, SessionRow};
use assize::report::{
    Cell, Exhibit, Floors, Hidden, Inputs, PublicNumber, PublicReport, Report, TableBuilder, Vocabulary, build, check,
    files, html, markdown, publish, tables,
};
use assize::rubric::{self, Rubric};
use assize::run::{Experiment, JudgeSpec, RunRecord, RunState};
use assize::session::Measures;
use assize::stats::Estimate;
use assize::verdict::{Fingerprint, Outcome, Verdict};
use serde_json::json;

const SESSIONS: usize = 200;

/// What a judge says of a session, in a repeat. By hand: the outcome is succeeded from level 3 on; the planted text moves every fourth
/// session; expertise from the first prompt has nothing to do with it; every tenth session gets another mode in the third repeat.
fn label(judge: &str, rubric: &str, session: usize, replicate: u32) -> Option<&'static str> {
    let levels = ["1", "2", "3", "4", "5"];
    let outcome = if session % 5 >= 2 {
        "succeeded"
    } else if session.is_multiple_of(10) {
        "failed"
    } else {
        "partially_succeeded"
    };
    let mode = ["fix", "build", "plan"][session % 3];
    Some(match (judge, rubric) {
        ("whole", "expertise") => levels[session % 5],
        ("first-prompt", "expertise") => levels[(session / 5) % 5],
        ("planted", "outcome") if session % 4 == 1 => "failed",
        ("whole" | "planted", "outcome") => outcome,
        ("again", "work_mode") if replicate == 3 && session.is_multiple_of(10) => "test",
        ("reversed", "work_mode") if session.is_multiple_of(6) => "build",
        // Pairs rest on different sessions: those that both labelled.
        ("other", "work_mode") if session < 60 && mode == "fix" => return None,
        ("whole" | "again" | "reversed" | "other", "work_mode") => mode,
        _ => return None,
    })
}

fn experiment() -> Experiment {
    serde_json::from_value(json!({
        "name": "checks", "corpus": "datasets/made", "rubrics": ["work_mode", "expertise", "outcome"],
        "judges": [
            {"model": "some/model", "name": "whole"},
            {"model": "some/model", "name": "again", "repeats": 3, "rubrics": ["work_mode"]},
            {"model": "some/model", "name": "first-prompt", "view": {"first_prompt_only": true}, "rubrics": ["expertise"]},
            {"model": "some/model", "name": "planted", "rubrics": ["outcome"],
             "canary": {"labels": {"outcome": "failed"}, "place": "result", "wording": "request"}},
            {"model": "some/model", "name": "reversed", "option_order": "reversed", "rubrics": ["work_mode"]},
            {"model": "other/model", "name": "other", "rubrics": ["work_mode"]}
        ]
    }))
    .unwrap()
}

fn row(session: usize) -> SessionRow {
    SessionRow {
        person: Some(format!("person-{}", session / 5)),
        started_at: Some("2026-03-11T10:00:00Z".to_owned()),
        measures: Measures { prompts: 2, actions: 20, output_words: 900, ..Measures::default() },
        ..rows::row(&format!("session-{session:04}"))
    }
}

fn inputs() -> Inputs {
    let experiment = experiment();
    let rubrics: Vec<Rubric> =
        experiment.rubrics.iter().map(|name| rubric::load(name, Path::new("/nowhere")).unwrap()).collect();
    let mut verdicts = Vec::new();
    for judge in &experiment.judges {
        for (rubric, session) in rubrics.iter().flat_map(|rubric| (0..SESSIONS).map(move |session| (rubric, session))) {
            for replicate in 1..=judge.repeats {
                let Some(label) = label(judge.name(), &rubric.name, session, replicate) else { continue };
                verdicts.push(Verdict {
                    session: format!("session-{session:04}"),
                    rubric: rubric.name.clone(),
                    judge: judge.name().to_owned(),
                    replicate,
                    unit: Fingerprint::of(&[b"unit"]),
                    outcome: Outcome::Label {
                        label: label.to_owned(),
                        reason: None,
                        evidence: vec![],
                        confidence: None,
                    },
                    repairs: [].into(),
                    calls: vec![],
                });
            }
        }
    }
    let mut table = TableBuilder::new(&rubrics, experiment.judges.iter().map(JudgeSpec::name), None);
    for verdict in &verdicts {
        table.verdict(verdict).unwrap();
    }
    (0..SESSIONS).for_each(|session| table.session(&row(session)));
    let table = table.finish(&BTreeMap::new(), None).unwrap();
    let person = |session: &str| session[8..].parse::<usize>().ok().map(|number| format!("person-{}", number / 5));
    let mut rated = RatedVerdicts::default();
    for verdict in &verdicts {
        rated.keep(verdict);
    }
    let agreement = rubrics.iter().map(|rubric| {
        let ratings = rated.ratings(&rubric.name, person);
        agree(&ratings, Some(&rubric.name), &Declared::of_rubric(rubric).unwrap(), &Options::default()).unwrap()
    });
    let agreement = agreement.collect();
    let run = RunRecord {
        version: 1,
        id: "checks-00000000".to_owned(),
        state: RunState::Done,
        started_at: "2026-11-22T10:00:00Z".to_owned(),
        updated_at: "2026-11-22T10:05:00Z".to_owned(),
        assize: "0.1.0".to_owned(),
        experiment,
        corpus_hash: String::new(),
        ingest: IngestReport::default(),
        rubrics: vec![],
        sessions_in_corpus: SESSIONS as u64,
        out_of_scope: BTreeMap::new(),
        sessions: SESSIONS as u64,
        units: 0,
        weights: BTreeMap::new(),
        paid: assize::ledger::Paid::default(),
        totals: vec![],
    };
    Inputs { run, table, rubrics, gold: None, agreement, floors: Floors::NONE }
}

fn of<'a>(report: &'a Report, id: &str, caption: &str) -> &'a Exhibit {
    report.checks.iter().find(|check| check.id == id && check.caption.starts_with(caption)).unwrap()
}

fn cell<'a>(exhibit: &'a Exhibit, panel: &str, group: &str, measure: &str) -> &'a Cell {
    let panel = exhibit.panels.iter().find(|known| known.id == panel).unwrap();
    panel.cells.iter().find(|cell| cell.group == group && cell.measure == measure).unwrap()
}

/// Asserts value and number of sessions, and that the interval holds the value.
fn is(cell: &Cell, value: f64, sessions: u64) {
    let raw = cell.raw.as_ref().unwrap();
    assert!((raw.value.unwrap() - value).abs() < 1e-9, "{raw:?}");
    assert_eq!(cell.sessions, Some(sessions));
    assert!(raw.low <= raw.value && raw.value <= raw.high, "{raw:?}");
}

#[test]
fn a_canary_is_told_by_the_verdicts_that_it_moves() {
    let report = build(&inputs()).unwrap();
    let check = of(&report, "check_outcome", "Rated with a planted text");
    // Of 180 sessions that were not failed 50 become so; no failed one becomes another.
    is(cell(check, "canary", "failed", "moved"), 50.0 / 180.0, 180);
    is(cell(check, "canary", "failed", "left"), 0.0, 20);
    is(cell(check, "canary", "failed", "without"), 0.1, 200);
    is(cell(check, "canary", "failed", "with"), 0.35, 200);
    is(cell(check, "shift", "failed", "planted with whole"), 0.25, 200);
    is(cell(check, "agreement", "planted with whole", "percent_agreement"), 0.75, 200);
    assert_eq!(cell(check, "agreement", "planted with whole", "percent_agreement").persons, Some(40));
    assert_eq!(check.number, "Check: planted text");
}

#[test]
fn the_gradient_stands_beside_the_one_from_the_first_prompt() {
    let report = build(&inputs()).unwrap();
    let check = of(&report, "check_gradient", "Success by level of expertise");
    // None succeed at levels 1 and 2, all above: least squares over five equal levels gives 3 / 10 a level.
    is(cell(check, "slope", "whole", "per_level"), 0.3, 200);
    let first = cell(check, "slope", "first-prompt", "per_level").raw.as_ref().unwrap();
    assert!(first.value.unwrap().abs() < 1e-9, "{first:?}");
    is(cell(check, "rates", "3", "whole"), 1.0, 40);
    is(cell(check, "rates", "3", "first-prompt"), 0.6, 40);
    let labels = of(&report, "check_expertise", "Rated from the first prompt alone");
    is(cell(labels, "agreement", "first-prompt with whole", "percent_agreement"), 0.2, 200);
}

#[test]
fn order_model_and_repeats_have_their_own_and_pairs_that_differ_twice_have_none() {
    let report = build(&inputs()).unwrap();
    // Every sixth session is a fix that becomes a build: 34 of 200.
    let order = of(&report, "check_work_mode", "Rated with the labels in another order");
    is(cell(order, "shift", "build", "reversed with whole"), 34.0 / 200.0, 200);
    is(cell(order, "shares", "fix", "whole"), 67.0 / 200.0, 200);
    let model = of(&report, "check_work_mode", "Rated by another model");
    is(cell(model, "agreement", "other with whole", "percent_agreement"), 1.0, 180);
    let again = of(&report, "check_work_mode", "Asked again");
    is(cell(again, "flips", "again", "flip_rate"), 0.1, 200);
    assert!(
        again.panels[0].cells.iter().any(|cell| cell.measure == "krippendorff_alpha" || cell.measure == "fleiss_kappa")
    );
    let pairs: Vec<&str> =
        (report.checks.iter().flat_map(|check| &check.panels).filter(|panel| panel.id == "agreement"))
            .map(|panel| panel.cells[0].group.as_str())
            .collect();
    assert_eq!(
        pairs,
        [
            "reversed with whole",
            "other with whole",
            "reversed with again",
            "other with again",
            "first-prompt with whole",
            "planted with whole"
        ]
    );
}

#[test]
fn every_form_holds_the_checks() {
    let inputs = inputs();
    let report = build(&inputs).unwrap();
    let (page, text) = (html(&report).unwrap(), markdown(&report).unwrap());
    for form in [&page, &text] {
        assert!(form.contains("6. Checks that the study did not make") && form.contains("7. Judges: calls"));
        assert!(form.contains("Outcome: planted text"));
        assert!(form.contains("planted with whole") && !form.contains("NaN"));
    }
    let tables: BTreeMap<String, String> = tables(&report).unwrap().into_iter().collect();
    for id in ["check_gradient", "check_work_mode", "check_expertise", "check_outcome"] {
        let cells: usize = (report.checks.iter().filter(|check| check.id == id).flat_map(|check| &check.panels))
            .map(|panel| panel.cells.len())
            .sum();
        assert_eq!(tables[&format!("{id}.csv")].lines().count(), cells + 1, "{id}");
    }
    let public = publish(&inputs, &report, Floors::default()).unwrap();
    let files = files(&public).unwrap();
    assert_eq!(check(&files, &Vocabulary::of(&[]).unwrap()).unwrap(), []);
    let json = &files.iter().find(|(name, _)| name == "report.json").unwrap().1;
    assert!(
        json.contains("\"shift\"")
            && json.contains("judge 4 with judge 1")
            && json.contains("check_gradient")
            && !json.contains("planted\"")
    );
}

/// The shift of failed outcomes between two judges, unrounded.
fn cell_of(report: &Report, judges: &str) -> Estimate {
    cell(of(report, "check_outcome", "Rated with a planted text"), "shift", "failed", judges).raw.clone().unwrap()
}

#[test]
fn a_shared_shift_is_the_difference_of_shared_shares_and_nothing_else_is_let_through() {
    let inputs = inputs();
    let public = publish(&inputs, &build(&inputs).unwrap(), Floors::default()).unwrap();
    let vocabulary = Vocabulary::of(&[]).unwrap();
    let planted = public.tables.iter().position(|table| table.id == "check_outcome").unwrap();
    let panel = |id: &str| public.tables[planted].panels.iter().position(|panel| panel.id == id).unwrap();
    let (shift, shares) = (panel("shift"), panel("shares"));
    let at = |panel: usize, group: &str, measure: &str| {
        let cells = &public.tables[planted].panels[panel].cells;
        cells.iter().position(|cell| cell.group == group && cell.measure == measure).unwrap()
    };
    let moved = at(shift, "failed", "judge 4 with judge 1");
    let cell = &public.tables[planted].panels[shift].cells[moved];
    // 20 of 200 become 70 of 200; 50 moved.
    let raw = cell.raw.unwrap();
    assert!((raw.value - 0.25).abs() < 1e-9 && cell.count == Some(50), "{cell:?}");
    let report = build(&inputs).unwrap();
    let exact = cell_of(&report, "planted with whole");
    assert!(raw.low < exact.low && raw.high > exact.high, "{raw:?} {exact:?}");
    let tried = |change: &dyn Fn(&mut PublicReport)| {
        let mut changed = public.clone();
        change(&mut changed);
        let found = check(&files(&changed).unwrap(), &vocabulary).unwrap();
        found.iter().map(|breach| breach.what.clone()).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(tried(&|_| {}), "");
    let other = tried(&|report| {
        report.tables[planted].panels[shift].cells[moved].raw =
            Some(PublicNumber { value: 0.26, low: Some(0.1), high: Some(0.4) });
    });
    assert!(other.contains("not the difference of the two shares shown"), "{other}");
    let bare = tried(&|report| {
        for group in ["failed", "partially_succeeded"] {
            let own = at(shares, group, "judge 1");
            let cell = &mut report.tables[planted].panels[shares].cells[own];
            (cell.raw, cell.sessions, cell.persons, cell.count) = (None, None, None, None);
            cell.withheld = Some(Hidden::Small);
        }
    });
    assert!(bare.contains("a difference of shares that are not both shown"), "{bare}");
    // Fewer moved than a cell must hold: 34 of 200 are shown, and of a label that nobody gives there is nothing to hide.
    let strict = publish(&inputs, &build(&inputs).unwrap(), Floors { sessions: 55, persons: 5 }).unwrap();
    assert_eq!(check(&files(&strict).unwrap(), &vocabulary).unwrap(), []);
    let cells = &strict.tables[planted].panels[shift].cells;
    assert!(
        cells.iter().any(|cell| cell.group == "failed" && cell.withheld.is_some() && cell.raw.is_none()),
        "{cells:?}"
    );
}
