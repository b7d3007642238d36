//! One record of a Claude Code file, read leniently: every field may be absent or of an unexpected shape.

use serde::Deserialize;
use serde_json::Value;

use super::message::{Attachment, Block, Content, Message, Origin};
use crate::ingest::lenient::{Flag, Present, Text};
use crate::ingest::seen::{short_hash, weak_hash};

/// The fields of a record that are used; all others are skipped unread. There is no official schema (sessions.md 1.3), so
/// that a field takes any JSON value: one odd field never discards the record.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::ingest) struct Record {
    #[serde(rename = "type")]
    kind: Text,
    uuid: Text,
    parent_uuid: Text,
    logical_parent_uuid: Text,
    session_id: Text,
    timestamp: Text,
    cwd: Text,
    version: Text,
    entrypoint: Text,
    slug: Text,
    is_sidechain: Flag,
    is_meta: Flag,
    is_compact_summary: Flag,
    is_api_error_message: Flag,
    origin: Origin,
    prompt_source: Text,
    subtype: Text,
    operation: Text,
    pr_url: Text,
    leaf_uuid: Text,
    snapshot: Present,
    tool_denial_kind: Text,
    plan_content: Text,
    permission_mode: Text,
    /// Content of a queue operation.
    pub content: Value,
    /// The attachment of an attachment record.
    pub attachment: Attachment,
    /// The message of a user or assistant record.
    pub message: Message,
}

/// What a record is, by its `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ingest) enum Kind {
    /// Part of one message of the agent.
    Assistant,
    /// A human prompt, a tool result or injected text.
    User,
    /// Something the program added; may be a queued prompt.
    Attachment,
    /// Boundaries, durations, retries.
    System,
    /// The person typed while the agent worked.
    QueueOperation,
    /// A pull request was linked.
    PullRequest,
    /// Undo backups, titles, modes, progress: nothing of the conversation.
    State,
    /// A type this reader has not seen.
    Unknown,
}

fn text(text: &Text) -> Option<&str> {
    text.as_str().filter(|text| !text.is_empty())
}

/// An identifier that identifies: not empty, and not a mask (`REDACTED`, `***`) that a redactor put in place of every one.
fn identifier(id: &Text) -> Option<&str> {
    text(id).filter(|id| identifies(id))
}

/// Whether an identifier tells one thing from others: a mask is the same everywhere.
pub(super) fn identifies(id: &str) -> bool {
    id.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
}

impl Record {
    /// What the record is.
    pub fn kind(&self) -> Kind {
        match self.type_name() {
            "assistant" => Kind::Assistant,
            "user" => Kind::User,
            "attachment" => Kind::Attachment,
            "system" => Kind::System,
            "queue-operation" => Kind::QueueOperation,
            "pr-link" => Kind::PullRequest,
            "progress"
            | "summary"
            | "file-history-snapshot"
            | "file-history-delta"
            | "last-prompt"
            | "ai-title"
            | "custom-title"
            | "agent-name"
            | "mode"
            | "permission-mode"
            | "atis-latch"
            | "frame-link" => Kind::State,
            _ => Kind::Unknown,
        }
    }

    /// The `type` as written; empty where there is none.
    pub fn type_name(&self) -> &str {
        self.kind.as_str().unwrap_or_default()
    }

    /// Whether only Claude Code writes such a record.
    pub fn is_claude_code(&self) -> bool {
        match self.kind() {
            Kind::Unknown => false,
            Kind::State => self.snapshot.0 || [&self.session_id, &self.leaf_uuid].iter().any(|id| id.is_string()),
            _ => self.session_id.is_string() || (self.uuid.is_string() && self.message.is_object),
        }
    }

    /// Its own identifier.
    pub fn uuid(&self) -> Option<&str> {
        identifier(&self.uuid)
    }

    /// The record it follows; across a compaction the one it follows in thought.
    pub fn parent(&self) -> Option<&str> {
        identifier(&self.parent_uuid).or_else(|| identifier(&self.logical_parent_uuid))
    }

    /// The session it names.
    pub fn session_id(&self) -> Option<&str> {
        identifier(&self.session_id)
    }

    /// RFC 3339 time; none where a redactor masked it.
    pub fn timestamp(&self) -> Option<&str> {
        text(&self.timestamp).filter(|time| time.contains(':'))
    }

    /// Working directory.
    pub fn cwd(&self) -> Option<&str> {
        text(&self.cwd)
    }

    /// Version of the program.
    pub fn version(&self) -> Option<&str> {
        text(&self.version)
    }

    /// How the program was started.
    pub fn entrypoint(&self) -> Option<&str> {
        text(&self.entrypoint)
    }

    /// Plan name.
    pub fn slug(&self) -> Option<&str> {
        text(&self.slug)
    }

    /// Whether it belongs to a subagent.
    pub fn is_sidechain(&self) -> bool {
        self.is_sidechain.0
    }

    /// Marks it as a subagent's, where its file says so.
    pub fn set_sidechain(&mut self) {
        self.is_sidechain = Flag(true);
    }

    /// Whether the program wrote it in the user's place.
    pub fn is_meta(&self) -> bool {
        self.is_meta.0
    }

    /// Whether it is the model-written summary after a compaction.
    pub fn is_compact_summary(&self) -> bool {
        self.is_compact_summary.0
    }

    /// Whether it is the program's text about a failed request.
    pub fn is_api_error(&self) -> bool {
        self.is_api_error_message.0
    }

    /// Who sent it: `human`, `task-notification`, `peer`, ...
    pub fn origin(&self) -> Option<&str> {
        text(&self.origin.kind)
    }

    /// How it was given: `typed`, `sdk`, `system`, ...
    pub fn prompt_source(&self) -> Option<&str> {
        text(&self.prompt_source)
    }

    /// Kind of a system record.
    pub fn subtype(&self) -> Option<&str> {
        text(&self.subtype)
    }

    /// What a queue operation did.
    pub fn operation(&self) -> Option<&str> {
        text(&self.operation)
    }

    /// Address of a linked pull request.
    pub fn pull_request(&self) -> Option<&str> {
        text(&self.pr_url)
    }

    /// Who denied a tool call.
    pub fn tool_denial_kind(&self) -> Option<&str> {
        text(&self.tool_denial_kind)
    }

    /// Whether the prompt carries out a plan agreed elsewhere.
    pub fn has_plan(&self) -> bool {
        text(&self.plan_content).is_some()
    }

    /// How freely the agent might act when this was written.
    pub fn permission_mode(&self) -> Option<&str> {
        text(&self.permission_mode)
    }

    /// Whether the person cleared the conversation here: all that follows is another one.
    pub fn is_clear(&self) -> bool {
        let written = match self.kind() {
            Kind::User => match &self.message.content {
                Content::Text(text) => Some(&**text),
                _ => None,
            },
            Kind::System => self.content.as_str(),
            _ => None,
        };
        written.is_some_and(|text| text.trim_start().starts_with("<command-name>/clear</command-name>"))
    }

    /// Whether the program announces here that local commands follow.
    pub fn is_caveat(&self) -> bool {
        self.is_meta() && self.text().contains("Caveat: The messages below were generated by the user")
    }

    /// Identifier of the API message the record is a part of.
    pub fn message_id(&self) -> Option<&str> {
        identifier(&self.message.id)
    }

    /// Model that wrote the message.
    pub fn model(&self) -> Option<&str> {
        text(&self.message.model)
    }

    /// The blocks of the message, where it has blocks.
    pub fn blocks(&self) -> &[Block] {
        self.message.blocks()
    }

    /// All text of the message: its string, or its text blocks one below the other; `[image]` where there are only images.
    pub fn text(&self) -> String {
        self.message.content.prompt_text()
    }

    /// Whether the message carries results of tool calls.
    pub fn has_tool_result(&self) -> bool {
        self.blocks().iter().any(|block| block.kind() == "tool_result")
    }

    /// Message of the model and time, which stay the same in a copy with identifiers of its own.
    pub fn message_and_time(&self) -> Option<String> {
        Some(format!("message {} {}", self.message_id()?, self.timestamp()?))
    }

    /// What tells this record from others where it has no identifier of its own: what it says, and when.
    pub fn identity(&self) -> Option<String> {
        if let Some(uuid) = self.uuid() {
            return Some(uuid.to_owned());
        }
        let said = match self.kind() {
            Kind::User | Kind::Assistant => format!("{:?}", self.message),
            // Two removals at one moment are two removals; only what is put in can be told apart.
            Kind::QueueOperation if self.operation() == Some("enqueue") => self.content.to_string(),
            _ => return None,
        };
        Some(format!("{}|{}|{said}", self.type_name(), self.timestamp().unwrap_or_default()))
    }

    /// Whether [`Record::identity`] tells this record from those of all other files.
    pub fn is_told_apart(&self) -> bool {
        self.uuid().is_some() || self.timestamp().is_some()
    }

    /// Hash of what tells a copy of this record that was given another identifier: when it was written, and what stands in
    /// it; weak unless it is an answer of the model. None without a time, and for what counts nothing.
    pub fn mark(&self) -> Option<u64> {
        let moment = self.moment()?;
        Some(if self.kind() == Kind::Assistant { short_hash(&moment) } else { weak_hash(&moment) })
    }

    fn moment(&self) -> Option<String> {
        let mut moment = [self.type_name(), "|", self.timestamp()?, "|"].concat();
        match self.kind() {
            Kind::Assistant => {
                moment.push_str(self.message_id()?);
                self.add_parts(&mut moment);
            }
            Kind::User => self.add_parts(&mut moment),
            Kind::Attachment => match &self.attachment.prompt {
                Content::Nothing => return None,
                prompt => moment.extend([format!("{prompt:?}")]),
            },
            Kind::System => moment.push_str(self.subtype()?),
            Kind::QueueOperation => moment.extend([self.operation()?, " ", &self.content.to_string()]),
            Kind::PullRequest => moment.push_str(self.pull_request()?),
            Kind::State | Kind::Unknown => return None,
        }
        Some(moment)
    }

    /// Adds the blocks of the message by type and the provider's identifiers, and its text.
    fn add_parts(&self, moment: &mut String) {
        for block in self.blocks() {
            let ids = [&block.id, &block.tool_use_id].map(|id| id.as_str().unwrap_or_default());
            moment.extend(["|", block.kind(), " ", ids[0], ids[1]]);
        }
        moment.extend(["|", &self.text()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(json: &str) -> Record {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn one_odd_field_does_not_discard_the_record() {
        let record = record(
            r#"{"type":"user","uuid":7,"timestamp":{"odd":1},"isMeta":"yes","message":{"content":["plain",{"type":"text","text":"hi"}]},"new":[{}]}"#,
        );
        assert_eq!((record.kind(), record.uuid(), record.timestamp()), (Kind::User, None, None));
        assert!(!record.is_meta());
        assert_eq!(record.text(), "plain\nhi");
    }

    #[test]
    fn a_mask_is_not_an_identifier() {
        let record = record(r#"{"type":"user","uuid":"REDACTED","sessionId":"a1","message":{"content":"hi"}}"#);
        assert_eq!((record.uuid(), record.session_id()), (None, Some("a1")));
        assert!(record.identity().is_some());
    }

    #[test]
    fn other_formats_are_not_claimed() {
        let ours = [
            r#"{"type":"user","sessionId":"1","message":{}}"#,
            r#"{"type":"file-history-snapshot","snapshot":{}}"#,
            r#"{"type":"summary","leafUuid":"1","summary":"x"}"#,
        ];
        let others = [
            r#"{"type":"session_meta","timestamp":"t","payload":{}}"#,
            r#"{"type":"user.message","data":{},"id":"1"}"#,
            r#"{"type":"user","text":"hello"}"#,
        ];
        assert!(ours.iter().all(|json| record(json).is_claude_code()));
        assert!(!others.iter().any(|json| record(json).is_claude_code()));
    }
}
