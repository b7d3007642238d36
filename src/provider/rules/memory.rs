//! What was measured last. Rubrics of a session are asked about one after the other, and the same examples stand in every
//! prompt that prices: each is measured once.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::value::RawValue;

use crate::session::Session;

use super::features::Features;
use super::value::Examples;

/// The last session with its features as JSON, and the last instructions with their examples.
#[derive(Debug, Default)]
pub(in crate::provider) struct Memory {
    features: Mutex<Option<(Arc<Session>, Arc<RawValue>)>>,
    examples: Mutex<Option<(String, Arc<Examples>)>>,
}

impl Memory {
    /// The features of `session` as JSON. The session that is remembered is held, so that no other one can have its address.
    ///
    /// # Errors
    /// When they do not become JSON.
    pub(super) fn features(&self, session: &Arc<Session>) -> serde_json::Result<Arc<RawValue>> {
        let mut last = self.features.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, features)) = last.as_ref().filter(|(known, _)| Arc::ptr_eq(known, session)) {
            return Ok(Arc::clone(features));
        }
        let features: Arc<RawValue> = serde_json::value::to_raw_value(&Features::of(session))?.into();
        *last = Some((Arc::clone(session), Arc::clone(&features)));
        Ok(features)
    }

    /// The examples in the instructions `system`.
    pub(super) fn examples(&self, system: &str) -> Arc<Examples> {
        let mut last = self.examples.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, examples)) = last.as_ref().filter(|(known, _)| known == system) {
            return Arc::clone(examples);
        }
        let examples = Arc::new(Examples::of(system));
        *last = Some((system.to_owned(), Arc::clone(&examples)));
        examples
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Format, PromptKind, Turn};

    #[test]
    fn what_is_remembered_is_that_of_the_same_session_and_the_same_text() {
        let session = |prompts: u32| {
            let mut session = Session::new("s".to_owned(), "s.jsonl".to_owned(), Format::ClaudeCode);
            session.turns =
                (1..=prompts).map(|at| Turn::new(at, PromptKind::Typed, "fix it".to_owned(), None)).collect();
            Arc::new(session)
        };
        let (memory, one, two) = (Memory::default(), session(1), session(2));
        let prompts = |session: &Arc<Session>| {
            let features: Features = serde_json::from_str(memory.features(session).unwrap().get()).unwrap();
            features.prompts
        };
        assert_eq!([prompts(&one), prompts(&one), prompts(&two), prompts(&one)], [1, 1, 2, 1]);
        assert!(Arc::ptr_eq(&memory.features(&one).unwrap(), &memory.features(&one).unwrap()));
        let found = |system: &str| memory.examples(system).len();
        let example = "{\"title\":\"Parser\",\"price\":100.0}";
        assert_eq!([found("none"), found(example), found(example), found("none")], [0, 1, 1, 0]);
    }
}
