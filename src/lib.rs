//! assize puts LLM judges to work on coding-agent sessions, and puts the judges themselves on the scale.
//!
//! The rooms of the house, from the door to the report (imports go downward only; `tests/layers.rs` checks it):
//!
//! 1. [`session`], [`rubric`]: the nouns.
//! 2. [`ingest`], [`sample`], [`view`], [`prompt`], [`verdict`], [`stats`]: pure.
//! 3. [`corpus`], [`ledger`], [`gold`], [`postings`], [`provider`], [`limit`]: disk and network.
//! 4. [`run`], [`agreement`], [`estimate`], [`simulate`]: the work.
//! 5. [`report`]: what comes out.
//! 6. [`cli`]: the person's door.
//!
//! The rooms can be used without the program:
//!
//! ```
//! use assize::rubric::{self, AnswerSchema};
//! use assize::verdict::Reader;
//!
//! let rubric = rubric::load("work_mode", std::path::Path::new("."))?;
//! assert_eq!(rubric.labels().len(), 9);
//! assert_eq!(AnswerSchema::of(&rubric).full["additionalProperties"], false);
//!
//! // A label that the rubric does not have is never taken for one that it has.
//! let reader = Reader::new(&rubric)?;
//! let answer = |label| format!(r#"{{"reason": "It says so.", "evidence": [1], "label": "{label}"}}"#);
//! assert_eq!(reader.read(&answer("fix"))?.outcome.label(), Some("fix"));
//! assert!(reader.read(&answer("repair")).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod agreement;
pub mod cli;
pub mod corpus;
pub mod estimate;
pub mod gold;
pub mod ingest;
pub mod ledger;
pub mod limit;
pub mod postings;
pub mod prompt;
pub mod provider;
pub mod report;
pub mod rubric;
pub mod run;
pub mod sample;
pub mod session;
pub mod simulate;
pub mod stats;
pub mod verdict;
pub mod view;
