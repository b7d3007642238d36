//! Requests to the last byte, answers of every kind, and servers that misbehave. No network but loopback.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod answers;
mod llama_cpp;
mod local;
mod making;
mod question;
mod refusals;
mod requests;
mod servers;
