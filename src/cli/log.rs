//! Where `tracing` goes: to stderr where asked for, and, with the feature `otel`, to a collector.
//!
//! Only what assize itself says is let through: spans and events of libraries may hold addresses, headers and bodies.

use std::io;

use tracing_subscriber::filter::{EnvFilter, FilterExt, FilterFn, filter_fn};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, registry};

use super::error::CliError;
use super::settings::Settings;

/// What has to be ended with the program.
#[derive(Debug)]
pub struct Log {
    #[cfg(feature = "otel")]
    spans: Option<super::spans::Spans>,
}

/// Starts what `settings` and `filter` (from the command line; wins) ask for.
///
/// # Errors
/// When the filter cannot be read, or spans cannot be exported to where they should go.
pub fn start(filter: Option<&str>, settings: &Settings) -> Result<Log, CliError> {
    let filter = filter.or(settings.log.as_deref()).map(parse).transpose()?;
    let lines = filter.map(|filter| {
        let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(false);
        lines.with_span_events(FmtSpan::CLOSE).with_filter(filter.and(ours()))
    });
    #[cfg(feature = "otel")]
    {
        let spans = settings.exports_spans.then(super::spans::Spans::new).transpose()?;
        if lines.is_some() || spans.is_some() {
            let exported = spans.as_ref().map(|spans| spans.layer().with_filter(ours()));
            // Tests may have set one before.
            let _ = registry().with(lines).with(exported).try_init();
        }
        Ok(Log { spans })
    }
    #[cfg(not(feature = "otel"))]
    {
        if lines.is_some() {
            let _ = registry().with(lines).try_init();
        }
        Ok(Log {})
    }
}

impl Log {
    /// Sends what is still to be sent; why spans are lost, where they are.
    pub fn finish(self) -> Option<String> {
        #[cfg(feature = "otel")]
        return self.spans.and_then(|spans| spans.finish().err());
        #[cfg(not(feature = "otel"))]
        None
    }
}

fn parse(text: &str) -> Result<EnvFilter, CliError> {
    EnvFilter::try_new(text).map_err(|error| {
        CliError::new(format!("--log or ASSIZE_LOG: {error}"))
            .hint("write a level (error, warn, info, debug, trace), or target=level with assize::run and assize::call")
    })
}

/// Lets through what assize itself says.
fn ours() -> FilterFn {
    filter_fn(|metadata| metadata.target().split("::").next() == Some("assize"))
}
