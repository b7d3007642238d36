//! From inputs to a report.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::gold::Ratings;
use crate::run::RunState;

use super::agreement;
use super::error::ReportError;
use super::inputs::Inputs;
use super::measures::measures;
use super::model::{
    JudgeFacts, LabelFacts, RaterFacts, RaterKind, ReferenceFacts, Report, RubricSection, RunFacts, SampleFacts,
};
use super::shares;
use super::study;

/// Version of the report's JSON form.
const VERSION: u32 = 2;

/// What is said of the rule-based judge wherever its name appears (design.md section 6).
const NOT_AN_LLM: &str = "not an LLM: rule-based floor";

/// What is said of raters made by `assize simulate` wherever their names appear.
const SIMULATED: &str = "simulated rater";

/// Analyses a run.
///
/// # Errors
/// When agreement names a rubric that was not loaded.
pub fn build(inputs: &Inputs) -> Result<Report, ReportError> {
    let judges: Vec<JudgeFacts> = judge_facts(inputs);
    let loaded = |name: &str| inputs.rubrics.iter().any(|rubric| rubric.name == name);
    if let Some(name) = inputs.agreement.iter().filter_map(|report| report.rubric.as_ref()).find(|name| !loaded(name)) {
        return Err(ReportError::NoRubric(name.clone()));
    }
    let reference = inputs.gold.as_ref().map(|gold| reference_facts(gold, inputs));
    let rubrics = inputs
        .rubrics
        .iter()
        .enumerate()
        .map(|(number, rubric)| RubricSection {
            name: rubric.name.clone(),
            version: rubric.version,
            title: rubric.title.clone(),
            question: rubric.question.trim().to_owned(),
            kind: rubric.answer.kind,
            labels: rubric
                .answer
                .options
                .iter()
                .map(|option| LabelFacts {
                    id: option.id.clone(),
                    title: option.title.clone(),
                    published: option.published,
                })
                .collect(),
            published_base: rubric.published_base.clone(),
            judges: (judges.iter().enumerate())
                .filter(|(_, judge)| is_asked(inputs, &judge.name, &rubric.name))
                .map(|(by, judge)| shares::judge_shares(inputs, number, judge, by))
                .collect(),
            agreement: agreement::section(inputs, rubric, &judges),
        })
        .collect();
    let mut tags: BTreeMap<String, String> = BTreeMap::new();
    tags.extend(judges.iter().filter(|judge| !judge.is_llm).map(|judge| (judge.name.clone(), NOT_AN_LLM.to_owned())));
    let raters = reference.iter().flat_map(|reference| &reference.raters);
    let simulated = raters.filter(|rater| rater.kind == RaterKind::Simulated);
    tags.extend(simulated.map(|rater| (rater.name.clone(), SIMULATED.to_owned())));
    let sample = sample_facts(inputs);
    Ok(Report {
        version: VERSION,
        data_label: inputs.run.experiment.data_label.clone(),
        tags,
        notes: notes(inputs, &sample),
        run: RunFacts {
            id: inputs.run.id.clone(),
            state: inputs.run.state,
            started_at: inputs.run.started_at.clone(),
            updated_at: inputs.run.updated_at.clone(),
            assize: inputs.run.assize.clone(),
            corpus_hash: inputs.run.corpus_hash.clone(),
            rubrics: inputs.run.rubrics.clone(),
            experiment: inputs.run.experiment.clone(),
        },
        sample,
        reference,
        rubrics,
        measures: measures(&inputs.table),
        study: study::build(inputs)?,
        checks: study::checks(inputs, &str::to_owned),
        judges,
    })
}

/// Whether the experiment asks `judge` about `rubric`.
fn is_asked(inputs: &Inputs, judge: &str, rubric: &str) -> bool {
    inputs.run.experiment.judges.iter().any(|spec| spec.name() == judge && spec.answers(rubric))
}

fn judge_facts(inputs: &Inputs) -> Vec<JudgeFacts> {
    let totals: HashMap<&str, _> = inputs.run.totals.iter().map(|(name, totals)| (name.as_str(), totals)).collect();
    let judges = inputs.run.experiment.judges.iter();
    judges
        .map(|judge| JudgeFacts {
            name: judge.name().to_owned(),
            model: judge.model.clone(),
            is_llm: !judge.model.starts_with("baseline/"),
            repeats: judge.repeats,
            totals: totals.get(judge.name()).copied().cloned().unwrap_or_default(),
        })
        .collect()
}

fn reference_facts(gold: &Ratings, inputs: &Inputs) -> ReferenceFacts {
    let asked = |rubric: &Option<String>| {
        rubric.as_ref().is_none_or(|name| inputs.rubrics.iter().any(|rubric| rubric.name == *name))
    };
    let ratings = || gold.rows.iter().filter(|rating| asked(&rating.rubric));
    // A file is named with or without the ending of its compression.
    let plain = |name: &'_ str| name.strip_suffix(".gz").unwrap_or(name).to_owned();
    let items: BTreeSet<String> = ratings().map(|rating| plain(&rating.item)).collect();
    let mut labels: BTreeMap<&str, u64> = BTreeMap::new();
    for rating in ratings() {
        *labels.entry(&rating.rater).or_default() += 1;
    }
    let kind = |name: &str| {
        let simulated = name == "planted" || name.starts_with("simulated");
        if simulated { RaterKind::Simulated } else { RaterKind::Reference }
    };
    ReferenceFacts {
        raters: labels
            .into_iter()
            .map(|(name, labels)| RaterFacts { name: name.to_owned(), kind: kind(name), labels })
            .collect(),
        items: items.len() as u64,
        unmatched: items.difference(&inputs.table.matched_items).count() as u64,
        other_rubrics: gold.rows.iter().filter(|rating| !asked(&rating.rubric)).count() as u64,
    }
}

fn sample_facts(inputs: &Inputs) -> SampleFacts {
    let table = &inputs.table;
    let mut months = BTreeMap::new();
    let found = || table.facts.iter().enumerate().filter(|(_, facts)| facts.in_corpus);
    for (at, _) in found() {
        let month = table.month(at).map_or("unknown", |month| table.months[month].as_str());
        *months.entry(month.to_owned()).or_default() += 1;
    }
    let clustering = match table.persons {
        0 => "session; persons are not known",
        1 => "session; one person only, so intervals speak of this person's sessions",
        _ => "person; a session of unknown person stands alone",
    };
    SampleFacts {
        ingest: inputs.run.ingest.clone(),
        sessions_in_corpus: inputs.run.sessions_in_corpus,
        out_of_scope: inputs.run.out_of_scope.clone(),
        sessions: inputs.run.sessions,
        spec: inputs.run.experiment.sample.clone(),
        weighted: !inputs.run.weights.is_empty(),
        found: found().count() as u64,
        persons: table.persons as u64,
        without_person: found().filter(|(at, _)| table.person(*at).is_none()).count() as u64,
        unknown_scope: found().filter(|(_, facts)| facts.unknown_scope).count() as u64,
        months,
        clustering: clustering.to_owned(),
    }
}

fn notes(inputs: &Inputs, sample: &SampleFacts) -> Vec<String> {
    let mut notes = Vec::new();
    if inputs.run.state != RunState::Done {
        let done = inputs.table.verdicts;
        notes.push(format!("The run is not done: {done} verdicts so far. Run the same command again to go on."));
    }
    let lost = inputs.table.facts.iter().filter(|facts| !facts.in_corpus).count();
    if lost > 0 {
        notes.push(format!(
            "{lost} judged sessions are not in the corpus any more: they have no measures and no person."
        ));
    }
    if sample.ingest.bad_lines > 0 || !sample.ingest.bad_files.is_empty() {
        let (lines, files) = (sample.ingest.bad_lines, sample.ingest.bad_files.len());
        notes.push(format!("Unreadable lines left out: {lines}, in files: {files}. Section 1 names their places."));
    }
    let recorded: HashMap<&str, &str> =
        inputs.run.rubrics.iter().map(|rubric| (rubric.name.as_str(), rubric.hash.as_str())).collect();
    let changed = inputs
        .rubrics
        .iter()
        .filter(|rubric| recorded.get(rubric.name.as_str()).is_some_and(|recorded| *recorded != rubric.hash()));
    notes.extend(changed.map(|rubric| {
        let name = &rubric.name;
        format!("Rubric {name} was changed after this run: its titles and published shares are those of now, its verdicts are not.")
    }));
    if (1..10).contains(&sample.persons) {
        let persons = sample.persons;
        notes.push(format!("Only {persons} person(s): no claim about a population of people rests on this."));
    }
    notes
}
