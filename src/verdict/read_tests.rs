//! What is read, what is repaired and said so, and what is refused.

use std::path::Path;

use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;

fn reader(rubric: &str) -> Reader {
    Reader::new(&crate::rubric::load(rubric, Path::new("/nowhere")).unwrap()).unwrap()
}

fn label(reading: &Reading) -> &str {
    reading.outcome.label().unwrap()
}

const FIX: &str = r#"{"reason": "The test failed.", "evidence": [1, 3], "label": "fix"}"#;

#[test]
fn a_sound_answer_needs_no_repair() {
    let reading = reader("work_mode").read(&format!(" {FIX}\n")).unwrap();
    let reason = Some("The test failed.".to_owned());
    assert_eq!(
        reading.outcome,
        Outcome::Label { label: "fix".to_owned(), reason, evidence: vec![1, 3], confidence: None }
    );
    assert!(reading.repairs.is_empty());
}

#[rstest]
#[case::fence(format!("```json\n{FIX}\n```"), vec![Repair::Fence])]
#[case::prose(format!("It is {{broken}}, \"so to say: {FIX} That is all."), vec![Repair::Prose])]
#[case::fence_in_prose(format!("Here:\n```json\n{FIX}\n```\nDone."), vec![Repair::Prose])]
#[case::said_twice(format!("{FIX}\n\n{FIX}"), vec![Repair::Prose])]
#[case::control(FIX.replace("The test", "The\ntest"), vec![Repair::ControlCharacters])]
#[case::control_in_fence(format!("```\n{}\n```", FIX.replace("The test", "The\ttest")), vec![Repair::ControlCharacters, Repair::Fence])]
#[case::case(FIX.replace("\"fix\"", "\"Fix\""), vec![Repair::LabelCase])]
#[case::other_objects(format!("{{\"turn\": 1}} {FIX}"), vec![Repair::Prose])]
#[case::braces_in_strings(FIX.replace("The test", r#"The } { \" test"#), vec![])]
fn every_repair_is_told(#[case] text: String, #[case] repairs: Vec<Repair>) {
    let reading = reader("work_mode").read(&text).unwrap();
    assert_eq!(label(&reading), "fix");
    assert_eq!(reading.repairs, repairs.into_iter().collect());
}

#[rstest]
#[case::empty("", "the answer holds no complete JSON object with the key `label` (EOF")]
#[case::words("I choose fix.", "no complete JSON object")]
#[case::cut_off(&FIX[..FIX.len() - 1], "no complete JSON object")]
#[case::cut_off_after_one(&format!("{FIX} or {}", &FIX[..20]), "no complete JSON object")]
#[case::other_label(&FIX.replace("\"fix\"", "\"repair\""), "`label` is \"repair\"; it must be one of [\"build\",\"fix\"")]
#[case::two_answers(&format!("{FIX} {}", FIX.replace("fix", "build")), "several JSON objects that differ")]
#[case::key_twice(
    r#"{"reason": "r", "evidence": [], "label": "fix", "label": "build"}"#,
    "the key `label` occurs twice"
)]
#[case::key_twice_in_prose(
    r#"So: {"reason": "r", "evidence": [], "label": "fix", "label": "fix"}"#,
    "the key `label` occurs twice"
)]
#[case::no_label(r#"{"reason": "r", "evidence": []}"#, "the key \"label\" is missing")]
#[case::no_reason(r#"{"evidence": [], "label": "fix"}"#, "the key \"reason\" is missing")]
#[case::unknown_key(r#"{"reason": "r", "evidence": [], "label": "fix", "score": 1}"#, "unknown keys: score")]
#[case::turn_zero(
    r#"{"reason": "r", "evidence": [2, 0], "label": "fix"}"#,
    "`evidence[1]` is 0; it must be at least 1"
)]
#[case::words_as_turns(
    r#"{"reason": "r", "evidence": ["2"], "label": "fix"}"#,
    "`evidence[0]`: \"2\" is not of type \"integer\""
)]
#[case::an_array(&format!("[{FIX}]"), "is not of type \"object\"")]
#[case::number(r#"{"reason": "r", "evidence": [], "label": 2}"#, "`label`: 2 is not of type \"string\"")]
fn a_faulty_answer_says_what_to_change(#[case] text: &str, #[case] expected: &str) {
    let error = reader("work_mode").read(text).unwrap_err().error;
    assert!(error.contains(expected), "{error}");
}

#[test]
fn all_faults_are_named_at_once() {
    let error = reader("work_mode").read(r#"{"label": "x"}"#).unwrap_err().error;
    assert_eq!(error.split("; ").count(), 4, "{error}");
}

#[test]
fn numbers_are_labels_where_the_rubric_has_them() {
    let reading = reader("expertise").read(r#"{"reason": "r", "evidence": [3.0], "label": 4}"#).unwrap();
    assert_eq!(
        reading.outcome,
        Outcome::Label { label: "4".to_owned(), reason: Some("r".to_owned()), evidence: vec![3], confidence: None }
    );
    assert_eq!(reading.repairs, BTreeSet::from([Repair::LabelNumber]));
    assert!(reader("expertise").read(r#"{"reason": "r", "evidence": [], "label": 4.5}"#).is_err());
}

#[test]
fn the_rubrics_own_unclear_is_an_abstention() {
    let reading =
        reader("expertise").read(r#"{"reason": "Retries only.", "evidence": [], "label": "Unclear"}"#).unwrap();
    assert_eq!(reading.outcome, Outcome::None { kind: NoVerdict::Abstained, detail: "Retries only.".to_owned() });
}

#[test]
fn an_answer_in_the_schema_of_a_family_is_read_by_the_rubrics_own_key() {
    let mut related = reader("work_mode");
    related.relate(["outcome".to_owned(), "expertise".to_owned()]);
    for text in [
        r#"{"reason":"r","evidence":[1],"work_mode":"fix"}"#,
        r#"{"reason":"r","evidence":[1],"work_mode":"FIX","outcome":"failed"}"#,
        r#"Here it is: {"reason":"r","evidence":[1],"work_mode":"fix"}"#,
        r#"{"reason":"r","evidence":[1],"label":"fix"}"#,
    ] {
        assert_eq!(label(&related.read(text).unwrap()), "fix", "{text}");
    }
    for (text, error) in [
        (r#"{"reason":"r","evidence":[1],"outcome":"failed"}"#, "outcome"),
        (r#"{"reason":"r","evidence":[1],"work_mode":"fix","other":1}"#, "other"),
        (r#"{"reason":"r","evidence":[1],"work_mode":"fix","work_mode":"test"}"#, "occurs twice"),
        (r#"{"reason":"r","evidence":[1],"work_mode":"succeeded"}"#, "must be one of"),
    ] {
        assert!(related.read(text).unwrap_err().error.contains(error), "{text}");
        assert!(reader("work_mode").read(text).is_err(), "{text}");
    }
}

fn value(rubric: &str, text: &str) -> serde_json::Value {
    reader(rubric).read(text).unwrap().outcome.value().unwrap().clone()
}

const DECISIONS: &str = r#"{"value": [{"turn": 1, "type": "planning", "by": "user", "what": "Rewrite the parser."},
    {"turn": 2, "type": "execution", "by": "agent", "what": "Use a hand-written lexer."}]}"#;
const POSTING: &str =
    r#"{"value": {"title": "Parser", "description": "We need one.", "skills": ["rust", "parsing", "testing"]}}"#;

#[test]
fn values_are_read_as_they_are_and_in_the_rubrics_order() {
    let outcome = reader("task_value").read(r#"{"reason": "Like the third.", "value": 750}"#).unwrap().outcome;
    let reason = Some("Like the third.".to_owned());
    assert_eq!(outcome, Outcome::Value { value: json!(750), reason, evidence: Vec::new() });
    assert_eq!((outcome.label(), outcome.cell().as_deref()), (None, Some("750")));
    assert_eq!(value("decisions", DECISIONS).as_array().unwrap().len(), 2);
    assert_eq!(value("decisions", r#"{"value": []}"#), json!([]), "nothing decided is an answer");
    let turned = r#"{"value": {"skills": ["a", "b", "c"], "description": "d", "title": "t"}}"#;
    assert_eq!(value("task_posting", turned).to_string(), r#"{"title":"t","description":"d","skills":["a","b","c"]}"#);
}

#[test]
fn repairs_of_values_are_told() {
    let reading = reader("task_value").read(r#"{"reason": "r", "value": "750.5"}"#).unwrap();
    assert_eq!((reading.outcome.value(), reading.repairs), (Some(&json!(750.5)), [Repair::NumberText].into()));
    let text = DECISIONS.replace("\"planning\"", "\"Planning\"").replace("\"turn\": 2", "\"turn\": \"2\"");
    let reading = reader("decisions").read(&text).unwrap();
    assert_eq!(reading.outcome.value().unwrap(), &value("decisions", DECISIONS));
    assert_eq!(reading.repairs, [Repair::LabelCase, Repair::NumberText].into());
    let prose = format!("Here: {POSTING}");
    assert_eq!(reader("task_posting").read(&prose).unwrap().repairs, [Repair::Prose].into());
}

#[rstest]
#[case::currency("task_value", r#"{"reason": "r", "value": "$750"}"#, "`value`: \"$750\" is not of type \"number\"")]
#[case::too_low("task_value", r#"{"reason": "r", "value": 9.99}"#, "`value` is 9.99; it must be at least 10")]
#[case::too_high("task_value", r#"{"reason": "r", "value": 50001}"#, "`value` is 50001; it must be at most 50000")]
#[case::a_label("task_value", r#"{"reason": "r", "label": 750}"#, "unknown keys: label")]
#[case::item("decisions", &DECISIONS.replace("\"by\": \"agent\"", "\"by\": \"both\""), "`value[1].by` is \"both\"; it must be one of")]
#[case::missing("decisions", &DECISIONS.replace("\"turn\": 2, ", ""), "the key \"turn\" is missing in `value[1]`")]
#[case::more("decisions", &DECISIONS.replace("\"turn\": 2, ", "\"turn\": 2, \"why\": 1, "), "unknown keys in `value[1]`: why")]
#[case::whole("decisions", &DECISIONS.replace("\"turn\": 2", "\"turn\": 2.5"), "`value[1].turn`: 2.5 is not of type \"integer\"")]
#[case::empty_text("decisions", &DECISIONS.replace("Rewrite the parser.", ""), "`value[0].what` is empty")]
#[case::no_list("decisions", r#"{"value": {"turn": 1}}"#, "is not of type \"array\"")]
#[case::few("task_posting", &POSTING.replace(", \"testing\"", ""), "`value.skills` has fewer than 3 items")]
#[case::long("task_posting", &POSTING.replace("Parser", &"p".repeat(81)), "`value.title` is longer than 80 characters")]
fn a_faulty_value_names_the_faulty_part(#[case] rubric: &str, #[case] text: &str, #[case] expected: &str) {
    let error = reader(rubric).read(text).unwrap_err().error;
    assert!(error.contains(expected), "{error}");
}

#[test]
fn values_in_the_schema_of_a_family_are_read_by_the_rubrics_own_key() {
    let mut related = reader("task_value");
    related.relate(["outcome".to_owned()]);
    for text in [r#"{"reason": "r", "task_value": 20, "outcome": "failed"}"#, r#"{"reason": "r", "value": 20}"#] {
        assert_eq!(related.read(text).unwrap().outcome.value(), Some(&json!(20)), "{text}");
    }
}

#[test]
fn a_million_braces_are_read_at_once() {
    let started = std::time::Instant::now();
    assert!(reader("work_mode").read(&"{".repeat(1_000_000)).is_err());
    assert!(reader("work_mode").read(&"{}".repeat(500_000)).is_err());
    assert!(started.elapsed().as_secs() < 10);
}

proptest! {
    #[test]
    fn nothing_panics_and_no_label_is_invented(text in "(\\PC|[\\x00-\\x1f]|[{}\\[\\]\":,\\\\`]|label|fix|\"label\":\"fix\"|```json\n){0,40}") {
        if let Ok(reading) = reader("work_mode").read(&text) {
            prop_assert!(text.contains(label(&reading)));
        }
    }

    #[test]
    fn every_sound_answer_is_read_back(
        reason in "\\PC{0,200}", evidence in prop::collection::vec(1_u32..100_000, 0..20), choice in 0_usize..9,
        before in "[^{}\"]{0,20}", after in "[^{}\"]{0,20}",
    ) {
        let reader = reader("work_mode");
        let own = reader.labels[choice].clone();
        let answer = json!({"reason": reason, "evidence": evidence, "label": own}).to_string();
        let reading = reader.read(&format!("{before}{answer}{after}")).unwrap();
        prop_assert_eq!(reading.outcome, Outcome::Label { label: own, reason: Some(reason), evidence, confidence: None });
    }

    #[test]
    fn no_value_panics_or_leaves_its_bounds(text in "(\\PC|[{}\\[\\]\":,.\\-]|value|\"value\":|turn|[0-9]){0,40}") {
        if let Ok(reading) = reader("task_value").read(&format!(r#"{{"reason": "r", "value": {text}}}"#)) {
            let value = reading.outcome.value().unwrap().as_f64().unwrap();
            prop_assert!((10.0..=50_000.0).contains(&value));
        }
        let _ = reader("decisions").read(&text);
    }

    #[test]
    fn a_shortened_answer_is_never_read(length in 0_usize..FIX.len()) {
        prop_assert!(reader("work_mode").read(&FIX[..length]).is_err());
    }
}
