//! Sessions with planted truth, raters and a judge with planted error. Everything made here is synthetic.
//!
//! The truth follows the study: shares, months, rates by expertise and by occupation are drawn from the numbers in `study.rs`,
//! each of which says whether it is published or our own. A [`Simulation`] is a function of its [`SimulateSpec`] and the
//! rubrics: what is planted is drawn session by session, in order, and every session is written from a stream of its own, so that
//! neither the number of threads nor the order of writing changes a byte.

mod confusion;
mod dialogue;
mod draw;
mod ending;
mod even;
mod files;
mod judge;
mod mix;
mod people;
mod phrases;
mod plan;
mod question;
mod random;
mod raters;
mod rates;
mod records;
mod simulation;
mod study;
mod tools;
mod trades;
mod value;
mod world;

pub use plan::{Detail, Planned, Planted, SimulateError, SimulateSpec};
pub use question::Question;
pub use simulation::{Simulation, is_simulated};
