//! `exec/COMMAND`: any program as a judge, the prompt on its stdin, the answer on its stdout (docs/judges.md).

mod command;
mod envelope;
mod judge;
mod process;

pub(super) use command::Command;
pub(super) use judge::Exec;
