//! The study's regressions (report.md 3, 5.4, 5.5): an outcome on the level of expertise within cells of equal sessions, with
//! errors clustered by person.

mod ladder;
mod levels;
mod panel;

pub use ladder::{Rung, ladder, logistic_check, slope};
pub use levels::{LevelRate, LevelRates, level_rates};
pub use panel::{Control, Panel};
