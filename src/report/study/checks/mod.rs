//! What the study lacked: the same sessions judged from another view, in another order of labels, under a planted text, by another
//! model, and again. One exhibit a rubric and pair of judges, and one a judge that was asked again.

mod build;
mod gradient;
mod kind;
mod pairs;
mod repeats;

pub(in crate::report) use build::build;
