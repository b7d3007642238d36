//! Which session of OpenCode began which: subagents belong to the session at the top.

use std::collections::{BTreeMap, BTreeSet};

/// Which session began which.
#[derive(Debug, Default)]
pub(super) struct Family {
    parents: BTreeMap<String, Option<String>>,
    children: BTreeMap<String, Vec<String>>,
}

impl Family {
    /// From pairs of a session and the one that began it.
    pub fn new(pairs: impl IntoIterator<Item = (String, Option<String>)>) -> Self {
        let parents: BTreeMap<String, Option<String>> = pairs.into_iter().collect();
        let mut children: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (child, parent) in &parents {
            if let Some(parent) = parent {
                children.entry(parent.clone()).or_default().push(child.clone());
            }
        }
        Self { parents, children }
    }

    /// All sessions.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.parents.keys().map(String::as_str)
    }

    /// Sessions that no other of them began; of those that began each other, the first.
    pub fn roots(&self) -> Vec<String> {
        let known = |parent: &Option<String>| parent.as_ref().is_some_and(|parent| self.parents.contains_key(parent));
        let mut roots: Vec<_> =
            self.parents.iter().filter(|(_, parent)| !known(parent)).map(|(id, _)| id.clone()).collect();
        let mut reached: BTreeSet<String> = roots.iter().flat_map(|root| self.below(root)).collect();
        for id in self.parents.keys() {
            if !reached.contains(id) {
                reached.extend(self.below(id));
                roots.push(id.clone());
            }
        }
        roots
    }

    /// A session, and those below it.
    pub fn below(&self, root: &str) -> Vec<String> {
        let mut found = vec![root.to_owned()];
        let mut at = 0;
        while let Some(id) = found.get(at).cloned() {
            let children = self.children.get(&id).into_iter().flatten();
            let new: Vec<_> = children.filter(|child| !found.contains(child)).cloned().collect();
            found.extend(new);
            at += 1;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_that_began_each_other_are_not_lost() {
        let pair = |id: &str, parent: &str| (id.to_owned(), (!parent.is_empty()).then(|| parent.to_owned()));
        let family = Family::new([
            pair("a", ""),
            pair("b", "a"),
            pair("c", "b"),
            pair("d", "gone"),
            pair("x", "y"),
            pair("y", "x"),
        ]);
        assert_eq!(family.roots(), ["a", "d", "x"]);
        assert_eq!(family.below("a"), ["a", "b", "c"]);
        assert_eq!(family.below("x"), ["x", "y"]);
    }
}
