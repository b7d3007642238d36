//! Annotator models: the true label of every item and the errors of every rater, from ratings alone or with some gold.

mod data;
mod em;
mod glad;
mod mace;
mod restarts;

pub use data::{Annotations, Consensus, RaterModel};
pub use em::{Confusions, Em};
pub use glad::Glad;
pub use mace::Mace;
