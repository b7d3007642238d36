//! Attempts that the person rewound: several prompts after one record, of which the session went on from one.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::record::{Kind, Record};

/// One rewound attempt, as positions of records.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Abandoned {
    /// The last record of what it went on from.
    pub after: usize,
    /// Its prompt and all that follows from it.
    pub records: HashSet<usize>,
}

/// The rewound attempts in the order of their prompts. `is_prompt` tells which records are human prompts.
///
/// Prompts go on from the same place where the nearest message of person or agent above them is the same: attachments,
/// progress and system records stand between (sessions.md 1.4). Only a prompt that was answered can be an abandoned attempt;
/// one that never was stays. Where the chain of the last record does not come through any of the prompts, all stay: a broken
/// chain must not lose anything.
pub(super) fn abandoned(records: &[Record], is_prompt: impl Fn(usize) -> bool) -> Vec<Abandoned> {
    let by_id: HashMap<&str, usize> =
        records.iter().enumerate().filter_map(|(at, record)| record.uuid().map(|id| (id, at))).collect();
    let parent = |at: usize| records[at].parent().and_then(|id| by_id.get(id).copied());
    let said = |at: usize| matches!(records[at].kind(), Kind::User | Kind::Assistant);
    let mut prompts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in (0..records.len()).filter(|at| is_prompt(*at)) {
        let mut seen = HashSet::from([at]);
        let mut above = parent(at);
        while let Some(next) = above.filter(|next| !said(*next) && seen.insert(*next)) {
            above = parent(next);
        }
        if let Some(above) = above.filter(|above| said(*above)) {
            prompts.entry(above).or_default().push(at);
        }
    }
    prompts.retain(|_, siblings| siblings.len() > 1);
    if prompts.is_empty() {
        return Vec::new();
    }
    let mut chain = HashSet::new();
    let mut next = (0..records.len()).rfind(|at| said(*at) && records[*at].uuid().is_some());
    while let Some(at) = next.filter(|at| chain.insert(*at)) {
        next = parent(at);
    }
    let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
    for at in 0..records.len() {
        if let Some(parent) = parent(at) {
            children.entry(parent).or_default().push(at);
        }
    }
    let mut attempts = BTreeMap::new();
    for (after, siblings) in prompts.iter().filter(|(_, siblings)| siblings.iter().any(|at| chain.contains(at))) {
        for prompt in siblings.iter().filter(|at| !chain.contains(at)) {
            let branch = below(*prompt, &children);
            if branch.iter().any(|at| records[*at].kind() == Kind::Assistant) {
                attempts.insert(*prompt, Abandoned { after: *after, records: branch });
            }
        }
    }
    attempts.into_values().collect()
}

/// `root` and all that follows from it.
fn below(root: usize, children: &HashMap<usize, Vec<usize>>) -> HashSet<usize> {
    let mut seen = HashSet::from([root]);
    let mut open = vec![root];
    while let Some(at) = open.pop() {
        open.extend(children.get(&at).into_iter().flatten().copied().filter(|child| seen.insert(*child)));
    }
    seen
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn records(chain: &[(&str, &str, &str)]) -> Vec<Record> {
        let record = |(id, parent, kind): &(&str, &str, &str)| {
            serde_json::from_value(json!({"uuid": id, "parentUuid": parent, "type": kind})).unwrap()
        };
        chain.iter().map(record).collect()
    }

    #[test]
    fn the_attempt_that_was_rewound_is_left_out() {
        let all = records(&[
            ("a1", "", "user"),
            ("b1", "a1", "assistant"),
            ("u1", "b1", "user"),
            ("c1", "u1", "assistant"),
            ("u2", "b1", "user"),
            ("d1", "u2", "assistant"),
        ]);
        let prompt = |at: usize| [0, 2, 4].contains(&at);
        assert_eq!(abandoned(&all, prompt), [Abandoned { after: 1, records: HashSet::from([2, 3]) }]);
        assert_eq!(abandoned(&all[..3], prompt), []);
    }

    #[test]
    fn a_prompt_that_nobody_answered_and_a_broken_chain_stay() {
        let unanswered =
            records(&[("b1", "", "assistant"), ("u1", "b1", "user"), ("u2", "b1", "user"), ("d1", "u2", "assistant")]);
        assert_eq!(abandoned(&unanswered, |at| at == 1 || at == 2), []);
        let broken = records(&[
            ("b1", "", "assistant"),
            ("u1", "b1", "user"),
            ("c1", "u1", "assistant"),
            ("u2", "b1", "user"),
            ("e1", "lost1", "assistant"),
        ]);
        assert_eq!(abandoned(&broken, |at| at == 1 || at == 3), []);
    }

    #[test]
    fn attempts_fork_through_attachments_and_progress() {
        let all = records(&[
            ("b1", "", "assistant"),
            ("p1", "b1", "progress"),
            ("u1", "p1", "user"),
            ("h1", "u1", "attachment"),
            ("c1", "h1", "assistant"),
            ("s1", "b1", "system"),
            ("u2", "s1", "user"),
            ("h2", "u2", "progress"),
            ("d1", "h2", "assistant"),
        ]);
        let found = abandoned(&all, |at| at == 2 || at == 6);
        assert_eq!(found, [Abandoned { after: 0, records: HashSet::from([2, 3, 4]) }]);
    }
}
