//! Calls in batches: the units of a plan are taken as far as the answers in the ledger reach; the calls that they lack
//! go into batches, and when one of these is read, the plan is gone through again. So a unit is judged by the same code
//! as in the direct way, the second try of a call is in a later batch, and going on after a kill is the same as going on.

mod fetch;
mod find;
mod office;
mod pack;
mod post;
mod rounds;
mod stage;
mod wait;

pub(super) use office::{Office, Restored};
pub(super) use post::Post;
pub(super) use rounds::drive;
pub use stage::{BatchStage, OpenBatch, open_batches};
