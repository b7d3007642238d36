//! Which records were read already, and which session has them: each record is counted once, also over several ingests.

use std::collections::{BTreeMap, HashSet};

use crate::session::{Session, Step};

/// Records told apart by 8 bytes of the BLAKE3 of their identity, which no two of a billion records are likely to share.
#[derive(Debug, Default)]
pub(super) struct Seen {
    known: HashSet<u64>,
    taken: Vec<u64>,
    owned: BTreeMap<String, Vec<u64>>,
}

impl Seen {
    /// Records of `held` are in a session that is not read again.
    pub fn with(held: &[u64]) -> Self {
        Self { known: held.iter().copied().collect(), ..Self::default() }
    }

    /// Whether the record is new; it is taken then.
    pub fn insert(&mut self, identity: &str) -> bool {
        self.take(short_hash(identity))
    }

    /// The same for a record, or a mark of one, by its hash.
    pub fn take(&mut self, hash: u64) -> bool {
        let new = self.known.insert(hash);
        if new {
            self.taken.push(hash);
        }
        new
    }

    /// Whether a record, or a mark of one, was read before.
    pub fn knows(&self, hash: u64) -> bool {
        self.known.contains(&hash)
    }

    /// Gives what was taken since the last call to session `id`; to none where the records came to no session.
    pub fn give(&mut self, id: Option<&str>) {
        let taken = std::mem::take(&mut self.taken);
        if let Some(id) = id {
            self.owned.entry(id.to_owned()).or_default().extend(taken);
        }
    }

    /// The records of `session`, sorted; where its reader keeps none, its prompts, calls and texts stand for them.
    pub fn owned(&mut self, session: &Session) -> Vec<u64> {
        let mut owned = self.owned.remove(&session.id).unwrap_or_else(|| parts(session));
        owned.sort_unstable();
        owned.dedup();
        owned
    }
}

/// First 8 bytes of the BLAKE3 of `text`, the last bit 0.
pub(super) fn short_hash(text: &str) -> u64 {
    let hash = blake3::hash(text.as_bytes());
    hash.as_bytes().iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte)) & !1
}

/// The same with the last bit 1, for what two records may have in common by chance.
pub(super) fn weak_hash(text: &str) -> u64 {
    short_hash(text) | 1
}

/// Whether records with this hash are one, wherever they stand.
#[must_use]
pub fn is_strong(hash: u64) -> bool {
    hash & 1 == 0
}

/// What a session is made of, apart from results, which may still come.
fn parts(session: &Session) -> Vec<u64> {
    let dead = session.dead_branches.iter().flat_map(|branch| &branch.turns);
    let turns: Vec<_> = session.turns.iter().chain(dead).collect();
    let prompts = turns.iter().map(|turn| format!("prompt {:?} {}", turn.at, turn.prompt));
    let steps = session.preamble.iter().chain(turns.iter().flat_map(|turn| &turn.steps));
    let steps = steps.filter_map(|step| match step {
        Step::Act(action) => Some(format!("call {}", action.id)),
        Step::Say(text) | Step::Think(text) => Some(format!("text {text}")),
        Step::Note(_) => None,
    });
    prompts.chain(steps).map(|part| short_hash(&part)).collect()
}
