//! The types of a normalised session.

use serde::{Deserialize, Serialize};

/// The file format a session was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Claude Code JSONL, one file a session.
    ClaudeCode,
    /// Codex rollouts, JSONL, one file a thread.
    CodexRollout,
    /// Copilot CLI events, JSONL, one file a session.
    CopilotCli,
    /// Gemini CLI chats, one JSON object or JSONL, one file a session.
    GeminiCli,
    /// SpecStory Markdown, an export of another agent's session.
    SpecstoryMd,
    /// Our own JSON Lines form, one session a line; a session read from it keeps the format it was first read from.
    AssizeJsonl,
    /// Agent Trajectory Interchange Format (Harbor), one JSON document a session.
    Atif,
    /// OpenCode, a database of sessions or a tree of JSON files.
    #[serde(rename = "opencode")]
    OpenCode,
    /// The Entire recorder's own short form, JSONL, where it kept no transcript of the agent itself.
    EntireTranscript,
}

impl Format {
    /// How much of a session the format tells, the fullest first: the agent's own log, what another program made of it in a
    /// form for programs, and what one made of it for people.
    #[must_use]
    pub fn fullness(self) -> u8 {
        match self {
            Self::ClaudeCode | Self::CodexRollout | Self::CopilotCli | Self::GeminiCli | Self::OpenCode => 0,
            Self::AssizeJsonl | Self::Atif | Self::EntireTranscript => 1,
            Self::SpecstoryMd => 2,
        }
    }
}

/// Whether a person was there, as the study draws the line (report.md 9.1, sessions.md 1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// A person at a terminal, desktop app or web page.
    Interactive,
    /// No person: `claude -p` and the like, or no human prompt at all.
    Headless,
    /// Driven by a program through an SDK.
    Sdk,
    /// A third-party editor, which the study excludes.
    Ide,
    /// Nothing in the file decides; counted as interactive and marked.
    Unknown,
}

impl Scope {
    /// Whether the study counts sessions of this scope: interactive ones, and unknown ones with a mark.
    #[must_use]
    pub fn counted(self) -> bool {
        matches!(self, Self::Interactive | Self::Unknown)
    }
}

/// One conversation of a person with a coding agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Identifier given by the agent, unique in a corpus.
    pub id: String,
    /// File it was read from, relative to the ingested root, with `/` between folders.
    pub file: String,
    /// Format of that file.
    pub format: Format,
    /// Keyed pseudonym of the person, where the file tells persons apart.
    pub person: Option<String>,
    /// Last folder name of the working directory.
    pub project: Option<String>,
    /// The recorder's own word for how it was started (`cli`, `sdk-cli`, ...).
    pub entrypoint: Option<String>,
    /// Interactive or not.
    pub scope: Scope,
    /// The rule that decided the scope, in a few words.
    pub scope_rule: String,
    /// RFC 3339 time of the first record.
    pub started_at: Option<String>,
    /// RFC 3339 time of the last record.
    pub ended_at: Option<String>,
    /// Versions of the agent program seen, in order of appearance.
    pub agent_versions: Vec<String>,
    /// Models that answered, in order of appearance.
    pub models: Vec<String>,
    /// Plan name that links a planning session with the one that carries it out.
    pub slug: Option<String>,
    /// How freely the agent might act, in the recorder's words (`default`, `bypassPermissions`, ...), in order of appearance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permission_modes: Vec<String>,
    /// What happened before the first human prompt.
    pub preamble: Vec<Step>,
    /// One entry per human prompt, in order.
    pub turns: Vec<Turn>,
    /// Attempts that the person rewound, kept as evidence; nothing in them counts in `turns`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dead_branches: Vec<Branch>,
    /// Tokens as recorded by the provider, maximum per message, summed.
    pub tokens: TokenUsage,
    /// Answers of the model: distinct messages of the main chain.
    #[serde(default)]
    pub model_calls: u64,
    /// Tool calls made by subagents, which are not in `turns`.
    pub subagent_actions: u64,
    /// What reading the file lost or left out.
    pub losses: Losses,
    /// What a recorder noted beside the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorder: Option<Recorder>,
}

impl Session {
    /// A session of which nothing is known yet but where it stands.
    #[must_use]
    pub fn new(id: String, file: String, format: Format) -> Self {
        Self {
            id,
            file,
            format,
            person: None,
            project: None,
            entrypoint: None,
            scope: Scope::Unknown,
            scope_rule: String::new(),
            started_at: None,
            ended_at: None,
            agent_versions: Vec::new(),
            models: Vec::new(),
            slug: None,
            permission_modes: Vec::new(),
            preamble: Vec::new(),
            turns: Vec::new(),
            dead_branches: Vec::new(),
            tokens: TokenUsage::default(),
            model_calls: 0,
            subagent_actions: 0,
            losses: Losses::default(),
            recorder: None,
        }
    }

    /// Every step in order: those before the first prompt, then those of each turn.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.preamble.iter().chain(self.turns.iter().flat_map(|turn| turn.steps.iter()))
    }

    /// The action at position `step` of the turn at position `turn`, both from 0; of the preamble where `turn` is none.
    pub fn action_mut(&mut self, turn: Option<usize>, step: usize) -> Option<&mut Action> {
        let steps = match turn {
            Some(turn) => &mut self.turns.get_mut(turn)?.steps,
            None => &mut self.preamble,
        };
        match steps.get_mut(step)? {
            Step::Act(action) => Some(action),
            _ => None,
        }
    }

    /// Every action of the main chain in order.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.steps().filter_map(|step| match step {
            Step::Act(action) => Some(action),
            _ => None,
        })
    }
}

/// One human prompt and all that the agent did until the next one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// Position, from 1.
    pub number: u32,
    /// How the prompt was given.
    pub kind: PromptKind,
    /// The human text, with injected text stripped.
    pub prompt: String,
    /// RFC 3339 time of the prompt.
    pub at: Option<String>,
    /// RFC 3339 time of the last record before the next prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// Tokens as recorded by the provider for the answers in this turn.
    #[serde(default)]
    pub tokens: TokenUsage,
    /// Answers of the model in this turn: distinct messages that begin in it.
    #[serde(default)]
    pub model_calls: u64,
    /// What the agent did.
    pub steps: Vec<Step>,
}

impl Turn {
    /// A turn in which the agent has done nothing yet.
    #[must_use]
    pub fn new(number: u32, kind: PromptKind, prompt: String, at: Option<String>) -> Self {
        let (tokens, steps) = (TokenUsage::default(), Vec::new());
        Self { number, kind, prompt, at, ended_at: None, tokens, model_calls: 0, steps }
    }
}

/// An attempt that the person rewound: they went back and asked something else instead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// Number of the last turn of the main chain before the attempt, 0 where it began the session.
    pub after: u32,
    /// Its prompts and what the agent did, numbered from `after` + 1.
    pub turns: Vec<Turn>,
}

/// How a human prompt was given (sessions.md 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PromptKind {
    /// Typed by the person.
    Typed,
    /// "Implement the following plan": text agreed in another session, probably written by the agent.
    PlanHandOff,
    /// A custom slash command or skill.
    SlashCommand,
    /// Typed while the agent worked.
    Queued,
    /// Not the person's words: a notice about a task, another agent's message or a hook's, in a form that the prompt rule of
    /// sessions.md 1.4 does not tell from a prompt. It counts as one, and is marked.
    Relayed,
}

/// One thing that happened inside a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Visible text of the agent.
    Say(String),
    /// Readable thinking of the agent.
    Think(String),
    /// A tool call with its result.
    Act(Action),
    /// Something else that a reader of the session should know.
    Note(Note),
}

/// An event that is neither text nor tool call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// The person stopped the agent.
    Interrupted,
    /// The context was compacted here; holds the model-written summary, which may be empty.
    Compacted(String),
    /// The provider failed, in the recorder's words; not the agent's text.
    ApiError(String),
    /// A shell command typed by the person ("!" prefix): a human action, not a prompt.
    HumanShell(String),
    /// A pull request that the recorder linked to the session: its address.
    PullRequest(String),
    /// A tool that the provider ran while it answered, such as a search of the web: its name and input. Not an action.
    ServerTool(String),
}

/// One tool call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// Identifier given by the provider, unique in the session.
    pub id: String,
    /// Tool name as recorded.
    pub tool: String,
    /// Tool input, any JSON.
    pub input: serde_json::Value,
    /// Result text, empty where none was recorded; what the person wrote while allowing or refusing the call is at its end.
    pub result: String,
    /// How it ended.
    pub status: ActionStatus,
    /// What the person answered to the call, where it asked them or they stopped it: a decision of the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply>,
}

impl Action {
    /// A call without a result.
    #[must_use]
    pub fn new(id: String, tool: String, input: serde_json::Value) -> Self {
        Self { id, tool, input, result: String::new(), status: ActionStatus::Missing, reply: None }
    }
}

/// A person's answer to a tool call, which stands in its result (sessions.md 0.3 and 1.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// What kind of answer it is.
    pub kind: ReplyKind,
    /// The person's words, or the options they chose; empty where they said nothing.
    pub text: String,
}

/// How a person answers a tool call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplyKind {
    /// They answered the agent's questions.
    Answered,
    /// They approved the plan.
    PlanApproved,
    /// They refused the plan; without a word at the end of a session it is usually an approval that goes on in a new one.
    PlanRefused,
    /// They refused the call.
    Refused,
    /// They allowed the call and said something with it.
    Allowed,
}

/// How an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionStatus {
    /// A result without an error mark.
    Done,
    /// A result marked as an error.
    Error,
    /// The person refused it.
    Refused,
    /// No result in the file.
    Missing,
}

/// Tokens as recorded by the provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsage {
    /// Input tokens without cached ones.
    pub input: u64,
    /// Output tokens, thinking included.
    pub output: u64,
    /// Input tokens read from the provider's cache.
    pub cache_read: u64,
    /// Input tokens written to the provider's cache.
    pub cache_write: u64,
}

impl std::ops::AddAssign for TokenUsage {
    fn add_assign(&mut self, other: Self) {
        self.input += other.input;
        self.output += other.output;
        self.cache_read += other.cache_read;
        self.cache_write += other.cache_write;
    }
}

/// What reading one session lost or left out, all counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Losses {
    /// Line numbers (from 1) that could not be read at all.
    pub bad_lines: Vec<u64>,
    /// Files of the session that could not be read to their end: what is after that is missing, and nobody knows how much.
    pub unfinished_files: u64,
    /// Lines that were read only after splitting several values apart.
    pub repaired_lines: u64,
    /// Records whose type is not known, by type.
    pub unknown_records: std::collections::BTreeMap<String, u64>,
    /// User records that are not human prompts, by reason.
    pub excluded_prompts: std::collections::BTreeMap<String, u64>,
    /// Records left out because an earlier file or line already held them.
    pub duplicate_records: u64,
    /// Records of attempts that the person rewound and that the session did not go on from.
    pub abandoned_records: u64,
}

/// What the Entire recorder noted beside a session; the link from a session to the code it led to (sessions.md 2, row 4).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Recorder {
    /// The recorder's name for the agent, which can be wrong: the content of the file decides its format.
    pub agent: Option<String>,
    /// Branch of the repository; of the last checkpoint where they differ.
    pub branch: Option<String>,
    /// Identifiers of the checkpoints, sorted; the trailers of the commits carry them.
    pub checkpoints: Vec<String>,
    /// Commits that carry one of the checkpoints, sorted; only where a repository was read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commits: Vec<String>,
    /// Files touched, relative to the repository, sorted.
    pub files_touched: Vec<String>,
    /// Who wrote the committed lines, where the recorder told.
    pub attribution: Option<Attribution>,
    /// Share of the committed lines that the agent wrote, in percent, where a table of sessions tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_percentage: Option<f64>,
}

/// Committed lines by who wrote them, summed over the checkpoints that tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribution {
    /// Lines of the agent.
    pub agent_lines: u64,
    /// Lines added by the person.
    pub human_added: u64,
    /// Lines of the agent that the person changed.
    pub human_modified: u64,
    /// Lines removed by the person.
    pub human_removed: u64,
    /// Lines committed.
    pub total_committed: u64,
}

impl Attribution {
    /// Share of the committed lines that the agent wrote, in percent; none where no line was committed.
    #[must_use]
    pub fn agent_percentage(&self) -> Option<f64> {
        (self.total_committed > 0).then(|| 100.0 * self.agent_lines as f64 / self.total_committed as f64)
    }
}
