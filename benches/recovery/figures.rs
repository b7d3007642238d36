//! The study's numbers that are rates: what each is of, what is published, and how it is computed from anybody's labels.

use assize::estimate::Standing;
use assize::simulate::Question as Q;

/// One session as one rater sees it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The invented person.
    pub person: String,
    /// `YYYY-MM`.
    pub month: String,
    /// Whether a line was added; measured, not rated.
    pub wrote_code: bool,
    /// Labels in the order of [`Q::ALL`], abstentions among them; none where there is no verdict.
    pub labels: [Option<String>; 8],
}

impl Seen {
    /// The label given.
    pub fn label(&self, question: Q) -> Option<&str> {
        let at = Q::ALL.iter().position(|known| *known == question)?;
        self.labels[at].as_deref()
    }

    fn is(&self, question: Q, label: &str) -> Option<bool> {
        self.label(question).map(|found| found == label)
    }
}

type Rate = Box<dyn Fn(&Seen) -> Option<Standing>>;

/// A rate of the study.
pub struct Figure {
    /// Part of the table.
    pub part: &'static str,
    /// What it is.
    pub name: String,
    /// Published, in percent.
    pub published: f64,
    /// How the published value is known.
    pub known: &'static str,
    /// What it says of a session: yes, no, not in the base; none where a part has no verdict.
    pub of: Rate,
}

/// Yes or no in a base.
fn among(base: Option<bool>, holds: Option<bool>) -> Option<Standing> {
    let (base, holds) = (base?, holds?);
    Some(if !base {
        Standing::Outside
    } else if holds {
        Standing::Yes
    } else {
        Standing::No
    })
}

fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    Some(one? && other?)
}

/// Whether there is a clear goal.
pub fn goal(seen: &Seen) -> Option<bool> {
    seen.is(Q::Outcome, "no_clear_goal").map(|none| !none)
}

fn hard(seen: &Seen, signal: Q) -> Option<bool> {
    seen.label(signal).map(|label| matches!(label, "4" | "5"))
}

fn trouble(seen: &Seen) -> Option<bool> {
    both(goal(seen), seen.label(Q::FailureSignal).map(|label| matches!(label, "3" | "4" | "5")))
}

/// What is asked of a session with a clear goal.
#[derive(Debug, Clone, Copy)]
pub enum Ending {
    /// Success in full or in part.
    Partial,
    Judged,
    Verified,
    Failure,
    VerifiedFailure,
    Abandoned,
}

/// Whether the session ended so.
pub fn ended(seen: &Seen, ending: Ending) -> Option<bool> {
    let failed = seen.is(Q::Outcome, "failed");
    match ending {
        Ending::Partial => failed.map(|failed| !failed),
        Ending::Judged => seen.is(Q::Outcome, "succeeded"),
        Ending::Verified => both(seen.is(Q::Outcome, "succeeded"), hard(seen, Q::SuccessSignal)),
        Ending::Failure => failed,
        Ending::VerifiedFailure => both(failed, hard(seen, Q::FailureSignal)),
        Ending::Abandoned => both(failed, Some(!seen.wrote_code)),
    }
}

/// All rates of the table.
pub fn figures() -> Vec<Figure> {
    let mut all = Vec::new();
    let mut add = |part: &'static str, name: String, published: f64, known: &'static str, of: Rate| {
        all.push(Figure { part, name, published, known, of });
    };
    let share = |question: Q, label: &'static str| -> Rate {
        Box::new(move |seen| among(Some(true), seen.is(question, label)))
    };
    let modes = [
        ("fix", 26.0, "stated"),
        ("build", 25.0, "stated"),
        ("operate", 17.0, "stated"),
        ("communicate", 10.0, "figure"),
        ("understand", 7.0, "figure"),
        ("plan", 7.0, "figure"),
        ("orchestrate", 3.0, "figure"),
        ("analyze", 3.0, "figure"),
        ("test", 2.0, "figure"),
    ];
    for (mode, published, known) in modes {
        add("Figure 1", format!("work mode {mode}"), published, known, share(Q::WorkMode, mode));
    }
    let months = [
        ("fix", "2025-10", 33.0, "stated"),
        ("fix", "2026-04", 19.0, "stated"),
        ("build", "2025-10", 24.0, "derived"),
        ("build", "2026-04", 21.0, "figure"),
        ("operate", "2025-10", 14.0, "stated"),
        ("operate", "2026-04", 21.0, "stated"),
        ("communicate or analyze", "2025-10", 10.0, "stated"),
        ("communicate or analyze", "2026-04", 20.0, "stated"),
    ];
    for (mode, month, published, known) in months {
        let of = move |seen: &Seen| {
            let mut parts = mode.split(" or ");
            among(Some(seen.month == month), seen.label(Q::WorkMode).map(|found| parts.any(|part| part == found)))
        };
        add("Figure 4", format!("{mode} in {month}"), published, known, Box::new(of));
    }
    for (level, published) in ["1", "2", "3", "4", "5"].into_iter().zip([1.6, 20.5, 26.8, 40.8, 10.1]) {
        let of = move |seen: &Seen| {
            let told = seen.is(Q::Expertise, "unclear").map(|unclear| !unclear);
            among(both(goal(seen), told), seen.is(Q::Expertise, level))
        };
        add("Table A2, sizes", format!("expertise {level}"), published, "derived", Box::new(of));
    }
    add("Text", "no clear goal".to_owned(), 7.7, "stated", share(Q::Outcome, "no_clear_goal"));
    add("Text", "occupation not told".to_owned(), 30.0, "stated", share(Q::OccupationUser, "unclear"));
    let contexts = [("modify_existing", 48.0), ("explore", 17.0), ("create_new", 14.0), ("no_codebase", 20.0)];
    for (context, published) in contexts {
        add("PDF only", format!("codebase {context}"), published, "stated", share(Q::CodebaseContext, context));
    }
    for (part, what, ending, troubled, levels, known) in BY_LEVEL {
        for (level, published) in levels.iter().copied() {
            let of = move |seen: &Seen| {
                let base = if troubled { trouble(seen) } else { goal(seen) };
                among(both(base, seen.is(Q::Expertise, level)), ended(seen, ending))
            };
            add(part, format!("{what}, expertise {level}"), published, known, Box::new(of));
        }
    }
    let software = |seen: &Seen| seen.is(Q::OccupationUser, "computer_mathematical");
    let other = |seen: &Seen| {
        let label = seen.label(Q::OccupationUser)?;
        Some(!matches!(label, "computer_mathematical" | "unclear"))
    };
    let code = |seen: &Seen| both(goal(seen), Some(seen.wrote_code));
    add(
        "Text",
        "verified success, software".to_owned(),
        30.0,
        "stated",
        Box::new(move |seen| among(both(goal(seen), software(seen)), ended(seen, Ending::Verified))),
    );
    add(
        "Text",
        "verified success, other occupations".to_owned(),
        26.0,
        "stated",
        Box::new(move |seen| among(both(goal(seen), other(seen)), ended(seen, Ending::Verified))),
    );
    add(
        "Text",
        "verified success, other occupations, code".to_owned(),
        29.0,
        "stated",
        Box::new(move |seen| among(both(code(seen), other(seen)), ended(seen, Ending::Verified))),
    );
    let endings = [
        ("verified success", Ending::Verified),
        ("judged success", Ending::Judged),
        ("at least partial", Ending::Partial),
    ];
    for (at, (what, ending)) in endings.into_iter().enumerate() {
        for (group, name, published) in BY_OCCUPATION {
            let of = move |seen: &Seen| among(both(code(seen), seen.is(Q::OccupationUser, group)), ended(seen, ending));
            add("Figure 6", format!("{what}, {name}, code"), published[at], "figure", Box::new(of));
        }
    }
    let signals = [
        (Q::SuccessSignal, "success signal 1", "1", 13.0),
        (Q::SuccessSignal, "success signal 5", "5", 90.0),
        (Q::FailureSignal, "failure signal 1", "1", 85.0),
        (Q::FailureSignal, "failure signal 5", "5", 3.0),
    ];
    for (signal, what, level, published) in signals {
        let of = move |seen: &Seen| among(both(goal(seen), seen.is(signal, level)), ended(seen, Ending::Judged));
        add("Figure A1", format!("succeeded at {what}"), published, "stated", Box::new(of));
    }
    all
}

/// Rates by expertise: part of the table, what, which ending, whether in trouble, levels with percents, how they are known.
type ByLevel = (&'static str, &'static str, Ending, bool, &'static [(&'static str, f64)], &'static str);

const BY_LEVEL: [ByLevel; 9] = [
    (
        "Table A2",
        "verified success",
        Ending::Verified,
        false,
        &[("1", 13.2), ("2", 20.9), ("3", 28.0), ("4", 29.3), ("5", 34.7)],
        "stated",
    ),
    ("Figure 5", "judged success", Ending::Judged, false, &[("1", 39.0), ("5", 65.0)], "figure"),
    (
        "Figure 5",
        "at least partial",
        Ending::Partial,
        false,
        &[("1", 77.0), ("3", 91.5), ("4", 91.5), ("5", 91.0)],
        "stated or figure",
    ),
    (
        "Figure 5",
        "at least partial in trouble",
        Ending::Partial,
        true,
        &[("1", 60.0), ("2", 80.5), ("3", 80.5), ("4", 80.5), ("5", 80.0)],
        "figure",
    ),
    ("Figure 5", "judged success in trouble", Ending::Judged, true, &[("1", 10.0), ("5", 27.0)], "figure"),
    ("Figure 5", "verified success in trouble", Ending::Verified, true, &[("1", 4.0), ("5", 15.0)], "figure"),
    ("Figure 5", "failure in trouble", Ending::Failure, true, &[("1", 40.0), ("5", 20.0)], "figure"),
    ("Figure 5", "verified failure in trouble", Ending::VerifiedFailure, true, &[("1", 30.0), ("5", 18.0)], "figure"),
    (
        "Figure 5",
        "abandoned in trouble",
        Ending::Abandoned,
        true,
        &[("1", 19.0), ("2", 6.0), ("3", 6.0), ("4", 6.0), ("5", 7.0)],
        "figure",
    ),
];

/// Figure 6: label, what it is called, and verified success, judged success and at least partial success in sessions that add code.
const BY_OCCUPATION: [(&str, &str, [f64; 3]); 10] = [
    ("computer_mathematical", "software and mathematics", [34.0, 60.0, 94.0]),
    ("management", "management", [37.0, 55.0, 95.0]),
    ("legal", "legal", [33.0, 57.0, 95.0]),
    ("business_financial", "business and finance", [29.0, 54.0, 93.0]),
    ("healthcare_practitioners", "healthcare", [28.0, 56.0, 93.0]),
    ("arts_design_media", "arts, design and media", [28.0, 53.0, 92.0]),
    ("sales", "sales", [28.0, 58.0, 92.0]),
    ("architecture_engineering", "architecture and engineering", [27.0, 54.0, 93.0]),
    ("education_library", "education", [27.0, 52.0, 92.0]),
    ("life_physical_social_science", "sciences", [27.0, 54.0, 94.0]),
];
