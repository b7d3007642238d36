//! The rubrics whose labels are planted.

/// A rubric with labels of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// `work_mode`.
    WorkMode,
    /// `expertise`.
    Expertise,
    /// `outcome`.
    Outcome,
    /// `success_signal`.
    SuccessSignal,
    /// `failure_signal`.
    FailureSignal,
    /// `occupation_user`.
    OccupationUser,
    /// `occupation_work`.
    OccupationWork,
    /// `codebase_context`.
    CodebaseContext,
}

/// Labels of `work_mode`.
pub(super) const MODES: [&str; 9] =
    ["fix", "build", "operate", "communicate", "understand", "plan", "orchestrate", "analyze", "test"];

const LEVELS: [&str; 6] = ["1", "2", "3", "4", "5", "unclear"];
const OUTCOMES: [&str; 4] = ["succeeded", "partially_succeeded", "failed", "no_clear_goal"];
const SIGNALS: [&str; 6] = ["none", "1", "2", "3", "4", "5"];
const CODEBASES: [&str; 4] = ["modify_existing", "explore", "create_new", "no_codebase"];

/// The 23 major groups of the Standard Occupational Classification, and what is said where there is no sign of one.
const OCCUPATIONS: [&str; 24] = [
    "management",
    "business_financial",
    "computer_mathematical",
    "architecture_engineering",
    "life_physical_social_science",
    "community_social_service",
    "legal",
    "education_library",
    "arts_design_media",
    "healthcare_practitioners",
    "healthcare_support",
    "protective_service",
    "food_preparation_serving",
    "building_grounds_maintenance",
    "personal_care_service",
    "sales",
    "office_administrative",
    "farming_fishing_forestry",
    "construction_extraction",
    "installation_maintenance_repair",
    "production",
    "transportation_material_moving",
    "military",
    "unclear",
];

/// Position of software among the occupations.
pub(super) const SOFTWARE: usize = 2;
/// Position of `unclear` among the levels of expertise.
pub(super) const NO_LEVEL: usize = 5;
/// Position of `unclear` among the occupations.
pub(super) const NO_OCCUPATION: usize = 23;

impl Question {
    /// All of them, in the order of files.
    pub const ALL: [Self; 8] = [
        Self::WorkMode,
        Self::Expertise,
        Self::Outcome,
        Self::SuccessSignal,
        Self::FailureSignal,
        Self::OccupationUser,
        Self::OccupationWork,
        Self::CodebaseContext,
    ];

    /// Name of the rubric.
    #[must_use]
    pub fn rubric(self) -> &'static str {
        match self {
            Self::WorkMode => "work_mode",
            Self::Expertise => "expertise",
            Self::Outcome => "outcome",
            Self::SuccessSignal => "success_signal",
            Self::FailureSignal => "failure_signal",
            Self::OccupationUser => "occupation_user",
            Self::OccupationWork => "occupation_work",
            Self::CodebaseContext => "codebase_context",
        }
    }

    /// Its labels, those of a scale in order; an abstention comes last.
    #[must_use]
    pub fn labels(self) -> &'static [&'static str] {
        match self {
            Self::WorkMode => &MODES,
            Self::Expertise => &LEVELS,
            Self::Outcome => &OUTCOMES,
            Self::SuccessSignal | Self::FailureSignal => &SIGNALS,
            Self::OccupationUser => &OCCUPATIONS,
            Self::OccupationWork => &OCCUPATIONS[..NO_OCCUPATION],
            Self::CodebaseContext => &CODEBASES,
        }
    }
}
