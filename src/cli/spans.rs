//! Spans to an OpenTelemetry collector, by OTLP over HTTP. The exporter reads the standard `OTEL_EXPORTER_OTLP_*` variables.

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;

use super::error::CliError;

/// The exporter, until its end.
#[derive(Debug)]
pub struct Spans(SdkTracerProvider);

impl Spans {
    /// Starts the exporter.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new() -> Result<Self, CliError> {
        let exporter = SpanExporter::builder().with_http().build().map_err(|error| {
            CliError::new(format!("spans cannot be exported: {error}"))
                .hint("OTEL_EXPORTER_OTLP_ENDPOINT is a URL such as http://127.0.0.1:4318; unset it to export nothing")
        })?;
        let resource = Resource::builder().with_service_name("assize").build();
        Ok(Self(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build()))
    }

    /// What hears the spans.
    pub fn layer<S: tracing::Subscriber + for<'span> LookupSpan<'span>>(&self) -> OpenTelemetryLayer<S, SdkTracer> {
        tracing_opentelemetry::layer().with_tracer(self.0.tracer("assize"))
    }

    /// Sends what is left.
    ///
    /// # Errors
    /// Why it could not be sent.
    pub fn finish(self) -> Result<(), String> {
        self.0.shutdown().map_err(|error| format!("spans could not be sent to OTEL_EXPORTER_OTLP_ENDPOINT: {error}"))
    }
}
