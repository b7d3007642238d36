//! Measures of the judged sessions beside the study's figures (report.md section 3).

use crate::stats::{CONFIDENCE, mean, quantiles};

use super::model::MeasureRow;
use super::sessions::{Facts, StudyTable};
use super::study::weighed;

/// Why words per prompt cannot be put beside the study's figure without care (sessions.md 0.2).
const WORDS_CAVEAT: &str = "The study counts output tokens and converts them to words by an unpublished rule; \
    its figure includes more than visible prose. Two definitions are shown; neither is the study's.";

/// Why actions per prompt may be counted otherwise (report.md section 3).
const ACTIONS_CAVEAT: &str = "Whether the study counts failed tool calls or those of subagents is not published. All calls of the main chain count here.";

/// One definition: names, words, the study's figure, and the number itself where it is defined.
struct Definition {
    name: &'static str,
    title: &'static str,
    meaning: &'static str,
    published: Option<&'static str>,
    caveat: Option<&'static str>,
    value: fn(&Facts) -> Option<f64>,
}

const DEFINITIONS: [Definition; 5] = [
    Definition {
        name: "prompts",
        title: "Prompts",
        meaning: "human prompts in a session",
        published: Some("about 4, in a typical session"),
        caveat: None,
        value: |facts| Some(f64::from(facts.prompts)),
    },
    Definition {
        name: "actions_per_prompt",
        title: "Actions per prompt",
        meaning: "tool calls of the main chain, divided by prompts",
        published: Some("about 10, on average"),
        caveat: Some(ACTIONS_CAVEAT),
        value: |facts| per_prompt(facts.actions, facts),
    },
    Definition {
        name: "output_words_per_prompt",
        title: "Output words per prompt",
        meaning: "words of visible text, readable thinking and tool inputs, divided by prompts",
        published: Some("about 2,400, on average"),
        caveat: Some(WORDS_CAVEAT),
        value: |facts| per_prompt(facts.output_words, facts),
    },
    Definition {
        name: "visible_words_per_prompt",
        title: "Visible words per prompt",
        meaning: "words of visible agent text alone, divided by prompts",
        published: None,
        caveat: None,
        value: |facts| per_prompt(facts.visible_words, facts),
    },
    Definition {
        name: "prompt_words",
        title: "Words a prompt",
        meaning: "words of the person's prompts, divided by prompts",
        published: None,
        caveat: None,
        value: |facts| per_prompt(facts.prompt_words, facts),
    },
];

/// The measures of the judged sessions. Sessions without a prompt have no value per prompt and lower its n.
pub(super) fn measures(table: &StudyTable) -> Vec<MeasureRow> {
    let row = |definition: &Definition| {
        let found = (0..table.len()).filter(|at| table.facts[*at].in_corpus);
        let values = weighed(table, found, |at| (definition.value)(&table.facts[at]));
        MeasureRow {
            name: definition.name.to_owned(),
            title: definition.title.to_owned(),
            definition: definition.meaning.to_owned(),
            mean: mean(&values, CONFIDENCE),
            median: quantiles(&values, &[0.5], CONFIDENCE).swap_remove(0),
            published: definition.published.map(str::to_owned),
            caveat: definition.caveat.map(str::to_owned),
        }
    };
    DEFINITIONS.iter().map(row).collect()
}

/// `amount` a prompt, where there is a prompt.
pub(super) fn per_prompt(amount: u32, facts: &Facts) -> Option<f64> {
    (facts.prompts > 0).then(|| f64::from(amount) / f64::from(facts.prompts))
}
