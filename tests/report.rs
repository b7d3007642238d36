//! The report: its analysis, and its forms as HTML, Markdown, CSV and JSON.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod rows;

use std::collections::BTreeMap;

use assize::agreement::{AgreementReport, Confusion, LabelScore, PairAgreement, RaterDetail, Role, ScaleOrigin};
use assize::corpus::{BadFile, IngestReport, SessionRow};
use assize::gold::{Rating, Ratings};
use assize::limit::LimitSpec;
use assize::report::{Floors, Inputs, Report, ReportError, TableBuilder, html, markdown, tables};
use assize::rubric::{Answer, AnswerKind, AnswerOption, Level, Published, PublishedKind, ReasonKind, Rubric};
use assize::run::{Experiment, JudgeSpec, JudgeTotals, RubricRecord, RunRecord, RunState};
use assize::session::{Measures, Scope};
use assize::stats::Coefficient;
use assize::verdict::{Fingerprint, NoVerdict, Outcome, Verdict};
use assize::view::ViewSpec;
use proptest::prelude::*;

const RULES: &str = "baseline/rules";
const MODEL: &str = "some/model";

fn option(id: &str, title: &str, published: Option<(f64, PublishedKind)>) -> AnswerOption {
    AnswerOption {
        title: title.to_owned(),
        published: published.map(|(percent, known)| Published { percent, known }),
        ..AnswerOption::new(id, "d")
    }
}

fn rubric(name: &str, kind: AnswerKind, options: Vec<AnswerOption>) -> Rubric {
    let answer = Answer { options, reason: ReasonKind::Short, evidence: true, ..Answer::new(kind) };
    Rubric {
        title: format!("The {name}"),
        question: "Which one?".to_owned(),
        published_base: Some("all sessions of the study".to_owned()),
        prompt: "prompts/classify.md.j2".to_owned(),
        ..Rubric::new(name, answer)
    }
}

fn verdict(session: usize, rubric: &str, judge: &str, outcome: Outcome) -> Verdict {
    Verdict {
        session: format!("session-{session:02}"),
        rubric: rubric.to_owned(),
        judge: judge.to_owned(),
        replicate: 1,
        unit: Fingerprint::of(&[b"unit"]),
        outcome,
        repairs: [].into(),
        calls: vec![],
    }
}

fn labelled(label: &str) -> Outcome {
    Outcome::Label { label: label.to_owned(), reason: Some("because".to_owned()), evidence: vec![1], confidence: None }
}

fn row(session: usize) -> SessionRow {
    let prompts = 1 + session as u64 % 4;
    SessionRow {
        person: Some(format!("person-{}", session / 2)),
        started_at: Some(format!("2026-0{}-11T10:00:00Z", 1 + session % 3)),
        measures: Measures {
            prompts,
            actions: prompts * (6 + session as u64 % 5),
            output_words: prompts * 900,
            visible_words: prompts * 200,
            prompt_words: prompts * 30,
            ..Measures::default()
        },
        ..rows::row(&format!("session-{session:02}"))
    }
}

fn coefficient(name: &str, value: f64) -> Coefficient {
    Coefficient {
        name: name.to_owned(),
        value: Some(value),
        se: Some(0.1),
        low: Some(value - 0.2),
        high: Some(value + 0.15),
        n: 24,
        method: "normal".to_owned(),
        undefined: None,
        observed_agreement: None,
        expected_agreement: None,
    }
}

fn pair(raters: [&str; 2], kappa: f64, labels: &[&str]) -> PairAgreement {
    let owned: Vec<String> = labels.iter().map(|&label| label.to_owned()).collect();
    let count = |row: usize, column: usize| if row == column { 7 } else { u64::from(row < column) };
    PairAgreement {
        raters: raters.map(str::to_owned),
        items: 24,
        coefficients: vec![
            coefficient("percent_agreement", kappa + 0.1),
            coefficient("cohen_kappa", kappa),
            coefficient("cohen_kappa_quadratic", kappa + 0.05),
        ],
        confusion: Confusion {
            counts: (0..labels.len()).map(|r| (0..labels.len()).map(|c| count(r, c)).collect()).collect(),
            labels: owned.clone(),
        },
        labels: owned
            .into_iter()
            .map(|label| LabelScore {
                label,
                support: 8,
                predicted: 9,
                precision: Some(7.0 / 9.0),
                recall: Some(7.0 / 8.0),
                f1: None,
                coefficients: vec![],
            })
            .collect(),
        unpaired: 2,
        tests: vec![],
    }
}

fn agreement(rubric: &str, labels: &[&str]) -> AgreementReport {
    AgreementReport {
        version: 1,
        rubric: Some(rubric.to_owned()),
        items: 24,
        raters: [RULES, "simulated-a", "simulated-b", MODEL].map(str::to_owned).to_vec(),
        categories: labels.iter().map(|&label| label.to_owned()).collect(),
        raters_detail: [(RULES, Role::Rater), ("simulated-a", Role::ReferenceRater), (MODEL, Role::Rater)]
            .map(|(rater, role)| RaterDetail {
                rater: rater.to_owned(),
                role,
                n: 24,
                no_verdicts: if rater == MODEL { [(NoVerdict::Failed, 3)].into() } else { BTreeMap::new() },
                replicates_left_out: 0,
            })
            .to_vec(),
        level: Level::Nominal,
        scale: ScaleOrigin::Declared,
        confidence: 0.95,
        clusters: Some(12),
        ceilings: Vec::new(),
        sights: Vec::new(),
        gates: vec![],
        notes: vec!["1 label was left out".to_owned()],
        coefficients: vec![coefficient("krippendorff_alpha", 0.44)],
        pairs: vec![
            pair([RULES, MODEL], 0.3, labels),
            pair(["simulated-a", RULES], 0.35, labels),
            pair(["simulated-a", "simulated-b"], 0.72, labels),
            pair(["simulated-a", MODEL], 0.61, labels),
        ],
    }
}

/// Two judges, two rubrics, 24 sessions of 12 persons; the model fails sometimes and abstains sometimes.
/// What a report is made from, before it is put into a table.
#[derive(Debug, Clone)]
struct Parts {
    run: RunRecord,
    rows: Vec<SessionRow>,
    verdicts: Vec<Verdict>,
    rubrics: Vec<Rubric>,
    gold: Option<Ratings>,
    agreement: Vec<AgreementReport>,
}

fn build(parts: &Parts) -> Result<Report, ReportError> {
    let judges = parts.run.experiment.judges.iter().map(JudgeSpec::name);
    let mut table = TableBuilder::new(&parts.rubrics, judges, parts.gold.as_ref());
    parts.verdicts.iter().try_for_each(|verdict| table.verdict(verdict))?;
    parts.rows.iter().for_each(|row| table.session(row));
    let table = table.finish(&parts.run.weights, None)?;
    let (run, rubrics) = (parts.run.clone(), parts.rubrics.clone());
    let (gold, agreement, floors) = (parts.gold.clone(), parts.agreement.clone(), Floors::default());
    assize::report::build(&Inputs { run, table, rubrics, gold, agreement, floors })
}

fn inputs() -> Parts {
    use PublishedKind::{Derived, ReadOffFigure, Stated};
    let modes = rubric(
        "mode",
        AnswerKind::Choice,
        vec![
            option("fix", "Fixing something broken", Some((26.0, Stated))),
            option("build", "Building something new", Some((25.0, Stated))),
            option("understand", "Understanding a system", Some((7.0, ReadOffFigure))),
        ],
    );
    let levels = rubric(
        "level",
        AnswerKind::Scale,
        vec![option("1", "Novice", Some((1.6, Derived))), option("2", "Beginner", None), option("3", "Expert", None)],
    );
    let mut verdicts = Vec::new();
    for session in 0..24 {
        verdicts.push(verdict(session, "mode", RULES, labelled(["fix", "build"][session % 2])));
        verdicts.push(verdict(session, "level", RULES, labelled(["1", "2", "3"][session % 3])));
        let failed = Outcome::None { kind: NoVerdict::Failed, detail: "HTTP 500 from the server".to_owned() };
        let abstained = Outcome::None { kind: NoVerdict::Abstained, detail: "thin <b>".to_owned() };
        let mode = if session % 8 == 0 { failed } else { labelled(["fix", "build", "understand"][session % 3]) };
        let level = if session % 6 == 0 { abstained } else { labelled(["2", "3"][session / 2 % 2]) };
        verdicts.push(verdict(session, "mode", MODEL, mode));
        verdicts.push(verdict(session, "level", MODEL, level));
    }
    let record = |rubric: &Rubric| RubricRecord {
        name: rubric.name.clone(),
        version: 1,
        hash: rubric.hash(),
        schema_hash: "b2".repeat(32),
        prompt_hash: "d4".repeat(32),
    };
    let totals = |labels, micro_dollars, calls_without_tokens| JudgeTotals {
        labels,
        calls: 48,
        input_tokens: 123_456,
        output_tokens: 2_345,
        micro_dollars,
        calls_without_tokens,
        ..JudgeTotals::default()
    };
    let rate = |item: usize, rater: &str| Rating {
        item: format!("session-{item:02}"),
        rater: rater.to_owned(),
        label: "fix".to_owned(),
        rubric: Some("mode".to_owned()),
        ..Rating::default()
    };
    Parts {
        run: RunRecord {
            version: 1,
            id: "tiny-0a1b2c3d".to_owned(),
            state: RunState::Done,
            started_at: "2026-11-22T10:00:00Z".to_owned(),
            updated_at: "2026-11-22T10:05:00Z".to_owned(),
            assize: "0.1.0".to_owned(),
            experiment: Experiment {
                budget: None,
                name: "tiny".to_owned(),
                corpus: "datasets/tiny".into(),
                sample: None,
                view: ViewSpec::default(),
                rubrics: vec!["mode".to_owned(), "level".to_owned()],
                judges: vec![JudgeSpec::of(RULES), JudgeSpec::of(MODEL)],
                mode: assize::run::Mode::default(),
                limits: LimitSpec::default(),
                calibration: None,
                holdout: false,
                gold: None,
                data_label: Some("synthetic".to_owned()),
            },
            corpus_hash: "c3".repeat(32),
            ingest: IngestReport {
                version: 1,
                files: 27,
                skipped_files: BTreeMap::from([("not a session".to_owned(), 1)]),
                bad_files: vec![BadFile {
                    file: "p/session-03.jsonl".to_owned(),
                    lines: vec![17],
                    reason: "half a line".to_owned(),
                }],
                sessions: 26,
                scopes: BTreeMap::from([("interactive".to_owned(), 24), ("sdk".to_owned(), 2)]),
                lines: 1_234,
                bad_lines: 1,
                ..IngestReport::default()
            },
            rubrics: vec![record(&modes), record(&levels)],
            sessions_in_corpus: 26,
            out_of_scope: BTreeMap::from([(Scope::Sdk, 2)]),
            sessions: 24,
            units: 96,
            weights: BTreeMap::new(),
            paid: assize::ledger::Paid::default(),
            totals: vec![(RULES.to_owned(), totals(48, None, 0)), (MODEL.to_owned(), totals(41, None, 48))],
        },
        rows: (0..26).map(row).collect(),
        verdicts,
        agreement: vec![agreement("mode", &["fix", "build", "understand"]), agreement("level", &["1", "2", "3"])],
        rubrics: vec![modes, levels],
        gold: Some(Ratings {
            rows: (0..25).flat_map(|item| ["simulated-a", "simulated-b"].map(|rater| rate(item, rater))).collect(),
            ..Ratings::default()
        }),
    }
}

fn report() -> Report {
    build(&inputs()).unwrap()
}

#[test]
fn markdown_form() {
    insta::assert_snapshot!(markdown(&report()).unwrap());
}

#[test]
fn json_form() {
    insta::assert_json_snapshot!(report());
}

#[test]
fn shares_carry_interval_worst_case_and_no_verdicts() {
    let report = report();
    let model = &report.rubrics[0].judges[1];
    assert_eq!((model.planned, model.labelled, model.no_verdicts[&NoVerdict::Failed]), (24, 21, 3));
    assert!((model.no_verdict_rate.value.unwrap() - 0.125).abs() < 1e-12);
    let fix = &model.shares[0];
    // Sessions 0, 8 and 16 failed, and fix was due where the number is divisible by 3: 0 is lost, seven are left.
    assert_eq!((fix.count, fix.share.n), (7, 21));
    assert!(
        (fix.worst_low.unwrap() - 7.0 / 24.0).abs() < 1e-12 && (fix.worst_high.unwrap() - 10.0 / 24.0).abs() < 1e-12
    );
    assert_eq!(fix.share.method, "wilson at the effective sample size, 12 clusters");
}

#[test]
fn units_not_judged_widen_the_worst_case() {
    let mut inputs = inputs();
    inputs.run.state = RunState::Interrupted;
    inputs.verdicts.retain(|verdict| verdict.session.as_str() < "session-12");
    let report = build(&inputs).unwrap();
    let rules = &report.rubrics[0].judges[0];
    assert_eq!((rules.not_judged, rules.labelled), (12, 12));
    assert_eq!((rules.shares[0].worst_low, rules.shares[0].worst_high), (Some(0.25), Some(0.75)));
    assert!(report.notes[0].contains("not done"));
}

#[test]
fn a_rubric_changed_after_the_run_is_told() {
    let mut inputs = inputs();
    inputs.rubrics[1].answer.options[1].published = Some(Published { percent: 20.0, known: PublishedKind::Derived });
    let report = build(&inputs).unwrap();
    let changed = |notes: &[String]| notes.iter().filter(|note| note.contains("was changed after this run")).count();
    assert_eq!((changed(&report.notes), changed(&self::report().notes)), (1, 0), "{:?}", report.notes);
}

#[test]
fn labels_rubrics_and_judges_that_do_not_exist_are_errors() {
    let with = |change: &dyn Fn(&mut Verdict)| {
        let mut inputs = inputs();
        change(&mut inputs.verdicts[0]);
        build(&inputs).unwrap_err()
    };
    assert!(
        matches!(with(&|v| v.outcome = labelled("fxi")), ReportError::UnknownLabel { label, .. } if label == "fxi")
    );
    assert!(matches!(with(&|v| v.rubric = "gone".to_owned()), ReportError::NoRubric(name) if name == "gone"));
    assert!(matches!(with(&|v| v.judge = "gone".to_owned()), ReportError::NoJudge(name) if name == "gone"));
    let mut twice = inputs();
    twice.verdicts.push(twice.verdicts[0].clone());
    assert!(matches!(build(&twice).unwrap_err(), ReportError::Duplicate { .. }));
}

#[test]
fn an_empty_run_is_reported_without_numbers() {
    let mut inputs = inputs();
    inputs.verdicts.clear();
    inputs.agreement.clear();
    inputs.gold = None;
    let report = build(&inputs).unwrap();
    assert_eq!(report.rubrics[0].judges[0].shares[0].share.value, None);
    let page = html(&report).unwrap();
    assert!(!page.contains("NaN") && page.contains("nothing here says whether a judge is right"));
    markdown(&report).unwrap();
}

#[test]
fn the_page_needs_no_network_and_no_script() {
    let page = html(&report()).unwrap();
    for forbidden in
        ["<script", "javascript:", "http:", "https:", "src=", "<link", "@import", "url(", "<iframe", " onload"]
    {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("default-src &#x27;none&#x27;") || page.contains("default-src 'none'"));
}

#[test]
fn every_variable_of_the_page_is_defined_in_light_and_dark() {
    let page = html(&report()).unwrap();
    let (light, rest) = page.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let (dark, _) = rest.split_once("* { box-sizing").unwrap();
    for part in page.split("var(--").skip(1) {
        let name = part.split(')').next().unwrap();
        if matches!(name, "c" | "t") {
            continue;
        }
        assert!(light.contains(&format!("--{name}:")), "{name} has no value");
        if !matches!(name, "serif" | "sans" | "mono") {
            assert!(dark.contains(&format!("--{name}:")), "{name} has no value in the dark");
        }
    }
}

#[test]
fn tags_are_balanced() {
    let page = html(&report()).unwrap();
    let mut open: Vec<&str> = Vec::new();
    for part in page.split('<').skip(1) {
        let (tag, _) = part.split_once('>').unwrap_or_else(|| panic!("no end: {part}"));
        let name = tag.split([' ', '\n', '/']).find(|name| !name.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "near {part}");
        } else if !tag.ends_with('/') && !matches!(name, "meta" | "br" | "!DOCTYPE") {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn synthetic_and_not_an_llm_stand_wherever_the_numbers_do() {
    let report = report();
    let page = html(&report).unwrap();
    for section in page.split("<section").skip(1).filter(|section| !section.contains("id=\"versions\"")) {
        let head = &section[..60.min(section.len())];
        assert!(section.contains(">synthetic<") || section.contains("id=\"again\""), "{head}");
    }
    for table in page.split("<caption>").skip(1).filter(|table| table.contains("baseline/rules")) {
        assert!(table.contains("not an LLM: rule-based floor"));
    }
    for (name, table) in tables(&report).unwrap() {
        for line in table.lines().skip(1) {
            assert!(line.starts_with("synthetic,"), "{name}: {line}");
        }
    }
    assert!(page.contains("simulated rater") && !page.contains("human rater") && !page.contains("gold labels"));
}

#[test]
fn cost_that_is_not_known_is_not_zero() {
    let text = markdown(&report()).unwrap();
    let row = text.lines().find(|line| line.starts_with("| some/model | some/model")).unwrap();
    assert!(row.contains("unknown | unknown | unknown | unknown") && !row.contains("$0"), "{row}");
}

#[test]
fn tables_have_their_columns_and_rows() {
    let tables: BTreeMap<String, String> = tables(&report()).unwrap().into_iter().collect();
    for (name, table) in &tables {
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let rows = reader.records().map(Result::unwrap).count();
        assert!(rows > 0, "{name}");
    }
    let first = |name: &str| tables[name].lines().next().unwrap().to_owned();
    assert_eq!(
        first("shares.csv"),
        "data,rubric,judge,judge_note,label,count,share,low,high,n,method,corrected,corrected_low,corrected_high,\
         corrected_method,reference,worst_low,worst_high,published,published_known"
    );
    assert_eq!(tables["shares.csv"].lines().count(), 1 + 2 * 2 * 3);
    assert_eq!(tables["no_verdicts.csv"].lines().count(), 1 + 2 * 2 * 8);
    assert_eq!(tables["confusion.csv"].lines().count(), 1 + 2 * 4 * 9);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_text_stays_text(middle in "[a-z<>&\"'|`\n\\\\/]{0,12}") {
        let hostile = format!("</table><script>alert(1)</script>{middle}<img src=x>");
        let mut inputs = inputs();
        for rubric in &mut inputs.rubrics {
            rubric.title.clone_from(&hostile);
            rubric.question.clone_from(&hostile);
            rubric.answer.options[0].title.clone_from(&hostile);
        }
        inputs.run.id.clone_from(&hostile);
        inputs.run.ingest.bad_files[0].reason.clone_from(&hostile);
        inputs.run.experiment.name.clone_from(&hostile);
        inputs.verdicts[2].outcome = Outcome::None { kind: NoVerdict::Failed, detail: hostile.clone() };
        inputs.agreement[0].pairs[0].confusion.labels[0].clone_from(&hostile);
        let report = build(&inputs).unwrap();
        for text in [html(&report).unwrap(), markdown(&report).unwrap()] {
            for forbidden in ["<script", "<img", "</table></table>"] {
                let found = text.find(forbidden).map(|at| text[at.saturating_sub(80)..].chars().take(160).collect::<String>());
                prop_assert_eq!(found, None);
            }
        }
    }

    #[test]
    fn order_of_inputs_changes_no_byte(seed in 0_u64..1_000) {
        let mut shuffled = inputs();
        let key = |text: &str| Fingerprint::of(&[text.as_bytes(), &seed.to_le_bytes()]).0;
        shuffled.verdicts.sort_by_key(|verdict| key(&format!("{}{}{}", verdict.session, verdict.rubric, verdict.judge)));
        shuffled.rows.sort_by_key(|row| key(&row.id));
        shuffled.agreement.reverse();
        prop_assert_eq!(html(&build(&shuffled).unwrap()).unwrap(), html(&report()).unwrap());
    }
}
