//! Words of trades in the person's prompts and project names, and signs of professional software work.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::session::{Action, Evidence, EvidenceKind, PromptKind, Session};

/// What points to an occupation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Trades {
    /// Distinct words of each group but software, by label.
    pub words: BTreeMap<String, BTreeSet<String>>,
    /// Distinct signs that software is somebody's trade, not merely that code was written.
    pub software: BTreeSet<String>,
}

impl Trades {
    /// The group with the most distinct words, the first in the alphabet among equals, and how many.
    pub(super) fn strongest(&self) -> Option<(&'static str, usize)> {
        let most = self.words.iter().rev().max_by_key(|(_, words)| words.len())?;
        let label = WORDS.iter().map(|(label, _)| *label).find(|label| label == most.0)?;
        Some((label, most.1.len()))
    }
}

/// Words that insiders of a group use and programmers seldom do; software has signs instead.
const WORDS: [(&str, &str); 22] = [
    (
        "management",
        "headcount|okrs?|board meeting|stakeholders?|direct reports|quarterly plan|org chart|hiring plan|performance reviews?|go-to-market|all-hands",
    ),
    (
        "business_financial",
        "invoices?|ledger|balance sheet|cash ?flow|ebitda|payroll tax|tax return|audit report|procurement|forecasting|budgets?|accounts payable|accounts receivable|portfolio|valuation|underwriting|market research",
    ),
    (
        "architecture_engineering",
        "cad|floor plans?|bill of materials|pcb|schematic|tolerances|finite element|hvac design|load-bearing|solidworks|autocad|torque|microcontroller",
    ),
    (
        "life_physical_social_science",
        "genome|genomics|rna-?seq|assay|protein|spectra|spectrometer|phylogen\\w+|cohort study|p-values?|manuscript|peer review|hypothesis|econometrics|survey respondents|ecology|fieldwork",
    ),
    (
        "community_social_service",
        "caseworker|social work|counsell?ing|parish|congregation|sermon|foster care|food bank|case management",
    ),
    (
        "legal",
        "plaintiff|defendant|litigation|deposition|statute|contract clause|nda|brief to the court|paralegal|discovery request|case law|legal memo|indemnif\\w+|jurisdiction",
    ),
    (
        "education_library",
        "lesson plan|syllabus|curriculum|homework|grading|my students|course material|rubric for students|classroom|lecture|library catalogue",
    ),
    (
        "arts_design_media",
        "typography|storyboard|screenplay|manuscript edit|novel|poems?|lyrics|illustration|brand guide|podcast|editorial|press release|short story|essay",
    ),
    (
        "healthcare_practitioners",
        "patients?|diagnosis|dosage|clinical trial|icd-10|ehr|radiology|prescriptions?|triage nurse|physician|pharmacy|veterinary",
    ),
    ("healthcare_support", "care home|home health aide|nursing aide|bedside|dental assistant|medical assistant"),
    ("protective_service", "patrol|incident command|fire station|evidence room|officer safety|correctional|lifeguard"),
    ("food_preparation_serving", "menu items?|recipes?|kitchen prep|catering|bartender|restaurant|food cost"),
    ("building_grounds_maintenance", "janitorial|cleaning crew|landscap\\w+|pest control|lawn care"),
    (
        "personal_care_service",
        "salon|child ?care|daycare|fitness clients?|workout plan|funeral|dog training|tour guide",
    ),
    (
        "sales",
        "leads list|prospects?|sales pipeline|quota|cold emails?|upsell|crm|closing rate|real estate listing|storefront",
    ),
    (
        "office_administrative",
        "meeting minutes|filing system|data entry|receptionist|appointment calendar|mail merge|timesheets?|travel booking",
    ),
    ("farming_fishing_forestry", "crop|livestock|irrigation|harvest|orchard|fishery|timber"),
    (
        "construction_extraction",
        "drywall|rebar|framing|job site|roofing|plumbing|subcontractors?|mine shaft|drilling rig",
    ),
    (
        "installation_maintenance_repair",
        "work orders?|preventive maintenance|hvac repair|engine fault|torque wrench|service manual|spare parts",
    ),
    ("production", "production line|machining|cnc|injection mold\\w*|weld\\w*|lot numbers?|quality inspection"),
    (
        "transportation_material_moving",
        "dispatch route|freight|bill of lading|warehouse pick\\w*|flight plan|cargo manifest|truck drivers?|shipment",
    ),
    ("military", "platoon|battalion|opord|squadron|deployment orders|mission brief"),
];

/// What the speech of professional development looks like: name of the sign and pattern.
const SPEECH: [(&str, &str); 6] = [
    ("pull requests or review", r"(?i)\b(pr|prs|pull requests?|code review|reviewers?)\b|/pull/\d+"),
    ("tickets", r"\b[A-Z]{2,6}-\d+\b|(?i)/issues?/\d+|#\d+\b|\b(jira|linear)\b"),
    ("automatic checks", r"(?i)\b(ci|github actions|pipeline|lint(er|ing)?|pre-?commit|test suite|coverage)\b"),
    (
        "releases or deployment",
        r"(?i)\b(releases?|deploy(ed|ment)?|staging|production|prod|rollback|changelog|semver)\b",
    ),
    ("branches", r"(?i)\b(rebase|cherry-?pick|merge|worktrees?|branch(es)?|upstream)\b"),
    ("users or customers", r"(?i)\b(our (users|customers|api|team|product)|the team|customers|on-?call|sla)\b"),
];

/// Files that tell an agent about a project.
const INSTRUCTIONS: &str = r"(?i)(^|/)(claude|agents|gemini|contributing)\.md$";

static WORD_RULES: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let one =
        |(label, words): &(&'static str, &str)| Some((*label, Regex::new(&format!(r"(?i)\b(?:{words})\b")).ok()?));
    WORDS.iter().filter_map(one).collect()
});

static SPEECH_RULES: LazyLock<Vec<(&'static str, Regex)>> =
    LazyLock::new(|| SPEECH.iter().filter_map(|(sign, pattern)| Some((*sign, Regex::new(pattern).ok()?))).collect());

static INSTRUCTION_FILE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(INSTRUCTIONS).ok());

/// Reads the person's prompts (plan hand-offs and relayed ones left out), the project's name, and instruction files.
pub(super) fn of(session: &Session, evidence: &Evidence) -> Trades {
    let own = |kind: PromptKind| !matches!(kind, PromptKind::PlanHandOff | PromptKind::Relayed);
    let mut spoken: Vec<String> =
        session.turns.iter().filter(|turn| own(turn.kind)).map(|turn| turn.prompt.clone()).collect();
    spoken.extend(session.project.as_ref().map(|project| project.replace(['-', '_'], " ")));
    let instructions: Vec<&Action> = session.actions().filter(|action| is_instructions(action)).collect();
    // What instruction files say of a trade counts like the person's words; what they say of software is in every project.
    let read: Vec<&str> =
        spoken.iter().map(String::as_str).chain(instructions.iter().map(|a| a.result.as_str())).collect();
    let mut words: HashMap<&str, BTreeSet<String>> = HashMap::new();
    for text in read {
        for (label, pattern) in WORD_RULES.iter() {
            words.entry(label).or_default().extend(pattern.find_iter(text).map(|found| found.as_str().to_lowercase()));
        }
    }
    let is_spoken = |pattern: &Regex| spoken.iter().any(|text| pattern.is_match(text));
    let mut software: BTreeSet<String> =
        SPEECH_RULES.iter().filter(|(_, pattern)| is_spoken(pattern)).map(|(sign, _)| (*sign).to_owned()).collect();
    let has = |kind| evidence.count(kind) > 0;
    if has(EvidenceKind::PullRequest) || has(EvidenceKind::PullRequestMerged) {
        software.insert(SPEECH[0].0.to_owned());
    }
    if has(EvidenceKind::TestsPassed) || has(EvidenceKind::TestsFailed) {
        software.insert(SPEECH[2].0.to_owned());
    }
    if !instructions.is_empty() {
        software.insert("instructions of a project".to_owned());
    }
    let words = words.into_iter().filter(|(_, found)| !found.is_empty());
    Trades { words: words.map(|(label, found)| (label.to_owned(), found)).collect(), software }
}

fn is_instructions(action: &Action) -> bool {
    let is = |path: &str| INSTRUCTION_FILE.as_ref().is_some_and(|pattern| pattern.is_match(&path.replace('\\', "/")));
    ["file_path", "path"].iter().filter_map(|key| action.input.get(*key)?.as_str()).any(is)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Format, Turn};

    fn trades(prompts: &[&str]) -> Trades {
        let mut session = Session::new("s".to_owned(), "s.jsonl".to_owned(), Format::ClaudeCode);
        session.turns =
            (1..).zip(prompts).map(|(at, text)| Turn::new(at, PromptKind::Typed, (*text).to_owned(), None)).collect();
        of(&session, &Evidence::default())
    }

    #[test]
    fn every_pattern_compiles() {
        assert_eq!((WORD_RULES.len(), SPEECH_RULES.len()), (WORDS.len(), SPEECH.len()));
        assert!(INSTRUCTION_FILE.is_some());
    }

    #[test]
    fn words_count_once() {
        let found = trades(&["The plaintiff and the defendant", "plaintiff again; patient"]);
        assert_eq!(found.strongest(), Some(("legal", 2)));
        assert_eq!(found.words["healthcare_practitioners"].len(), 1);
        assert_eq!(trades(&["make it nicer"]).strongest(), None);
    }

    #[test]
    fn software_needs_the_speech_of_the_trade() {
        assert!(trades(&["write a python script that renames files"]).software.is_empty());
        let found = trades(&["open a PR for ENT-12 once CI is green"]).software;
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["automatic checks", "pull requests or review", "tickets"]);
    }
}
