//! Models behind one interface: one file per dialect, HTTP, programs, people, and the rule-based floor.
//!
//! A provider turns an [`Ask`] into the exact bytes of a request (pure), and sends bytes once (async). Retries, limits
//! and re-asks are the engine's business, so that every request is accounted for.

mod anthropic;
mod anthropic_batch;
mod batch;
mod catalogue;
mod dispatch;
mod errors;
mod exec;
mod headers;
mod http;
mod manual;
mod model;
mod openai;
mod openai_batch;
mod parcel;
mod probe;
mod replay;
mod rules;

pub use batch::{BatchFrame, BatchLimits, BatchPage, BatchResult, BatchState, BatchView, Identified};
pub use catalogue::{Price, is_catalogued};
pub use dispatch::{Access, Provider, ProviderError};
pub use model::{Ask, CallError, Form, LimitHints, Params, Reply, Request, Shared, Stop, TokenCounts, WindowHint};
pub use parcel::{Lines, Parcel};
pub use probe::{Probed, Site, Told};
