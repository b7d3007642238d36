//! Who decides: shares of a session's planning and execution decisions, computed from the list of them (report.md section 2).

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Decisions of a session by type and by who made them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionCounts {
    /// Planning decisions of the user.
    pub user_planning: u64,
    /// Planning decisions of the agent.
    pub agent_planning: u64,
    /// Execution decisions of the user.
    pub user_execution: u64,
    /// Execution decisions of the agent.
    pub agent_execution: u64,
}

/// Why a list is not one of decisions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("decision {at} is no decision: `type` must be planning or execution, and `by` user or agent")]
pub struct NotDecisions {
    /// Position in the list, from 0; 0 where there is no list at all.
    pub at: usize,
}

/// Decisions of one type: how many, and whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Division {
    /// Of the user.
    pub user: u64,
    /// Of the agent.
    pub agent: u64,
}

impl Division {
    /// All of them.
    #[must_use]
    pub fn all(self) -> u64 {
        self.user + self.agent
    }

    /// The agent's share, from 0 to 1; none of a session without a decision of this type.
    #[must_use]
    pub fn agent_share(self) -> Option<f64> {
        (self.all() > 0).then(|| self.agent as f64 / self.all() as f64)
    }

    /// The user's share, from 0 to 1; none of a session without a decision of this type.
    #[must_use]
    pub fn user_share(self) -> Option<f64> {
        (self.all() > 0).then(|| self.user as f64 / self.all() as f64)
    }
}

impl DecisionCounts {
    /// Counts the items of an answer to the rubric `decisions`.
    ///
    /// # Errors
    /// When it is no list, or an item has another type or maker.
    pub fn of(list: &Value) -> Result<Self, NotDecisions> {
        let mut counts = Self::default();
        for (at, item) in list.as_array().ok_or(NotDecisions { at: 0 })?.iter().enumerate() {
            let word = |key: &str| item.get(key).and_then(Value::as_str);
            let count = match (word("type"), word("by")) {
                (Some("planning"), Some("user")) => &mut counts.user_planning,
                (Some("planning"), Some("agent")) => &mut counts.agent_planning,
                (Some("execution"), Some("user")) => &mut counts.user_execution,
                (Some("execution"), Some("agent")) => &mut counts.agent_execution,
                _ => return Err(NotDecisions { at }),
            };
            *count += 1;
        }
        Ok(counts)
    }

    /// Planning decisions.
    #[must_use]
    pub fn planning(self) -> Division {
        Division { user: self.user_planning, agent: self.agent_planning }
    }

    /// Execution decisions.
    #[must_use]
    pub fn execution(self) -> Division {
        Division { user: self.user_execution, agent: self.agent_execution }
    }

    /// Decisions of both types.
    #[must_use]
    pub fn overall(self) -> Division {
        Division { user: self.user_planning + self.user_execution, agent: self.agent_planning + self.agent_execution }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn list(items: &[(&str, &str)]) -> Value {
        items.iter().map(|(kind, by)| json!({"turn": 1, "type": kind, "by": by, "what": "x"})).collect()
    }

    /// By hand: of three planning decisions the user made two, of four execution decisions one.
    #[test]
    fn hand_worked_shares() {
        let (p, e) = ("planning", "execution");
        let all = [(p, "user"), (e, "agent"), (p, "agent"), (e, "agent"), (p, "user"), (e, "user"), (e, "agent")];
        let counts = DecisionCounts::of(&list(&all)).unwrap();
        assert_eq!(
            counts,
            DecisionCounts { user_planning: 2, agent_planning: 1, user_execution: 1, agent_execution: 3 }
        );
        let near = |share: Option<f64>, expected: f64| assert!((share.unwrap() - expected).abs() < 1e-12);
        near(counts.planning().user_share(), 2.0 / 3.0);
        near(counts.planning().agent_share(), 1.0 / 3.0);
        near(counts.execution().agent_share(), 0.75);
        near(counts.overall().user_share(), 3.0 / 7.0);
        assert_eq!(counts.overall().all(), 7);
    }

    #[test]
    fn a_type_without_decisions_has_no_share() {
        let counts = DecisionCounts::of(&list(&[("planning", "user")])).unwrap();
        assert_eq!(counts.planning().agent_share(), Some(0.0));
        assert_eq!((counts.execution().agent_share(), counts.execution().user_share()), (None, None));
        let nothing = DecisionCounts::of(&json!([])).unwrap();
        assert_eq!((nothing.planning().user_share(), nothing.overall().agent_share()), (None, None));
    }

    #[test]
    fn what_is_no_decision_is_named() {
        let error = DecisionCounts::of(&list(&[("planning", "user"), ("design", "user")])).unwrap_err();
        assert_eq!(error, NotDecisions { at: 1 });
        assert!(DecisionCounts::of(&json!(3)).is_err());
    }
}
