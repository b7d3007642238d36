//! What comes from the environment: keys and base URLs. Nothing else reads it.
#![expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::limit::LimitSpec;
use crate::provider::Access;

/// Settings from the environment.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The working folder: files there win over built-in ones.
    pub folder: PathBuf,
    /// `ANTHROPIC_API_KEY`.
    pub anthropic_key: Option<SecretString>,
    /// `ANTHROPIC_BASE_URL`, or Anthropic's own.
    pub anthropic_base_url: String,
    /// `OPENAI_API_KEY`.
    pub openai_key: Option<SecretString>,
    /// `OPENAI_BASE_URL`, or OpenAI's own.
    pub openai_base_url: String,
    /// `PATH`, where programs that judge are searched.
    pub search_path: OsString,
    /// Where agents keep their sessions.
    pub agents: AgentFolders,
    /// `ASSIZE_LOG`: what to log.
    pub log: Option<String>,
    /// Whether `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` names a collector.
    #[cfg(feature = "otel")]
    pub exports_spans: bool,
}

/// Where agents on this machine keep their sessions (sessions.md 1.1 and 2), whether or not they are there.
#[derive(Debug, Clone, Default)]
pub struct AgentFolders {
    /// Claude Code: `CLAUDE_CONFIG_DIR`, or `~/.claude`.
    pub claude: Option<PathBuf>,
    /// Codex: `CODEX_HOME`, or `~/.codex`.
    pub codex: Option<PathBuf>,
    /// Gemini CLI: `~/.gemini`.
    pub gemini: Option<PathBuf>,
    /// Copilot CLI: `~/.copilot`.
    pub copilot: Option<PathBuf>,
    /// OpenCode: below `XDG_DATA_HOME`, or below `~/.local/share`.
    pub opencode: Option<PathBuf>,
}

impl AgentFolders {
    fn from_environment(text: impl Fn(&str) -> Option<String>) -> Self {
        let home = text("HOME").or_else(|| text("USERPROFILE")).map(PathBuf::from);
        let folder =
            |name: &str, own: &str| text(name).map(PathBuf::from).or_else(|| home.as_ref().map(|home| home.join(own)));
        Self {
            claude: folder("CLAUDE_CONFIG_DIR", ".claude"),
            codex: folder("CODEX_HOME", ".codex"),
            gemini: home.as_ref().map(|home| home.join(".gemini")),
            copilot: home.as_ref().map(|home| home.join(".copilot")),
            opencode: folder("XDG_DATA_HOME", ".local/share").map(|data| data.join("opencode")),
        }
    }
}

impl Settings {
    /// Reads the environment.
    #[must_use]
    pub fn from_environment() -> Self {
        let text = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
        let secret = |name: &str| text(name).map(|value| SecretString::from(value.trim().to_owned()));
        let url = |name: &str, own: &str| text(name).unwrap_or_else(|| own.to_owned());
        Self {
            folder: PathBuf::from("."),
            anthropic_key: secret("ANTHROPIC_API_KEY"),
            anthropic_base_url: url("ANTHROPIC_BASE_URL", "https://api.anthropic.com"),
            openai_key: secret("OPENAI_API_KEY"),
            openai_base_url: url("OPENAI_BASE_URL", "https://api.openai.com/v1"),
            agents: AgentFolders::from_environment(text),
            log: text("ASSIZE_LOG"),
            #[cfg(feature = "otel")]
            exports_spans: ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
                .into_iter()
                .any(|name| text(name).is_some()),
            search_path: env::var_os("PATH").unwrap_or_default(),
        }
    }

    /// What providers need of these settings.
    #[must_use]
    pub fn access(&self) -> Access {
        Access {
            anthropic_key: self.anthropic_key.clone(),
            anthropic_base_url: self.anthropic_base_url.clone(),
            openai_key: self.openai_key.clone(),
            openai_base_url: self.openai_base_url.clone(),
            timeout: Duration::from_secs(LimitSpec::default().timeout_seconds),
            folder: self.folder.clone(),
            search_path: self.search_path.clone(),
        }
    }
}
