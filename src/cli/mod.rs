//! The command line: arguments -> settings -> one library call -> printer -> exit code. One file per command.

mod agree;
mod agree_input;
mod agree_options;
mod agree_table;
mod args;
mod completions;
mod demo;
mod doctor;
mod entry;
mod error;
mod export;
mod forecast;
mod ingest;
mod ingest_report;
mod init;
mod installed;
mod job;
mod man;
mod printer;
mod progress;
mod report;
mod report_inputs;
mod resume;
mod run;
mod sample;
mod schema;
mod sessions;
mod settings;
mod show;
mod simulate;
mod status;
mod summary;
mod tally;
mod trajectories;
mod turns;

pub use entry::main;
