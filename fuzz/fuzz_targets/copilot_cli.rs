//! Copilot CLI: two files that may be copies.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    assize_fuzz::ingest(data, &["a/events.jsonl", "b/events.jsonl"]);
});
