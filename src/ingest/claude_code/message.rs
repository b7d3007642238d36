//! Messages and attachments of records: the fields that are used, each of which may be absent or of an unexpected shape.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::ingest::lenient::{Count, Flag, Object, Text, read_object};
use crate::session::TokenUsage;

/// The message of a user or assistant record.
#[derive(Debug, Clone, Default)]
pub(in crate::ingest) struct Message {
    /// Whether there is one.
    pub is_object: bool,
    /// The provider's identifier.
    pub id: Text,
    /// The model that wrote it.
    pub model: Text,
    /// Tokens as reported with this part of it.
    pub usage: TokenUsage,
    /// What it says.
    pub content: Content,
}

/// A text, or blocks; anything else is nothing.
#[derive(Debug, Clone, Default)]
pub(in crate::ingest) enum Content {
    /// Neither.
    #[default]
    Nothing,
    /// A text.
    Text(Box<str>),
    /// Blocks.
    Blocks(Vec<Block>),
}

/// A content block. Signatures and the data of images are stepped over.
#[derive(Debug, Clone, Default)]
pub(in crate::ingest) struct Block {
    kind: Text,
    /// What a text block says.
    pub text: Text,
    /// What a thinking block says.
    pub thinking: Text,
    /// Identifier of a call.
    pub id: Text,
    /// Tool of a call.
    pub name: Text,
    /// Input of a call; null where it has none.
    pub input: Value,
    /// The call that a result belongs to.
    pub tool_use_id: Text,
    /// Whether a result is an error.
    pub is_error: Flag,
    /// What a result says.
    pub content: Content,
    /// The block itself, where it is nothing but a string.
    plain: Text,
}

/// The attachment of an attachment record: the fields of a queued command.
#[derive(Debug, Clone, Default)]
pub(in crate::ingest) struct Attachment {
    /// Its `type`.
    pub kind: Text,
    /// The prompt that waited.
    pub prompt: Content,
    /// Who sent it.
    pub origin: Origin,
    /// What was typed: a prompt, or something else.
    pub mode: Text,
    /// Whether the program wrote it.
    pub is_meta: Flag,
}

/// Who sent something.
#[derive(Debug, Clone, Default)]
pub(in crate::ingest) struct Origin {
    /// `human`, `task-notification`, `peer`, ...
    pub kind: Text,
}

impl Message {
    /// The blocks, where it has blocks.
    pub fn blocks(&self) -> &[Block] {
        if let Content::Blocks(blocks) = &self.content { blocks } else { &[] }
    }

    /// The blocks, to take from.
    pub fn blocks_mut(&mut self) -> &mut [Block] {
        if let Content::Blocks(blocks) = &mut self.content { blocks } else { &mut [] }
    }
}

impl Block {
    /// The `type` as written; empty where there is none.
    pub fn kind(&self) -> &str {
        self.kind.as_str().unwrap_or_default()
    }
}

impl Content {
    /// Text of a prompt, which speaks of its images itself unless it is nothing but images.
    pub fn prompt_text(&self) -> String {
        let words = self.joined(false);
        if words.trim().is_empty() { self.joined(true) } else { words }
    }

    /// Text of a result: a string, or text blocks one below the other, images marked as `[image]`.
    pub fn into_result_text(self) -> String {
        match self {
            Self::Text(text) => text.into(),
            Self::Blocks(mut blocks) => match blocks.as_mut_slice() {
                // Most results are one text.
                [block] if block.kind() == "text" => block.text.take(),
                _ => Self::Blocks(blocks).joined(true),
            },
            Self::Nothing => String::new(),
        }
    }

    fn joined(&self, mark_images: bool) -> String {
        match self {
            Self::Text(text) => text.to_string(),
            Self::Blocks(blocks) => {
                let parts = blocks.iter().filter_map(|block| match block.kind() {
                    "text" => block.text.as_str(),
                    "image" if mark_images => Some("[image]"),
                    _ => block.plain.as_str(),
                });
                parts.collect::<Vec<_>>().join("\n")
            }
            Self::Nothing => String::new(),
        }
    }
}

impl Object for Message {
    const FIELDS: &'static [&'static str] = &["id", "model", "usage", "content"];

    fn read<'de, A: MapAccess<'de>>(&mut self, name: &str, from: &mut A) -> Result<(), A::Error> {
        match name {
            "id" => self.id = from.next_value()?,
            "model" => self.model = from.next_value()?,
            "usage" => self.usage = from.next_value::<Usage>()?.0,
            _ => self.content = from.next_value()?,
        }
        Ok(())
    }

    fn empty() -> Self {
        Self { is_object: true, ..Self::default() }
    }
}

/// Tokens by the provider's names.
#[derive(Default)]
struct Usage(TokenUsage);

impl Object for Usage {
    const FIELDS: &'static [&'static str] =
        &["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];

    fn read<'de, A: MapAccess<'de>>(&mut self, name: &str, from: &mut A) -> Result<(), A::Error> {
        let count = from.next_value::<Count>()?.0;
        match name {
            "input_tokens" => self.0.input = count,
            "output_tokens" => self.0.output = count,
            "cache_read_input_tokens" => self.0.cache_read = count,
            _ => self.0.cache_write = count,
        }
        Ok(())
    }
}

impl Object for Block {
    const FIELDS: &'static [&'static str] =
        &["type", "text", "thinking", "id", "name", "input", "tool_use_id", "is_error", "content"];

    fn read<'de, A: MapAccess<'de>>(&mut self, name: &str, from: &mut A) -> Result<(), A::Error> {
        match name {
            "type" => self.kind = from.next_value()?,
            "text" => self.text = from.next_value()?,
            "thinking" => self.thinking = from.next_value()?,
            "id" => self.id = from.next_value()?,
            "name" => self.name = from.next_value()?,
            "input" => self.input = from.next_value()?,
            "tool_use_id" => self.tool_use_id = from.next_value()?,
            "is_error" => self.is_error = from.next_value()?,
            _ => self.content = from.next_value()?,
        }
        Ok(())
    }

    fn of_text(text: &str) -> Self {
        Self { plain: Text::from(text), ..Self::default() }
    }
}

impl Object for Attachment {
    const FIELDS: &'static [&'static str] = &["type", "prompt", "origin", "commandMode", "isMeta"];

    fn read<'de, A: MapAccess<'de>>(&mut self, name: &str, from: &mut A) -> Result<(), A::Error> {
        match name {
            "type" => self.kind = from.next_value()?,
            "prompt" => self.prompt = from.next_value()?,
            "origin" => self.origin = from.next_value()?,
            "commandMode" => self.mode = from.next_value()?,
            _ => self.is_meta = from.next_value()?,
        }
        Ok(())
    }
}

impl Object for Origin {
    const FIELDS: &'static [&'static str] = &["kind"];

    fn read<'de, A: MapAccess<'de>>(&mut self, _: &str, from: &mut A) -> Result<(), A::Error> {
        self.kind = from.next_value()?;
        Ok(())
    }
}

/// Each [`Object`] here is read as one wherever it is a field.
macro_rules! objects {
    ($($object:ident),*) => {$(
        impl<'de> Deserialize<'de> for $object {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                read_object(from)
            }
        }
    )*};
}

objects!(Message, Usage, Block, Attachment, Origin);

struct AnyContent;

impl<'de> Visitor<'de> for AnyContent {
    type Value = Content;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Content, E> {
        Ok(Content::Nothing)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Content, E> {
        Ok(Content::Nothing)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Content, E> {
        Ok(Content::Nothing)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Content, E> {
        Ok(Content::Nothing)
    }

    fn visit_str<E>(self, text: &str) -> Result<Content, E> {
        Ok(Content::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Content, A::Error> {
        let mut blocks = Vec::with_capacity(1);
        while let Some(block) = items.next_element()? {
            blocks.push(block);
        }
        Ok(Content::Blocks(blocks))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Content, A::Error> {
        IgnoredAny.visit_map(fields)?;
        Ok(Content::Nothing)
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyContent)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn content_is_read_in_any_shape() {
        let content = |value: Value| serde_json::from_value::<Content>(value).unwrap();
        let blocks = json!(["a", {"text": "b", "type": "text", "source": [1]}, {"type": "image"}, {"type": "text", "text": 1}, 3]);
        assert_eq!(content(blocks.clone()).prompt_text(), "a\nb");
        assert_eq!(content(blocks).into_result_text(), "a\nb\n[image]");
        assert_eq!(content(json!([{"type": "image"}])).prompt_text(), "[image]");
        assert_eq!(content(json!("a\nb")).into_result_text(), "a\nb");
        for other in [json!(null), json!(true), json!(1), json!(-1), json!(0.5), json!({"text": "a"})] {
            assert_eq!(content(other).into_result_text(), "");
        }
    }

    #[test]
    fn one_odd_field_of_a_message_discards_nothing_else() {
        let text = r#"{"id":"m1","model":{},"usage":{"input_tokens":3,"output_tokens":"x"},"content":[{"type":"tool_use","id":7,"name":"Read","input":{"a":[1]}}]}"#;
        let message: Message = serde_json::from_str(text).unwrap();
        let block = &message.blocks()[0];
        assert_eq!((message.id.as_str(), message.model.as_str(), message.usage.input), (Some("m1"), None, 3));
        assert_eq!((block.kind(), block.id.as_str(), &block.input), ("tool_use", None, &json!({"a": [1]})));
        assert!(message.is_object && !serde_json::from_str::<Message>("[]").unwrap().is_object);
    }
}
